//! What a desktop is made of, as its caller wants it.

use std::{
    ffi::OsString,
    net::SocketAddr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use cosmos_desktop::Size;
use rustix::fs::Access;

use crate::{
    gpu::Graphics,
    settings::{Hidden, Report},
};

/// Everything `cosmos-launch desktop` needs to know. Nothing else is read from the environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// The size of the screen in pixels, each side from 128 to 16384.
    pub size: Size,
    /// Dots per inch the X server tells its clients.
    pub dpi: u16,
    /// Which X server to start where none runs on the GPU.
    pub xserver: XServerChoice,
    /// How the GPU is to be used.
    pub graphics: Graphics,
    /// The command of the desktop session; `None` takes the best one installed.
    pub session: Option<String>,
    /// Whether to start a sound server.
    pub audio: bool,
    /// Where the stream is served.
    pub listen: SocketAddr,
    /// The program that streams the desktop.
    pub stream: PathBuf,
    /// More arguments for it.
    pub stream_arguments: Vec<OsString>,
    /// What is set, for the stream to show; `None` leaves that to the stream too.
    pub settings: Option<Report>,
    /// The password to log in with; `None` leaves that to the stream.
    pub login: Option<Login>,
    /// Further secrets of the stream, each with the flag that takes the number of its descriptor.
    pub secrets: Vec<(&'static str, Hidden)>,
    /// The password that the container's account is given, where it can be.
    pub account_password: Option<Hidden>,
    /// The environment the services start from; secrets in it reach none of them.
    pub environment: Vec<(OsString, OsString)>,
    /// An existing directory on a local file system, in which a directory for sockets and secrets is made.
    pub runtime_base: PathBuf,
    /// Where logs are kept; `None` keeps them in the runtime directory, which is removed at the end.
    pub state_dir: Option<PathBuf>,
    /// A program that runs [`guard`](crate::guard) when called with `guard` and a directory: it ends what is left
    /// when the supervisor is killed. `None` leaves that to the next start.
    pub guard: Option<PathBuf>,
    /// The display number; `None` takes the first free one from 20 on.
    pub display: Option<u16>,
    /// Where programs and sessions are looked for.
    pub installed: Installed,
}

/// A password to log in with. The stream reads it from a descriptor, so that it stands in no environment and on no
/// command line, which every program of the desktop can read.
#[derive(Clone, Debug)]
pub struct Login {
    /// Where it came from, in words.
    pub source: String,
    /// The password.
    pub password: Hidden,
}

/// Which X server to start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XServerChoice {
    /// Xorg with the dummy driver, else Xvfb.
    #[default]
    Auto,
    /// Xorg with the dummy driver.
    Xorg,
    /// Xvfb.
    Xvfb,
}

/// Where things are installed on this machine.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Directories of programs, in the format of `PATH`.
    pub path: OsString,
    /// Where the Xorg program itself may be; the wrapper of the same name on `PATH` turns away who has no console.
    pub xorg: Vec<PathBuf>,
    /// Where the dummy driver may be.
    pub dummy_driver: Vec<PathBuf>,
    /// Directories of session descriptions.
    pub xsessions: Vec<PathBuf>,
}

impl Installed {
    /// The usual places, with this `PATH`.
    pub fn usual(path: OsString) -> Self {
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect();
        Self {
            path,
            xorg: paths(&["/usr/lib/xorg/Xorg", "/usr/libexec/Xorg", "/usr/lib/Xorg"]),
            dummy_driver: paths(&[
                "/usr/lib/xorg/modules/drivers/dummy_drv.so",
                "/usr/lib64/xorg/modules/drivers/dummy_drv.so",
            ]),
            xsessions: paths(&["/usr/share/xsessions", "/usr/local/share/xsessions"]),
        }
    }

    /// The path of a program: looked up in `PATH` unless its name holds a slash.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return is_program(Path::new(name)).then(|| PathBuf::from(name));
        }
        std::env::split_paths(&self.path)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(name))
            .find(|path| is_program(path))
    }

    pub(crate) fn xorg_with_dummy(&self) -> Option<PathBuf> {
        self.dummy_driver.iter().find(|path| path.exists())?;
        self.xorg.iter().find(|path| is_program(path)).cloned()
    }
}

/// Whether a variable of this name holds a secret.
pub(crate) fn is_secret(name: &std::ffi::OsStr) -> bool {
    let name = name.as_bytes();
    [b"PASSWD".as_slice(), b"PASSWORD"].contains(&name)
        || [b"_PASSWORD".as_slice(), b"_PASSWD", b"_SECRET"].iter().any(|end| name.ends_with(end))
}

/// Whether this process can make files in this directory.
pub fn is_writable(directory: &Path) -> bool {
    directory.is_dir() && rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for (name, secret) in [
            ("PASSWD", true),
            ("BASIC_AUTH_PASSWORD", true),
            ("SELKIES_BASIC_AUTH_PASSWORD", true),
            ("SELKIES_ENCODER", false),
            ("TURN_SHARED_SECRET", true),
            ("TURN_PASSWORD", true),
            ("PATH", false),
            ("PASSWD_HINT", false),
            ("DISPLAY", false),
        ] {
            assert_eq!(is_secret(name.as_ref()), secret, "{name}");
        }
    }

    #[test]
    fn programs_are_found_on_the_path_and_by_path() {
        let installed = Installed::usual("relative:/nonexistent:/usr/bin:/bin".into());
        assert!(installed.program("sh").is_some_and(|path| path.is_absolute()));
        assert!(installed.program("/bin/sh").is_some());
        assert!(installed.program("no-such-program").is_none());
        assert!(installed.program("/etc/passwd").is_none(), "a file that is no program");
    }
}
