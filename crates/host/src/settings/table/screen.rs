//! The screen and the X server behind it.

use super::{Consumer, Setting, row, seed, successor};
use crate::settings::Kind;

pub(super) static ROWS: &[Setting] = &[
    row(["size", "size", "COSMOS_SIZE"], Kind::Size, Consumer::XServer, "Size of the screen.").by_default("1920x1080"),
    row(["width", "width", "COSMOS_WIDTH"], SIDE, Consumer::XServer, "Width of the screen; that of the size otherwise.")
        .in_unit("pixels")
        .older(&[successor("DISPLAY_SIZEW"), seed("SIZEW")]),
    row(["height", "height", "COSMOS_HEIGHT"], SIDE, Consumer::XServer, "Height of the screen; that of the size otherwise.")
        .in_unit("pixels")
        .older(&[successor("DISPLAY_SIZEH"), seed("SIZEH")]),
    row(
        ["refresh", "refresh", "COSMOS_REFRESH"],
        Kind::Refresh,
        Consumer::XServer,
        "Pictures per second of the screen, any rate; 60 where a GPU draws, whatever the size allows otherwise.",
    )
    .older(&[successor("DISPLAY_REFRESH"), seed("REFRESH")]),
    row(["dpi", "dpi", "COSMOS_DPI"], Kind::Integer(24, 960), Consumer::XServer, "Resolution that applications are told.")
        .by_default("96")
        .in_unit("dots per inch")
        .older(&[successor("DISPLAY_DPI"), seed("DPI")]),
    row(["depth", "depth", "COSMOS_DEPTH"], Kind::Depth, Consumer::XServer, "Bits of colour.")
        .by_default("24")
        .older(&[successor("DISPLAY_CDEPTH"), seed("CDEPTH")]),
    row(
        ["video_port", "port", "VIDEO_PORT"],
        Kind::Ports,
        Consumer::XServer,
        "Output of the board that counts as connected; none for no output.",
    )
    .by_default("DFP"),
    row(
        ["software", "software", "COSMOS_SOFTWARE"],
        Kind::Boolean,
        Consumer::Launch,
        "Draw on the CPU, encode on the CPU.",
    )
    .by_default("false"),
    row(
        ["require_gpu", "require-gpu", "COSMOS_REQUIRE_GPU"],
        Kind::Boolean,
        Consumer::Launch,
        "Start no desktop unless the GPU draws.",
    )
    .by_default("false"),
    row(
        ["gpu", "gpu", "COSMOS_GPU"],
        Kind::Devices,
        Consumer::Launch,
        "GPU that draws, by index, UUID or PCI address; the first of those that are visible otherwise.",
    )
    .older(&[successor("SELKIES_GPU_ID")]),
    row(
        ["lease_dir", "lease-dir", "COSMOS_LEASE_DIR"],
        Kind::Path,
        Consumer::Launch,
        "Directory that all containers of the machine share, in which X servers mark their GPUs; /run/lock/cosmos-gpu \
         otherwise.",
    ),
    row(
        ["driver_dir", "driver-dir", "COSMOS_DRIVER_DIR"],
        Kind::Path,
        Consumer::Launch,
        "Where NVIDIA's .run files lie, from which the driver's libraries are installed where they are missing.",
    ),
    row(
        ["xserver", "xserver", "COSMOS_XSERVER"],
        Kind::Word(&["auto", "xorg", "xvfb"]),
        Consumer::Launch,
        "X server without a GPU: Xorg with the dummy driver, Xvfb, or the first of them that is there.",
    )
    .by_default("auto"),
    row(
        ["display", "display", "COSMOS_DISPLAY"],
        Kind::Display,
        Consumer::XServer,
        "Display number; the first free one from 20 on otherwise.",
    ),
    row(
        ["resize", "resize", "COSMOS_RESIZE"],
        Kind::Boolean,
        Consumer::Stream,
        "Make the screen as large as the browser's window.",
    )
    .by_default("true")
    .older(&[successor("SELKIES_ENABLE_RESIZE"), seed("WEBRTC_ENABLE_RESIZE")]),
];

const SIDE: Kind = Kind::Integer(128, 16384);
