//! Ten seconds of an X display, encoded into a file.
//!
//! `cargo run -p cosmos-stream --example x11-to-file -- :0 screen.h264`

use std::{
    env,
    error::Error,
    fs::File,
    io::Write,
    time::{Duration, Instant},
};

use cosmos_desktop::{Change, Size};
use cosmos_encoder::{Capabilities, Demand, EncoderConfig};
use cosmos_x11::X11Config;

const SECONDS: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    cosmos_encoder::child::hook();
    let mut arguments = env::args().skip(1);
    let display = arguments.next().unwrap_or_else(|| ":0".to_owned());
    let path = arguments.next().unwrap_or_else(|| "screen.h264".to_owned());

    let config = EncoderConfig::default();
    let capabilities = Capabilities::probe_for(&config.choice, SECONDS)?;
    let demand = Demand { bitrate_kbps: 8000, fps: 30, keyframe: false };
    let mut encoder = cosmos_encoder::open(&config, &capabilities, Size::new(640, 480), demand)?;

    let mut desktop = cosmos_x11::open(&X11Config { display: Some(display), ..X11Config::default() })?;
    let mut file = File::create(&path)?;
    let (end, mut frames) = (Instant::now() + SECONDS, 0);
    while Instant::now() < end {
        // Nothing is captured or encoded while nothing changes.
        if let Change::Nothing = desktop.frames.wait(end)? {
            continue;
        }
        let frame = desktop.frames.grab()?;
        // The encoder follows the size of the frames.
        if let Some(encoded) = encoder.encode(&frame, demand)? {
            file.write_all(&encoded.data)?;
            frames += 1;
        }
    }
    println!("{frames} pictures of {} by {} are in {path}", encoder.info().codec, encoder.info().element);
    Ok(())
}
