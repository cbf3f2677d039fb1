//! The system packages that the commands need, and how they come here.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use crate::step::{self, Failure};

/// One package of Debian and Ubuntu.
#[derive(Clone, Copy)]
struct Package {
    name: &'static str,
    /// A program that does the same wherever it comes from.
    program: Option<&'static str>,
    gives: &'static str,
    when: When,
}

/// Where a package is wanted.
#[derive(Clone, Copy, PartialEq)]
enum When {
    Always,
    /// Where no desktop session is installed.
    NoDesktop,
    /// Where no PipeWire is: its packages for desktops and PulseAudio's remove each other.
    NoSound,
    /// Where the sound plugin is not part of gstreamer1.0-plugins-good.
    SoundApart,
    /// Where no desktop session is installed, and adwaita-icon-theme lacks most of its icons.
    IconsApart,
    /// On Debian: Ubuntu's package of this name only points to a snap, or has another name.
    Debian,
    Ubuntu,
}

/// What the machine is like, as far as the packages depend on it.
struct Machine {
    /// `ID` of /etc/os-release, or one of `ID_LIKE` that is known here.
    family: Option<Family>,
    installed: HashSet<String>,
    programs: fn(&str) -> bool,
    has_desktop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Family {
    Debian,
    /// With its release, such as 2404; 0 for a relative whose release says nothing.
    Ubuntu(u32),
}

/// What a command needs.
#[derive(Clone, Copy)]
pub enum For {
    Running,
    Testing,
}

/// Installs what is missing; `ask` for leave before.
pub fn provide(purpose: For, ask: bool) -> Result<(), Failure> {
    let machine = Machine::look();
    let missing = missing(&machine, purpose);
    if missing.is_empty() {
        return Ok(());
    }
    explain(&missing);
    if machine.family.is_none() {
        return Err(Failure::Missing(
            "packages are installed only on Debian and Ubuntu; install what gives the above, by its name here, \
             and start again"
                .into(),
        ));
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let root = is_root();
    eprintln!("It is installed by:\n  {}\n  {}", shown(root, &UPDATE), shown(root, &install(&names)));
    if ask && !agreed() {
        return Err(Failure::Missing("nothing was installed".into()));
    }
    step::run("package lists", &mut apt(root, &UPDATE))?;
    step::run("packages", &mut apt(root, &install(&names)))
}

/// The packages that are wanted and not there.
fn missing(machine: &Machine, purpose: For) -> Vec<&'static Package> {
    let testing = matches!(purpose, For::Testing).then_some(TESTING).unwrap_or_default();
    let there = |package: &Package| {
        machine.installed.contains(package.name) || package.program.is_some_and(machine.programs)
    };
    RUNNING.iter().chain(testing).filter(|package| package.when.holds(machine) && !there(package)).collect()
}

impl When {
    fn holds(self, machine: &Machine) -> bool {
        match self {
            Self::Always => true,
            Self::NoDesktop => !machine.has_desktop,
            Self::NoSound => !["pipewire", "wireplumber"].into_iter().all(machine.programs),
            Self::SoundApart => matches!(machine.family, Some(Family::Ubuntu(2004..2400))),
            Self::IconsApart => Self::NoDesktop.holds(machine) && Self::SoundApart.holds(machine),
            Self::Debian => !Self::Ubuntu.holds(machine),
            Self::Ubuntu => matches!(machine.family, Some(Family::Ubuntu(_))),
        }
    }
}

impl Machine {
    fn look() -> Self {
        let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let family = family(&os_release).filter(|_| on_path("apt-get"));
        let status =
            Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Abbrev}\t${Package}\n"]).output();
        let status = status.map(|output| output.stdout).unwrap_or_default();
        Self {
            family,
            installed: installed(&String::from_utf8_lossy(&status)),
            programs: on_path,
            has_desktop: has_desktop(Path::new("/usr/share/xsessions")),
        }
    }
}

