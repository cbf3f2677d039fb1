//! Where apt takes packages from: both formats of its lists.

use serde::Serialize;

use crate::setup::Tree;

/// One place, as a list of apt names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The list.
    pub file: String,
    /// The address, without a slash at its end.
    pub uri: String,
    /// The suite, as `bookworm` or `/`.
    pub suite: String,
    /// The components, as `main`.
    pub components: Vec<String>,
    /// The file of keys that sign it, where the list says so.
    pub signed_by: Option<String>,
}

/// All places of packages that are not switched off.
pub fn sources(tree: &Tree) -> Vec<Source> {
    let folder = tree.names(FOLDER).into_iter().map(|name| format!("{FOLDER}/{name}"));
    let files = std::iter::once("/etc/apt/sources.list".to_owned()).chain(folder);
    let read = |file: String| {
        let text = tree.text(&file).unwrap_or_default();
        match file.rsplit_once('.').map(|(_, kind)| kind) {
            Some("list") => one_line(&file, &text),
            Some("sources") => paragraphs(&file, &text),
            _ => Vec::new(),
        }
    };
    files.flat_map(read).collect()
}

/// `deb [options] URI SUITE COMPONENT...`.
fn one_line(file: &str, text: &str) -> Vec<Source> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("deb "));
    let parse = |line: &str| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let (options, rest) = match line.strip_prefix('[') {
            Some(line) => line.split_once(']')?,
            None => ("", line),
        };
        let mut words = rest.split_whitespace().map(str::to_owned);
        let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
        Some(Source {
            file: file.to_owned(),
            uri: plain(&words.next()?),
            suite: words.next()?,
            components: words.collect(),
            signed_by: signed_by.map(str::to_owned),
        })
    };
    lines.filter_map(parse).collect()
}

/// Paragraphs of `Types:`, `URIs:`, `Suites:` and so on.
fn paragraphs(file: &str, text: &str) -> Vec<Source> {
    let without = |line: &&str| !line.starts_with('#');
    let text: String = text.lines().filter(without).map(|line| format!("{}\n", line.trim_end())).collect();
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let words = |name: &str| -> Vec<String> {
            field(paragraph, name).split_whitespace().map(str::to_owned).collect()
        };
        let off = field(paragraph, "Enabled").trim().eq_ignore_ascii_case("no");
        if off || !words("Types").iter().any(|kind| kind == "deb") {
            continue;
        }
        // A key may stand here itself, over several lines.
        let signed_by = words("Signed-By").into_iter().find(|word| word.starts_with('/'));
        for uri in words("URIs") {
            for suite in words("Suites") {
                found.push(Source {
                    file: file.to_owned(),
                    uri: plain(&uri),
                    suite,
                    components: words("Components"),
                    signed_by: signed_by.clone(),
                });
            }
        }
    }
    found
}

/// The value of a field with the lines that continue it.
fn field(paragraph: &str, name: &str) -> String {
    let mut lines = paragraph.lines().skip_while(|line| {
        let key = line.split(':').next().unwrap_or_default();
        !key.eq_ignore_ascii_case(name)
    });
    let first = lines.next().and_then(|line| line.split_once(':')).map_or("", |(_, value)| value);
    let more = lines.take_while(|line| line.starts_with([' ', '\t']));
    std::iter::once(first).chain(more).collect::<Vec<_>>().join("\n")
}

fn plain(uri: &str) -> String {
    uri.trim_end_matches('/').to_owned()
}

const FOLDER: &str = "/etc/apt/sources.list.d";

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sources: &[Source]) -> Vec<String> {
        let one = |source: &Source| {
            let key = source.signed_by.as_deref().unwrap_or("-");
            format!("{} {} {} {key}", source.uri, source.suite, source.components.join("+"))
        };
        sources.iter().map(one).collect()
    }

    #[test]
    fn lines_and_paragraphs_are_read() {
        let lines = "# deb http://no x y\ndeb-src http://no x\ndeb http://a/ubuntu/ jammy main universe # why\n\
                     deb [arch=amd64 signed-by=/k.gpg] https://b ./\ndeb broken";
        assert_eq!(
            shown(&one_line("f", lines)),
            ["http://a/ubuntu jammy main+universe -", "https://b ./  /k.gpg"]
        );
        let text = "Types: deb deb-src\nURIs: http://a/debian\nSuites: trixie\n trixie-updates\nComponents: main\n\
                    Signed-By:\n /k.pgp\n\n# note\nTypes: deb\nEnabled: no\nURIs: http://off\nSuites: x\n\n\
                    types: deb\nuris: http://c\nsuites: /\nSigned-By:\n -----BEGIN PGP\n";
        assert_eq!(
            shown(&paragraphs("f", text)),
            [
                "http://a/debian trixie main /k.pgp",
                "http://a/debian trixie-updates main /k.pgp",
                "http://c /  -"
            ]
        );
    }
}
