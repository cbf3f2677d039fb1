//! A screen in memory, drawn by the CPU.

use super::{Note, Prepared, RecipeError, check_depth, check_size, desktop};
use crate::conf::{
    Config, ConfiguredMode, Device, Display, Document, FrequencyRange, Monitor, Options, Screen, ServerFlags,
};
use crate::modeline::Modeline;
use crate::timing::{Axis, Polarity, Scan, Timing};
use crate::units::PixelClock;

/// A configuration for the driver `dummy`.
///
/// Without three settings the driver drops the mode and comes up at another one, with no more than a line in its log:
/// permission for reduced blanking, ranges of frequencies that hold the mode, and memory (with a clock limit) that
/// suffices. All three are always set.
///
/// ```
/// use cosmos_xorg_config::{BusId, Modeline, SoftwareDummy};
/// let mode: Modeline = r#"Modeline "3840x2160R" 1097.25 3840 3888 3920 4000 2160 2163 2168 2287 +hsync -vsync"#.parse()?;
/// let prepared = SoftwareDummy::new(mode).prepare()?;
/// assert!(prepared.document.as_str().contains("DacSpeed       1098"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareDummy {
    /// The mode to come up with.
    pub mode: Modeline,
    /// Width and height that were asked for. The desktop is larger where the mode is.
    pub size: [u32; 2],
    /// Bits of colour: 8, 15, 16, 24 or 30.
    pub depth: u8,
    /// Width and height up to which the desktop may grow later.
    pub room: [u32; 2],
}

impl SoftwareDummy {
    /// This mode, at 24 bits, with room for 8192x8000 pixels later.
    ///
    /// ```
    /// use cosmos_xorg_config::SoftwareDummy;
    /// let mode = "Modeline \"vga\" 25.175 640 656 752 800 480 490 492 525 -hsync -vsync".parse()?;
    /// assert_eq!(SoftwareDummy::new(mode).size, [640, 480]);
    /// # Ok::<(), cosmos_xorg_config::ModelineError>(())
    /// ```
    pub fn new(mode: Modeline) -> Self {
        let timing = mode.timing();
        let size = [timing.horizontal.active, timing.vertical.active];
        Self { mode, size, depth: 24, room: ROOM }
    }

    /// A screen of exactly this size, even where no monitor has one, in a mode called `WIDTHxHEIGHT`. There is no
    /// cable, so the refresh rate is 60 Hz or what the driver's limits of the clock (12 to 300 MHz) leave.
    ///
    /// ```
    /// use cosmos_xorg_config::SoftwareDummy;
    /// assert_eq!(SoftwareDummy::for_size(1511, 913)?.mode.name(), "1511x913");
    /// assert!(SoftwareDummy::for_size(0, 600).is_err());
    /// # Ok::<(), cosmos_xorg_config::RecipeError>(())
    /// ```
    ///
    /// # Errors
    /// [`RecipeError::Size`] outside of 1 to 32767.
    pub fn for_size(width: u32, height: u32) -> Result<Self, RecipeError> {
        check_size([width, height])?;
        let (horizontal, vertical) =
            (Axis::from_parts(width, 48, 32, 80), Axis::from_parts(height, 3, 5, 32));
        let clock = u64::from(horizontal.total) * u64::from(vertical.total) * 60;
        let clock = PixelClock::from_hz((clock / 1000 * 1000).clamp(LEAST_CLOCK, USUAL_CLOCK));
        let (hsync, vsync) = (Polarity::Positive, Polarity::Negative);
        let timing = Timing { clock, horizontal, vertical, hsync, vsync, scan: Scan::Progressive };
        let mode = Modeline::new(format!("{width}x{height}"), timing);
        Ok(Self::new(mode.map_err(|_| RecipeError::Size { width, height })?))
    }

    /// The configuration.
    ///
    /// ```
    /// use cosmos_xorg_config::SoftwareDummy;
    /// let prepared = SoftwareDummy::for_size(1280, 720)?.prepare()?;
    /// assert!(prepared.document.as_str().contains("Driver         \"dummy\""));
    /// # Ok::<(), cosmos_xorg_config::RecipeError>(())
    /// ```
    ///
    /// # Errors
    /// [`RecipeError::Depth`] and [`RecipeError::Size`].
    pub fn prepare(&self) -> Result<Prepared, RecipeError> {
        check_depth(self.depth)?;
        let mut notes = Vec::new();
        let size = desktop(self.size, &self.mode, &mut notes)?;
        let memory = self.memory(size);
        let dac_speed = dac_speed(self.mode.timing().clock);
        self.explain(memory, dac_speed, &mut notes);
        let config = Config {
            flags: Some(flags()),
            monitors: vec![self.monitor()],
            devices: vec![Device {
                identifier: "Device0".into(),
                driver: Some("dummy".into()),
                video_ram: Some(memory),
                dac_speeds: dac_speed.into_iter().collect(),
                ..Device::default()
            }],
            screens: vec![self.screen(size)],
            ..Config::default()
        };
        let document = Document::parse(config.to_string()).expect("a printed configuration is one");
        Ok(Prepared { document, notes })
    }

