//! The keywords of each section.

use super::{Grammar, Shape};
use Shape::{
    Boolean, Clocks, DacSpeeds, ForgivingSubsection, Gamma, Identifier, Mode, ModeFlags, ModeLine, Never,
    Nothing, Numbers, Obsolete, Octal, Option as OptionLine, Placement, Positive, Ranges, Subsection, Text,
    TextOrNumber, TextThenTexts, Texts, ZAxis,
};

const fn section(keywords: &'static [(&'static str, Shape)], needs_identifier: bool) -> Grammar {
    Grammar { keywords, closing: "EndSection", needs_identifier }
}

const fn subsection(keywords: &'static [(&'static str, Shape)]) -> Grammar {
    Grammar { keywords, closing: "EndSubSection", needs_identifier: false }
}

pub(super) static LAYOUT: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("Screen", Placement),
        ("InputDevice", TextThenTexts),
        ("Inactive", Text),
        ("MatchSeat", Text),
        ("Option", OptionLine),
    ],
    true,
);

pub(super) static FILES: Grammar = section(
    &[
        ("FontPath", Text),
        ("ModulePath", Text),
        ("XkbDir", Text),
        ("LogFile", Text),
        ("RgbPath", Obsolete),
        ("InputDevices", Obsolete),
    ],
    false,
);

pub(super) static MODULE: Grammar = section(
    &[
        ("Load", Text),
        ("LoadDriver", Text),
        ("Disable", Text),
        ("SubSection", ForgivingSubsection(&MODULE_OPTIONS)),
    ],
    false,
);

pub(super) static MODULE_OPTIONS: Grammar = subsection(&[("Option", OptionLine)]);

pub(super) static FLAGS: Grammar = section(
    &[
        ("Option", OptionLine),
        ("DefaultServerLayout", Text),
        ("BlankTime", Numbers(1)),
        ("StandbyTime", Numbers(1)),
        ("SuspendTime", Numbers(1)),
        ("OffTime", Numbers(1)),
        ("DontZap", Nothing),
        ("DontZoom", Nothing),
        ("DisableVidModeExtension", Nothing),
        ("AllowNonLocalXvidtune", Nothing),
        ("DisableModInDev", Nothing),
        ("AllowNonLocalModInDev", Nothing),
        ("AllowMouseOpenFail", Nothing),
    ],
    false,
);

pub(super) static EXTENSIONS: Grammar = section(&[("Option", OptionLine)], false);

pub(super) static DRI: Grammar = section(&[("Group", TextOrNumber), ("Mode", Octal)], false);

pub(super) static INPUT_DEVICE: Grammar =
    section(&[("Identifier", Identifier), ("Driver", Text), ("Option", OptionLine)], true);

pub(super) static POINTER: Grammar = section(
    &[
        ("Protocol", Text),
        ("Device", Text),
        ("Port", Text),
        ("Emulate3Buttons", Nothing),
        ("Emulate3Timeout", Positive),
        ("ChordMiddle", Nothing),
        ("Buttons", Positive),
        ("BaudRate", Positive),
        ("SampleRate", Positive),
        ("Resolution", Positive),
        ("ClearDTR", Nothing),
        ("ClearRTS", Nothing),
        ("ZAxisMapping", ZAxis),
        ("AlwaysCore", Nothing),
        ("DeviceName", Never),
        ("EndSubSection", Never),
    ],
    false,
);

pub(super) static INPUT_CLASS: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("Driver", Text),
        ("Option", OptionLine),
        ("MatchProduct", Text),
        ("MatchVendor", Text),
        ("MatchDevicePath", Text),
        ("MatchOS", Text),
        ("MatchPnPID", Text),
        ("MatchUSBID", Text),
        ("MatchDriver", Text),
        ("MatchTag", Text),
        ("MatchLayout", Text),
        ("NoMatchProduct", Text),
        ("NoMatchVendor", Text),
        ("NoMatchDevicePath", Text),
        ("NoMatchOS", Text),
        ("NoMatchPnPID", Text),
        ("NoMatchUSBID", Text),
        ("NoMatchDriver", Text),
        ("NoMatchTag", Text),
        ("NoMatchLayout", Text),
        ("MatchIsKeyboard", Boolean),
        ("MatchIsPointer", Boolean),
        ("MatchIsJoystick", Boolean),
        ("MatchIsTablet", Boolean),
        ("MatchIsTabletPad", Boolean),
        ("MatchIsTouchpad", Boolean),
        ("MatchIsTouchscreen", Boolean),
    ],
    true,
);

