//! The linter over real forms and over sixty and more files with one mistake each.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::HashSet, fs, path::PathBuf};

use cosmos_host::settings::{
    Sources, Value,
    lint::{Finding, InputKind, Options, Rule, lint, migrate},
    resolve,
};

fn directory(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/settings").join(name)
}

/// `RULE LINE:COLUMN`, with the level before it where the file tells it.
fn shown(finding: &Finding, with_level: bool) -> String {
    let level = if with_level { format!("{} ", finding.level) } else { String::new() };
    format!("{level}{} {}:{}", finding.rule.id(), finding.line, finding.column)
}

/// What follows `--gpu`, `--driver` and `--kind`.
fn options(words: &[&str]) -> Options {
    let after =
        |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1].replace('_', " "));
    let driver = after("--driver").map(|text| {
        let parts: Vec<u16> = text.split('.').map(|part| part.parse().unwrap()).collect();
        (parts[0], parts[1], parts[2])
    });
    let kind: Option<InputKind> = after("--kind").map(|text| text.parse().unwrap());
    Options { kind, gpu: after("--gpu").map(|text| text.parse().unwrap()), driver }
}

#[test]
fn every_bad_file_has_its_one_finding() {
    let mut seen = HashSet::new();
    let mut count = 0;
    for entry in fs::read_dir(directory("bad")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("# expect: ").unwrap();
        let words: Vec<&str> = expected.split(' ').collect();
        let leveled = ["note", "warning", "error"].contains(&words[0]);
        let findings = lint(&text, &options(&words)).findings;
        let found: Vec<String> = findings.iter().map(|finding| shown(finding, leveled)).collect();
        let expected = words[..if leveled { 3 } else { 2 }].join(" ");
        assert_eq!(found, [expected], "{}: {findings:#?}", path.display());
        seen.extend(findings.iter().map(|finding| finding.rule));
        count += 1;
    }
    assert!(count >= 60, "{count}");
    assert_eq!(seen.len(), 22, "every rule has a file: {seen:?}");
}

#[test]
fn real_forms_have_the_findings_that_are_documented() {
    let mut wrong = String::new();
    for (file, expected) in FORMS {
        let text = fs::read_to_string(directory("forms").join(file)).unwrap();
        let findings = lint(&text, &Options::default()).findings;
        let names = [Rule::DeprecatedName];
        let (names, others): (Vec<_>, Vec<_>) =
            findings.iter().partition(|finding| names.contains(&finding.rule));
        let mut found = vec![format!("deprecated-name x{}", names.len())];
        found.extend(others.iter().map(|finding| shown(finding, false)));
        if found != *expected {
            wrong.push_str(&format!(
                "{file}: {found:#?}
"
            ));
        }
    }
    assert_eq!(wrong, "");
}

/// The line of the first manual starts a desktop of the same meaning, but for its password, which is refused.
#[test]
fn the_first_line_means_what_it_meant() {
    let line = fs::read_to_string(directory("forms").join("seed.sh")).unwrap().replace("mypasswd", "another");
    let assignments = line.split_whitespace().filter_map(|word| word.split_once('='));
    let environment: Vec<(String, String)> =
        assignments.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let settings = resolve(&Sources { environment: &environment, ..Sources::default() }).unwrap();
    assert_eq!(settings.screen().to_string(), "1920x1080");
    assert_eq!((settings.integer("dpi"), settings.integer("depth")), (Some(96), Some(24)));
    assert_eq!(settings.value("refresh"), Some(&Value::Refresh("60".parse().unwrap())));
    assert_eq!(settings.value("video_port"), Some(&Value::Ports("DFP".parse().unwrap())));
    assert_eq!(settings.encoder().map(|encoder| encoder.name()), Some("nvh264enc"));
    assert_eq!(settings.text("timezone"), Some("UTC"));
    let (key, password) = settings.login().unwrap();
    assert_eq!((key, password.expose()), ("password", "another"));
    assert_eq!(settings.warnings(), [""; 0]);
}

