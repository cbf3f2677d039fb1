//! `docker run`, and the same of `podman` and `nerdctl`.

use std::ops::Range;

use crate::settings::lint::{
    finding::{Draft, Rule},
    model::{Container, Deployment, Given, Spanned, Text},
    words::{self, Word},
};

pub(super) fn read(text: &str) -> Deployment {
    let (commands, unclosed) = words::commands(text);
    let mut deployment = Deployment::default();
    for words in &commands {
        if let Some(arguments) = arguments(words) {
            deployment.containers.push(container(text, arguments));
        }
    }
    if let Some(words::Unclosed(at)) = unclosed {
        let what = "this quote or bracket is never closed".to_owned();
        deployment.drafts.push(Draft::new(Rule::Syntax, at..at + 1, what, "close it".to_owned()));
    }
    if deployment.containers.is_empty() {
        let fix = "the command should be docker run, podman run or nerdctl run".to_owned();
        deployment.drafts.push(Draft::new(
            Rule::NoDesktop,
            0..0,
            "no container is started here".to_owned(),
            fix,
        ));
    }
    deployment
}

/// What follows `docker run` in a command that is one, `sudo` and options of docker itself before it.
pub(in crate::settings::lint) fn arguments(words: &[Word]) -> Option<&[Word]> {
    let program = |word: &Word| {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        ["docker", "podman", "nerdctl"].contains(&name)
    };
    let at = words.iter().position(program)?;
    let verbs = &words[at + 1..];
    let verb = verbs.iter().position(|word| ["run", "create"].contains(&&*word.text))?;
    let before = &verbs[..verb];
    let option =
        |at: usize| before[at].text.starts_with('-') || at > 0 && before[at - 1].text.starts_with('-');
    let fits = (0..before.len()).all(|at| before[at].text == "container" || option(at));
    fits.then(|| &verbs[verb + 1..])
}

/// One option as it was written.
struct Flag<'a> {
    name: &'a str,
    value: Option<Spanned>,
    /// The value may be replaced by the shell.
    substituted: bool,
    span: Range<usize>,
}

fn container(text: &str, words: &[Word]) -> Container {
    let mut container = Container::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word.text == "--" || !word.text.starts_with('-') || word.text == "-" {
            at += usize::from(word.text == "--");
            break;
        }
        let used = flags(text, &words[at..], &mut |flag| apply(text, &mut container, flag));
        at += used.max(1);
    }
    container.image = words.get(at).map(|word| word.text.clone()).unwrap_or_default();
    container
}

/// Reads the options of the first word, and takes the second one where it is a value. Returns how many were used.
fn flags(text: &str, words: &[Word], take: &mut dyn FnMut(Flag<'_>)) -> usize {
    let Some(word) = words.first() else { return 0 };
    if let Some(name) = word.text.strip_prefix("--") {
        let (name, attached) = name.split_once('=').map_or((name, false), |(name, _)| (name, true));
        if attached || SWITCHES.contains(&name) {
            let start = name.len() + 3;
            let value = attached.then(|| word.part(text, start..word.text.len()));
            take(Flag { name, value, substituted: word.substituted, span: word.span.clone() });
            return 1;
        }
        take(following(text, name, words));
        return 2;
    }
    short(text, words, take)
}

/// `-it`, `-eNAME=x`, `-p 80:80` and `-itp 80:80`.
fn short(text: &str, words: &[Word], take: &mut dyn FnMut(Flag<'_>)) -> usize {
    let Some(word) = words.first() else { return 0 };
    for (at, letter) in word.text.char_indices().skip(1) {
        let end = at + letter.len_utf8();
        let name = &word.text[at..end];
        if SWITCHES.contains(&name) {
            take(Flag { name, value: None, substituted: false, span: word.span.clone() });
        } else if end < word.text.len() {
            let start = end + usize::from(word.text[end..].starts_with('='));
            let value = Some(word.part(text, start..word.text.len()));
            take(Flag { name, value, substituted: word.substituted, span: word.span.clone() });
            return 1;
        } else {
            take(following(text, name, words));
            return 2;
        }
    }
    1
}

/// An option whose value is the next word.
fn following<'a>(text: &str, name: &'a str, words: &[Word]) -> Flag<'a> {
    let word = &words[0];
    let value = words.get(1);
    let end = value.map_or(word.span.end, |value| value.span.end);
    Flag {
        name,
        value: value.map(|value| value.part(text, 0..value.text.len())),
        substituted: value.is_some_and(|value| value.substituted),
        span: word.span.start..end,
    }
}

