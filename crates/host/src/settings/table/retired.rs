//! Names without a counterpart.

use super::Project::{self, Seed, Successor};

/// A name that meant something once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The environment variable.
    pub name: &'static str,
    /// Who used it.
    pub project: Project,
    /// What to do instead.
    pub advice: &'static str,
}

pub(super) static ROWS: &[Retired] = &[
    row("JSON_CONFIG", Seed, FILE),
    row("SELKIES_USER_CONFIG_FILE", Seed, FILE),
    row("SELKIES_JSON_CONFIG", Successor, FILE),
    row("WEB_ROOT", Seed, PAGE),
    row("SELKIES_WEB_ROOT", Successor, PAGE),
    row("UINPUT_MOUSE_SOCKET", Seed, INPUT),
    row("SELKIES_UINPUT_MOUSE_SOCKET", Successor, INPUT),
    row("UINPUT_JS_SOCKET", Seed, INPUT),
    row("SELKIES_JS_SOCKET_PATH", Successor, INPUT),
    row("WEBRTC_DEBUG_CURSORS", Successor, LOG),
    row("SELKIES_DEBUG_CURSORS", Successor, LOG),
    row("WEBRTC_CURSOR_SIZE", Successor, CURSOR),
    row("SELKIES_CURSOR_SIZE", Successor, CURSOR),
    row("DRINODE", Successor, GPU),
    row("DRI_NODE", Successor, GPU),
    row("AUTO_GPU", Successor, GPU),
    row("SELKIES_VIDEO_PACKETLOSS_PERCENT", Successor, LOSS),
    row("SELKIES_AUDIO_PACKETLOSS_PERCENT", Successor, LOSS),
    row("SELKIES_ENABLE_WEBRTC_STATISTICS", Successor, FIGURES),
    row("SELKIES_WEBRTC_STATISTICS_DIR", Successor, FIGURES),
    row("TURN_MIN_PORT", Successor, RELAY),
    row("TURN_MAX_PORT", Successor, RELAY),
    row("TURN_EXTERNAL_IP", Successor, RELAY),
    row("TURN_RANDOM_PASSWORD", Successor, RELAY),
    row("NGINX_PORT", Successor, "there is no second server; COSMOS_LISTEN_PORT is the port of everything"),
    row("KASMVNC_THREADS", Successor, VNC),
    row("KASMVNC_DISPLAY", Successor, VNC),
    row("PIXELFLUX_WAYLAND", Successor, "the desktop is an X11 one; leave it out"),
    row("FILE_MANAGER_PATH", Successor, "files are not carried yet; leave it out"),
    row("WATERMARK_PNG", Successor, "no watermark is drawn; leave it out"),
    row("UBUNTU_RELEASE", Seed, BUILD),
    row("DISTRIB_RELEASE", Successor, BUILD),
    row("WINE_BRANCH", Seed, BUILD),
];

const fn row(name: &'static str, project: Project, advice: &'static str) -> Retired {
    Retired { name, project, advice }
}

const FILE: &str = "settings are kept in a TOML file, which --config and COSMOS_CONFIG name";
const PAGE: &str = "the page is part of the program; leave it out";
const INPUT: &str = "input goes to the X server itself; leave it out";
const LOG: &str = "say what to log with RUST_LOG";
const CURSOR: &str = "the pointer has the size that the desktop gives it; leave it out";
const GPU: &str = "choose the GPU with COSMOS_GPU or NVIDIA_VISIBLE_DEVICES";
const LOSS: &str = "redundancy follows the network; leave it out";
const FIGURES: &str = "the page shows figures; leave it out";
const RELAY: &str = "no TURN server runs inside; set up one beside, and name it with COSMOS_TURN_HOST";
const VNC: &str = "noVNC is served by the same program and on the same display; leave it out";
const BUILD: &str = "it is an argument of the image's build and has no effect at run time";
