//! Objects for Kubernetes.

use cosmos_host::manifest::{Cluster, Container, Exposure, Fleet, ManifestError, Place, Users, kubernetes};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::CronJob,
        core::v1::{ConfigMap, PersistentVolumeClaim, Service, ServiceAccount},
        networking::v1::{Ingress, NetworkPolicy},
        rbac::v1::{Role, RoleBinding},
    },
    serde::{Serialize, de::DeserializeOwned},
};

use super::cases::{CASES, clean, clusters, container, fleet, golden, resolved};

#[test]
fn objects_are_as_they_were_and_clean() {
    for (name, case, cluster) in &clusters() {
        let text = kubernetes(&container(case).unwrap(), cluster).unwrap();
        clean(name, &text);
        golden(&format!("{name}.kubernetes.yaml"), &text);
    }
}

/// Whoever reads the text with the types of Kubernetes has everything that is in it.
#[test]
fn the_types_of_kubernetes_hold_all_that_is_printed() {
    for (name, case, cluster) in &clusters() {
        let text = kubernetes(&container(case).unwrap(), cluster).unwrap();
        for document in text.split("---\n") {
            let plain: serde_json::Value = serde_saphyr::from_str(document).unwrap();
            assert_eq!(typed(plain["kind"].as_str().unwrap(), document), plain, "{name}");
        }
    }
}

fn typed(kind: &str, document: &str) -> serde_json::Value {
    fn read<T: DeserializeOwned + Serialize>(text: &str) -> serde_json::Value {
        serde_json::to_value(serde_saphyr::from_str::<T>(text).unwrap()).unwrap()
    }
    match kind {
        "ConfigMap" => read::<ConfigMap>(document),
        "CronJob" => read::<CronJob>(document),
        "Deployment" => read::<Deployment>(document),
        "StatefulSet" => read::<StatefulSet>(document),
        "Service" => read::<Service>(document),
        "ServiceAccount" => read::<ServiceAccount>(document),
        "PersistentVolumeClaim" => read::<PersistentVolumeClaim>(document),
        "NetworkPolicy" => read::<NetworkPolicy>(document),
        "Ingress" => read::<Ingress>(document),
        "Role" => read::<Role>(document),
        "RoleBinding" => read::<RoleBinding>(document),
        other => panic!("{other} is not expected"),
    }
}

/// Each has a password, a volume and a name of its own, and what the desktops share is none of these.
#[test]
fn desktops_of_a_fleet_share_nothing_that_lets_in() {
    let (_, case, cluster) = clusters().swap_remove(2);
    let cluster = Cluster { users: Users::Each(fleet(&["alice", "bob", "7"])), ..cluster };
    let text = kubernetes(&container(case).unwrap(), &cluster).unwrap();
    for user in ["alice", "bob", "7"] {
        for line in [
            format!("name: cosmos-{user}-my-pass\n"),
            format!("name: cosmos-{user}-root-vol\n"),
            format!("claimName: caches-{user}\n"),
            format!("hostname: cosmos-{user}\n"),
            format!("host: cosmos-{user}.desktop.example.org\n"),
        ] {
            assert!(text.contains(&line), "{line}");
        }
    }
    assert!(text.contains("name: turn-shared-secret\n"));
}

/// The job that scales may scale these desktops, and neither others nor anything else.
#[test]
fn the_job_may_do_no_more_than_scale_its_own() {
    let (_, case, cluster) = clusters().swap_remove(2);
    let text = kubernetes(&container(case).unwrap(), &cluster).unwrap();
    let role = text.split("---\n").find(|document| document.contains("kind: Role\n")).unwrap();
    let role: Role = serde_saphyr::from_str(role).unwrap();
    let rights: Vec<_> = role
        .rules
        .unwrap()
        .into_iter()
        .map(|rule| (rule.resources.unwrap(), rule.resource_names.unwrap(), rule.verbs))
        .collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let both = words(&["get", "patch"]);
    assert_eq!(
        rights,
        [
            (words(&["statefulsets/scale"]), words(&["cosmos-alice", "cosmos-bob"]), both.clone()),
            (words(&["configmaps"]), words(&["cosmos-idle-since"]), both),
        ]
    );
}

#[test]
fn names_and_ports_that_no_fleet_can_have_are_refused() {
    let refused = |cluster| kubernetes(&container(&CASES[0]).unwrap(), &cluster).unwrap_err();
    // With the name of the desktop and a hyphen: 47.
    let long = "a".repeat(40);
    let three = Users::Each(Fleet::numbered(3).unwrap());
    let at = |first, users: &Users| Cluster {
        exposure: Exposure::NodePort(first),
        users: users.clone(),
        ..Cluster::default()
    };
    assert!(matches!(refused(at(65534, &three)), ManifestError::NodePort { first: 65534, desktops: 3 }));
    assert!(matches!(refused(at(80, &Users::One)), ManifestError::NodePort { .. }));
    let longest = Users::Each(fleet(&[&long]));
    assert!(kubernetes(&container(&CASES[0]).unwrap(), &at(1024, &longest)).is_ok());
}

/// Whoever had `xgl.yml` keeps volumes and secrets.
#[test]
fn volumes_and_secrets_have_the_names_of_the_first_manifest() {
    for (setting, variable, name) in [
        ("password", "COSMOS_PASSWORD", "my-pass"),
        ("turn_shared_secret", "COSMOS_TURN_SHARED_SECRET", "turn-shared-secret"),
        ("turn_password", "COSMOS_TURN_PASSWORD", "turn-password"),
    ] {
        let flags = [("turn_host", "turn.example.org"), ("turn_username", "user"), (setting, "file")];
        let flags = if setting == "turn_password" { &flags[..] } else { &[flags[0], flags[2]] };
        let place = Place { name: "xgl".parse().unwrap(), image: "cosmos".parse().unwrap(), gpus: 1 };
        let xgl = Container::new(&resolved(flags, &[]), place, &[]).unwrap();
        let text = kubernetes(&xgl, &Cluster::default()).unwrap();
        let reference = format!(
            "- name: {variable}\n          valueFrom:\n            secretKeyRef:\n              key: {name}\n              name: {name}\n"
        );
        for part in [&reference, "name: xgl-cache-vol\n", "name: xgl-root-vol\n", "name: dshm\n"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
