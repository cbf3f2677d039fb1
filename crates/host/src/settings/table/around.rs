//! What runs around the stream, and the variables that belong to others and are carried on.

use super::{
    Consumer::{Launch, Runtime, Session, Stream},
    Meaning, Older, Project, Setting, row, seed, successor,
};
use crate::settings::Kind;

pub(super) static ROWS: &[Setting] = &[
    row(
        ["session", "session", "COSMOS_SESSION"],
        Kind::Text,
        Launch,
        "Command of the desktop session; the best one installed otherwise.",
    ),
    row(
        ["state_dir", "state-dir", "COSMOS_STATE_DIR"],
        Kind::Path,
        Launch,
        "Where logs are kept; $XDG_STATE_HOME/cosmos or ~/.local/state/cosmos otherwise.",
    ),
    row(
        ["app_wait_ready", "app-wait-ready", "COSMOS_APP_WAIT_READY"],
        Kind::Boolean,
        Stream,
        "Stream only once the application says that it is ready.",
    )
    .by_default("false")
    .older(&[
        successor("SELKIES_APP_WAIT_READY"),
        Older { name: "APP_AUTO_INIT", project: Project::Seed, meaning: Meaning::Inverted },
    ]),
    row(
        ["app_ready_file", "app-ready-file", "COSMOS_APP_READY_FILE"],
        Kind::Path,
        Stream,
        "File by which the application says that it is ready.",
    )
    .by_default("/tmp/cosmos-appready")
    .older(&[successor("SELKIES_APP_READY_FILE"), seed("APP_READY_FILE")]),
    row(
        ["pwa_name", "pwa-name", "COSMOS_PWA_NAME"],
        Kind::Text,
        Stream,
        "Name of the page once it is installed.",
    )
    .by_default("COSMOS desktop")
    .older(&[seed("PWA_APP_NAME")]),
    row(
        ["pwa_short_name", "pwa-short-name", "COSMOS_PWA_SHORT_NAME"],
        Kind::Text,
        Stream,
        "The same, short.",
    )
    .by_default("COSMOS")
    .older(&[seed("PWA_APP_SHORT_NAME")]),
    row(
        ["pwa_start_url", "pwa-start-url", "COSMOS_PWA_START_URL"],
        Kind::Text,
        Stream,
        "Where the installed page begins, from where it is.",
    )
    .by_default("./")
    .older(&[seed("PWA_START_URL")]),
    row(["timezone", "", "TZ"], Kind::Text, Session, "Time zone of the session.").by_default("UTC"),
    row(["lang", "", "LANG"], Kind::Text, Session, "Locale of the session.").by_default("C.UTF-8"),
    row(["language", "", "LANGUAGE"], Kind::Text, Session, "Languages of the session, the best first."),
    row(["lc_all", "", "LC_ALL"], Kind::Text, Session, "Locale that overrides all others."),
    row(
        ["gl_sync_to_vblank", "", "__GL_SYNC_TO_VBLANK"],
        Kind::Integer(0, 1),
        Session,
        "Whether NVIDIA's OpenGL waits for the next picture of the screen.",
    ),
    row(["gst_debug", "", "GST_DEBUG"], Kind::Text, Stream, "What GStreamer logs."),
    row(
        ["visible_devices", "", "NVIDIA_VISIBLE_DEVICES"],
        Kind::Devices,
        Runtime,
        "GPUs of the host that the container sees.",
    ),
    row(
        ["driver_capabilities", "", "NVIDIA_DRIVER_CAPABILITIES"],
        Kind::Capabilities,
        Runtime,
        "Parts of the driver that the container gets; graphics and display are needed for an X server on a GPU.",
    ),
];
