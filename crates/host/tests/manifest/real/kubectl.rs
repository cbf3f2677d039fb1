//! kubectl and our objects at an API server.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use cosmos_host::manifest::{Cluster, Users, kubernetes, kustomize, write_files};

use super::{
    super::cases::{CASES, clusters, container, fleet, in_cluster},
    emulator::Emulator,
};

/// Created, read, put to sleep, woken and deleted, by kubectl itself.
#[test]
#[ignore = "needs Python with kmock, and kubectl"]
fn kubectl_handles_the_objects_at_an_api_server() {
    let Some(server) = Emulator::start("kubectl_handles_the_objects_at_an_api_server") else { return };
    let directory = tempfile::tempdir().unwrap();
    for (name, case, cluster) in clusters() {
        let cluster = Cluster { namespace: None, ..cluster };
        let path = directory.path().join(format!("{name}.yaml"));
        fs::write(&path, kubernetes(&in_cluster(name, case), &cluster).unwrap()).unwrap();
        life(&server, &path).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

fn life(server: &Emulator, path: &Path) -> Result<(), String> {
    let created = server.create(path)?;
    let documents = fs::read_to_string(path).unwrap().split("---\n").count();
    assert_eq!(created.lines().filter(|line| line.ends_with(" created")).count(), documents, "{created}");
    let workload =
        created.lines().find(|line| line.starts_with("statefulset") || line.starts_with("deployment"));
    let workload = workload.unwrap().split(' ').next().unwrap();
    for replicas in ["0", "1"] {
        server.kubectl(&["patch", workload, "-p", &format!("{{\"spec\":{{\"replicas\":{replicas}}}}}")])?;
        assert_eq!(server.replicas(workload)?, replicas);
    }
    let deleted = server.kubectl(&["delete", "--wait=false", "-f", path.to_str().unwrap()])?;
    assert_eq!(deleted.lines().count(), documents, "{deleted}");
    Ok(())
}

/// The commands that the page for newcomers gives to kubectl do what it says of them.
#[test]
#[ignore = "needs Python with kmock, and kubectl"]
fn the_page_tells_kubectl_what_it_understands() {
    let Some(server) = Emulator::start("the_page_tells_kubectl_what_it_understands") else { return };
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/kubernetes.md")).unwrap();
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("$ kubectl ")).collect();
    let [create, apply, scale] = commands[..] else { panic!("{commands:?}") };
    assert!(secret(create).contains("my-pass: c2VjcmV0"));
    let directory = tempfile::tempdir().unwrap();
    let users = Users::Each(fleet(&["alice", "bob"]));
    for (name, cluster) in [("desk", Cluster::default()), ("fleet", Cluster { users, ..Cluster::default() })]
    {
        let place = directory.path().join(name);
        write_files(&place, &kustomize(&container(&CASES[0]).unwrap(), &cluster).unwrap(), false).unwrap();
        let apply = apply.replace("desk", place.to_str().unwrap());
        let arguments: Vec<&str> = apply.split(' ').chain(["--validate=false"]).collect();
        server.kubectl(&arguments).unwrap();
    }
    server.kubectl(&["patch", "statefulset", "cosmos-alice", "-p", "{\"spec\":{\"replicas\":0}}"]).unwrap();
    // The emulator does it, and answers with another object than kubectl expects.
    let _ = server.kubectl(&scale.split(' ').collect::<Vec<_>>());
    assert_eq!(server.replicas("statefulset/cosmos-alice").unwrap(), "1");
}

fn secret(command: &str) -> String {
    let mut kubectl = Command::new("kubectl")
        .args(command.split(' ').chain(["--dry-run=client", "-o", "yaml"]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    kubectl.stdin.take().unwrap().write_all(b"secret").unwrap();
    String::from_utf8(kubectl.wait_with_output().unwrap().stdout).unwrap()
}
