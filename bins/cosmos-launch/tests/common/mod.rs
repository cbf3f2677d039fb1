//! A desktop under test: the real program, real servers, a stand-in for the stream.
#![allow(dead_code, reason = "every test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::HashMap,
    fs::{self, File},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take on a loaded machine.
pub const BOUND: Duration = Duration::from_secs(60);

/// Set in the environment of every process of a desktop under test.
const MARK: &str = "COSMOS_TEST_MARK";

/// The stand-in for cosmos-stream: notes what it was given, says that it serves, and waits.
const STREAM: &str = r#"#!/bin/bash
env > "$HOME/stream.env"
echo "$@" > "$HOME/stream.args"
while [ $# -gt 0 ]; do
  case $1 in --listen) l=$2 ;; --ready-file) r=$2 ;; --password-fd) p=$2 ;; esac; shift
done
[ -z "$p" ] || cat <&"$p" > "$HOME/stream.password"
echo '{"schema":"cosmos.ready/1","url":"http://'"$l"'/","user":"user","password_source":"from PASSWD","password_file":null}' > "$r.new"
mv "$r.new" "$r"
exec sleep 600
"#;

/// A desktop that was asked for, and its directory.
pub struct Desktop {
    pub child: Child,
    pub dir: tempfile::TempDir,
}

/// What to ask for.
pub struct Start {
    command: Command,
    dir: tempfile::TempDir,
    marked: String,
}

impl Start {
    /// `cosmos-launch desktop --software` with the stand-in stream and these arguments.
    pub fn new(arguments: &[&str]) -> Self {
        Self::through(&[], arguments)
    }

    /// The same with a stream that the arguments name.
    pub fn without_stream(arguments: &[&str]) -> Self {
        Self::build(&[], &[], arguments)
    }

    /// The same, started by the command in `wrapper`, which ends where the program's path is to be.
    pub fn through(wrapper: &[&str], arguments: &[&str]) -> Self {
        Self::build(wrapper, &["--stream", "stream"], arguments)
    }

