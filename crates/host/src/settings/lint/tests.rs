#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

/// Rules about names, of which nothing may be left by a migration.
const NAMES: [Rule; 3] = [Rule::DeprecatedName, Rule::SeveralNames, Rule::RetiredName];

fn rules(text: &str) -> Vec<Rule> {
    lint(text, &Options::default()).findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn migration_changes_names_and_nothing_else() {
    for (old, new) in [
        (
            "docker run -e 'SIZEW=800' \\\n  -e \"PASSWD=a b\" -eDPI=96 \\\n  --env ENABLE_AUDIO x",
            "docker run -e 'COSMOS_WIDTH=800' \\\n  -e \"COSMOS_ACCOUNT_PASSWORD=a b\" -eCOSMOS_DPI=96 \\\n  --env ENABLE_AUDIO x",
        ),
        (
            "docker run -e SIZEW=800 \\\n  -e DISPLAY_SIZEW=900 \\\n  -e NGINX_PORT=80 x",
            "docker run \\\n  -e COSMOS_WIDTH=900 x",
        ),
        ("SIZEW\nSIZEH=1\nA=1\n", "SIZEW\nCOSMOS_HEIGHT=1\nA=1\n"),
        ("A=1\nSIZEW=800 \nNGINX_PORT=1\n# end", "A=1\nCOSMOS_WIDTH=800 \n# end"),
        ("SIZEW=\nDISPLAY_SIZEW=1\n", "COSMOS_WIDTH=1\n"),
        ("COSMOS_WIDTH=\nSIZEW=800\n", "COSMOS_WIDTH=800\n"),
        ("APP_AUTO_INIT=1\n", "COSMOS_APP_WAIT_READY=false\n"),
        ("APP_AUTO_INIT=perhaps\n", "APP_AUTO_INIT=perhaps\n"),
        ("APP_AUTO_INIT=perhaps\nAPP_AUTO_INIT=1\n", "COSMOS_APP_WAIT_READY=false\n"),
        (
            "services:\n  a:\n    environment:\n      SIZEW: 1 # wide\n      DISPLAY_SIZEW: 2\n      - b: c",
            "services:\n  a:\n    environment:\n      SIZEW: 1 # wide\n      DISPLAY_SIZEW: 2\n      - b: c",
        ),
        (
            "services:\n  a:\n    environment:\n      SIZEW: 1 # wide\n      DISPLAY_SIZEW: 2 # new\n",
            "services:\n  a:\n    environment:\n      # wide\n      COSMOS_WIDTH: 2 # new\n",
        ),
        (
            "services:\n  a:\n    environment:\n      - \"SIZEW=1\"\n      - NGINX_PORT=8\n      - 'REFRESH=60'\n",
            "services:\n  a:\n    environment:\n      - \"COSMOS_WIDTH=1\"\n      - 'COSMOS_REFRESH=60'\n",
        ),
    ] {
        assert_eq!(migrate(old, &Options::default()).text, new, "{old}");
    }
}

#[test]
fn a_report_shows_the_place_and_no_secret() {
    let text = "docker run -e PASSWD=hunter2 -e SIZEW=wide x";
    let shown = render("run.sh", text, &lint(text, &Options::default()));
    assert!(!shown.contains("hunter2"), "{shown}");
    let part = "error[bad-value]: SIZEW is \"wide\"\n  --> run.sh:1:39\n  |\n1 | docker run -e PASSWD=*** -e SIZEW=wide x\n  |                                   ^^^^\n";
    assert!(shown.contains(part), "{shown}");
    let report = lint(text, &Options::default());
    let document = serde_json::to_value(Document::of([("run.sh", &report)])).unwrap();
    assert_eq!(document["schema"], "cosmos.lint/1");
    let finding = &document["files"][0]["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["line"], &finding["column"]),
        (&"deprecated-name".into(), &1.into(), &15.into())
    );
    assert!(!document.to_string().contains("hunter2"));
}

#[test]
fn only_containers_with_a_desktop_are_looked_at() {
    let two = "services:\n  a:\n    image: x\n    environment:\n      PASSWD: a\n  b:\n    image: y\n    environment:\n      SIZEW: 1\n      PASSWD: b\n";
    let report = lint(two, &Options::default());
    assert!(report.findings.iter().all(|finding| finding.line > 6), "{:?}", report.findings);
    assert_eq!(rules(two).iter().filter(|rule| **rule == Rule::SecretInPlainText).count(), 1);
}

/// Kubernetes reads YAML 1.1, where these words are booleans, and compose reads YAML 1.2, where they are texts.
#[test]
fn words_of_yaml_1_1_are_texts_to_compose_only() {
    let compose = "services:\n  a:\n    environment:\n      COSMOS_AUDIO: yes\n";
    assert_eq!(rules(compose), []);
    let manifest =
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - {name: COSMOS_AUDIO, value: no}\n";
    assert_eq!(rules(manifest), [Rule::NotText]);
}

#[test]
fn a_file_that_is_nothing_is_told_of() {
    assert_eq!(rules("Dear reader,"), [Rule::Syntax]);
    let options = Options { kind: Some(InputKind::Env), ..Options::default() };
    assert_eq!(lint("", &options).findings, []);
}

fn name() -> impl Strategy<Value = &'static str> {
    let names = || {
        let ours = crate::settings::settings().flat_map(|setting| setting.variables().map(|(name, _)| name));
        ours.chain(crate::settings::retired().map(|retired| retired.name)).chain(["HOME", "COSMOS_WIDHT"])
    };
    (0..names().count()).prop_map(move |at| names().nth(at).unwrap())
}

