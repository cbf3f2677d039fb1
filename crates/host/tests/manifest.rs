//! What is printed to be run: goldens, our own linter, and the readers of others.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use cosmos_host::{
    manifest::{Cluster, Container, ManifestError, Place, Users, compose, docker, kubernetes},
    settings::{
        Sources,
        lint::{Options, lint},
        resolve,
    },
};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{PersistentVolumeClaim, Service},
        networking::v1::{Ingress, NetworkPolicy},
    },
    serde::{Serialize, de::DeserializeOwned},
};

/// A name, the flags, the environment and the number of GPUs.
type Case =
    (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)], u16);

const CASES: [Case; 4] = [
    ("plain", &[], &[], 1),
    ("software", &[("software", "true"), ("listen_port", "9090"), ("framerate", "30")], &[], 0),
    (
        "secrets",
        &[("password", "pass word.txt"), ("turn_host", "turn.example.org")],
        &[("COSMOS_TURN_SHARED_SECRET", "hunter2"), ("TZ", "Europe/Berlin"), ("LANG", "de_DE.UTF-8")],
        2,
    ),
    (
        "signs",
        &[("session", "sh -c 'echo \"$HOME\" $(id) \\ `x`; exec mate-session'"), ("pwa_name", "a: b # c")],
        &[("DISPLAY_SIZEW", "2560"), ("COSMOS_SIZE", "800x600"), ("NVIDIA_VISIBLE_DEVICES", "all")],
        1,
    ),
];

/// Every case with the cluster that it is printed for.
fn clusters() -> [(&'static Case, Cluster); 4] {
    let host = Some("desktop.example.org".parse().unwrap());
    let usual = Cluster::default();
    [
        (&CASES[0], usual.clone()),
        (&CASES[1], Cluster { claims: true, ..usual.clone() }),
        (&CASES[2], Cluster { users: Users::Each(2), claims: true, host }),
        (&CASES[3], usual),
    ]
}

fn owned(pairs: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
}

fn container(&(_, flags, environment, gpus): &Case) -> Result<Container, ManifestError> {
    let flags = owned(flags);
    let environment: Vec<_> =
        environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let read = |_: &Path| Ok("unread".to_owned());
    let sources = Sources { flags: &flags, environment: &environment, file: None, read: &read };
    let settings = resolve(&sources).unwrap();
    let place = Place { name: "cosmos".parse().unwrap(), image: "cosmos:24.04".parse().unwrap(), gpus };
    Container::new(&settings, place, &flags)
}

/// With UPDATE_EXPECT set the files are written anew.
fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/manifest").join(name);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
}

/// Nothing is wrong with it, and no secret is in it.
fn clean(name: &str, text: &str) {
    let report = lint(text, &Options::default());
    assert!(report.findings.is_empty() && report.secrets.is_empty(), "{name}: {report:#?}\n{text}");
    assert!(!text.contains("hunter2") && !text.contains("unread"), "{name}: {text}");
}

#[test]
fn docker_commands_are_as_they_were_and_clean() {
    for case in &CASES {
        let text = docker(&container(case).unwrap());
        clean(case.0, &text);
        golden(&format!("{}.sh", case.0), &text);
    }
}

#[test]
fn compose_files_are_as_they_were_and_clean() {
    for case in &CASES {
        let text = compose(&container(case).unwrap()).unwrap();
        clean(case.0, &text);
        golden(&format!("{}.compose.yaml", case.0), &text);
    }
}

#[test]
fn objects_are_as_they_were_and_clean() {
    for (case, cluster) in &clusters() {
        let text = kubernetes(&container(case).unwrap(), cluster).unwrap();
        clean(case.0, &text);
        golden(&format!("{}.kubernetes.yaml", case.0), &text);
    }
}

/// Whoever reads the text with the types of Kubernetes has everything that is in it.
#[test]
fn the_types_of_kubernetes_hold_all_that_is_printed() {
    for (case, cluster) in &clusters() {
        let text = kubernetes(&container(case).unwrap(), cluster).unwrap();
        for document in text.split("---\n") {
            let plain: serde_json::Value = serde_saphyr::from_str(document).unwrap();
            assert_eq!(typed(plain["kind"].as_str().unwrap(), document), plain, "{}", case.0);
        }
    }
}

fn typed(kind: &str, document: &str) -> serde_json::Value {
    fn read<T: DeserializeOwned + Serialize>(text: &str) -> serde_json::Value {
        serde_json::to_value(serde_saphyr::from_str::<T>(text).unwrap()).unwrap()
    }
    match kind {
        "Deployment" => read::<Deployment>(document),
        "StatefulSet" => read::<StatefulSet>(document),
        "Service" => read::<Service>(document),
        "PersistentVolumeClaim" => read::<PersistentVolumeClaim>(document),
        "NetworkPolicy" => read::<NetworkPolicy>(document),
        "Ingress" => read::<Ingress>(document),
        other => panic!("{other} is not expected"),
    }
}

