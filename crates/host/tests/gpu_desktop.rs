//! Desktops on machines with a GPU that are not here: real X servers, a tree of files for the driver, and a stand-in
//! for the probe.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use cosmos_desktop::Size;
use cosmos_host::{
    Config, Holder, Installed, Lease, Report, XServerChoice,
    gpu::{Graphics, GraphicsReport, Mode, Wanted},
    run,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What makes this program the supervisor of a desktop: its directory.
const DIRECTORY: &str = "COSMOS_TEST_GPU_DESKTOP";
const ADDRESS: &str = "0000:00:06.0";
const BOUND: Duration = Duration::from_secs(60);

/// A program cannot be started while another process, just forked, still has it open for writing.
static WRITING_OR_STARTING: Mutex<()> = Mutex::new(());

const STREAM: &str = r#"#!/bin/sh
env > "$0.env"
while [ $# -gt 0 ]; do case $1 in --ready-file) r=$2 ;; esac; shift; done
echo '{"schema":"cosmos.ready/1","url":"http://x/","user":null,"password_source":"s","password_file":null}' > "$r"
exec sleep 600
"#;
const SESSION: &str = "#!/bin/sh\nenv > \"$0.env\"\nexec sleep 600\n";
/// Sees the GPU where GLX is led to NVIDIA's library, on the display that it is told.
const PROBE: &str = r#"#!/bin/sh
[ "$__GLX_VENDOR_LIBRARY_NAME" = nvidia ] && [ -e "$XAUTHORITY" ] && v=hardware || v=software
echo "$@" > "$0.args"
echo '{"schema":"cosmos.probe/1","gl":{"facts":{"renderer":"NVIDIA H200"},"failure":null,"verdict":"'$v'"},
"egl":{"facts":{"error":"no EGL"},"failure":null,"verdict":"nothing"},"vulkan":null}'
exit 1
"#;

/// Stands for Xorg on the GPU, which is told where NVIDIA's modules are, and for Xorg without one.
const SERVER: &str = r#"#!/bin/bash
ls -l /proc/self/fd > "$0.fds"
echo $$ > "$0.pid"
while [ $# -gt 0 ]; do
  case $1 in
    vt7 | -novtswitch | -sharevts) ;;
    -modulepath) gpu=yes; shift ;;
    -config | -logfile) shift ;;
    *) a+=("$1") ;;
  esac
  shift
done
[ -z "$gpu" ] && exit 1
[ -e "$0.once" ] && [ -e "$0.started" ] && exit 1
[ -e "$0.slow" ] && sleep 13
touch "$0.started"
exec Xvfb "${a[@]}" -screen 0 640x480x24
"#;

/// Not a test of its own: the supervisor, for the other tests.
#[test]
fn supervisor() {
    let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let config = config(&directory);
    let outcome = run(&config, &mut |report| match report {
        Report::Graphics(report) => println!("\nreport: {}", serde_json::to_string(report).unwrap()),
        Report::Warning(text) => println!("\nwarning: {text}"),
        Report::Serving { .. } => println!("\nserving"),
        _ => {}
    });
    println!("\nend: {}", outcome.err().map(|error| error.to_string()).unwrap_or_default());
}

fn config(directory: &Path) -> Config {
    let file = |name: &str| directory.join(name);
    let wanted = if file("required").exists() { Wanted::Required } else { Wanted::Best };
    let graphics = Graphics {
        wanted,
        leases: Some(file("leases")),
        root: file("root"),
        drivers: Some(file("drivers")),
        probe: Some(file("probe")),
        ..Graphics::default()
    };
    let mut installed = Installed::usual("/usr/local/bin:/usr/bin:/bin".into());
    if file("Xorg").exists() {
        (installed.xorg, installed.dummy_driver) = (vec![file("Xorg")], vec![file("Xorg")]);
    }
    Config {
        size: Size::new(640, 480),
        dpi: 96,
        xserver: XServerChoice::Auto,
        graphics,
        session: Some(file("session").display().to_string()),
        audio: false,
        listen: ([127, 0, 0, 1], 1).into(),
        stream: file("stream"),
        stream_arguments: Vec::new(),
        settings: None,
        login: None,
        secrets: Vec::new(),
        account_password: None,
        environment: Vec::new(),
        runtime_base: file("runtime"),
        state_dir: Some(file("state")),
        guard: None,
        display: None,
        installed,
    }
}

