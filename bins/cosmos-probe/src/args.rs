//! What was typed, what the environment says, and what both mean.

use std::{env, ffi::OsString, time::Duration};

use clap::{Parser, Subcommand};
use cosmos_vulkan_probe::{Area, Config, egl_manifests, vulkan_manifests};

use crate::machine::Settings;

/// Say what the graphics and video drivers of this machine really do.
///
/// Exit status: 0 everything asked for works on hardware; 1 it works, but on the processor or without a video
/// encoder; 2 it does not work; 3 a driver hung or crashed; 64 these arguments make no sense.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Ask Vulkan
    #[arg(long)]
    vulkan: bool,
    /// Ask OpenGL through GLX, on the X display
    #[arg(long)]
    gl: bool,
    /// Ask EGL
    #[arg(long)]
    egl: bool,
    /// Open a session of the video encoder
    #[arg(long)]
    nvenc: bool,
    /// Look at the NVIDIA kernel module, libraries and GPUs
    #[arg(long)]
    driver: bool,
    /// Look at what an X server needs
    #[arg(long)]
    xorg: bool,
    /// All of these; the default. GLX only where there is a display
    #[arg(long)]
    all: bool,
    /// Print JSON, schema cosmos.probe/1
    #[arg(long, global = true)]
    json: bool,
    /// How long a driver may take, such as 10s or 500ms
    #[arg(long, global = true, default_value = "10s", value_parser = duration)]
    timeout: Duration,
    /// The X display to ask; default: DISPLAY
    #[arg(long, global = true, value_name = ":N", value_parser = display)]
    display: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

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
    pub xorg: bool,
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
        let chosen = [self.vulkan, self.gl, self.egl, self.nvenc];
        let some = chosen.contains(&true) || self.driver || self.xorg;
        let all = self.all || doctor || !some;
        let display = self.display.or_else(|| text("DISPLAY"));
        let is_wanted = |(area, chosen): (Area, bool)| {
            let possible = area != Area::Gl || display.is_some();
            (chosen || all && possible).then_some(area)
        };
        let areas = Area::ALL.into_iter().zip(chosen).filter_map(is_wanted).collect();
        let mut config = Config::new(env::current_exe()?);
        config.timeout = self.timeout;
        config.vulkan_manifests = vulkan_manifests(variable);
        config.egl_manifests = egl_manifests(variable);
        config.display.clone_from(&display);
        let (driver, xorg) = (self.driver || all, self.xorg || all);
        Ok(Wanted { config, areas, driver, xorg, all, json: self.json, doctor, settings: settings(display) })
    }
}

fn settings(display: Option<String>) -> Settings {
    Settings {
        display,
        visible_devices: text("NVIDIA_VISIBLE_DEVICES"),
        capabilities: text("NVIDIA_DRIVER_CAPABILITIES"),
        driver_version: text("NVIDIA_DRIVER_VERSION"),
        video_port: text("DISPLAY_VIDEO_PORT").or_else(|| text("VIDEO_PORT")),
        width: number(["DISPLAY_SIZEW", "SIZEW"]),
        height: number(["DISPLAY_SIZEH", "SIZEH"]),
        refresh: number(["DISPLAY_REFRESH", "REFRESH"]),
    }
}

fn number<T: std::str::FromStr>(names: [&str; 2]) -> Option<T> {
    names.into_iter().find_map(text)?.trim().parse().ok()
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
        let areas = |line: &[&str]| wanted(line).map(|wanted| (wanted.areas, wanted.driver, wanted.doctor));
        assert_eq!(areas(&["p", "--vulkan"]), Some((vec![Area::Vulkan], false, false)));
        assert_eq!(areas(&["p", "--display", ":9"]), Some((Area::ALL.to_vec(), true, false)));
        assert_eq!(areas(&["p", "doctor", "--display", ":9"]), Some((Area::ALL.to_vec(), true, true)));
        assert_eq!(areas(&["p", "--driver"]), Some((vec![], true, false)));
        assert!(areas(&["p", "--bogus"]).is_none());
    }
}
