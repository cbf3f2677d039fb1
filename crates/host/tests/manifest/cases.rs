//! Desktops and clusters to print for, and what all tests do with the text.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use cosmos_host::{
    manifest::{
        Cluster, Container, Exposure, Fleet, Gpus, Idle, ManifestError, Place, Storage, Users, VolumeKind,
    },
    settings::{
        Settings, Sources,
        lint::{Options, lint},
        resolve,
    },
};

/// A name, the flags, the environment and the number of GPUs.
pub type Case =
    (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)], u16);

pub const CASES: [Case; 4] = [
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

/// Every case with a cluster that it is printed for, so that each choice is made once at least.
pub fn clusters() -> Vec<(&'static str, &'static Case, Cluster)> {
    let claims = |kind: VolumeKind| Storage { home: kind.clone(), cache: kind, ..Storage::default() };
    let everything = Cluster {
        namespace: Some("desks".parse().unwrap()),
        users: Users::Each(fleet(&["alice", "bob"])),
        storage: Storage {
            home: VolumeKind::Template,
            cache: "existing:caches".parse().unwrap(),
            home_size: "64Gi".parse().unwrap(),
            class: Some("fast".parse().unwrap()),
            ..Storage::default()
        },
        exposure: Exposure::LoadBalancer,
        host: Some("desktop.example.org".parse().unwrap()),
        gpus: Gpus { resource: "nvidia.com/gpu.shared".parse().unwrap(), shared: true },
        idle: Some(Idle { minutes: 45, ..Idle::default() }),
    };
    let ports = Cluster {
        users: Users::Each(Fleet::numbered(3).unwrap()),
        exposure: Exposure::NodePort(30100),
        ..Cluster::default()
    };
    let kept =
        Cluster { storage: claims(VolumeKind::Claim), idle: Some(Idle::default()), ..Cluster::default() };
    let on_node = Cluster {
        storage: claims(VolumeKind::Template),
        exposure: Exposure::HostNetwork,
        ..Cluster::default()
    };
    let together = Cluster { exposure: Exposure::NodePort(30100), idle: None, ..everything.clone() };
    vec![
        ("plain", &CASES[0], Cluster::default()),
        ("software", &CASES[1], kept),
        ("secrets", &CASES[2], everything),
        ("signs", &CASES[3], on_node),
        ("ports", &CASES[1], ports),
        ("guacamole", &CASES[0], Cluster::default()),
        ("guacamole-fleet", &CASES[2], together),
    ]
}

/// What is printed for a cluster; where the name says so, Guacamole stands beside it.
pub fn in_cluster(name: &str, case: &Case) -> Container {
    let container = container(case).unwrap();
    if name.starts_with("guacamole") { container.with_guacamole() } else { container }
}

pub fn fleet(names: &[&str]) -> Fleet {
    Fleet::new(names.iter().map(|name| name.parse().unwrap()).collect()).unwrap()
}

pub fn container(case: &Case) -> Result<Container, ManifestError> {
    let place =
        Place { name: "cosmos".parse().unwrap(), image: "cosmos:24.04".parse().unwrap(), gpus: case.3 };
    Container::new(&settings(case), place, &owned(case.1))
}

pub fn settings(case: &Case) -> Settings {
    resolved(case.1, case.2)
}

pub fn resolved(flags: &[(&'static str, &'static str)], environment: &[(&str, &str)]) -> Settings {
    let flags = owned(flags);
    let environment: Vec<_> =
        environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let read = |_: &Path| Ok("unread".to_owned());
    let sources = Sources { flags: &flags, environment: &environment, file: None, read: &read };
    resolve(&sources).unwrap()
}

fn owned(pairs: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
}

/// With UPDATE_EXPECT set the files are written anew.
pub fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/manifest").join(name);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
}

/// Nothing is wrong with it, and no secret is in it.
pub fn clean(name: &str, text: &str) {
    let report = lint(text, &Options::default());
    assert!(report.findings.is_empty() && report.secrets.is_empty(), "{name}: {report:#?}\n{text}");
    assert!(!text.contains("hunter2") && !text.contains("unread"), "{name}: {text}");
}

/// The program, or a line that says why the test does nothing.
pub fn found(test: &str, program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED {test}: {program} is not installed");
    }
    found
}
