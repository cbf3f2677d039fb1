//! What was typed, what the environment says, and what both mean.

use std::{env, ffi::OsString, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use cosmos_vulkan_probe::{Area, Config, egl_manifests, vulkan_manifests};

use crate::{encoders, machine::Settings};

/// Say what the graphics and video drivers of this machine really do
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub struct Args {
    /// Ask Vulkan; where there is a display, also about windows on it
    #[arg(long)]
    vulkan: bool,
    /// Ask OpenGL through GLX, on the X display
    #[arg(long)]
    gl: bool,
    /// Ask EGL
    #[arg(long)]
    egl: bool,
    /// Open a session of NVIDIA's video encoder
    #[arg(long)]
    nvenc: bool,
    /// Look at the NVIDIA kernel module, libraries and GPUs
    #[arg(long)]
    driver: bool,
    /// Encode a picture with every video encoder of GStreamer
    #[arg(long)]
    encoders: bool,
    /// Look at what an X server needs; where there is a display, also at its screen
    #[arg(long)]
    xorg: bool,
    /// All of these; the default
    #[arg(long)]
    all: bool,
    /// Print JSON, schema cosmos.probe/1
    #[arg(long, global = true)]
    json: bool,
    /// How long a driver may take: 10s, 500ms
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = duration)]
    timeout: Duration,
    /// The X display to ask; else DISPLAY is asked, if set
    #[arg(long, global = true, value_name = ":N", value_parser = display)]
    display: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Drivers hang and crash, so each is asked in a process of its own; what it did is part of the answer.

Exit status:
   0  everything asked for works, on hardware
   1  it works, but on the processor, or without a video encoder of the GPU
   2  something asked for does not work
   3  a driver hung or crashed
  64  the arguments make no sense

Examples:
  cosmos-probe doctor                    what is wrong here, and the remedy
  cosmos-probe --vulkan --json           facts for a script
  cosmos-probe --gl --display :20        does this X server draw on the GPU?";

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong, and what to do about it
    Doctor,
}

/// What the arguments mean.
#[derive(Debug)]
pub struct Wanted {
    pub config: Config,
    pub areas: Vec<Area>,
    pub driver: bool,
    /// The program that tries video encoders.
    pub encoders: Option<PathBuf>,
    pub xorg: bool,
    /// Whether the X display is asked for its screen.
    pub screen: bool,
    pub all: bool,
    pub json: bool,
    pub doctor: bool,
    pub settings: Settings,
}

impl Args {
    /// # Errors
    ///
    /// The path of this program, which children are started from, is not known.
    pub fn resolve(self) -> Result<Wanted, std::io::Error> {
        let doctor = self.command.is_some();
        let some =
            self.vulkan || self.gl || self.egl || self.nvenc || self.driver || self.encoders || self.xorg;
        let all = self.all || doctor || !some;
        let display = self.display.clone().or_else(|| text("DISPLAY"));
        let areas = self.areas(all, display.is_some());
        let program = env::current_exe()?;
        let helper = program.with_file_name(encoders::PROGRAM);
        let encoders = (self.encoders || all && helper.is_file()).then_some(helper);
        let mut config = Config::new(program);
        config.timeout = self.timeout;
        config.vulkan_manifests = vulkan_manifests(variable);
        config.egl_manifests = egl_manifests(variable);
        config.display.clone_from(&display);
        let (driver, xorg, json) = (self.driver || all, self.xorg || all, self.json);
        let screen = xorg && display.is_some();
        let settings = settings(display, &text);
        Ok(Wanted { config, areas, driver, encoders, xorg, screen, all, json, doctor, settings })
    }

    fn areas(&self, all: bool, has_display: bool) -> Vec<Area> {
        let is_wanted = |area: &Area| {
            let possible = has_display || !area.needs_display();
            // Without a display, GLX says so where it was asked for by name.
            all && possible || self.names(*area) && (possible || *area == Area::Gl)
        };
        Area::ALL.into_iter().filter(is_wanted).collect()
    }

    const fn names(&self, area: Area) -> bool {
        match area {
            Area::Vulkan | Area::Present => self.vulkan,
            Area::Gl => self.gl,
            Area::Egl => self.egl,
            Area::Nvenc => self.nvenc,
        }
    }
}