/// Each has a password, a volume and a name of its own, and what the names of the fleet share is none of these.
#[test]
fn desktops_of_a_fleet_share_nothing_that_lets_in() {
    let cluster = Cluster { users: Users::Each(3), claims: true, host: None };
    let text = kubernetes(&container(&CASES[2]).unwrap(), &cluster).unwrap();
    for user in 0..3 {
        for name in ["-my-pass", "-root-vol", "-cache-vol"] {
            let name = format!("name: cosmos-{user}{name}\n");
            assert!(text.contains(&name), "{name}");
        }
        assert!(text.contains(&format!("hostname: cosmos-{user}\n")));
    }
    assert!(text.contains("name: turn-shared-secret\n") && !text.contains("cosmos-3"));
}

/// The schemas of the API server know every field, in the oldest and the newest release.
#[test]
fn the_schemas_of_kubernetes_accept_the_objects() {
    let Some(program) = found("kubernetes-validate") else {
        eprintln!(
            "SKIPPED the_schemas_of_kubernetes_accept_the_objects: kubernetes-validate is not installed"
        );
        return;
    };
    for (case, cluster) in &clusters() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("objects.yaml");
        fs::write(&path, kubernetes(&container(case).unwrap(), cluster).unwrap()).unwrap();
        for version in ["1.27.0", "1.34.0"] {
            let output =
                Command::new(&program).args(["--strict", "-k", version]).arg(&path).output().unwrap();
            let said =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert!(output.status.success(), "{} {version}: {said:?}", case.0);
        }
    }
}

/// A shell hands over the very values that the settings hold.
#[test]
fn a_shell_reads_the_words_that_were_meant() {
    for case in &CASES {
        let text = docker(&container(case).unwrap());
        let script = format!("docker() {{ printf '%s\\0' \"$@\"; }}\n{text}");
        let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
        assert!(output.status.success());
        let seen = String::from_utf8(output.stdout).unwrap();
        let seen: Vec<&str> = seen.trim_end_matches('\0').split('\0').collect();
        let command: String =
            text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        let words = shell_words::split(&command.replace("\\\n", "")).unwrap();
        assert_eq!(words[1..], seen, "{}", case.0);
    }
    let text = docker(&container(&CASES[3]).unwrap());
    let words = shell_words::split(&text).unwrap();
    let session = format!("COSMOS_SESSION={}", CASES[3].1[0].1);
    assert!(words.contains(&session) && words.contains(&"COSMOS_SIZE=800x600".to_owned()), "{words:#?}");
    assert!(!words.iter().any(|word| word.starts_with("NVIDIA_")));
}

/// A side that was typed wins over a whole size in the environment, and must in the container too.
#[test]
fn what_won_before_wins_in_the_container() {
    let case: Case = ("", &[("width", "1280"), ("listen_port", "81")], &[("COSMOS_SIZE", "800x600")], 0);
    let text = docker(&container(&case).unwrap());
    assert!(
        text.contains("-e COSMOS_SIZE=1280x600 ") && text.contains("-e COSMOS_LISTEN=0.0.0.0:81 "),
        "{text}"
    );
    assert!(text.contains("-p 81:81/udp "), "{text}");
}

#[test]
fn what_cannot_hold_in_a_container_is_refused() {
    let refused = |flags, gpus| container(&("", flags, &[], gpus)).unwrap_err().to_string();
    for (flags, gpus, told) in [
        (&[("listen", "127.0.0.1:8080")][..], 1, "127.0.0.1:8080: nobody outside"),
        (&[("listen", "0.0.0.0:0")], 1, "0.0.0.0:0: a port"),
        (&[("require_gpu", "true")], 0, "COSMOS_REQUIRE_GPU"),
        (&[("session", "a\nb")], 1, "COSMOS_SESSION"),
        (&[("password", "a,b")], 1, "COSMOS_PASSWORD: \"./a,b\""),
        (&[("lease_dir", "/a:b")], 1, "COSMOS_LEASE_DIR: \"/a:b\""),
    ] {
        assert!(refused(flags, gpus).contains(told), "{flags:?}: {}", refused(flags, gpus));
    }
}

#[test]
fn compose_itself_accepts_the_files() {
    let Some(program) = found("docker-compose") else {
        eprintln!("SKIPPED compose_itself_accepts_the_files: docker-compose is not installed");
        return;
    };
    for case in &CASES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("compose.yaml");
        fs::write(&path, compose(&container(case).unwrap()).unwrap()).unwrap();
        let output = Command::new(&program).arg("-f").arg(&path).args(["config"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", case.0);
        assert!(!said.contains("variable is not set"), "{}: {said}", case.0);
    }
}

fn found(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}
