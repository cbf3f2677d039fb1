//! The screens of real X servers, compared with `xrandr`, and of one that never answers.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

#[test]
fn outputs_of_an_x_server_in_memory_are_those_of_xrandr() {
    let Some(server) = Server::start("Xvfb", &["-screen", "0", "1280x720x24"]) else { return };
    compare_with_xrandr(&server, &probe(&["--xorg"], &server.display, "30s").0["screen"]["facts"]);
    let document = probe(&["doctor"], &server.display, "30s").0;
    assert_eq!(finding(&document)["status"], "ok", "{}", finding(&document));
}

#[test]
fn outputs_of_xorg_are_those_of_xrandr() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("xorg.conf");
    fs::write(&config, DUMMY).unwrap();
    let log = folder.path().join("log");
    let [config, log] = [config, log].map(|path| path.display().to_string());
    let arguments = ["-config", &config, "-logfile", &log, "-noreset", "-novtswitch", "-sharevts"];
    let Some(server) = Server::start("/usr/lib/xorg/Xorg", &arguments) else { return };
    compare_with_xrandr(&server, &probe(&["--xorg"], &server.display, "30s").0["screen"]["facts"]);
}

#[test]
fn a_server_without_randr_is_a_finding() {
    let Some(server) = Server::start("Xvfb", &["-screen", "0", "640x480x24", "-extension", "RANDR"]) else {
        return;
    };
    let document = probe(&["doctor"], &server.display, "30s").0;
    let facts = &document["screen"]["facts"];
    assert_eq!((&facts["randr"], &facts["width"]), (&Value::Null, &640.into()), "{facts}");
    assert_eq!(finding(&document)["status"], "warn", "{}", finding(&document));
}

#[test]
fn a_server_that_never_answers_is_waited_for_until_the_deadline() {
    let free =
        (200..300).find_map(|number| Some((number, TcpListener::bind(("127.0.0.1", 6000 + number)).ok()?)));
    let Some((number, _listener)) = free else { return eprintln!("SKIPPED deaf server: no port is free") };
    let started = Instant::now();
    let (document, code) = probe(&["--xorg"], &format!("127.0.0.1:{number}"), "1s");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    let failure = &document["screen"]["failure"];
    assert_eq!((&failure["kind"], code), (&"hung".into(), Some(3)), "{failure}");
    assert_eq!(failure["doing"], "connecting to the X display");
}

/// Each line of `xrandr` that begins with a name is an output.
fn compare_with_xrandr(server: &Server, facts: &Value) {
    let xrandr = Command::new("xrandr").env("DISPLAY", &server.display).output();
    let Ok(xrandr) = xrandr else { return eprintln!("SKIPPED xrandr: it is not installed") };
    let text = String::from_utf8(xrandr.stdout).unwrap();
    let lines = text.lines().skip(1).filter(|line| !line.starts_with(' ')).collect::<Vec<_>>();
    let outputs = facts["outputs"].as_array().unwrap();
    assert!(!lines.is_empty() && lines.len() == outputs.len(), "{text}\n{facts}");
    for (line, output) in lines.iter().zip(outputs) {
        let words = line.split(' ').collect::<Vec<_>>();
        assert_eq!(output["name"], words[0]);
        assert_eq!(output["connected"], words[1] == "connected", "{line}");
        let shown = words.iter().find_map(|word| word.split_once('+')).map(|(size, _)| size);
        assert_eq!(output["mode"].as_str(), shown, "{line}");
    }
    let size = format!("current {} x {},", facts["width"], facts["height"]);
    assert!(text.contains(&size), "{size}: {text}");
}

fn probe(arguments: &[&str], display: &str, timeout: &str) -> (Value, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosmos-probe"));
    command.args(arguments).args(["--json", "--display", display, "--timeout", timeout]);
    let output = command.output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

fn finding(document: &Value) -> &Value {
    document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "randr").unwrap()
}

/// An X server that chooses its own number, and ends with this value.
struct Server {
    child: Child,
    display: String,
}

impl Server {
    fn start(program: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(program);
        command.args(["-displayfd", "1", "-nolisten", "tcp"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = command.spawn() else {
            eprintln!("SKIPPED screen: {program} is not installed");
            return None;
        };
        let output = child.stdout.take().unwrap();
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(output).read_line(&mut line);
            let _ = sender.send(line.trim().to_owned());
        });
        let number = receiver.recv_timeout(Duration::from_secs(60)).unwrap_or_default();
        let server = Self { child, display: format!(":{number}") };
        assert!(!number.is_empty(), "{program} gave no display");
        Some(server)
    }
}

impl Drop for Server {
    /// SIGKILL would leave the socket and the lock of the display behind.
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const DUMMY: &str = r#"
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
EndSection
Section "Device"
    Identifier "device"
    Driver "dummy"
    VideoRam 64000
EndSection
Section "Monitor"
    Identifier "monitor"
    HorizSync 5.0 - 1000.0
    VertRefresh 5.0 - 200.0
EndSection
Section "Screen"
    Identifier "screen"
    Device "device"
    Monitor "monitor"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Modes "1024x768"
    EndSubSection
EndSection
"#;
