//! Real X servers for tests, and a client that looks at what arrives there.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::{Change, Desktop, DesktopControl, DesktopEvent, FrameSource};
use cosmos_x11::{Pixels, X11Config, open};
use tempfile::TempDir;
use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask,
            ImageFormat, Rectangle, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// The longest that anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running X server, ended on drop.
pub struct Server {
    child: Child,
    pub display: String,
    pub pid: rustix::process::Pid,
    _dir: TempDir,
}

/// The servers every test runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Xvfb,
    Dummy,
}

impl Server {
    /// Starts a server with a screen of 1280x720; `None`, with a line that says so, where it is not installed.
    pub fn start(kind: Kind) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut command = match kind {
            Kind::Xvfb => xvfb("1280x720x24"),
            Kind::Dummy => dummy(&dir),
        };
        Self::run(&mut command, dir, kind)
    }

    pub fn xvfb(screen: &str) -> Option<Self> {
        Self::run(&mut xvfb(screen), tempfile::tempdir().unwrap(), Kind::Xvfb)
    }

    fn run(command: &mut Command, dir: TempDir, kind: Kind) -> Option<Self> {
        let log = std::fs::File::create(dir.path().join("stderr")).unwrap();
        let spawned =
            command.args(["-displayfd", "1"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                eprintln!("SKIPPED {kind:?} cannot be started: {error}");
                return None;
            }
        };
        let stdout = child.stdout.take().unwrap();
        let number = within(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            line
        });
        let number = number.trim();
        let mut server = Self {
            pid: rustix::process::Pid::from_child(&child),
            child,
            display: format!(":{number}"),
            _dir: dir,
        };
        if number.is_empty() {
            let log = std::fs::read_to_string(server._dir.path().join("stderr")).unwrap_or_default();
            server.kill();
            panic!("{kind:?} did not start: {log}");
        }
        Some(server)
    }

    /// Ends the server, first in the way that lets it remove its socket.
    pub fn kill(&mut self) {
        let is_over = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        if !is_over(&mut self.child) {
            let _ = rustix::process::kill_process(self.pid, rustix::process::Signal::TERM);
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while !is_over(&mut self.child) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }

    pub fn config(&self, pixels: Pixels) -> X11Config {
        X11Config { display: Some(self.display.clone()), pixels }
    }

    pub fn desktop(&self) -> Desktop {
        open(&self.config(Pixels::Auto)).unwrap()
    }

    pub fn client(&self) -> Client {
        let (conn, screen) = RustConnection::connect(Some(&self.display)).unwrap();
        let root = conn.setup().roots[screen].root;
        Client { conn, root }
    }

    /// A command that finds this display.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.display).env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a command to its end; false, with a line that says so, where it is not installed.
    pub fn run_tool(&self, program: &str, args: &[&str]) -> bool {
        match self.command(program).args(args).status() {
            Ok(status) => {
                assert!(status.success(), "{program} {args:?}: {status}");
                true
            }
            Err(error) => {
                eprintln!("SKIPPED {program} cannot be started: {error}");
                false
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn xvfb(screen: &str) -> Command {
    let mut command = Command::new("Xvfb");
    command.args(["-screen", "0", screen, "-noreset", "-nolisten", "tcp"]);
    command
}

fn dummy(dir: &TempDir) -> Command {
    let config = dir.path().join("xorg.conf");
    std::fs::write(&config, XORG_CONF).unwrap();
    let mut command = Command::new("/usr/lib/xorg/Xorg");
    command.arg("-config").arg(config).arg("-logfile").arg(dir.path().join("Xorg.log"));
    command.args(["-noreset", "-novtswitch", "-sharevts", "-nolisten", "tcp"]);
    command
}

const XORG_CONF: &str = r#"
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
EndSection
Section "Device"
    Identifier "dummy"
    Driver "dummy"
    VideoRam 256000
EndSection
Section "Monitor"
    Identifier "monitor"
    HorizSync 5.0 - 1000.0
    VertRefresh 5.0 - 200.0
    Option "ReducedBlanking" "true"
    Modeline "1280x720" 74.50 1280 1344 1472 1664 720 723 728 748 -hsync +vsync
EndSection
Section "Screen"
    Identifier "screen"
    Device "dummy"
    Monitor "monitor"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Modes "1280x720"
        Virtual 1280 720
    EndSubSection
EndSection
"#;

/// Runs this on another thread and gives up after [`PATIENCE`].
pub fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || drop(sender.send(work())));
    receiver.recv_timeout(PATIENCE).expect("it takes too long")
}

/// Tries this again and again until it gives something.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        assert!(Instant::now() < deadline, "{what}: too late");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Another client of the same display.
pub struct Client {
    pub conn: RustConnection,
    pub root: Window,
}

impl Client {
    pub fn sync(&self) {
        self.conn.sync().unwrap();
    }

    /// Fills a rectangle of a drawable with a colour `0xrrggbb`.
    pub fn fill(&self, drawable: Window, (x, y, width, height): (i16, i16, u16, u16), colour: u32) {
        let gc = self.conn.generate_id().unwrap();
        let values = CreateGCAux::new()
            .foreground(colour)
            .subwindow_mode(x11rb::protocol::xproto::SubwindowMode::INCLUDE_INFERIORS);
        self.conn.create_gc(gc, drawable, &values).unwrap();
        self.conn.poly_fill_rectangle(drawable, gc, &[Rectangle { x, y, width, height }]).unwrap();
        self.conn.free_gc(gc).unwrap();
        self.sync();
    }

    /// Gives the root window a cursor of 8x8 whose left half is orange and whose right half is clear.
    pub fn show_cursor(&self) {
        let (pixmap, gc, cursor) = (
            self.conn.generate_id().unwrap(),
            self.conn.generate_id().unwrap(),
            self.conn.generate_id().unwrap(),
        );
        self.conn.create_pixmap(1, pixmap, self.root, 8, 8).unwrap();
        self.conn.create_gc(gc, pixmap, &CreateGCAux::new().foreground(1).background(0)).unwrap();
        let rows: Vec<u8> = [0x0f, 0, 0, 0].repeat(8);
        self.conn.put_image(ImageFormat::XY_PIXMAP, pixmap, gc, 8, 8, 0, 0, 0, 1, &rows).unwrap();
        let orange = (0xffff, 0x8080, 0);
        self.conn.create_cursor(cursor, pixmap, pixmap, orange.0, orange.1, orange.2, 0, 0, 0, 2, 5).unwrap();
        let values = ChangeWindowAttributesAux::new().cursor(cursor);
        self.conn.change_window_attributes(self.root, &values).unwrap();
        self.sync();
    }

    /// Makes a mapped window that has the focus and hears keys and buttons.
    pub fn window(&self, (x, y, width, height): (i16, i16, u16, u16)) -> Window {
        let window = self.conn.generate_id().unwrap();
        let mask = EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::POINTER_MOTION
            | EventMask::EXPOSURE;
        let values = CreateWindowAux::new().event_mask(mask).override_redirect(1).background_pixel(0);
        self.conn
            .create_window(
                0,
                window,
                self.root,
                x,
                y,
                width,
                height,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &values,
            )
            .unwrap();
        self.conn.map_window(window).unwrap();
        self.conn.sync().unwrap();
        eventually("the window is drawn", || {
            matches!(self.conn.poll_for_event().unwrap(), Some(Event::Expose(_))).then_some(())
        });
        self.conn
            .set_input_focus(x11rb::protocol::xproto::InputFocus::PARENT, window, x11rb::CURRENT_TIME)
            .unwrap();
        self.sync();
        window
    }

    /// The next event that `wanted` takes something from.
    pub fn next<T>(&self, what: &str, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        eventually(what, || {
            while let Some(event) = self.conn.poll_for_event().unwrap() {
                if let Some(found) = wanted(&event) {
                    return Some(found);
                }
            }
            None
        })
    }
}

/// Waits for a change.
pub fn wait_changed(frames: &mut dyn FrameSource) {
    let change = frames.wait(Instant::now() + PATIENCE).unwrap();
    assert!(matches!(change, Change::Changed(_)), "nothing changed");
}

/// The next event that `wanted` takes something from; the others are dropped.
pub fn next_event<T>(
    control: &mut dyn DesktopControl,
    what: &str,
    mut wanted: impl FnMut(&DesktopEvent) -> Option<T>,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = control.next_event(deadline).unwrap().unwrap_or_else(|| panic!("{what}: too late"));
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

/// Writes all to a child's standard input and closes it.
pub fn feed(child: &mut Child, text: &[u8]) {
    child.stdin.take().unwrap().write_all(text).unwrap();
}

/// Reads what a child says to the end.
pub fn output(mut child: Child) -> Vec<u8> {
    within(move || {
        let mut out = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
        child.wait().unwrap();
        out
    })
}
