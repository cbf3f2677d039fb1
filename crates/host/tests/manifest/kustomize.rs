//! Files for kustomize, built by kubectl.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cosmos_host::manifest::{kubernetes, kustomize, write_files};
use serde_json::Value;

use super::cases::{CASES, clean, clusters, container, found, in_cluster};

type Objects = BTreeMap<(String, String), Value>;

/// What is asked for is the same, whichever way it is written.
#[test]
fn kubectl_builds_what_is_printed() {
    let Some(kubectl) = found("kubectl_builds_what_is_printed", "kubectl") else { return };
    for (name, case, cluster) in &clusters() {
        let container = in_cluster(name, case);
        let directory = tempfile::tempdir().unwrap();
        write_files(directory.path(), &kustomize(&container, cluster).unwrap(), false).unwrap();
        let built = objects(&build(&kubectl, directory.path()));
        let printed = objects(&kubernetes(&container, cluster).unwrap());
        for (of, object) in &printed {
            assert_eq!(built.get(of), Some(object), "{name}: {of:?}");
        }
        assert_eq!(built.len(), printed.len(), "{name}");
    }
}

/// Each does to every desktop what its name says, and nothing is wrong with the outcome.
#[test]
fn kubectl_builds_every_overlay() {
    let Some(kubectl) = found("kubectl_builds_every_overlay", "kubectl") else { return };
    for (name, case, cluster) in &clusters() {
        let directory = tempfile::tempdir().unwrap();
        write_files(directory.path(), &kustomize(&in_cluster(name, case), cluster).unwrap(), false).unwrap();
        for overlay in overlays(directory.path()) {
            let text = build(&kubectl, &overlay);
            let overlay = overlay.file_name().unwrap().to_str().unwrap().to_owned();
            clean(name, &text);
            for (of, object) in objects(&text) {
                let place = format!("{name} {overlay} {of:?}");
                assert!(shows(&overlay, &of.0, &object) != Some(false), "{place}: {object:#}");
            }
        }
    }
}

/// Whether an object of that kind shows what the overlay does; `None` where it need not.
fn shows(overlay: &str, kind: &str, object: &Value) -> Option<bool> {
    let pod = &object["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let limits = &container["resources"]["limits"];
    let works = ["Deployment", "StatefulSet"].contains(&kind);
    let leases = pod["volumes"].as_array().and_then(|volumes| volumes.last());
    match (overlay, kind) {
        ("gpu", _) if works => {
            Some(limits.as_object().unwrap().keys().any(|name| name.contains("nvidia.com/")))
        }
        ("shared-gpu", _) if works => Some(leases.unwrap()["hostPath"]["path"] == "/run/lock/cosmos-gpu"),
        ("software", _) if works => {
            let variables = container["env"].as_array().unwrap();
            Some(variables.iter().any(|variable| variable["name"] == "COSMOS_SOFTWARE"))
        }
        ("ingress", "Ingress") => {
            Some(object["spec"]["tls"][0]["hosts"][0] == object["spec"]["rules"][0]["host"])
        }
        ("nodeport", "Service") => {
            let ports = object["spec"]["ports"].as_array().unwrap();
            Some(object["spec"]["type"] == "NodePort" && ports[0]["nodePort"] == ports[1]["nodePort"])
        }
        ("loadbalancer", "Service") => Some(object["spec"]["type"] == "LoadBalancer"),
        ("hostnetwork", _) if works => {
            Some(pod["hostNetwork"] == true && pod["dnsPolicy"] == "ClusterFirstWithHostNet")
        }
        ("idle", _) if works => Some(object["spec"].get("replicas").is_none()),
        ("idle", "CronJob") => Some(object["spec"]["concurrencyPolicy"] == "Forbid"),
        _ => None,
    }
}

/// What contradicts the settings is not offered.
#[test]
fn overlays_follow_the_settings() {
    for ((name, case, cluster), expected) in clusters().iter().zip([
        "gpu shared-gpu software nodeport loadbalancer hostnetwork idle",
        "nodeport loadbalancer hostnetwork idle",
        "gpu shared-gpu software ingress nodeport loadbalancer hostnetwork idle",
        "gpu shared-gpu software nodeport loadbalancer hostnetwork idle",
        "nodeport loadbalancer hostnetwork idle",
        "gpu shared-gpu software nodeport loadbalancer idle",
        "gpu shared-gpu software ingress nodeport loadbalancer idle",
    ]) {
        let files = kustomize(&in_cluster(name, case), cluster).unwrap();
        let overlay = |path: &str| Some(path.strip_prefix("overlays/")?.split('/').next()?.to_owned());
        let overlays: Vec<String> = files.iter().filter_map(|file| overlay(&file.path)).collect();
        assert_eq!(overlays.join(" "), expected, "{name}");
    }
    let required = ("", &[("require_gpu", "true")][..], CASES[0].2, 1);
    let files = kustomize(&container(&required).unwrap(), &clusters()[0].2).unwrap();
    assert!(!files.iter().any(|file| file.path.contains("software")));
}

pub fn build(kubectl: &Path, directory: &Path) -> String {
    let output = Command::new(kubectl).arg("kustomize").arg(directory).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{}: {said}", directory.display());
    String::from_utf8(output.stdout).unwrap()
}

pub fn overlays(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("overlays")).unwrap();
    let mut overlays: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    overlays.sort();
    overlays
}

fn objects(text: &str) -> Objects {
    let object = |document: &str| {
        let value: Value = serde_saphyr::from_str(document).unwrap();
        let part = |value: &Value| value.as_str().unwrap().to_owned();
        ((part(&value["kind"]), part(&value["metadata"]["name"])), value)
    };
    text.split("\n---\n").map(object).collect()
}
