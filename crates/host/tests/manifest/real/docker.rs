//! A Docker daemon of our own.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use cosmos_host::manifest::compose;

use super::{
    super::cases::{CASES, container, found},
    output, within,
};

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
        within(Duration::from_secs(60), || daemon.docker(&["info"]).ok())
            .unwrap_or_else(|error| panic!("{error}: {}", daemon.log()));
        daemon
    }

    /// An image that does nothing for ten minutes.
    fn import(&self, name: &str) -> Result<String, String> {
        let root = self.place.join("root");
        for part in ["bin", "tmp", "home/user", "run/secrets", "dev", "proc", "sys", "etc"] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        let busybox = found("", "busybox").unwrap();
        fs::copy(&busybox, root.join("bin/busybox")).unwrap();
        // Not every build of its shell finds them without.
        for applet in ["id", "grep", "touch", "df"] {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        for library in libraries(&busybox) {
            let copy = root.join(library.trim_start_matches('/'));
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(library, copy).unwrap();
        }
        // Some runtimes give a tmpfs the mode of the directory below it.
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        let tar = self.place.join("root.tar");
        output(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg("."))?;
        let entry = r#"ENTRYPOINT ["/bin/busybox", "sleep", "600"]"#;
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

/// What a program is linked with: nothing, for one that is linked statically.
fn libraries(program: &Path) -> Vec<String> {
    let told = output(Command::new("ldd").arg(program)).unwrap_or_default();
    told.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
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
