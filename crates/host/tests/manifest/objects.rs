//! Objects for Kubernetes.

use cosmos_host::manifest::{
    Cluster, Container, Exposure, Fleet, ManifestError, Place, Users, kubernetes, secret_commands,
};
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

use super::cases::{CASES, clean, clusters, container, fleet, golden, in_cluster, resolved};

#[test]
fn objects_are_as_they_were_and_clean() {
    for (name, case, cluster) in &clusters() {
        let text = kubernetes(&in_cluster(name, case), cluster).unwrap();
        clean(name, &text);
        golden(&format!("{name}.kubernetes.yaml"), &text);
    }
}

/// Whoever reads the text with the types of Kubernetes has everything that is in it.
#[test]
fn the_types_of_kubernetes_hold_all_that_is_printed() {
    for (name, case, cluster) in &clusters() {
        let text = kubernetes(&in_cluster(name, case), cluster).unwrap();
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

/// Of all that Guacamole brings along, the network reaches the web application only, and no password is in the text.
#[test]
fn guacamole_is_all_of_guacamole_that_the_network_reaches() {
    let alone = kubernetes(&container(&CASES[2]).unwrap(), &Cluster::default()).unwrap();
    let text = kubernetes(&container(&CASES[2]).unwrap().with_guacamole(), &Cluster::default()).unwrap();
    for part in ["guac", "5900", "4822", "8081"] {
        assert!(!alone.contains(part), "{part} is in {alone}");
    }
    let documents: Vec<&str> = text.split("---\n").collect();
    let of =
        |kind: &str| documents.iter().find(|document| document.contains(&format!("kind: {kind}\n"))).unwrap();
    for kind in ["Service", "NetworkPolicy"] {
        assert!(of(kind).contains("port: 8081\n"), "{}", of(kind));
    }
    assert!(of("ConfigMap").contains("<Connector port=\"8081\" "), "{}", of("ConfigMap"));
    assert!(
        !text.contains("0.0.0.0:5900") && !text.contains("ort: 5900") && !text.contains("ort: 4822"),
        "{text}"
    );
    let pod: Deployment = serde_saphyr::from_str(of("Deployment")).unwrap();
    let pod = pod.spec.unwrap().template.spec.unwrap();
    for container in &pod.containers[1..] {
        let security = container.security_context.clone().unwrap();
        let user = (security.run_as_user, security.read_only_root_filesystem);
        assert_eq!(user, (Some(1001), Some(true)), "{}", container.name);
    }
    let variables = pod.containers[0].env.as_deref().unwrap();
    let viewers = variables.iter().find(|variable| variable.name == "COSMOS_VNC_LISTEN").unwrap();
    assert_eq!(viewers.value.as_deref(), Some("127.0.0.1:5900"));
    assert!(
        pod.containers[1].command.as_deref().unwrap().ends_with(&["-b".to_owned(), "127.0.0.1".to_owned()])
    );
}

/// Each user of a fleet has a file of users of their own, made of their own password.
#[test]
fn the_file_of_users_is_made_of_the_password_in_the_cluster() {
    let (name, case, cluster) = clusters().pop().unwrap();
    let commands = secret_commands(&in_cluster(name, case), &cluster).unwrap();
    let found: Vec<&str> =
        commands.iter().filter(|command| !command.is_typed).map(|command| &*command.text).collect();
    let made = |user: &str| {
        format!(
            "kubectl get secret cosmos-{user}-my-pass -n desks -o 'jsonpath={{.data.my-pass}}' | base64 -d | \
             cosmos-launch guacamole --host 127.0.0.1 --password-file /dev/stdin | \
             kubectl create secret generic cosmos-{user}-guacamole -n desks --from-file=user-mapping.xml=/dev/stdin"
        )
    };
    assert_eq!(found, [made("alice"), made("bob")]);
    let mut before = commands.iter().take_while(|command| command.is_typed);
    assert!(before.by_ref().count() == commands.len() - 2, "{commands:#?}");
}

#[test]
fn guacamole_is_refused_where_it_has_no_place() {
    let refused = |flags, exposure| {
        let desktop = container(&("", flags, &[], 1)).unwrap().with_guacamole();
        let printed = kubernetes(&desktop, &Cluster { exposure, ..Cluster::default() });
        printed.err().map_or("nothing".to_owned(), |error| error.to_string())
    };
    let open = &[("basic_auth", "false"), ("allow_insecure", "true")];
    for (flags, exposure, told) in [
        (&[][..], Exposure::HostNetwork, "expected --expose clusterip, nodeport or loadbalancer"),
        (open, Exposure::ClusterIp, "COSMOS_BASIC_AUTH"),
        (&[("listen_port", "4822")], Exposure::ClusterIp, "port 4822 is one of Guacamole's"),
        (&[("listen_port", "4822")], Exposure::NodePort(30100), "port 4822 is one of Guacamole's"),
        (&[("listen_port", "5900")], Exposure::LoadBalancer, "port 5900 is one of Guacamole's"),
        (&[], Exposure::NodePort(8081), "port 8081 is one of Guacamole's"),
        (&[("listen_port", "8081")], Exposure::ClusterIp, "nothing"),
    ] {
        let told_now = refused(flags, exposure);
        assert!(told_now.contains(told), "{flags:?}: {told_now} instead of {told}");
    }
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