struct Desktop {
    child: Child,
    directory: TempDir,
}

impl Desktop {
    fn start(machine: &[(&str, &str)], probe: &str, required: bool) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), machine, probe, required)
    }

    /// With the stand-in for Xorg, and these notes for it.
    fn with_server(notes: &[&str], probe: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = directory.path().join("Xorg");
        {
            let _alone = WRITING_OR_STARTING.lock();
            write_program(&server, SERVER);
        }
        notes.iter().for_each(|note| fs::write(server.with_extension(note), "").unwrap());
        let there = directory.path().join("root").join(server.strip_prefix("/").unwrap());
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::write(there, "").unwrap();
        Self::start_in(directory, &complete(), probe, false)
    }

    fn server_pid(&self) -> Pid {
        let text = fs::read_to_string(self.directory.path().join("Xorg.pid")).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }

    fn start_in(directory: TempDir, machine: &[(&str, &str)], probe: &str, required: bool) -> Self {
        let _alone = WRITING_OR_STARTING.lock();
        let file = |name: &str| directory.path().join(name);
        for name in ["drivers", "runtime"] {
            fs::create_dir_all(file(name)).unwrap();
        }
        Lease::make_directory(&file("leases")).unwrap();
        for (name, text) in [("stream", STREAM), ("session", SESSION), ("probe", probe)] {
            write_program(&file(name), text);
        }
        for (name, text) in machine {
            let path = file("root").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        if required {
            fs::write(file("required"), "").unwrap();
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "supervisor", "--nocapture"]).env(DIRECTORY, directory.path());
        command.stdin(Stdio::null()).stdout(fs::File::create(file("out")).unwrap());
        Self { child: command.spawn().unwrap(), directory }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.directory.path().join("out")).unwrap_or_default()
    }

    /// Waits until it says this, or ends.
    fn wait_for(&mut self, text: &str) {
        let started = Instant::now();
        while !self.output().contains(text) && started.elapsed() < BOUND {
            if self.child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(self.output().contains(text), "waited for {text:?}:\n{}", self.output());
    }

    /// The last thing it said about the GPU.
    fn report(&self) -> GraphicsReport {
        let output = self.output();
        let line = output.lines().filter_map(|line| line.strip_prefix("report: ")).next_back();
        serde_json::from_str(line.unwrap_or_else(|| panic!("no report:\n{output}"))).unwrap()
    }

    /// What a stand-in found in its environment, once it ran.
    fn environment(&self, of: &str) -> String {
        let started = Instant::now();
        let path = self.directory.path().join(format!("{of}.env"));
        while fs::metadata(&path).map_or(0, |data| data.len()) == 0 && started.elapsed() < BOUND {
            std::thread::sleep(Duration::from_millis(20));
        }
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}:\n{}", self.output()))
    }

    fn stop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.wait_for("\nend: ");
        self.child.wait().unwrap();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A machine whose programs can draw on the GPU.
fn libraries() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\n",
        ),
        ("sys/module/nvidia/version", "580.159.04\n"),
        ("sys/bus/pci/devices/0000:00:06.0/vendor", "0x10de\n"),
        ("sys/bus/pci/devices/0000:00:06.0/device", "0x2335\n"),
        ("sys/bus/pci/devices/0000:00:06.0/class", "0x030200\n"),
        (
            "proc/driver/nvidia/gpus/0000:00:06.0/information",
            "Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-00000000-0000-0000-0000-000000000000\nDevice Minor: \t 0\n",
        ),
        ("dev/nvidia0", ""),
        ("usr/lib64/libcuda.so.580.159.04", ""),
        ("usr/lib64/libGLX_nvidia.so.0", ""),
        ("etc/vulkan/icd.d/nvidia_icd.json", ""),
    ]
}

/// The same, and a display engine.
fn with_display() -> Vec<(&'static str, &'static str)> {
    let mut machine = libraries();
    machine.extend([
        ("sys/module/nvidia_modeset/refcnt", "1\n"),
        ("dev/nvidia-modeset", ""),
        ("usr/lib/xorg/Xorg", ""),
        ("usr/lib/xorg/modules/empty", ""),
    ]);
    machine
}

