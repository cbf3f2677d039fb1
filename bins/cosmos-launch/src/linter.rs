//! Looks through files and says what is wrong with them.

use std::{
    borrow::Cow,
    fs,
    io::{self, IsTerminal, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::Path,
    process::ExitCode,
};

use cosmos_host::settings::lint::{Document, Level, Options, Report, lint, migrate, redacted, render};

use crate::args::Lint;

/// One file that was looked through.
struct Looked {
    name: String,
    text: String,
    report: Report,
}

/// Looks through all files. One that cannot be read does not keep the others from it.
pub fn run(wanted: &Lint) -> ExitCode {
    let options = wanted.options();
    let mut worst = OK;
    let mut looked = Vec::new();
    for path in &wanted.files {
        let name = path.display().to_string();
        match read(path).and_then(|text| look(wanted, &options, path, name.clone(), text)) {
            Ok(file) => {
                worst = worst.max(code(&file.report));
                looked.push(file);
            }
            Err(error) => {
                eprintln!("cosmos-launch: {name}: {error}");
                worst = CHECK_FAILED;
            }
        }
    }
    match tell(wanted, &looked) {
        Ok(()) => worst.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => worst.into(),
        Err(error) => {
            eprintln!("cosmos-launch: cannot write: {error}");
            CHECK_FAILED.into()
        }
    }
}

/// With `--migrate` the new text is looked through.
fn look(wanted: &Lint, options: &Options, path: &Path, name: String, text: String) -> io::Result<Looked> {
    if !wanted.migrate {
        let report = lint(&text, options);
        return Ok(Looked { name, text, report });
    }
    let new = migrate(&text, options);
    // What only had names without effect is empty now, which tells nobody what it is.
    let kind = lint(&text, options).kind;
    let report = lint(&new.text, &Options { kind, ..options.clone() });
    if wanted.write && new.changes > 0 && path != Path::new("-") {
        replace(path, &new.text)?;
    }
    eprintln!("{name}: {} changed", new.changes);
    Ok(Looked { name, text: new.text, report })
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let limited = |input: &mut dyn Read, bytes: &mut Vec<u8>| input.take(MOST + 1).read_to_end(bytes);
    match path == Path::new("-") {
        true => limited(&mut io::stdin().lock(), &mut bytes)?,
        false => limited(&mut fs::File::open(path)?, &mut bytes)?,
    };
    if bytes.len() as u64 > MOST {
        return Err(io::Error::other("larger than 4 MiB, so it is none of the files looked for"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8 text"))
}

/// Readers see the old text or the new one; owner, group and permissions stay. A file with a second name is left
/// alone, for the old text would stay behind that name.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let old = fs::symlink_metadata(path)?;
    if !old.is_file() {
        return Err(io::Error::other("not written: it is a link or no file; name the file itself"));
    }
    if old.nlink() > 1 {
        return Err(io::Error::other("not written: it has a second name, a hard link; write a copy instead"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}.draft", std::process::id()));
    let placed = fill(&draft, text, &old).and_then(|()| fs::rename(&draft, path));
    placed.inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// Makes a file like the old one. It is private until it belongs to whom the old one belongs, for the text may hold
/// secrets; the permissions come last, as a new owner takes some of them away.
fn fill(path: &Path, text: &str, old: &fs::Metadata) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    let given = fchown(&file, Some(old.uid()), Some(old.gid()));
    given.map_err(|error| {
        io::Error::other(format!(
            "not written: user {} and group {} cannot be kept: {error}",
            old.uid(),
            old.gid()
        ))
    })?;
    file.set_permissions(old.permissions())?;
    file.sync_all()
}

fn tell(wanted: &Lint, looked: &[Looked]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if wanted.json {
        let document = Document::of(looked.iter().map(|file| (file.name.as_str(), &file.report)));
        serde_json::to_writer_pretty(&mut out, &document)?;
        return writeln!(out);
    }
    for file in looked {
        let findings = render(&file.name, &file.text, &file.report);
        match wanted.migrate {
            true if wanted.write => eprint!("{findings}"),
            true => {
                eprint!("{findings}");
                out.write_all(migrated(file, out.is_terminal()).as_bytes())?;
            }
            false => out.write_all(findings.as_bytes())?,
        }
    }
    let all = || looked.iter().flat_map(|file| &file.report.findings);
    let count = |level| all().filter(|finding| finding.level == level).count();
    if !wanted.migrate {
        let [errors, warnings, notes] = [Level::Error, Level::Warning, Level::Note].map(count);
        writeln!(out, "{errors} errors, {warnings} warnings, {notes} notes in {} files", looked.len())?;
    }
    Ok(())
}

/// A file gets the whole text; whoever looks at a screen gets stars for secrets.
fn migrated(file: &Looked, to_terminal: bool) -> Cow<'_, str> {
    if !to_terminal || file.report.hidden.is_empty() {
        return Cow::Borrowed(&file.text);
    }
    eprintln!("{}: secrets are shown as stars here; --write and a redirection keep them", file.name);
    Cow::Owned(redacted(&file.text, &file.report))
}

fn code(report: &Report) -> u8 {
    match report.worst() {
        Some(Level::Error) => ERRORS,
        Some(Level::Warning) => WARNINGS,
        Some(Level::Note) | None => OK,
    }
}

const OK: u8 = 0;
const WARNINGS: u8 = 1;
const ERRORS: u8 = 2;
const CHECK_FAILED: u8 = 3;
/// In bytes.
const MOST: u64 = 4 << 20;