fn values() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    proptest::collection::vec((name(), "(true|0|800|x264enc|[a-zä.:-]{0,6})"), 0..8)
}

fn form(kind: InputKind, pairs: &[(&str, String)]) -> String {
    let join = |form: &dyn Fn(&str, &str) -> String| {
        pairs.iter().map(|(name, value)| form(name, value)).collect::<String>()
    };
    match kind {
        InputKind::Env => join(&|name, value| format!("{name}={value}\n")),
        InputKind::Docker => {
            format!("docker run{} x", join(&|name, value| format!(" \\\n -e {name}='{value}'")))
        }
        InputKind::Compose => format!(
            "services:\n  a:\n    image: cosmos\n    environment:\n{}",
            join(&|name, value| format!("      - '{name}={value}' # c\n"))
        ),
        InputKind::Kubernetes => format!(
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: cosmos\n    env:\n{}",
            join(&|name, value| format!("    - name: {name}\n      value: '{value}'\n"))
        ),
    }
}

proptest! {
    #[test]
    fn nothing_old_is_left_and_a_second_migration_changes_nothing(pairs in values(), at in 0..4_usize) {
        let kind = InputKind::ALL[at];
        let text = form(kind, &pairs);
        let options = Options { kind: Some(kind), ..Options::default() };
        let once = migrate(&text, &options);
        prop_assert_eq!(&migrate(&once.text, &options).text, &once.text);
        let unclear = |finding: &&Finding| !finding.what.starts_with("APP_AUTO_INIT");
        let left: Vec<Finding> = lint(&once.text, &options).findings.into_iter().filter(|finding| NAMES.contains(&finding.rule)).collect();
        prop_assert_eq!(left.iter().filter(unclear).count(), 0, "{}\n{:?}", once.text, left);
    }

    #[test]
    fn the_meaning_stays(pairs in values(), at in 0..4_usize) {
        use crate::settings::{Sources, resolve};
        let kind = InputKind::ALL[at];
        let options = Options { kind: Some(kind), ..Options::default() };
        let meaning = |text: &str| {
            let deployment = read::read(kind, text);
            let given = deployment.containers.iter().flat_map(|container| &container.given);
            let environment: Vec<(String, String)> =
                given.map(|given| (given.name.text.clone(), given.here().map_or(String::new(), |value| value.text.clone()))).collect();
            let resolved = resolve(&Sources { environment: &environment, ..Sources::default() }).ok()?;
            Some(crate::settings::settings().map(|setting| resolved.value(setting.key).cloned()).collect::<Vec<_>>())
        };
        let text = form(kind, &pairs);
        if let Some(before) = meaning(&text) {
            prop_assert_eq!(meaning(&migrate(&text, &options).text), Some(before), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(
        text in "(docker run|-e|SIZEW|PASSWD|=|services:|environment:|apiVersion: v1|kind: Pod|containers:|env:|name: |value: |\\PC|[-:\"'#$\\\\{}\\[\\], \n\t]){0,30}",
        at in 0..5_usize,
    ) {
        let options = Options { kind: InputKind::ALL.get(at).copied(), ..Options::default() };
        let report = lint(&text, &options);
        render("file", &text, &report);
        let once = migrate(&text, &options);
        migrate(&once.text, &options);
    }
}

/// Names whose values are secrets: by the table, and by their look alone.
const PRIVATE: [&str; 9] = [
    "PASSWD",
    "BASIC_AUTH_PASSWORD",
    "COSMOS_TURN_SHARED_SECRET",
    "SELKIES_CLOUDFLARE_TURN_API_TOKEN",
    "COSMOS_HTTPS_KEY",
    "MY_API_KEY",
    "db.pass",
    "GITHUB_TOKEN",
    "credentials",
];
/// A part of every secret of the tests.
const PART: &str = "hunter2";

/// Everything that the linter tells of a text; and where it is taken for what it is, the text as a terminal shows it.
fn told(text: &str, kind: Option<InputKind>, is: Option<InputKind>) -> String {
    let options = Options { kind, ..Options::default() };
    let report = lint(text, &options);
    let document = serde_json::to_string(&Document::of([("file", &report)])).unwrap();
    let mut told = [render("file", text, &report), document].concat();
    if report.kind == is {
        let new = migrate(text, &options).text;
        told.push_str(&redacted(text, &report));
        told.push_str(&redacted(&new, &lint(&new, &options)));
    }
    told
}

#[test]
fn secrets_that_are_not_understood_are_not_shown_either() {
    for text in [
        "docker run -e PASSWD=\"a$hunter2\" -e SIZEW=wide x",
        "docker run -e PASSWD=`hunter2` -e SIZEW=wide x",
        "docker run -e PASSWD=$(echo hunter2) -e SIZEW=wide x",
        "docker run -e PASSWD=correct hunter2 -e SIZEW=wide x",
        "docker run -e PASSWD=a;hunter2 -e SIZEW=wide x",
        "docker run -e PASSWD= hunter2 x",
        "docker run -e 'BASIC_AUTH_PASSWORD hunter2' x",
        "docker run -e SIZEW=1 x # PASSWD=hunter2",
        "docker run -e SIZEW='1 -e PASSWD=hunter2 x",
        "PASSWD=hunter2 docker run -e PASSWD -e SIZEW=1 x",
        "docker run `\n -e PASSWD=hunter2 `\n x",
        "PASSWD = hunter2\nSIZEW=1\n",
        "export PASSWD=hunter2\nSIZEW=1\n",
        "SIZEW=1\nCOSMOS_HTTPS_KEY=-----BEGIN\nhunter2/=\nSIZEH=1\n",
        "SIZEW=1\nPASSWD hunter2\nSIZEH=1\n",
        "services:\n  a:\n    environment:\n      PASSWD: \"$hunter2\" # hunter2\n      SIZEW: wide\n",
        "services:\n  a:\n    environment:\n      PASSWD: [hunter2, hunter2]\n",
        "services:\n  a:\n    environment:\n      - \"BASIC_AUTH_PASSWORD: hunter2\"\n",
        "services:\n  a:\n    environment:\n      PASSWD: |\n        hunter2\n      SIZEW: wide\n",
        "services:\n  a:\n    environment:\n      PASSWD: >-\n        a\n        hunter2\n      SIZEW: true\n",
        "services:\n  a:\n    environment: {PASSWD: hunter2, SIZEW: wide}\n",
        "services:\n  a:\n    environment:\n      PASSWD: \"hunter2\n      SIZEW: wide\n",
        "x: &x hunter2\nservices:\n  a:\n    environment:\n      PASSWD: *x\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - name: PASSWD\n      value: \"hunter2\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - {name: \"PASSWD=hunter2\", value: 1}\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - {name: PASSWD, value: hunter2, valueFrom: {}}\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - {name: 'PASSWD', value: \"\" # hunter2\"}\n    - {name: SIZEW, value: 1}\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - name: PASSWD\n      value: | # hunter2\n    - {name: SIZEW, value: 1}\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - {name: 'PASSWD', value: \"\"}: a hunter2\"}\n    - {name: SIZEW, value: 1}\n",
        "services:\n  a:\n    environment:\n      PASSWD: |\n        hunter2=\"\"\n      SIZEW: wide\n",
        "Dear PASSWD,\nhunter2",
    ] {
        for kind in InputKind::ALL.into_iter().map(Some).chain([None]) {
            let told = told(text, kind, lint(text, &Options::default()).kind);
            // The words that an anchor names stand in a line of their own, which no private name begins.
            let anchor = text.starts_with("x:") && kind != Some(InputKind::Compose) && kind.is_some();
            assert!(anchor || !told.contains(PART), "{kind:?} {text}\n{told}");
        }
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    for (text, shown) in [
        ("docker run -e PASSWD=a -e SIZEW=wide x", "-e PASSWD=*** -e SIZEW=wide x"),
        ("SELKIES_KEYFRAME_DISTANCE=often\n", "SELKIES_KEYFRAME_DISTANCE=often"),
        ("PASSWD=a\nexport SIZEW=800\nSIZEH=1\n", "export SIZEW=800"),
        ("services:\n  a:\n\tb: c\n", "\tb: c"),
    ] {
        let told = render("file", text, &lint(text, &Options::default()));
        assert!(told.contains(shown), "{told}");
    }
}

#[test]
fn the_work_grows_with_the_text_and_no_faster() {
    let line = |count: usize| {
        let option =
            |at: usize| format!(" -e SIZEW={at}x -e OPTION_{at}=a -e PASSWD=secret{at} -e PASSWD_FILE=a");
        format!("docker run{} x", (0..count).map(option).collect::<String>())
    };
    let file =
        |count: usize| (0..count).map(|at| format!("SIZEW={at}x\nPASSWD=secret{at}\n")).collect::<String>();
    for form in [&line as &dyn Fn(usize) -> String, &file] {
        let [few, many] = [100, 800].map(|count| {
            let text = form(count);
            steps::take();
            let report = lint(&text, &Options::default());
            let written =
                render("file", &text, &report).len() + migrate(&text, &Options::default()).text.len();
            steps::take() + written
        });
        assert!(many < 9 * few, "eight times the text: {few} steps become {many}");
    }
}

fn secret() -> impl Strategy<Value = String> {
    "[$`'\"\\\\{}()#:=&|;,a-z!*%@\\[\\]-]{0,4}( [a-z$:=#]{1,3} )?hunter2[$`'\"{}()#:=&|;,a-z ]{0,4}"
}

/// A text with a secret in it: `at` chooses the form.
fn with_secret(at: usize, name: &str, value: &str) -> String {
    let docker = |option: &str| format!("docker run -e SIZEW=wide {option} -e REFRESH=fast x\n");
    let compose = |entry: &str| {
        format!(
            "services:\n  a:\n    image: cosmos\n    environment:\n      SIZEW: wide\n{entry}      DPI: x\n"
        )
    };
    let pod = |entry: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: cosmos\n    env:\n    - {entry}\n    - {{name: SIZEW, value: 1}}\n"
        )
    };
    match at {
        0 => docker(&format!("-e {name}={value}")),
        1 => docker(&format!("-e '{name}={value}'")),
        2 => docker(&format!("--env=\"{name}={value}\"")),
        3 => docker(&format!("-e{name}='{value}'")),
        4 => format!("SIZEW=wide\n{name}={value}\nREFRESH=fast\n"),
        5 => format!("SIZEW=wide\nexport {name} = {value}\nREFRESH=fast\n"),
        6 => compose(&format!("      {name}: {value}\n")),
        7 => compose(&format!("      \"{name}\": \"{value}\"\n")),
        8 => compose(&format!("      {name}: |\n        a\n        {value}\n")),
        9 => format!(
            "services:\n  a:\n    environment:\n      - SIZEW=wide\n      - {name}={value}\n      - DPI=x\n"
        ),
        10 => format!("services: {{a: {{environment: {{SIZEW: wide, {name}: '{value}'}}}}}}\n"),
        11 => pod(&format!("name: {name}\n      value: {value}")),
        12 => pod(&format!("{{name: '{name}', value: \"{value}\"}}")),
        _ => pod(&format!(
            "value: >\n        {value}\n        {value}\n      name: {name}\n      valueFrom: {{}}"
        )),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn no_secret_is_ever_told(
        name in proptest::sample::select(PRIVATE.to_vec()), value in secret(), form in 0..14_usize, kind in 0..5_usize,
        cut in 0..40_usize,
    ) {
        let is = InputKind::ALL[[0, 0, 0, 0, 3, 3, 1, 1, 1, 1, 1, 2, 2, 2][form]];
        let text = with_secret(form, name, &value);
        let kept = text.char_indices().rev().nth(cut).map_or(text.len(), |(at, _)| at);
        for text in [&text[..], &text[..if cut > 20 { text.len() } else { kept }]] {
            let told = told(text, InputKind::ALL.get(kind).copied(), Some(is));
            prop_assert!(!told.contains(PART), "{}\n{}", text, told);
        }
    }
}
