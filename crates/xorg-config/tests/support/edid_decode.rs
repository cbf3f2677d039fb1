//! What `edid-decode` prints of a timing.

use cosmos_xorg_config::{Axis, Polarity, Scan, Timing};

/// The line with size, rates and clock. `kind` is what stands before the colon, `notes` what stands in brackets.
pub fn header(kind: &str, timing: &Timing, aspect: Option<(u16, u16)>, notes: &[String]) -> String {
    let (width, height) = (timing.horizontal.active, timing.vertical.active);
    let size = format!("{height}{}", if timing.scan == Scan::Interlaced { "i" } else { "" });
    let (across, down) = aspect.map_or_else(|| ratio(width, height), |(w, h)| (w.into(), h.into()));
    let khz = timing.clock.khz() as f64;
    let fields = if timing.scan == Scan::Interlaced { 2.0 } else { 1.0 };
    let total = f64::from(timing.horizontal.total) * (f64::from(timing.vertical.total) / fields);
    let (rate, line_khz) = (khz * 1000.0 / total, khz / f64::from(timing.horizontal.total));
    let mhz = khz / 1000.0;
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!(
        "{kind}: {width:5}x{size:<5} {rate:10.6} Hz {across:3}:{down:<3} {line_khz:8.3} kHz {mhz:13.6} MHz{notes}"
    )
}

fn ratio(width: u32, height: u32) -> (u32, u32) {
    let (mut a, mut b) = (width, height);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (width / a, height / a)
}

/// A long answer: the line above, and the timing behind it, its border counted as blanking.
pub struct Answer<'a> {
    pub header: &'a str,
    pub horizontal: [i64; 3],
    pub vertical: [i64; 3],
    pub polarity: (Polarity, Polarity),
    /// Whether no part is negative, and there is sync.
    pub sendable: bool,
}

/// All answers in a text, each of which begins with `kind`.
pub fn answers<'a>(text: &'a str, kind: &str) -> Vec<Answer<'a>> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = (0..lines.len()).filter(|at| lines[*at].starts_with(kind));
    starts.map(|at| answer(lines[at], lines[at + 1], lines[at + 2])).collect()
}

fn answer<'a>(header: &'a str, across: &str, down: &str) -> Answer<'a> {
    let number = |line: &str, name: &str| -> i64 {
        let mut words = line.split_whitespace().skip_while(|word| *word != name).skip(1);
        words.next().map_or(0, |word| word.parse().expect("a number stands behind each name"))
    };
    let mut sendable = true;
    let mut parts = |line: &str, names: [&str; 4]| {
        let [front, sync, back, border] = names.map(|name| number(line, name));
        sendable &= front >= 0 && sync > 0 && back >= 0;
        [front + border, sync, back + border]
    };
    let polarity = |line: &str| if line.contains("pol P") { Polarity::Positive } else { Polarity::Negative };
    let mut vertical = parts(down, ["Vfront", "Vsync", "Vback", "Vborder"]);
    if down.contains("Odd Field") {
        vertical = [2 * vertical[0], 2 * vertical[1], 2 * vertical[2] + 1];
    }
    let horizontal = parts(across, ["Hfront", "Hsync", "Hback", "Hborder"]);
    Answer { header, horizontal, vertical, polarity: (polarity(across), polarity(down)), sendable }
}

/// Front porch, sync, back porch.
pub fn parts(axis: Axis) -> [i64; 3] {
    [axis.front_porch(), axis.sync(), axis.back_porch()].map(i64::from)
}