/// The packages that dpkg calls installed, from lines of its status and a name.
fn installed(status: &str) -> HashSet<String> {
    let lines = status.lines().filter_map(|line| line.split_once('\t'));
    lines.filter(|(state, _)| state.starts_with("ii")).map(|(_, name)| name.to_owned()).collect()
}

fn family(os_release: &str) -> Option<Family> {
    let field = |name: &str| {
        let value = os_release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().trim_matches('"').to_owned()
    };
    let id = field("ID");
    if id == "ubuntu" {
        return Some(Family::Ubuntu(field("VERSION_ID").replace('.', "").parse().unwrap_or(0)));
    }
    let like = field("ID_LIKE");
    let related = |name: &str| id == name || like.split(' ').any(|word| word == name);
    match (related("ubuntu"), related("debian")) {
        (true, _) => Some(Family::Ubuntu(0)),
        (false, true) => Some(Family::Debian),
        (false, false) => None,
    }
}

fn has_desktop(sessions: &Path) -> bool {
    let entries = fs::read_dir(sessions).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|kind| kind == "desktop"))
}

/// Whether there is a program of this name.
pub fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn explain(missing: &[&Package]) {
    eprintln!("Some packages are missing:");
    for package in missing {
        eprintln!("  {:<36} {}", package.name, package.gives);
    }
}

fn agreed() -> bool {
    eprint!("Install them now? [y/N] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Whether this program may do everything.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

fn install<'a>(names: &[&'a str]) -> Vec<&'a str> {
    [&["install", "-y", "--no-install-recommends"], names].concat()
}

fn apt(root: bool, args: &[&str]) -> Command {
    let [program, leading @ ..] = prefix(root) else { unreachable!("both prefixes have a program") };
    let mut command = Command::new(program);
    command.args(leading).args(args);
    command
}

fn shown(root: bool, args: &[&str]) -> String {
    [prefix(root), args].concat().join(" ")
}

/// `env` sets the variable behind `sudo`, which drops those that are set before it.
fn prefix(root: bool) -> &'static [&'static str] {
    if root { &APT[1..] } else { APT }
}

