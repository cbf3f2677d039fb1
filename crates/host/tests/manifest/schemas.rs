//! The schemas of the API server, for every release that the program at hand knows.

use std::{fs, path::Path, process::Command};

use cosmos_host::manifest::{kubernetes, kustomize, write_files};

use super::{
    cases::{clusters, container, found, in_cluster},
    kustomize::{build, overlays},
};

/// They know every field, in the oldest and the newest release.
#[test]
fn the_schemas_of_kubernetes_accept_the_objects() {
    let Some(program) = found("the_schemas_of_kubernetes_accept_the_objects", "kubernetes-validate") else {
        return;
    };
    let releases = releases(&program);
    let ends = [releases[0].clone(), releases[releases.len() - 1].clone()];
    for (name, case, cluster) in &clusters() {
        let text = kubernetes(&in_cluster(name, case), cluster).unwrap();
        validate(&program, &ends, name, &text);
    }
}

#[test]
#[ignore = "takes a minute: every output against every release"]
fn the_schemas_of_all_releases_accept_all_overlays() {
    let test = "the_schemas_of_all_releases_accept_all_overlays";
    let (Some(program), Some(kubectl)) = (found(test, "kubernetes-validate"), found(test, "kubectl")) else {
        return;
    };
    let releases = releases(&program);
    for (name, case, cluster) in &clusters() {
        let directory = tempfile::tempdir().unwrap();
        write_files(directory.path(), &kustomize(&in_cluster(name, case), cluster).unwrap(), false).unwrap();
        for place in overlays(directory.path()).iter().chain([&directory.path().to_owned()]) {
            let name = format!("{name}: {}", place.display());
            validate(&program, &releases, &name, &build(&kubectl, place));
        }
    }
}

/// A slip is found, so that the others mean something.
#[test]
fn the_schemas_refuse_a_slip() {
    let Some(program) = found("the_schemas_refuse_a_slip", "kubernetes-validate") else { return };
    let (_, case, cluster) = clusters().swap_remove(0);
    let text = kubernetes(&container(&case.clone()).unwrap(), &cluster).unwrap();
    for (right, wrong) in [("replicas: 1", "replica: 1"), ("replicas: 1", "replicas: one")] {
        assert!(text.contains(right));
        assert!(check(&program, "1.30.0", &text.replace(right, wrong)).is_err(), "{wrong}");
    }
}

fn validate(program: &Path, releases: &[String], name: &str, text: &str) {
    for release in releases {
        if let Err(said) = check(program, release, text) {
            panic!("{name} {release}: {said}");
        }
    }
}

fn check(program: &Path, release: &str, text: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("objects.yaml");
    fs::write(&path, text).unwrap();
    let output = Command::new(program).args(["--strict", "-k", release]).arg(&path).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(()) } else { Err(said.concat()) }
}

/// From 1.27 to the newest that it knows.
fn releases(program: &Path) -> Vec<String> {
    let nothing = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nothing\n";
    let releases = (27..100).map(|minor| format!("1.{minor}.0"));
    let releases: Vec<String> =
        releases.take_while(|release| check(program, release, nothing).is_ok()).collect();
    assert!(releases.len() > 5, "{releases:?}");
    releases
}