/// The same, and NVIDIA's X driver: in the tree, not on this machine.
fn complete() -> Vec<(&'static str, &'static str)> {
    let mut machine = with_display();
    machine.extend([
        ("usr/lib/xorg/modules/drivers/nvidia_drv.so", ""),
        ("usr/lib/xorg/modules/extensions/libglxserver_nvidia.so.580.159.04", ""),
    ]);
    machine
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// A directory with the driver's file.
fn with_run_file() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let name = "NVIDIA-Linux-x86_64-580.159.04.run";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/gpu").join(name);
    fs::create_dir(directory.path().join("drivers")).unwrap();
    fs::copy(file, directory.path().join("drivers").join(name)).unwrap();
    directory
}

fn can_run() -> bool {
    let installed = Installed::usual("/usr/local/bin:/usr/bin:/bin".into());
    let missing: Vec<&str> =
        ["Xvfb", "dbus-daemon"].into_iter().filter(|name| installed.program(name).is_none()).collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED not installed: {missing:?}");
    }
    missing.is_empty()
}

fn has_plain_xorg() -> bool {
    let [server, driver] =
        ["Xorg", "modules/drivers/nvidia_drv.so"].map(|name| Path::new("/usr/lib/xorg").join(name).exists());
    let plain = server && !driver && cfg!(target_arch = "x86_64");
    if !plain {
        eprintln!("SKIPPED it takes an Xorg without NVIDIA's driver, on x86_64");
    }
    plain
}