    fn build(wrapper: &[&str], stream: &[&str], arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Another user cannot reach the build directory of this one.
        let launch = dir.path().join("cosmos-launch");
        {
            let _alone = WRITING_OR_STARTING.lock();
            program_file(&dir.path().join("stream"), STREAM);
            fs::copy(env!("CARGO_BIN_EXE_cosmos-launch"), &launch).unwrap();
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut words: Vec<String> = wrapper.iter().map(|word| (*word).to_owned()).collect();
        words.push(launch.display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["desktop", "--software"]);
        if let [flag, name] = stream {
            command.arg(flag).arg(dir.path().join(name));
        }
        command
            .args(["--listen", "127.0.0.1:1", "--state-dir"])
            .arg(dir.path().join("state"))
            .args(arguments);
        let marked = dir.path().display().to_string();
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", dir.path())
            .env(MARK, &marked);
        Self { command, dir, marked }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// As an ordinary user without capabilities.
    pub fn unprivileged(mut self) -> Self {
        self.own();
        self.command.uid(ORDINARY).gid(ORDINARY);
        self
    }

    /// Gives the directory to the ordinary user.
    pub fn own(&mut self) {
        std::os::unix::fs::chown(self.dir.path(), Some(ORDINARY), Some(ORDINARY)).unwrap();
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn run(mut self) -> Desktop {
        let out = File::create(self.dir.path().join("out")).unwrap();
        let err = out.try_clone().unwrap();
        let _alone = WRITING_OR_STARTING.lock();
        let child = self.command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
        assert_eq!(self.marked, self.dir.path().display().to_string());
        Desktop { child, dir: self.dir }
    }
}

/// A child that is forked while another test writes a program holds that file open, and a program that is open for
/// writing cannot be started.
static WRITING_OR_STARTING: Mutex<()> = Mutex::new(());

/// No account of this number exists.
pub const ORDINARY: u32 = 12345;

impl Desktop {
    /// Everything it told people.
    pub fn output(&self) -> String {
        fs::read_to_string(self.dir.path().join("out")).unwrap_or_default()
    }

    /// Waits until it tells where it serves.
    pub fn wait_until_served(&mut self) {
        self.wait_for("  address   http://127.0.0.1:1/");
    }

    /// Waits until it tells this.
    pub fn wait_for(&mut self, text: &str) {
        let found = within(BOUND, || {
            let found = self.output().contains(text);
            found || self.child.try_wait().unwrap().is_some()
        });
        assert!(found && self.output().contains(text), "waited for {text:?}:\n{}", self.output());
    }

    /// The exit code, and that nothing is left.
    pub fn wait_for_end(&mut self) -> Option<i32> {
        let mut status = None;
        within(BOUND, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap_or_else(|| panic!("it does not end:\n{}", self.output()));
        assert_eq!(self.remaining(), Vec::<String>::new(), "processes are left:\n{}", self.output());
        status.code()
    }

    /// Asks it to end and waits.
    pub fn stop(&mut self) -> Option<i32> {
        kill(self.child.id() as i32, Signal::TERM);
        self.wait_for_end()
    }

    /// What the stream was given.
    pub fn stream_environment(&self) -> HashMap<String, String> {
        let homes = ["stream.env", "state/home/stream.env"].map(|name| self.dir.path().join(name));
        let text = homes.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap();
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect()
    }

    /// The password that the stream was handed.
    pub fn stream_password(&self) -> Option<String> {
        let homes = ["stream.password", "state/home/stream.password"].map(|name| self.dir.path().join(name));
        homes.iter().find_map(|path| fs::read_to_string(path).ok())
    }

    /// The display number.
    pub fn number(&self) -> u16 {
        self.stream_environment()["DISPLAY"].trim_start_matches(':').parse().unwrap()
    }

    pub fn runtime(&self) -> PathBuf {
        self.stream_environment()["XDG_RUNTIME_DIR"].clone().into()
    }

    /// The processes of this program name.
    pub fn pids(&self, program: &str) -> Vec<i32> {
        let is_it = |pid: &i32| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == program)
        };
        self.marked().into_iter().filter(is_it).collect()
    }

    /// The processes of this desktop that run a program, as soon as there are so many.
    pub fn wait_for_pids(&self, program: &str, count: usize) -> Vec<i32> {
        let are_there = within(BOUND, || self.pids(program).len() == count);
        assert!(are_there, "{:?} of {count} run {program}:\n{}", self.pids(program), self.output());
        self.pids(program)
    }

    /// A variable of a running process.
    pub fn variable(pid: i32, name: &str) -> Option<String> {
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let text = String::from_utf8_lossy(&environment).into_owned();
        text.split('\0').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }

    /// Runs an X client that knows nothing but the environment of the stream.
    pub fn client(&self, program: &str, arguments: &str) -> Output {
        let environment = self.stream_environment();
        let mut client = Command::new("timeout");
        client.args(["10", program]).args(arguments.split(' '));
        for name in ["DISPLAY", "XAUTHORITY"] {
            client.env(name, &environment[name]);
        }
        client.output().unwrap()
    }

    /// Whether a window manager has set itself up on the display.
    pub fn has_window_manager(&self) -> bool {
        let output = self.client("xprop", "-root _NET_SUPPORTING_WM_CHECK");
        String::from_utf8_lossy(&output.stdout).contains("window id")
    }

    /// Nothing of this desktop is in the file system any more, its logs aside.
    pub fn assert_no_files(&self) {
        let lock = format!("/tmp/.X{}-lock", self.number());
        let socket = format!("/tmp/.X11-unix/X{}", self.number());
        // The desktop of another test may have taken the number already.
        let is_of_another = || {
            let pid = fs::read_to_string(&lock).ok().and_then(|text| text.trim().parse().ok());
            pid.is_some_and(|pid: i32| {
                !self.marked().contains(&pid) && Path::new(&format!("/proc/{pid}")).exists()
            })
        };
        let is_gone = || [&lock, &socket].iter().all(|path| !Path::new(path).exists());
        assert!(within(BOUND, || is_gone() || is_of_another()), "{lock} or {socket} is left");
        assert!(!self.runtime().exists(), "the runtime directory is left");
    }

    /// What still runs, by command line.
    pub fn remaining(&self) -> Vec<String> {
        let line = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|line| !line.is_empty());
        let text = |line: Vec<u8>| String::from_utf8_lossy(&line).replace('\0', " ");
        self.marked().into_iter().filter_map(line).map(text).collect()
    }

    fn marked(&self) -> Vec<i32> {
        let mark = self.dir.path().display().to_string();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| Self::variable(*pid, MARK).as_deref() == Some(&*mark)).collect()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.marked().into_iter().for_each(|pid| kill(pid, Signal::KILL));
    }
}

/// A window manager that starts at once, or the reason why there is none.
pub fn window_manager() -> Option<&'static str> {
    let found = ["openbox", "marco", "xfwm4"].into_iter().find(|name| installed(name));
    if found.is_none() {
        eprintln!("SKIPPED no window manager is installed");
    }
    found
}

/// Whether all of these can be run.
pub fn has(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| !installed(program)).collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED not installed: {missing:?}");
    }
    missing.is_empty()
}

/// Whether this runs as root, which some tests need to become someone else.
pub fn is_root() -> bool {
    let root = rustix::process::getuid().is_root();
    if !root {
        eprintln!("SKIPPED only root can become another user or make a mount namespace");
    }
    root
}

/// Asks until it is so, within the bound.
pub fn within(bound: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if began.elapsed() > bound {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn kill(pid: i32, signal: Signal) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
}

/// A file that can be run.
pub fn program_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn installed(program: &str) -> bool {
    let path = Path::new(program);
    path.is_absolute() && path.exists()
        || ["/usr/local/bin", "/usr/bin", "/bin"]
            .iter()
            .any(|directory| Path::new(directory).join(program).exists())
}