pub(super) static OUTPUT_CLASS: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("Driver", Text),
        ("ModulePath", Text),
        ("Option", OptionLine),
        ("MatchDriver", Text),
    ],
    true,
);

pub(super) static DEVICE: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("Driver", Text),
        ("BusID", Text),
        ("Option", OptionLine),
        ("VendorName", Text),
        ("BoardName", Text),
        ("Chipset", Text),
        ("Card", Text),
        ("Ramdac", Text),
        ("ClockChip", Text),
        ("MatchSeat", Text),
        ("VideoRam", Numbers(1)),
        ("DacSpeed", DacSpeeds),
        ("Clocks", Clocks),
        ("Screen", Numbers(1)),
        ("IRQ", Numbers(1)),
        ("ChipID", Numbers(1)),
        ("ChipRev", Numbers(1)),
        ("MemBase", Numbers(1)),
        ("IOBase", Numbers(1)),
        ("BIOSBase", Numbers(1)),
    ],
    true,
);

pub(super) static VIDEO_ADAPTOR: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("VendorName", Text),
        ("BoardName", Text),
        ("BusID", Text),
        ("Driver", Text),
        ("Option", OptionLine),
        ("SubSection", Subsection(&VIDEO_PORT)),
    ],
    true,
);

pub(super) static VIDEO_PORT: Grammar = subsection(&[("Identifier", Identifier), ("Option", OptionLine)]);

pub(super) static MONITOR: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("VendorName", Text),
        ("ModelName", Text),
        ("HorizSync", Ranges),
        ("VertRefresh", Ranges),
        ("DisplaySize", Numbers(2)),
        ("Gamma", Gamma),
        ("UseModes", Text),
        ("ModeLine", ModeLine),
        ("Mode", Mode),
        ("Option", OptionLine),
    ],
    true,
);

pub(super) static MODES: Grammar =
    section(&[("Identifier", Identifier), ("ModeLine", ModeLine), ("Mode", Mode)], true);

pub(in crate::conf) static VERBOSE_MODE: Grammar = Grammar {
    keywords: &[
        ("DotClock", Numbers(1)),
        ("HTimings", Numbers(4)),
        ("VTimings", Numbers(4)),
        ("Flags", ModeFlags),
        ("HSkew", Numbers(1)),
        ("VScan", Numbers(1)),
        ("Bcast", Never),
    ],
    closing: "EndMode",
    needs_identifier: false,
};

/// The flags of a mode, and whether a number follows.
pub(in crate::conf) const MODE_FLAGS: &[(&str, bool)] = &[
    ("interlace", false),
    ("doublescan", false),
    ("+hsync", false),
    ("-hsync", false),
    ("+vsync", false),
    ("-vsync", false),
    ("composite", false),
    ("+csync", false),
    ("-csync", false),
    ("bcast", false),
    ("hskew", true),
    ("vscan", true),
];

pub(super) static SCREEN: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("Driver", Identifier),
        ("Device", Text),
        ("GPUDevice", Text),
        ("Monitor", Text),
        ("VideoAdaptor", Text),
        ("DefaultDepth", Numbers(1)),
        ("DefaultColorDepth", Numbers(1)),
        ("DefaultBPP", Numbers(1)),
        ("DefaultFbBPP", Numbers(1)),
        ("Virtual", Numbers(2)),
        ("MatchSeat", Text),
        ("Option", OptionLine),
        ("SubSection", Subsection(&DISPLAY)),
        ("ScreenNo", Never),
    ],
    true,
);

pub(super) static DISPLAY: Grammar = subsection(&[
    ("Depth", Numbers(1)),
    ("FbBPP", Numbers(1)),
    ("Virtual", Numbers(2)),
    ("ViewPort", Numbers(2)),
    ("Modes", Texts),
    ("Visual", Text),
    ("Weight", Numbers(3)),
    ("Black", Numbers(3)),
    ("White", Numbers(3)),
    ("Option", OptionLine),
]);

pub(super) static VENDOR: Grammar = section(
    &[("Identifier", Identifier), ("Option", OptionLine), ("SubSection", Subsection(&VENDOR_OPTIONS))],
    true,
);

pub(super) static VENDOR_OPTIONS: Grammar = subsection(&[("Identifier", Never), ("Option", OptionLine)]);
