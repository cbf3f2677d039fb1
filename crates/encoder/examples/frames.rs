//! A frame at a time: encodes a square that moves over a screen, with whatever works here, into a file.
//!
//! `cargo run -p cosmos-encoder --example frames -- auto square.video`

use std::{env, error::Error, fs::File, io::Write, time::Duration};

use cosmos_desktop::{Frame, Rect, Size};
use cosmos_encoder::{Capabilities, Choice, Demand, EncoderConfig, child, open};

const SIZE: Size = Size::new(640, 480);
const SQUARE: u16 = 64;
const FRAMES: u16 = 120;

fn main() -> Result<(), Box<dyn Error>> {
    // An encoder may abort where it is tried, so that is done in children, which are this program as well.
    child::hook();
    let mut arguments = env::args().skip(1);
    let choice: Choice = arguments.next().as_deref().unwrap_or("auto").parse()?;
    let path = arguments.next().unwrap_or_else(|| "square.video".to_owned());

    let capabilities = Capabilities::probe_for(&choice, Duration::from_secs(10))?;
    for (element, reason) in &capabilities.broken {
        println!("not {element}: {reason}");
    }
    let config = EncoderConfig { choice, ..EncoderConfig::default() };
    let demand = Demand { bitrate_kbps: 2000, fps: 30, keyframe: false };
    let mut encoder = open(&config, &capabilities, SIZE, demand)?;
    println!("{}: {}", encoder.info().element, encoder.info().reason);

    let mut file = File::create(&path)?;
    let mut pixels = vec![0xff; 4 * SIZE.area()];
    for index in 0..FRAMES {
        // Only what is told to have changed is looked at.
        let before = square(index.saturating_sub(1));
        let now = square(index);
        fill(&mut pixels, before, [0xff, 0xff, 0xff, 0]);
        fill(&mut pixels, now, [0x20, 0x80, 0xe0, 0]);
        let damage = [before, now];
        let captured = std::time::Instant::now();
        let stride = 4 * usize::from(SIZE.width);
        let frame = Frame { size: SIZE, stride, bgrx: &pixels, damage: &damage, captured };
        if let Some(encoded) = encoder.encode(&frame, demand)? {
            file.write_all(&encoded.data)?;
        }
        if let Some(switch) = encoder.switched() {
            println!("{switch}");
        }
    }
    println!("{} is in {path}", encoder.info().codec);
    Ok(())
}

fn square(index: u16) -> Rect {
    let x = index * 4 % (SIZE.width - SQUARE);
    Rect { x, y: 200, width: SQUARE, height: SQUARE }
}

fn fill(pixels: &mut [u8], rect: Rect, colour: [u8; 4]) {
    for y in usize::from(rect.y)..rect.bottom() as usize {
        let row = &mut pixels[4 * usize::from(SIZE.width) * y..][..4 * usize::from(SIZE.width)];
        for pixel in row[4 * usize::from(rect.x)..4 * rect.right() as usize].chunks_exact_mut(4) {
            pixel.copy_from_slice(&colour);
        }
    }
}
