//! What a picture of a 1080p screen costs: all of it, and a small change, in each way that pixels come from a real
//! Xvfb. Drawing is not counted; the notice of the change, its rectangles and the pixels are.

#![allow(missing_docs)]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cosmos_desktop::FrameSource;
use cosmos_x11::{Pixels, X11Config, open};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, CreateGCAux, GX, Gcontext, Rectangle, Window},
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

criterion_group!(benches, capture);
criterion_main!(benches);

fn capture(criterion: &mut Criterion) {
    let Some(server) = Xvfb::start() else { return };
    let painter = Painter::new(&server.display);
    let mut group = criterion.benchmark_group("capture 1080p");
    for (name, width, height) in [("whole", 1920, 1080), ("64x64", 64, 64)] {
        group.throughput(Throughput::Bytes(u64::from(width) * u64::from(height) * 4));
        for pixels in [Pixels::ShmFd, Pixels::ShmSysv, Pixels::GetImage] {
            let config = X11Config { display: Some(server.display.clone()), pixels };
            let mut frames = open(&config).expect("Xvfb gives pixels in every way").frames;
            group.bench_function(format!("{name} {pixels:?}"), |bencher| {
                let paint = || painter.invert(width, height);
                bencher.iter_batched(paint, |()| grab(&mut *frames), BatchSize::PerIteration);
            });
        }
    }
}

/// Waits for the change and takes the picture.
fn grab(frames: &mut dyn FrameSource) {
    frames.wait(Instant::now() + Duration::from_secs(10)).expect("the server runs");
    let frame = frames.grab().expect("the server runs");
    assert!(!frame.damage.is_empty());
}

struct Xvfb {
    child: Child,
    display: String,
}

impl Xvfb {
    fn start() -> Option<Self> {
        let mut command = Command::new("Xvfb");
        command.args(["-screen", "0", "1920x1080x24", "-noreset", "-nolisten", "tcp", "-displayfd", "1"]);
        let mut child = match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(child) => child,
            Err(error) => {
                eprintln!("SKIPPED Xvfb cannot be started: {error}");
                return None;
            }
        };
        let mut number = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut number).ok()?;
        Some(Self { child, display: format!(":{}", number.trim()) })
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Painter {
    conn: RustConnection,
    root: Window,
    gc: Gcontext,
}

impl Painter {
    fn new(display: &str) -> Self {
        let (conn, screen) = RustConnection::connect(Some(display)).expect("Xvfb answers");
        let root = conn.setup().roots[screen].root;
        let gc = conn.generate_id().expect("there are identifiers");
        let values = CreateGCAux::new().function(GX::INVERT);
        conn.create_gc(gc, root, &values).expect("Xvfb answers");
        Self { conn, root, gc }
    }

    fn invert(&self, width: u16, height: u16) {
        let all = Rectangle { x: 0, y: 0, width, height };
        self.conn.poly_fill_rectangle(self.root, self.gc, &[all]).expect("Xvfb answers");
        self.conn.sync().expect("Xvfb answers");
    }
}