/// As a desktop takes them: the whole size wins over its sides, and newer names over older ones.
fn settings(display: Option<String>, text: &dyn Fn(&str) -> Option<String>) -> Settings {
    let first = |names: [&str; 3]| names.into_iter().find_map(text);
    let (width, height) = match text("COSMOS_SIZE").as_deref().and_then(size) {
        Some((width, height)) => (Some(width), Some(height)),
        None => {
            let side = |names| first(names)?.trim().parse().ok();
            (
                side(["COSMOS_WIDTH", "DISPLAY_SIZEW", "SIZEW"]),
                side(["COSMOS_HEIGHT", "DISPLAY_SIZEH", "SIZEH"]),
            )
        }
    };
    Settings {
        display,
        visible_devices: text("NVIDIA_VISIBLE_DEVICES"),
        capabilities: text("NVIDIA_DRIVER_CAPABILITIES"),
        driver_version: text("NVIDIA_DRIVER_VERSION"),
        video_port: text("DISPLAY_VIDEO_PORT").or_else(|| text("VIDEO_PORT")),
        width,
        height,
        refresh: first(["COSMOS_REFRESH", "DISPLAY_REFRESH", "REFRESH"]).as_deref().and_then(hertz),
    }
}

/// WIDTHxHEIGHT.
fn size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.trim().split_once(['x', 'X'])?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// As 60, 59.94 or 60000/1001.
fn hertz(text: &str) -> Option<f64> {
    let (rate, divisor) = text.trim().split_once('/').unwrap_or((text.trim(), "1"));
    let (rate, divisor): (f64, f64) = (rate.parse().ok()?, divisor.parse().ok()?);
    Some(rate / divisor).filter(|rate| rate.is_finite() && *rate > 0.0)
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number = digits.parse::<u64>().ok();
    let millis = match unit {
        "ms" => number,
        "s" | "" => number.and_then(|number| number.checked_mul(1000)),
        _ => None,
    };
    let within = millis.filter(|millis| (1..=600_000).contains(millis));
    within.map(Duration::from_millis).ok_or_else(|| "is no time such as 10s or 500ms, up to 600s".to_owned())
}

fn display(text: &str) -> Result<String, String> {
    let number = text.rsplit_once(':').map(|(_, number)| number.split_once('.').unwrap_or((number, "0")));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match number {
        Some((display, screen)) if is_number(display) && is_number(screen) => Ok(text.to_owned()),
        _ => Err("is no X display such as :0 or :20.0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_bounds() {
        for (text, millis) in
            [("10s", Some(10_000)), ("500ms", Some(500)), ("7", Some(7000)), ("600s", Some(600_000))]
        {
            assert_eq!(duration(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "1m", "601s", "99999999999999999999s", "1.5s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_screen_that_is_judged_is_the_one_of_the_desktop() {
        for (pairs, width, height, refresh) in [
            (&[("SIZEW", "800"), ("DISPLAY_SIZEW", "900"), ("SIZEH", "600")][..], Some(900), Some(600), None),
            (&[("COSMOS_WIDTH", "1000"), ("SIZEW", "800"), ("REFRESH", "60")], Some(1000), None, Some(60.0)),
            (&[("COSMOS_SIZE", "2560x1600"), ("COSMOS_WIDTH", "1000")], Some(2560), Some(1600), None),
            (&[("COSMOS_REFRESH", "60000/1001"), ("REFRESH", "75")], None, None, Some(60_000.0 / 1001.0)),
            (&[("COSMOS_REFRESH", "59.94"), ("COSMOS_HEIGHT", "768")], None, Some(768), Some(59.94)),
            (&[("COSMOS_REFRESH", "1/0"), ("COSMOS_SIZE", "wide")], None, None, None),
        ] {
            let text = |name: &str| {
                pairs.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
            };
            let settings = settings(None, &text);
            assert_eq!(
                (settings.width, settings.height, settings.refresh),
                (width, height, refresh),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn displays_have_numbers() {
        for (text, good) in
            [(":0", true), (":20.1", true), ("host:1", true), ("0", false), (":", false), (":x", false)]
        {
            assert_eq!(display(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn nothing_chosen_is_everything() {
        let wanted = |line: &[&str]| Args::try_parse_from(line).ok().and_then(|args| args.resolve().ok());
        let areas = |line: &[&str]| wanted(line).map(|wanted| (wanted.areas, wanted.driver, wanted.all));
        assert_eq!(areas(&["p", "--vulkan", "--display", ":9"]).map(|it| it.0.len()), Some(2), "windows too");
        assert_eq!(areas(&["p", "--display", ":9"]), Some((Area::ALL.to_vec(), true, true)));
        assert_eq!(areas(&["p", "doctor", "--display", ":9"]), Some((Area::ALL.to_vec(), true, true)));
        assert_eq!(areas(&["p", "--driver"]), Some((vec![], true, false)));
        assert_eq!(areas(&["p", "--gl"]), Some((vec![Area::Gl], false, false)));
        let encoders = |line: &[&str]| wanted(line).and_then(|wanted| wanted.encoders);
        assert!(encoders(&["p", "--encoders"]).is_some_and(|program| program.ends_with(encoders::PROGRAM)));
        assert!(encoders(&["p", "--driver"]).is_none());
        assert!(areas(&["p", "--bogus"]).is_none());
    }
}