const APT: &[&str] =
    &["sudo", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
const UPDATE: [&str; 1] = ["update"];

const fn package(name: &'static str, gives: &'static str) -> Package {
    Package { name, program: None, gives, when: When::Always }
}

const fn program(name: &'static str, program: &'static str, gives: &'static str) -> Package {
    Package { name, program: Some(program), gives, when: When::Always }
}

const fn only(when: When, package: Package) -> Package {
    Package { when, ..package }
}

const RUNNING: &[Package] = &[
    package("build-essential", "a C compiler and a linker"),
    program("pkg-config", "pkg-config", "finds the libraries below"),
    package("libgstreamer1.0-dev", "GStreamer, to build against"),
    package("libgstreamer-plugins-base1.0-dev", "GStreamer's video and app libraries, to build against"),
    package("gstreamer1.0-plugins-base", "Opus sound"),
    package("gstreamer1.0-plugins-good", "VP8 and VP9 video, sound capture"),
    package("gstreamer1.0-plugins-bad", "H.264 by OpenH264, NVENC and VA, AV1 video"),
    package("gstreamer1.0-plugins-ugly", "H.264 by x264"),
    only(When::SoundApart, package("gstreamer1.0-pulseaudio", "sound capture")),
    only(When::Debian, package("libturbojpeg0", "quick JPEG for VNC viewers")),
    only(When::Ubuntu, package("libturbojpeg", "quick JPEG for VNC viewers")),
    package("xserver-xorg-core", "the X server"),
    package("xserver-xorg-video-dummy", "a screen in memory for it"),
    program("xvfb", "Xvfb", "a simpler X server, where the other one cannot start"),
    program("xauth", "xauth", "keeps other users off the X server"),
    program("x11-xkb-utils", "xkbcomp", "keyboard maps, compiled"),
    package("xkb-data", "keyboard maps"),
    only(When::NoSound, program("pulseaudio", "pulseaudio", "the sound server")),
    program("dbus", "dbus-run-session", "the desktop's message bus"),
    only(When::NoDesktop, package("xfce4", "a desktop, as none is installed")),
    only(When::NoDesktop, package("xfce4-terminal", "a terminal in it")),
    only(When::NoDesktop, package("adwaita-icon-theme", "icons for it")),
    only(When::IconsApart, package("adwaita-icon-theme-full", "the rest of them")),
    only(When::NoDesktop, package("librsvg2-common", "what draws them, and its background")),
    package("fonts-dejavu-core", "letters on the screen"),
];

const TESTING: &[Package] = &[
    only(When::Debian, program("chromium", "chromium", "the browser of the end-to-end tests")),
    program("nodejs", "node", "runs the tests of the page"),
    program("npm", "npm", "fetches what they need"),
    program("xclip", "xclip", "another program's clipboard"),
    program("xdotool", "xdotool", "finds windows"),
    program("xterm", "xterm", "a window to type into"),
    program("openbox", "openbox", "a window manager"),
    program("x11-utils", "xprop", "looks at windows"),
    program("x11-xserver-utils", "xrandr", "looks at the screen"),
    program("imagemagick", "import", "takes, shows and compares pictures of screens"),
    package("gstreamer1.0-libav", "a second opinion on encoded video"),
    program("edid-decode", "edid-decode", "a second opinion on EDIDs and timings"),
    program("xcvt", "cvt", "a second opinion on modelines"),
    package("pci.ids", "a second opinion on the names of devices"),
    program("makeself", "makeself", "packs archives such as the driver's"),
    package("mesa-vulkan-drivers", "Vulkan without a GPU"),
    program("vulkan-tools", "vulkaninfo", "a second opinion on Vulkan"),
    program("mesa-utils", "glxinfo", "a second opinion on OpenGL"),
    program("pulseaudio-utils", "pactl", "talks to the sound server"),
    program("pipewire", "pipewire", "the other sound server"),
    program("pipewire-pulse", "pipewire-pulse", "speaks PulseAudio's language for it"),
    program("wireplumber", "wireplumber", "connects what plays with what listens in it"),
    program("procps", "ps", "looks at processes"),
    package("novnc", "a VNC viewer in the browser"),
    program("tigervnc-viewer", "xtigervncviewer", "another VNC viewer"),
    program("gvncviewer", "gvncviewer", "one more VNC viewer, with sound"),
    program("remmina", "remmina", "a VNC viewer of LibVNCClient"),
    package("remmina-plugin-vnc", "what it speaks VNC by"),
    program("gstreamer1.0-tools", "gst-launch-1.0", "takes pictures of screens with the pointer"),
    program("tigervnc-tools", "tigervncpasswd", "the files that it takes passwords from"),
    program("debootstrap", "debootstrap", "roots of Debian to set up"),
    package("debian-archive-keyring", "the keys of Debian for them"),
    program("apt-utils", "apt-ftparchive", "repositories of packages to install there"),
    program("gnupg", "gpg", "signs them"),
    program("openssl", "openssl", "certificates for their servers"),
    program("iproute2", "ip", "networks with nothing in them"),
    program("python3", "python3", "the servers"),
    program("coturn", "turnserver", "a TURN server"),
    program("nginx-light", "nginx", "a proxy in front"),
    program("nftables", "nft", "what networks of tests let through"),
    only(When::Debian, program("pebble", "pebble", "an authority that signs certificates")),
];

#[cfg(test)]
mod tests {
    use super::*;

    const JAMMY: &str = "NAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nID=ubuntu\nID_LIKE=debian\n";

    fn machine(family: Option<Family>, status: &str, has_desktop: bool) -> Machine {
        Machine { family, installed: installed(status), programs: |_| false, has_desktop }
    }

    fn names(machine: &Machine, purpose: For) -> Vec<&'static str> {
        missing(machine, purpose).iter().map(|package| package.name).collect()
    }

    #[test]
    fn families_are_told_by_os_release() {
        for (text, expected) in [
            (JAMMY, Some(Family::Ubuntu(2204))),
            ("ID=debian\nVERSION_ID=\"12\"\n", Some(Family::Debian)),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Some(Family::Ubuntu(0))),
            ("ID=raspbian\nID_LIKE=debian\n", Some(Family::Debian)),
            ("ID=fedora\n", None),
            ("", None),
        ] {
            assert_eq!(family(text), expected, "{text}");
        }
    }

    #[test]
    fn only_what_dpkg_calls_installed_counts() {
        let status = "ii \txvfb\nrc \txauth\nun \tdbus\niU \txkb-data\nhi \tx\n";
        assert_eq!(installed(status), HashSet::from(["xvfb".to_owned()]));
    }

    #[test]
    fn what_is_there_is_not_wanted() {
        let bare = machine(Some(Family::Debian), "", false);
        let all = names(&bare, For::Testing);
        assert!(["build-essential", "xfce4", "chromium", "npm"].iter().all(|name| all.contains(name)));
        let status: String = all.iter().map(|name| format!("ii \t{name}\n")).collect();
        assert!(names(&machine(Some(Family::Debian), &status, false), For::Testing).is_empty());
        let status = status.replace("ii \txvfb\n", "");
        assert_eq!(names(&machine(Some(Family::Debian), &status, false), For::Testing), ["xvfb"]);
        let elsewhere = Machine { programs: |name| name == "node", ..bare };
        assert!(!names(&elsewhere, For::Testing).contains(&"nodejs"));
    }

    #[test]
    fn a_desktop_is_wanted_only_where_there_is_none() {
        for (has_desktop, wanted) in [(false, true), (true, false)] {
            let names = names(&machine(family(JAMMY), "", has_desktop), For::Running);
            assert_eq!(names.contains(&"xfce4"), wanted);
            assert_eq!(names.contains(&"adwaita-icon-theme-full"), wanted);
            assert_eq!(names.contains(&"librsvg2-common"), wanted);
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(!has_desktop(&folder.join("src")));
        assert!(!has_desktop(&folder.join("none")));
    }

    #[test]
    fn a_sound_server_that_is_there_stays() {
        let wanted = |programs: fn(&str) -> bool| {
            let machine = Machine { programs, ..machine(Some(Family::Ubuntu(2404)), "", false) };
            names(&machine, For::Running).contains(&"pulseaudio")
        };
        assert!(wanted(|_| false));
        assert!(wanted(|name| name == "pipewire"), "nothing connects what plays with what listens");
        assert!(!wanted(|name| ["pipewire", "wireplumber"].contains(&name)));
        assert!(!wanted(|name| name == "pulseaudio"));
    }

    #[test]
    fn releases_differ() {
        for (family, apart, chromium) in [
            (Family::Debian, false, true),
            (Family::Ubuntu(2204), true, false),
            (Family::Ubuntu(2404), false, false),
            (Family::Ubuntu(0), false, false),
        ] {
            let names = names(&machine(Some(family), "", false), For::Testing);
            assert_eq!(names.contains(&"gstreamer1.0-pulseaudio"), apart, "{family:?}");
            assert_eq!(names.contains(&"adwaita-icon-theme-full"), apart, "{family:?}");
            assert_eq!(names.contains(&"chromium"), chromium, "{family:?}");
        }
    }

    #[test]
    fn running_wants_less_than_testing() {
        let names = names(&machine(Some(Family::Debian), "", false), For::Running);
        assert!(!names.contains(&"chromium") && names.contains(&"xserver-xorg-video-dummy"));
    }

    #[test]
    fn sudo_is_used_where_it_is_needed() {
        let names = ["xvfb"];
        let rest = "env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
                    --no-install-recommends xvfb";
        assert_eq!(shown(true, &install(&names)), rest);
        assert_eq!(shown(false, &install(&names)), format!("sudo {rest}"));
    }
}