    fn monitor(&self) -> Monitor {
        Monitor {
            identifier: "Monitor0".into(),
            horizontal_sync: vec![FrequencyRange { low: 1.0, high: 2000.0 }],
            vertical_refresh: vec![FrequencyRange { low: 1.0, high: 1000.0 }],
            modes: vec![ConfiguredMode::from(&self.mode)],
            options: Options::new().with("ReducedBlanking", "true"),
            ..Monitor::default()
        }
    }

    fn screen(&self, size: [u32; 2]) -> Screen {
        let depth = Some(u32::from(self.depth));
        // A virtual size of exactly the mode would say nothing more.
        let virtual_size = (size != mode_size(&self.mode)).then_some(size);
        Screen {
            identifier: "Screen0".into(),
            device: Some("Device0".into()),
            monitor: Some("Monitor0".into()),
            default_depth: depth,
            displays: vec![Display {
                name: "Display".into(),
                depth,
                modes: vec![self.mode.name().into()],
                virtual_size,
                ..Display::default()
            }],
            ..Screen::default()
        }
    }

    /// Kibibytes: two pictures of this size, or one of the largest that is to come.
    fn memory(&self, size: [u32; 2]) -> u32 {
        let area = |[width, height]: [u32; 2]| u64::from(width) * u64::from(height) * 4;
        let bytes = (area(size) * 2).max(area(self.room));
        u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
    }

    fn explain(&self, memory: u32, dac_speed: Option<PixelClock>, notes: &mut Vec<Note>) {
        let [width, height] = self.room;
        let mut note = |setting, value, reason| notes.push(Note { setting, value, reason });
        note(
            "ReducedBlanking",
            "true".into(),
            "without it the driver drops every mode of a digital monitor and starts at another size".into(),
        );
        note(
            "HorizSync",
            "1-2000 (and VertRefresh 1-1000)".into(),
            "the driver has no monitor to ask, and without ranges it takes those of an old one".into(),
        );
        note(
            "VideoRam",
            memory.to_string(),
            format!("kibibytes, for this size and later ones up to {width}x{height}"),
        );
        if let Some(speed) = dac_speed {
            let clock = self.mode.timing().clock;
            note(
                "DacSpeed",
                megahertz(speed),
                format!("the mode needs {clock}, and the driver stops at 300 MHz"),
            );
        }
    }
}

fn flags() -> ServerFlags {
    let options =
        [("AutoAddDevices", "false"), ("AutoAddGPU", "false"), ("DontVTSwitch", "true"), ("DontZap", "true")];
    let options =
        options.into_iter().fold(Options::new(), |options, (name, value)| options.with(name, value));
    ServerFlags { options }
}

fn mode_size(mode: &Modeline) -> [u32; 2] {
    let timing = mode.timing();
    [timing.horizontal.active, timing.vertical.active]
}

/// Needed above what the driver allows by itself. Whole megahertz.
fn dac_speed(clock: PixelClock) -> Option<PixelClock> {
    let needed = clock.hz() > USUAL_CLOCK;
    needed.then(|| PixelClock::from_hz(clock.hz().div_ceil(1_000_000) * 1_000_000))
}

fn megahertz(clock: PixelClock) -> String {
    clock.to_string().trim_end_matches(" MHz").to_owned()
}

const ROOM: [u32; 2] = [8192, 8000];
const LEAST_CLOCK: u64 = 12_000_000;
const USUAL_CLOCK: u64 = 300_000_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn no_mode_asks_for_a_clock_the_driver_does_not_have() {
        for (width, height, clock) in [
            (1920, 1080, "139.776 MHz"),
            (128, 128, "12.00 MHz"),
            (5120, 2880, "300.00 MHz"),
            (16384, 16384, "300.00 MHz"),
        ] {
            let mode = SoftwareDummy::for_size(width, height).unwrap().mode;
            assert_eq!(mode.timing().clock.to_string(), clock, "{width}x{height}");
        }
    }

    #[test]
    fn memory_holds_the_screen_and_later_larger_ones() {
        for (width, height, memory) in
            [(640, 480, "VideoRam       256000"), (16384, 16384, "VideoRam       2097152")]
        {
            let prepared = SoftwareDummy::for_size(width, height).unwrap().prepare().unwrap();
            assert!(prepared.document.as_str().contains(memory), "{}", prepared.document);
        }
    }

    #[test]
    fn a_depth_that_no_driver_has_is_refused() {
        let recipe = SoftwareDummy { depth: 7, ..SoftwareDummy::for_size(640, 480).unwrap() };
        let refused = recipe.prepare().unwrap_err();
        assert_eq!(refused.to_string(), "depth 7: expected 8, 15, 16, 24 or 30");
    }
}