#[test]
fn a_migrated_form_is_clean_of_old_names_and_keeps_its_comments() {
    for (file, _) in FORMS {
        let text = fs::read_to_string(directory("forms").join(file)).unwrap();
        let new = migrate(&text, &Options::default());
        let names = [Rule::DeprecatedName, Rule::SeveralNames, Rule::RetiredName, Rule::UnknownName];
        let left = lint(&new.text, &Options::default()).findings;
        assert!(!left.iter().any(|finding| names.contains(&finding.rule)), "{file}: {left:#?}");
        assert!(new.changes > 0);
        assert_eq!(migrate(&new.text, &Options::default()).text, new.text);
        let comments = |text: &str| {
            text.lines().filter_map(|line| Some(line.split_once("# ")?.1.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(comments(&new.text), comments(&text), "{file}");
    }
}

/// What a migration mends; it neither guesses what a slip meant nor chooses a password.
const MENDED: [Rule; 3] = [Rule::DeprecatedName, Rule::SeveralNames, Rule::RetiredName];

/// Its value comes from outside, under the same name, which would have to change there too.
const KEPT: [&str; 1] = ["33-deprecated-name-inherited.sh"];

#[test]
fn a_file_with_nothing_but_old_names_is_clean_when_it_is_migrated() {
    let files: Vec<PathBuf> =
        fs::read_dir(directory("good")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut kinds = HashSet::new();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let before = lint(&text, &Options::default());
        assert!(!before.findings.is_empty(), "{}", path.display());
        let others: Vec<&Finding> =
            before.findings.iter().filter(|finding| !MENDED.contains(&finding.rule)).collect();
        assert!(others.is_empty(), "{}: {others:#?}", path.display());
        let new = migrate(&text, &Options::default());
        let after = lint(&new.text, &Options::default());
        assert_eq!((after.kind, &after.findings), (before.kind, &Vec::new()), "{}", path.display());
        kinds.insert(after.kind.unwrap().to_string());
    }
    assert_eq!((files.len(), kinds.len()), (8, InputKind::ALL.len()), "{kinds:?}");
}

/// What is found afterwards is what was found before, less what can be mended.
#[test]
fn a_migration_mends_all_that_it_can_and_breaks_nothing() {
    let folders = ["bad", "forms", "good"].map(|name| fs::read_dir(directory(name)).unwrap());
    for entry in folders.into_iter().flatten() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("# expect: ").unwrap_or_default();
        let options = options(&expected.split(' ').collect::<Vec<_>>());
        // A file that loses all its names cannot be told from an empty one.
        let options = Options { kind: lint(&text, &options).kind, ..options };
        let rules =
            |text: &str| lint(text, &options).findings.iter().map(|finding| finding.rule).collect::<Vec<_>>();
        let mut left = rules(&text);
        if !KEPT.iter().any(|name| path.ends_with(name)) {
            left.retain(|rule| !MENDED.contains(rule));
        }
        let new = migrate(&text, &options);
        assert_eq!(rules(&new.text), left, "{}:\n{}", path.display(), new.text);
    }
}

const FORMS: &[(&str, &[&str])] = &[
    (
        "seed.sh",
        &[
            "deprecated-name x8",
            "default-password 4:31",
            "default-password 5:26",
            "publish-with-host-network 6:3",
        ],
    ),
    (
        "successor.sh",
        &[
            "deprecated-name x16",
            "secret-in-plain-text 3:52",
            "secret-in-plain-text 5:34",
            "secret-in-plain-text 7:28",
        ],
    ),
    ("seed.yaml", &["deprecated-name x14", "default-password 37:19"]),
    ("successor.yaml", &["deprecated-name x7", "retired-name 32:17"]),
    ("seed-compose.yml", &["deprecated-name x7", "default-password 10:15", "publish-with-host-network 16:9"]),
    ("successor-compose.yml", &["deprecated-name x8", "size-beyond-port 3:19"]),
];
