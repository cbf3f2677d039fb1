//! What is printed, run for real: by podman, by a Docker daemon of our own, and by kubectl against an emulator of the
//! API server. All need programs that few machines have, and most need root:
//!
//! ```text
//! COSMOS_IMAGE=localhost/cosmos:test COSMOS_PODMAN="podman --runtime runc" \
//!     cargo test -p cosmos-host --test manifest -- --ignored --show-output
//! ```
//!
//! `COSMOS_IMAGE` names an image of a desktop that podman has, `COSMOS_PODMAN` how podman is called.

use std::{
    env, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cosmos_host::manifest::{Cluster, Container, Place, compose, kubernetes};

use super::cases::{CASES, clusters, container, found, settings};

/// The pod comes up as the Deployment has it, and answers.
#[test]
#[ignore = "needs podman, root and an image"]
fn podman_plays_the_deployment() {
    let test = "podman_plays_the_deployment";
    let Some(image) = env::var("COSMOS_IMAGE").ok().filter(|_| found(test, "podman").is_some()) else {
        eprintln!("SKIPPED {test}: COSMOS_IMAGE names no image");
        return;
    };
    let place = Place { name: "cosmos-played".parse().unwrap(), image: image.parse().unwrap(), gpus: 0 };
    let container = Container::new(&settings(&CASES[0]), place, &[]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("desktop.yaml");
    fs::write(&path, kubernetes(&container, &Cluster::default()).unwrap()).unwrap();
    let path = path.to_str().unwrap();
    let secret = directory.path().join("secret.json");
    fs::write(&secret, r#"{"my-pass":"cGFzcw=="}"#).unwrap();
    podman(&["secret", "create", "my-pass", secret.to_str().unwrap()]).unwrap();
    let begun = Instant::now();
    let played = podman(&["kube", "play", path]).map(|_| ());
    let outcome = played.and_then(|()| healthy(begun));
    let state = podman(&["ps", "--all", "--format", "{{.Names}} {{.Status}}"]);
    let logs = podman(&["logs", POD_CONTAINER]);
    let _ = podman(&["kube", "down", path]);
    let _ = podman(&["secret", "rm", "my-pass"]);
    let took = outcome.unwrap_or_else(|error| panic!("{error}\n{state:?}\n{logs:?}"));
    println!("{image}: /healthz answers {:.1} s after kube play began", took.as_secs_f64());
}

/// Asked from outside the container, within the network of the pod.
fn healthy(begun: Instant) -> Result<Duration, String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    let infra = podman(&["pod", "inspect", "--format", "{{.InfraContainerID}}", POD])?;
    let address = podman(&["inspect", "--format", format, infra.trim()])?;
    let place: SocketAddr = format!("{}:8080", address.trim()).parse().map_err(|_| address)?;
    within(Duration::from_secs(60), || {
        get(place, "/healthz").filter(|answer| answer.ends_with("\r\n\r\nok"))
    })?;
    Ok(begun.elapsed())
}

fn podman(arguments: &[&str]) -> Result<String, String> {
    let command = env::var("COSMOS_PODMAN").unwrap_or_else(|_| "podman".to_owned());
    let mut words = command.split_whitespace();
    let mut podman = Command::new(words.next().unwrap_or("podman"));
    output(podman.args(words).args(arguments))
}

/// A daemon of our own starts the service, reservation of a GPU included: the hook of NVIDIA's toolkit, here a script,
/// is called with the state of the container.
#[test]
#[ignore = "needs a Docker daemon's program, root and busybox"]
fn a_docker_daemon_runs_the_compose_file() {
    let test = "a_docker_daemon_runs_the_compose_file";
    for program in ["dockerd", "docker", "docker-compose", "busybox"] {
        if found(test, program).is_none() {
            return;
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    daemon.import("cosmos:24.04").unwrap();
    for case in &CASES {
        let place = directory.path().join(case.0);
        fs::create_dir_all(place.join("cosmos-secrets")).unwrap();
        for file in ["pass word.txt", "cosmos-secrets/turn_shared_secret"] {
            fs::write(place.join(file), "hunter2").unwrap();
        }
        fs::write(place.join("compose.yaml"), compose(&container(case).unwrap()).unwrap()).unwrap();
        fs::create_dir_all("/run/lock/cosmos-gpu").unwrap();
        let said = daemon.check(&place, case.3);
        let _ = daemon.compose(&place, &["down", "--volumes"]);
        said.unwrap_or_else(|error| panic!("{}: {error}\n{}", case.0, daemon.log()));
    }
}

struct Daemon<'a> {
    place: &'a Path,
    child: Child,
}

impl<'a> Daemon<'a> {
    fn start(place: &'a Path) -> Self {
        let at = place.display();
        let hook = place.join("nvidia-container-runtime-hook");
        fs::write(&hook, format!("#!/bin/sh\ncat >{at}/hook.json\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        let config = serde_json::json!({
            "data-root": format!("{at}/data"),
            "exec-root": format!("{at}/exec"),
            "pidfile": format!("{at}/pid"),
            "hosts": [format!("unix://{at}/docker.sock")],
            "storage-driver": "overlay2",
            "bridge": "none",
            "iptables": false,
            "default-ulimits": { "nofile": { "Name": "nofile", "Hard": 20000, "Soft": 20000 } },
        });
        fs::write(place.join("daemon.json"), config.to_string()).unwrap();
        let path = format!("{at}:{}", env::var("PATH").unwrap());
        let log = fs::File::create(place.join("log")).unwrap();
        let mut dockerd = Command::new("dockerd");
        dockerd.arg("--config-file").arg(place.join("daemon.json")).env("PATH", path);
        let child = dockerd.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let daemon = Self { place, child };
        within(Duration::from_secs(30), || daemon.docker(&["info"]).ok())
            .unwrap_or_else(|error| panic!("{error}: {}", daemon.log()));
        daemon
    }

    /// An image that does nothing for a minute.
    fn import(&self, name: &str) -> Result<String, String> {
        let root = self.place.join("root");
        for part in ["bin", "tmp", "home/user", "run/secrets", "dev", "proc", "sys", "etc"] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        let busybox = found("", "busybox").unwrap();
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        // Some runtimes give a tmpfs the mode of the directory below it.
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        let tar = self.place.join("root.tar");
        output(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg("."))?;
        let entry = r#"ENTRYPOINT ["/bin/busybox", "sleep", "60"]"#;
        self.docker(&["import", "--change", entry, "--change", "USER 1000", tar.to_str().unwrap(), name])
    }

    fn check(&self, place: &Path, gpus: u16) -> Result<(), String> {
        let _ = fs::remove_file(self.place.join("hook.json"));
        self.compose(place, &["up", "--detach"])?;
        let inside =
            "id -u; grep CapEff /proc/self/status; touch /tmp/x && echo tmp; touch /x 2>&1; df -m /dev/shm";
        let id = self.compose(place, &["ps", "--quiet"])?;
        let script = ["exec", id.trim(), "/bin/busybox", "sh", "-c", inside];
        let said = self.docker(&script)?;
        for expected in ["1000\n", "CapEff:\t0000000000000000\n", "tmp\n", "Read-only file system", "1024"] {
            if !said.contains(expected) {
                return Err(format!("{expected} is not in: {said}"));
            }
        }
        match fs::read_to_string(self.place.join("hook.json")) {
            Ok(state) if gpus > 0 && state.contains("\"pid\"") => Ok(()),
            Err(_) if gpus == 0 => Ok(()),
            other => Err(format!("the hook for {gpus} GPUs was given {other:?}")),
        }
    }

    fn docker(&self, arguments: &[&str]) -> Result<String, String> {
        output(self.speaking(&mut Command::new("docker")).args(arguments))
    }

    fn compose(&self, place: &Path, arguments: &[&str]) -> Result<String, String> {
        let mut compose = Command::new("docker-compose");
        output(self.speaking(&mut compose).current_dir(place).args(["-f", "compose.yaml"]).args(arguments))
    }

    fn speaking<'b>(&self, command: &'b mut Command) -> &'b mut Command {
        command.env("DOCKER_HOST", format!("unix://{}/docker.sock", self.place.display()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.place.join("log")).unwrap_or_default()
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(&id).status();
        let ended = within(Duration::from_secs(20), || self.child.try_wait().ok().flatten());
        if ended.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Created, read, put to sleep, woken and deleted, by kubectl itself.
#[test]
#[ignore = "needs Python with kmock, and kubectl"]
fn kubectl_handles_the_objects_at_an_api_server() {
    let test = "kubectl_handles_the_objects_at_an_api_server";
    let (Some(_), Some(python)) = (found(test, "kubectl"), found(test, "python3")) else { return };
    if output(Command::new(&python).args(["-c", "import kmock"])).is_err() {
        eprintln!("SKIPPED {test}: python3 has no kmock");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut server = Command::new(&python)
        .args(["-c", EMULATOR])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut place = [0; 64];
    let length = server.stdout.as_mut().unwrap().read(&mut place).unwrap();
    let place = String::from_utf8(place[..length].to_vec()).unwrap();
    let outcome = clusters().iter().try_for_each(|(name, case, cluster)| {
        let cluster = Cluster { namespace: None, ..cluster.clone() };
        let path = directory.path().join(format!("{name}.yaml"));
        fs::write(&path, kubernetes(&container(case).unwrap(), &cluster).unwrap()).unwrap();
        life(place.trim(), path.to_str().unwrap()).map_err(|error| format!("{name}: {error}"))
    });
    drop(server.stdin.take());
    let ended = within(Duration::from_secs(10), || server.try_wait().ok().flatten());
    if ended.is_err() {
        let _ = server.kill();
    }
    let _ = server.wait();
    outcome.unwrap();
}

fn life(place: &str, path: &str) -> Result<(), String> {
    let kubectl = |arguments: &[&str]| {
        let always = ["--kubeconfig", "/dev/null", "--server", place];
        output(Command::new("kubectl").args(always).args(arguments))
    };
    let created = kubectl(&["create", "--validate=false", "-f", path])?;
    let documents = fs::read_to_string(path).unwrap().split("---\n").count();
    assert_eq!(created.lines().filter(|line| line.ends_with(" created")).count(), documents, "{created}");
    let workload =
        created.lines().find(|line| line.starts_with("statefulset") || line.starts_with("deployment"));
    let workload = workload.unwrap().split(' ').next().unwrap();
    for replicas in ["0", "1"] {
        kubectl(&["patch", workload, "-p", &format!("{{\"spec\":{{\"replicas\":{replicas}}}}}")])?;
        let now = kubectl(&["get", workload, "-o", "jsonpath={.spec.replicas}"])?;
        assert_eq!(now, replicas);
    }
    let deleted = kubectl(&["delete", "--wait=false", "-f", path])?;
    assert_eq!(deleted.lines().count(), documents, "{deleted}");
    Ok(())
}

/// Tells its address, and ends with standard input.
const EMULATOR: &str = r#"
import asyncio, sys, kmock

CORE = {
    "configmaps": "ConfigMap", "persistentvolumeclaims": "PersistentVolumeClaim", "services": "Service",
    "serviceaccounts": "ServiceAccount", "secrets": "Secret", "pods": "Pod",
}

class Emulator(kmock.KubernetesEmulator):
    # It names the version of the core group "/v1", which kubectl does not find.
    async def _serve_version(self, request):
        answer = await super()._serve_version(request)
        answer["groupVersion"] = answer["groupVersion"].lstrip("/")
        return answer

async def main():
    async with Emulator() as emulator, kmock.Server(emulator) as server:
        emulator.resources.load_bundled()
        for plural, kind in CORE.items():
            emulator.resources[kmock.resource("", "v1", plural)] = {
                "kind": kind, "singular": kind.lower(), "namespaced": True,
                "verbs": {"get", "list", "create", "patch", "delete"},
            }
        print(f"http://{server.host}:{server.port}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"#;

fn get(place: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&place, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: desktop\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(said),
        false => Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn within<T>(time: Duration, mut attempt: impl FnMut() -> Option<T>) -> Result<T, String> {
    let end = Instant::now() + time;
    loop {
        if let Some(value) = attempt() {
            return Ok(value);
        }
        if Instant::now() > end {
            return Err(format!("nothing after {time:?}"));
        }
        thread::sleep(Duration::from_millis(200));
    }
}

const POD: &str = "cosmos-played-pod-0";
const POD_CONTAINER: &str = "cosmos-played-pod-0-cosmos-played";
