//! The Deployment, played by podman: it comes up, and falls asleep.

use std::{
    env, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use cosmos_host::manifest::{Cluster, Container, Idle, Place, kubernetes};

use super::{
    super::cases::{CASES, found, settings},
    emulator::Emulator,
    output, within,
};

/// The pod comes up as the Deployment has it, and answers. The job that puts desktops to sleep logs in, finds that
/// nobody watches, and scales.
#[test]
#[ignore = "needs podman, root and an image"]
fn podman_plays_the_deployment() {
    let test = "podman_plays_the_deployment";
    let Some(image) = env::var("COSMOS_IMAGE").ok().filter(|_| found(test, "podman").is_some()) else {
        eprintln!("SKIPPED {test}: COSMOS_IMAGE names no image");
        return;
    };
    let place = Place { name: NAME.parse().unwrap(), image: image.parse().unwrap(), gpus: 0 };
    let container = Container::new(&settings(&CASES[0]), place, &[]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("desktop.yaml");
    let cluster = Cluster { idle: Some(Idle::default()), ..Cluster::default() };
    // A secret of that name may be somebody's.
    let text =
        kubernetes(&container, &cluster).unwrap().replace("name: my-pass\n", &format!("name: {SECRET}\n"));
    fs::write(&path, text).unwrap();
    let outcome = play(test, &path, directory.path());
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

fn play(test: &str, path: &Path, directory: &Path) -> Result<(), String> {
    let file = path.to_str().unwrap();
    let secret = directory.join("secret.json");
    fs::write(&secret, r#"{"my-pass":"cGFzcw=="}"#).unwrap();
    let _ = podman(&["secret", "rm", SECRET]);
    podman(&["secret", "create", SECRET, secret.to_str().unwrap()])?;
    let begun = Instant::now();
    let outcome = podman(&["kube", "play", file]).and_then(|_| healthy()).and_then(|place| {
        println!("/healthz answers {:.1} s after kube play began", begun.elapsed().as_secs_f64());
        Emulator::start(test).map_or(Ok(()), |server| falls_asleep(&server, path, place, directory))
    });
    let state = podman(&["ps", "--all", "--format", "{{.Names}} {{.Status}}"]);
    let logs = podman(&["logs", &format!("{NAME}-pod-0-{NAME}")]);
    let _ = podman(&["kube", "down", file]);
    let _ = podman(&["secret", "rm", SECRET]);
    outcome.map_err(|error| format!("{error}\n{state:?}\n{logs:?}"))
}

/// Asked from outside the container, within the network of the pod.
fn healthy() -> Result<SocketAddr, String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    let pod = podman(&["pod", "inspect", "--format", "{{.InfraContainerID}}", &format!("{NAME}-pod-0")])?;
    let address = podman(&["inspect", "--format", format, pod.trim()])?;
    let place: SocketAddr = format!("{}:8080", address.trim()).parse().map_err(|_| address)?;
    within(Duration::from_secs(120), || {
        get(place, "/healthz").filter(|answer| answer.ends_with("\r\n\r\nok"))
    })?;
    Ok(place)
}

/// At the first visit it is seen idle, at the second it has been for long enough.
fn falls_asleep(server: &Emulator, path: &Path, place: SocketAddr, home: &Path) -> Result<(), String> {
    // The emulator answers with the whole object where the script wants its scale, which begins with this number.
    let text = fs::read_to_string(path)
        .unwrap()
        .replace("\nspec:\n  selector:", "\nspec:\n  replicas: 1\n  selector:");
    let at_server = home.join("at-server.yaml");
    fs::write(&at_server, text).unwrap();
    server.create(&at_server)?;
    let workload = format!("deployment/{NAME}");
    fs::create_dir(home.join("logins")).unwrap();
    fs::write(home.join("logins").join(NAME), "pass").unwrap();
    fs::write(home.join("token"), "").unwrap();
    fs::write(home.join("ca.crt"), "").unwrap();
    fs::write(home.join(".curlrc"), format!("connect-to = \"{NAME}:8080:{place}\"\nnoproxy = \"*\"\n"))
        .unwrap();
    let visit = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manifest/kubernetes/idle.sh");
        let mut sh = Command::new("sh");
        sh.arg(script).arg(NAME).env("CURL_HOME", home).env("ACCOUNT", home).env("API", &server.place);
        sh.env("DESKTOP_LOGINS", home.join("logins"))
            .env("DESKTOP_PORT", "8080")
            .env("DESKTOP_USER", "\"user\"");
        sh.env("NAMESPACE", "default")
            .env("NOTES", format!("{NAME}-idle-since"))
            .env("WORKLOADS", "deployments");
        output(sh.env("IDLE_SECONDS", "0"))
    };
    for (told, replicas) in [("", "1"), ("cosmos-played sleeps\n", "0"), ("", "0")] {
        let seen = (visit()?, server.replicas(&workload)?);
        if seen != (told.to_owned(), replicas.to_owned()) {
            return Err(format!("{seen:?} instead of {told:?} and {replicas}"));
        }
    }
    Ok(())
}

fn podman(arguments: &[&str]) -> Result<String, String> {
    let command = env::var("COSMOS_PODMAN").unwrap_or_else(|_| "podman".to_owned());
    let mut words = command.split_whitespace();
    let mut podman = Command::new(words.next().unwrap_or("podman"));
    output(podman.args(words).args(arguments))
}

fn get(place: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&place, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: desktop\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

const NAME: &str = "cosmos-played";
const SECRET: &str = "cosmos-played-my-pass";