fn apply(text: &str, container: &mut Container, flag: Flag<'_>) {
    let value = flag.value.as_ref().map(|value| value.text.as_str());
    match flag.name {
        "e" | "env" => container.given.extend(variable(text, &flag)),
        "p" | "publish" | "P" | "publish-all" => container.published.push(flag.span),
        "net" | "network" if value == Some("host") => container.host_network = true,
        "privileged" if value.is_none_or(|value| value == "true") => container.privileged = Some(flag.span),
        _ => {}
    }
}

/// `NAME=VALUE`, or `NAME` alone, which takes the value from the environment of docker.
fn variable(text: &str, flag: &Flag<'_>) -> Option<Given> {
    let whole = flag.value.as_ref()?;
    let name = whole.text.split_once('=').map_or(whole.text.as_str(), |(name, _)| name);
    let value = match whole.text.get(name.len() + 1..) {
        Some(value) => {
            let value = inside(text, whole, name.len() + 1, value);
            if flag.substituted { Text::Elsewhere(Some(value.span)) } else { Text::Here(value) }
        }
        None => Text::Inherited,
    };
    let remove = Some(with_space_before(text, &flag.span));
    Some(Given { name: inside(text, whole, 0, name), value, remove })
}

/// A part of a word. A word in which quotes stand has no parts that may be replaced one by one.
fn inside(text: &str, whole: &Spanned, from: usize, part: &str) -> Spanned {
    if whole.exact {
        let start = whole.span.start + from;
        return Spanned { text: part.to_owned(), span: start..start + part.len(), exact: true };
    }
    let found = text.get(whole.span.clone()).and_then(|source| {
        let at = if from == 0 { source.find(part) } else { source.find('=').map(|at| at + 1) }?;
        let start = whole.span.start + at;
        let exact = source.get(at..at + part.len()) == Some(part);
        Some(Spanned {
            text: part.to_owned(),
            span: start..if exact { start + part.len() } else { whole.span.end },
            exact,
        })
    });
    found.unwrap_or(Spanned { text: part.to_owned(), span: whole.span.clone(), exact: false })
}

/// The option and what separates it from the word before: spaces, or the end of a continued line.
fn with_space_before(text: &str, span: &Range<usize>) -> Range<usize> {
    let before = &text[..span.start];
    let kept = before.trim_end_matches(|sign: char| sign.is_whitespace() || sign == '\\');
    kept.len()..span.end
}

/// Options without a value, of docker, podman and nerdctl. `-h` is none: it names the host.
const SWITCHES: [&str; 31] = [
    "d",
    "detach",
    "i",
    "interactive",
    "t",
    "tty",
    "P",
    "publish-all",
    "q",
    "quiet",
    "help",
    "rm",
    "init",
    "privileged",
    "read-only",
    "no-healthcheck",
    "no-health-check",
    "oom-kill-disable",
    "sig-proxy",
    "disable-content-trust",
    "replace",
    "rmi",
    "no-hosts",
    "no-hostname",
    "tls-verify",
    "http-proxy",
    "rootfs",
    "read-only-tmpfs",
    "env-host",
    "passwd",
    "use-api-socket",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn options_are_found_in_all_their_forms() {
        for (line, names, image) in [
            (
                "docker run -it -e A=1 -eB=2 --env C=3 --env=D=4 -e E img cmd -e F=6",
                "A=1 B=2 C=3 D=4 E",
                "img",
            ),
            ("sudo docker --context x container run --rm -dite A=1 -- img", "A=1", "img"),
            ("podman run --gpus all --name x -e 'A=1 2' -e \"B\"=3 img", "A=1 2 B=3", "img"),
            ("docker run -h desk -e A=1 img", "A=1", "img"),
            ("docker run -e A=$B -e C=\"$(cat x)\" img", "A C", "img"),
        ] {
            let container = read(line).containers.into_iter().next().unwrap();
            let shown = |given: &Given| match given.here() {
                Some(value) => format!("{}={}", given.name.text, value.text),
                None => given.name.text.clone(),
            };
            assert_eq!(container.given.iter().map(shown).collect::<Vec<_>>().join(" "), names, "{line}");
            assert_eq!(container.image, image, "{line}");
        }
    }

    #[test]
    fn networks_ports_and_privileges_are_seen() {
        let of = |line: &str| read(line).containers.into_iter().next().unwrap();
        let host = of("docker run --net=host -p 80:80 -P --privileged x");
        assert!(host.host_network && host.published.len() == 2 && host.privileged.is_some());
        let plain = of("docker run --network bridge --privileged=false x");
        assert!(!plain.host_network && plain.published.is_empty() && plain.privileged.is_none());
        assert!(read("docker build .\ndocker ps").containers.is_empty());
    }
}
