//! The X server of a machine without a screen: Xorg with NVIDIA's or the dummy driver, or Xvfb.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use cosmos_desktop::Size;
use cosmos_xorg_config::{Modeline, PixelClock, RecipeError, RefreshRate, SoftwareDummy, Timing};

use crate::{
    config::{Config, Installed, XServerChoice},
    error::HostError,
};

/// A server that can be started here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XServer {
    /// Xorg with NVIDIA's driver, on a GPU.
    Nvidia {
        /// The program.
        program: PathBuf,
        /// Where it looks for modules, in this order.
        module_paths: Vec<PathBuf>,
    },
    /// Xorg with the dummy driver: its screen can be given any size later.
    Dummy(PathBuf),
    /// Xvfb: its screen keeps the size it was started with.
    Xvfb(PathBuf),
}

impl XServer {
    /// The server to use.
    ///
    /// # Errors
    /// [`HostError::NoXServer`] when the wanted one, or any, is missing.
    pub fn choose(choice: XServerChoice, installed: &Installed) -> Result<Self, HostError> {
        let dummy = || installed.xorg_with_dummy().map(Self::Dummy);
        let xvfb = || installed.program("Xvfb").map(Self::Xvfb);
        let (found, tried, packages) = match choice {
            XServerChoice::Auto => (
                dummy().or_else(xvfb),
                "neither Xorg with its dummy driver nor Xvfb is here",
                "xserver-xorg-core and xserver-xorg-video-dummy, or xvfb",
            ),
            XServerChoice::Xorg => (
                dummy(),
                "Xorg with its dummy driver is not here",
                "xserver-xorg-core and xserver-xorg-video-dummy",
            ),
            XServerChoice::Xvfb => (xvfb(), "Xvfb is not here", "xvfb"),
        };
        found.ok_or_else(|| HostError::NoXServer { tried: tried.to_owned(), packages })
    }

    /// What people call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Nvidia { .. } => "Xorg nvidia",
            Self::Dummy(_) => "Xorg dummy",
            Self::Xvfb(_) => "Xvfb",
        }
    }

    /// The program.
    pub fn program(&self) -> &Path {
        match self {
            Self::Nvidia { program: path, .. } | Self::Dummy(path) | Self::Xvfb(path) => path,
        }
    }

    /// Whether it is Xorg, which writes a log of its own.
    pub const fn is_xorg(&self) -> bool {
        !matches!(self, Self::Xvfb(_))
    }

    /// Its arguments. The server writes its display number to standard output when it accepts clients.
    pub fn arguments(&self, start: &XStart<'_>) -> Vec<OsString> {
        let display = format!(":{}", start.display);
        let dpi = start.config.dpi.to_string();
        let screen = format!("{}x24", start.config.size);
        let mut arguments: Vec<&OsStr> =
            [&*display, "-displayfd", "1", "-noreset", "-nolisten", "tcp", "-dpi", &dpi]
                .map(OsStr::new)
                .to_vec();
        arguments.extend(["-auth".as_ref(), start.authority.as_os_str()]);
        if !start.listen_abstract {
            arguments.extend(["-nolisten", "local"].map(OsStr::new));
        }
        let modules = self.module_paths();
        if let Some(modules) = &modules {
            // NVIDIA's driver opens a console. One that is named and shared takes no right to /dev/tty0.
            arguments.insert(1, "vt7".as_ref());
            arguments.extend(["-modulepath".as_ref(), modules.as_os_str()]);
        }
        match self {
            Self::Nvidia { .. } | Self::Dummy(_) => {
                arguments.extend(["-novtswitch", "-sharevts", "-config"].map(OsStr::new));
                arguments.extend([
                    start.xorg_conf.as_os_str(),
                    "-logfile".as_ref(),
                    start.xorg_log.as_os_str(),
                ]);
            }
            Self::Xvfb(_) => arguments.extend(["-screen", "0", &screen].map(OsStr::new)),
        }
        arguments.into_iter().map(OsStr::to_owned).collect()
    }

    /// As Xorg wants them: between commas.
    fn module_paths(&self) -> Option<OsString> {
        let Self::Nvidia { module_paths, .. } = self else { return None };
        let mut joined = OsString::new();
        for path in module_paths {
            if !joined.is_empty() {
                joined.push(",");
            }
            joined.push(path);
        }
        Some(joined)
    }
}