#[test]
fn programs_are_led_to_the_gpu_by_what_was_seen_to_work() {
    if !can_run() {
        return;
    }
    let mut desktop = Desktop::start(&libraries(), PROBE, false);
    desktop.wait_for("serving");
    let report = desktop.report();
    assert_eq!((report.mode, report.refused[0].mode), (Mode::GpuRendering, Mode::GpuXServer));
    assert_eq!(report.rendering.as_ref().unwrap().glx, "NVIDIA H200");
    let session = desktop.environment("session");
    assert!(session.contains("__GLX_VENDOR_LIBRARY_NAME=nvidia\n"), "{session}");
    assert!(!session.contains("VK_DRIVER_FILES"), "Vulkan was not seen to work: {session}");
    let arguments = fs::read_to_string(desktop.directory.path().join("probe.args")).unwrap();
    assert!(arguments.contains("--gl") && arguments.contains("--display :"), "{arguments}");
    let stream = desktop.environment("stream");
    let path = stream.lines().find_map(|line| line.strip_prefix("COSMOS_GRAPHICS_FILE=")).unwrap();
    let written: GraphicsReport = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(written, report);
    let ready = fs::read_to_string(Path::new(path).with_file_name("ready.json")).unwrap();
    assert!(ready.contains(r#""mode":"gpu-rendering""#), "{ready}");
    desktop.stop();
}

#[test]
fn an_x_server_that_does_not_start_on_the_gpu_is_explained_and_another_one_taken() {
    if !can_run() || !has_plain_xorg() {
        return;
    }
    let mut desktop = Desktop::start(&complete(), PROBE, true);
    desktop.wait_for("serving");
    let report = desktop.report();
    assert_eq!(report.mode, Mode::GpuRendering);
    let reason = &report.refused[0].reasons[0];
    assert_eq!(reason.id, "server-failed");
    assert!(reason.text.contains("Failed to load module \"nvidia\""), "{}", reason.text);
    let output = desktop.output();
    assert!(output.contains("  cause: NVIDIA's X driver, nvidia_drv.so, is in none"), "{output}");
    assert!(output.contains("  remedy: "), "{output}");
    let leases = desktop.directory.path().join("leases");
    let address = ADDRESS.parse().unwrap();
    Lease::take(&leases, address, &Holder::this_process("x")).expect("the lease was given back");
    desktop.stop();
}

#[test]
fn the_x_server_on_the_gpu_has_the_lease_too() {
    if !can_run() {
        return;
    }
    let mut desktop = Desktop::with_server(&[], PROBE);
    desktop.wait_for("serving");
    assert_eq!(desktop.report().mode, Mode::GpuXServer);
    let open = fs::read_to_string(desktop.directory.path().join("Xorg.fds")).unwrap();
    assert!(open.contains(&format!("{ADDRESS}.lease")), "{open}");
    desktop.stop();
}

/// Xorg served once on the GPU, and then neither there nor without one.
#[test]
fn after_a_server_on_the_gpu_that_does_not_come_back_every_other_one_is_tried() {
    if !can_run() {
        return;
    }
    let mut desktop = Desktop::with_server(&["once"], PROBE);
    desktop.wait_for("serving");
    kill_process(desktop.server_pid(), Signal::KILL).unwrap();
    desktop.wait_for("Xorg cannot be started, Xvfb is tried");
    desktop.wait_for(r#""mode":"gpu-rendering""#);
    assert_eq!(desktop.report().refused[0].reasons[0].id, "server-failed");
    desktop.stop();
}

/// Another container installs, which may take minutes.
#[test]
fn who_waits_for_the_store_of_drivers_still_hears_that_the_end_is_asked_for() {
    if !can_run() {
        return;
    }
    let directory = with_run_file();
    let store = directory.path().join("drivers/installed");
    fs::create_dir(&store).unwrap();
    let lock = fs::File::create(store.join(".lock")).unwrap();
    lock.lock().unwrap();
    let mut desktop = Desktop::start_in(directory, &with_display(), PROBE, false);
    desktop.wait_for("is being installed from ");
    kill_process(Pid::from_child(&desktop.child), Signal::CHILD).unwrap();
    desktop.stop();
    assert!(fs::read_dir(store).unwrap().count() == 1, "nothing was installed");
}

/// The driver that is installed is no real one. That Xorg finds it there and refuses it shows that it was told where.
#[test]
fn a_missing_x_driver_is_installed_from_its_run_file_and_xorg_looks_there() {
    if !can_run() || !has_plain_xorg() {
        return;
    }
    let mut desktop = Desktop::start_in(with_run_file(), &with_display(), PROBE, false);
    desktop.wait_for("serving");
    let output = desktop.output();
    assert!(output.contains("warning: driver 580.159.04 is being installed from "), "{output}");
    let reason = desktop.report().refused[0].reasons[0].clone();
    assert_eq!(reason.id, "server-failed");
    let installed = desktop.directory.path().join("drivers/installed");
    assert!(reason.text.contains(&format!("Failed to load {}/", installed.display())), "{}", reason.text);
    assert!(reason.text.contains("/nvidia_drv.so: "), "{}", reason.text);
    let session = desktop.environment("session");
    let line = session.lines().find(|line| line.starts_with("LD_LIBRARY_PATH=")).unwrap_or_default();
    assert!(line.contains(installed.to_str().unwrap()), "programs find the libraries too: {session}");
    desktop.stop();
}

#[test]
fn a_required_gpu_on_which_nothing_was_seen_to_draw_ends_the_desktop_with_the_reasons() {
    if !can_run() {
        return;
    }
    let mut desktop = Desktop::start(&libraries(), "#!/bin/sh\nkill -SEGV $$\n", true);
    desktop.wait_for("\nend: a GPU is required, and there is none to draw on:");
    let output = desktop.output();
    for part in ["no X server on the GPU: ", "no GPU rendering in a software X server: cosmos-probe wrote"] {
        assert!(output.contains(part), "{part}: {output}");
    }
    desktop.child.wait().unwrap();
}

/// Together they take longer than an X server may.
#[test]
fn a_slow_server_and_a_slow_probe_have_their_own_time() {
    if !can_run() {
        return;
    }
    let mut desktop = Desktop::with_server(&["slow"], "#!/bin/sh\nexec sleep 600\n");
    desktop.wait_for("serving");
    assert_eq!(desktop.report().mode, Mode::GpuXServer);
    assert!(!desktop.output().contains("was not ready in time"), "{}", desktop.output());
    desktop.stop();
}

#[test]
fn a_probe_that_never_answers_keeps_nobody_from_a_desktop() {
    if !can_run() {
        return;
    }
    let mut desktop = Desktop::start(&libraries(), "#!/bin/sh\nexec sleep 600\n", false);
    desktop.wait_for("serving");
    let report = desktop.report();
    assert_eq!(report.mode, Mode::Software);
    assert_eq!(report.refused[1].reasons[0].text, "cosmos-probe did not answer in time");
    assert!(!desktop.environment("session").contains("__GLX_VENDOR_LIBRARY_NAME"));
    desktop.stop();
}
