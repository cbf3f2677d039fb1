//! An emulator of the API server: kmock, a package of Python.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{super::cases::found, output, within};

/// Runs until it is dropped.
pub struct Emulator {
    child: Child,
    /// As a URL.
    pub place: String,
}

impl Emulator {
    /// None, with a line that says why, where it is not installed.
    pub fn start(test: &str) -> Option<Self> {
        let (_, python) = (found(test, "kubectl")?, found(test, "python3")?);
        if output(Command::new(&python).args(["-c", "import kmock"])).is_err() {
            eprintln!("SKIPPED {test}: python3 has no kmock");
            return None;
        }
        let mut python = Command::new(&python);
        python.args(["-c", EMULATOR]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = python.spawn().unwrap();
        let mut place = [0; 64];
        let length = child.stdout.as_mut().unwrap().read(&mut place).unwrap();
        let place = String::from_utf8(place[..length].to_vec()).unwrap().trim().to_owned();
        Some(Self { child, place })
    }

    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        let always = ["--kubeconfig", "/dev/null", "--server", &self.place];
        output(Command::new("kubectl").args(always).args(arguments))
    }

    /// The objects of a file.
    pub fn create(&self, path: &Path) -> Result<String, String> {
        self.kubectl(&["create", "--validate=false", "-f", path.to_str().unwrap()])
    }

    /// How many pods a workload is to have.
    pub fn replicas(&self, workload: &str) -> Result<String, String> {
        self.kubectl(&["get", workload, "-o", "jsonpath={.spec.replicas}"])
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let ended = within(Duration::from_secs(10), || self.child.try_wait().ok().flatten());
        if ended.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
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
