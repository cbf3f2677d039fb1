//! Each law finds what breaks it, and nothing else.

use super::*;

type Law = fn(&File) -> Vec<Violation>;

/// The line of the only violation, or 0.
fn check(law: Law, path: &str, text: &str, line: usize) {
    let found: Vec<String> =
        law(&File { path: path.into(), text: text.into() }).iter().map(|v| v.to_string()).collect();
    match line {
        0 => assert!(found.is_empty(), "{path}: {found:?}"),
        _ => assert!(
            found.len() == 1 && found[0].starts_with(&format!("{path}:{line}: ")),
            "{path}: {found:?}"
        ),
    }
}

#[test]
fn of_layers() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n\n{rest}");
    for (name, rest, line) in [
        ("cosmos-streaming", "[dependencies]\ncosmos-auth.workspace = true\ntokio = \"1\"\n", 0),
        ("cosmos-streaming", "[dependencies]\n# x\ncosmos-x11.workspace = true\n", 6),
        ("cosmos-streaming", "[dev-dependencies]\ncosmos-x11 = { path = \"x\" }\n", 5),
        ("cosmos-auth", "[dependencies]\n\ncosmos-host.workspace = true\n", 6),
        ("cosmos-protocol", "[dependencies.tokio]\nversion = \"1\"\n", 4),
        ("cosmos-host", "[target.'cfg(unix)'.dependencies]\nstr0m = \"1\"\n", 5),
        ("cosmos-desktop", "[build-dependencies]\ncc = \"1\"\n", 5),
        ("cosmos-unheard-of", "", 1),
    ] {
        check(layers, "crates/x/Cargo.toml", &package(name, rest), line);
    }
}

#[test]
fn of_manifests() {
    let both = "[package]\ndescription = \"What it is for\"\n[lints]\nworkspace = true\n";
    for (text, line) in
        [(both, 0), (&both.replace("[lints]", "[x]"), 1), (&both.replace("What it is for", ""), 1)]
    {
        check(manifest, "crates/x/Cargo.toml", text, line);
    }
}

#[test]
fn of_places() {
    let start = concat!("fn f() {\n    Command::", "new(\"x\");\n}\n");
    let tested = format!("#[cfg(test)]\nmod tests {{\n{start}}}\n");
    let declared = format!("#[cfg(test)]\nmod tests;\n{start}");
    let commented = format!("// {}", start.replace('\n', " "));
    let read = concat!("let x = std::env::", "var(\"X\");");
    let cases: &[(Law, &str, &str, usize)] = &[
        (commands, "crates/auth/src/lib.rs", start, 2),
        (commands, "crates/auth/src/lib.rs", &declared, 4),
        (commands, "crates/auth/src/lib.rs", &tested, 0),
        (commands, "crates/auth/src/lib.rs", &commented, 0),
        (commands, "crates/auth/tests/all.rs", start, 0),
        (commands, "crates/host/src/process.rs", start, 0),
        (commands, "crates/encoder/src/child.rs", start, 0),
        (commands, "crates/encoder/src/video.rs", start, 2),
        (environment, "bins/cosmos-stream/src/args.rs", read, 0),
        (environment, "bins/cosmos-stream/src/main.rs", read, 1),
        (environment, "crates/host/src/args.rs", read, 1),
        (length, "web/js/a.js", &"x\n".repeat(MAX_LINES + 1), MAX_LINES + 1),
        (length, "web/js/a.js", &"x\n".repeat(MAX_LINES), 0),
        (length, "README.md", &"x\n".repeat(MAX_LINES + 1), 0),
    ];
    for &(law, path, text, line) in cases {
        check(law, path, text, line);
    }
}

#[test]
fn of_islands() {
    let block = concat!("uns", "afe { f() }");
    let argued = format!("// SAFETY: f wants nothing.\n{block}");
    let allow = concat!("#![allow(uns", "afe_code)]");
    for (path, text, line) in [
        ("crates/x/src/ffi.rs", &*argued, 0),
        ("crates/x/src/ffi.rs", block, 1),
        ("crates/x/src/shm.rs", allow, 0),
        ("crates/x/src/lib.rs", allow, 1),
        ("crates/x/src/lib.rs", &argued, 2),
        ("crates/x/tests/ffi.rs", &argued, 0),
        ("crates/x/tests/other.rs", &argued, 2),
        ("crates/x/src/lib.rs", &format!("// {block}"), 0),
    ] {
        check(unsafety, path, text, line);
    }
}

#[test]
fn of_leftovers_and_pages() {
    let cases: &[(Law, &str, &str, usize)] = &[
        (leftovers, "README.md", concat!("a\nsee /wo", "rk/main"), 2),
        (leftovers, "README.md", "see network/", 0),
        (leftovers, "crates/x/src/lib.rs", concat!("db", "g!(x)"), 1),
        (inline_code, "web/index.html", "<button id=\"a\" onclick=\"f()\">", 1),
        (inline_code, "web/index.html", "<p style='x'>", 1),
        (inline_code, "web/index.html", "<script>f()</script>", 1),
        (inline_code, "web/index.html", "<p title=\"one = two\" data-on=\"x\">", 0),
        (inline_code, "web/index.html", "<script type=\"module\" src=\"x.js\"></script>", 0),
        (inline_code, "web/js/a.js", "a.innerHTML = b;", 1),
        (inline_code, "web/js/a.js", "a.textContent = b; a.onclick = c;", 0),
    ];
    for &(law, path, text, line) in cases {
        check(law, path, text, line);
    }
}