/// What one start of the server is given.
#[derive(Clone, Copy, Debug)]
pub struct XStart<'a> {
    /// Sizes and settings.
    pub config: &'a Config,
    /// The display number.
    pub display: u16,
    /// The file with the cookie.
    pub authority: &'a Path,
    /// The configuration of Xorg.
    pub xorg_conf: &'a Path,
    /// The log Xorg writes itself.
    pub xorg_log: &'a Path,
    /// Whether it must listen on the abstract socket, because it cannot make one in the file system.
    pub listen_abstract: bool,
}

/// The configuration that brings Xorg's dummy driver up at `size`, in a mode of that rate if one was asked for.
pub fn dummy_config(size: Size, rate: Option<RefreshRate>) -> Result<String, RecipeError> {
    let mut recipe = SoftwareDummy::for_size(size.width.into(), size.height.into())?;
    if let Some(mode) = rate.and_then(|rate| at_rate(&recipe.mode, rate)) {
        recipe.mode = mode;
    }
    Ok(recipe.prepare()?.document.to_string())
}

/// The same mode with another clock, as near to the rate as clocks of whole kilohertz come.
fn at_rate(mode: &Modeline, rate: RefreshRate) -> Option<Modeline> {
    let timing = mode.timing();
    let pixels = u64::from(timing.horizontal.total) * u64::from(timing.vertical.total);
    let hertz = pixels.checked_mul(rate.millihertz().into())?.div_ceil(1000);
    let clock = PixelClock::from_hz((hertz.div_ceil(1000) * 1000).max(LEAST_CLOCK));
    Modeline::new(mode.name(), Timing { clock, ..timing }).ok()
}

/// The dummy driver refuses slower clocks, in hertz.
const LEAST_CLOCK: u64 = 12_000_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn the_dummy_driver_gets_a_mode_of_the_rate_that_was_asked_for() {
        for (size, rate, least, most) in [
            ((1280, 720), None, 59.9, 60.1),
            ((1280, 720), Some("60"), 60.0, 60.01),
            ((1280, 720), Some("144"), 144.0, 144.01),
            ((1280, 720), Some("59.94"), 59.94, 59.95),
            ((3840, 2160), Some("120"), 120.0, 120.01),
            ((640, 480), Some("1"), 20.0, 60.0),
        ] {
            let rate = rate.map(|rate| rate.parse().unwrap());
            let text = dummy_config(Size::new(size.0, size.1), rate).unwrap();
            let line = text.lines().find(|line| line.trim().starts_with("ModeLine")).unwrap();
            let mode: Modeline = line.trim().parse().unwrap();
            let shown = f64::from(mode.timing().refresh_rate().unwrap().millihertz()) / 1000.0;
            assert!((least..=most).contains(&shown), "{size:?} {rate:?}: {shown}");
        }
    }

    #[test]
    fn the_dummy_driver_comes_first_and_what_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let mut installed = Installed::usual(dir.path().into());
        (installed.xorg, installed.dummy_driver) = (vec![file("Xorg")], vec![file("dummy_drv.so")]);
        let choose = |choice| XServer::choose(choice, &installed).map_err(|error| error.to_string());
        for (choice, package) in [
            (XServerChoice::Auto, "xserver-xorg-video-dummy, or xvfb"),
            (XServerChoice::Xorg, "xserver-xorg-video-dummy"),
            (XServerChoice::Xvfb, "xvfb"),
        ] {
            assert!(choose(choice).unwrap_err().ends_with(package), "{choice:?}");
        }
        let add = |name: &str| {
            std::fs::write(file(name), "").unwrap();
            std::fs::set_permissions(file(name), std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .unwrap();
        };
        add("Xorg");
        add("Xvfb");
        assert_eq!(choose(XServerChoice::Auto), Ok(XServer::Xvfb(file("Xvfb"))), "Xorg has no driver");
        add("dummy_drv.so");
        assert_eq!(choose(XServerChoice::Auto), Ok(XServer::Dummy(file("Xorg"))));
        assert_eq!(choose(XServerChoice::Xvfb), Ok(XServer::Xvfb(file("Xvfb"))));
    }
}
