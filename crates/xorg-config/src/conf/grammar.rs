//! Which keywords a section knows, and what must follow each (the parser of xorg-server 21.1).

use std::fmt;
use std::str::FromStr;

use super::name::{excerpt, same_name};
use super::{ParseError, Problem};

/// What follows a keyword.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// One text in quotes.
    Text,
    /// One text, and only once in a section.
    Identifier,
    /// A text that says `yes` or `no`.
    Boolean,
    /// This many numbers.
    Numbers(u8),
    /// One number that 31 bits hold.
    Positive,
    /// One number, written in octal.
    Octal,
    /// One text or one number.
    TextOrNumber,
    /// Nothing.
    Nothing,
    /// Any number of texts, none included.
    Texts,
    /// One text, and any number of texts behind it.
    TextThenTexts,
    /// A name, and perhaps a value.
    Option,
    /// One to four numbers of megahertz.
    DacSpeeds,
    /// Any number of numbers, 128 at most in a section.
    Clocks,
    /// Numbers and ranges with commas between, 8 at most in a section.
    Ranges,
    /// One number or three.
    Gamma,
    /// A mode on one line.
    ModeLine,
    /// A mode over several lines.
    Mode,
    /// Texts that say the flags of a mode.
    ModeFlags,
    /// A screen of a layout, and where it lies.
    Placement,
    /// Two numbers, or `X` or `Y`.
    ZAxis,
    /// A name, and keywords up to `EndSubSection`.
    Subsection(&'static Grammar),
    /// The same; what does not fit ends the subsection and is passed over.
    ForgivingSubsection(&'static Grammar),
    /// One value of any kind, and the keyword is ignored.
    Obsolete,
    /// The server knows the word and takes it nowhere.
    Never,
}

/// The keywords of a section.
pub(super) struct Grammar {
    pub keywords: &'static [(&'static str, Shape)],
    pub closing: &'static str,
    pub needs_identifier: bool,
}

impl Grammar {
    pub fn find(&self, word: &str) -> Option<(&'static str, Shape)> {
        self.keywords.iter().find(|(keyword, _)| same_name(keyword, word)).copied()
    }

    pub fn accepted(&self) -> String {
        let names = self.keywords.iter().filter(|(_, shape)| !matches!(shape, Never | Obsolete));
        names.map(|(keyword, _)| *keyword).chain([self.closing]).collect::<Vec<_>>().join(", ")
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $grammar:ident $singleton:literal,)*) => {
        /// The sections of a configuration file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum SectionKind {
            $($(#[$doc])* $kind,)*
        }

        impl SectionKind {
            /// All of them.
            ///
            /// ```
            /// use cosmos_xorg_config::SectionKind;
            /// assert!(SectionKind::ALL.contains(&SectionKind::Device));
            /// ```
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name as the manual page of `xorg.conf` spells it.
            ///
            /// ```
            /// use cosmos_xorg_config::SectionKind;
            /// assert_eq!(SectionKind::ServerFlags.name(), "ServerFlags");
            /// ```
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind)),* }
            }

            /// Whether there is one of its kind: a later section of that name replaces an earlier one whole.
            ///
            /// ```
            /// use cosmos_xorg_config::SectionKind;
            /// assert!(SectionKind::ServerFlags.is_singleton() && !SectionKind::Device.is_singleton());
            /// ```
            pub const fn is_singleton(self) -> bool {
                match self { $(Self::$kind => $singleton),* }
            }

            pub(super) const fn grammar(self) -> &'static Grammar {
                match self { $(Self::$kind => &$grammar),* }
            }
        }
    };
}

kinds! {
    /// Which screens and input devices make up a desktop.
    ServerLayout LAYOUT false,
    /// Where fonts, modules and the log are.
    Files FILES true,
    /// Modules to load, or not to load.
    Module MODULE true,
    /// Options of the whole server.
    ServerFlags FLAGS true,
    /// X extensions to switch on or off.
    Extensions EXTENSIONS true,
    /// Who may use direct rendering.
    DRI DRI true,
    /// A keyboard, a mouse or the like.
    InputDevice INPUT_DEVICE false,
    /// The old form of a mouse.
    Pointer POINTER false,
    /// Options for input devices that are found at run time.
    InputClass INPUT_CLASS false,
    /// Options for graphics boards that are found at run time.
    OutputClass OUTPUT_CLASS false,
    /// A graphics board, or one head of it.
    Device DEVICE false,
    /// A video overlay.
    VideoAdaptor VIDEO_ADAPTOR false,
    /// What a monitor can show.
    Monitor MONITOR false,
    /// Modes that several monitors share.
    Modes MODES false,
    /// A board and a monitor together.
    Screen SCREEN false,
    /// What only one vendor's driver understands.
    Vendor VENDOR false,
}

impl SectionKind {
    pub(super) fn list() -> String {
        Self::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// As the server compares names: in any case, with `_` and blanks passed over.
impl FromStr for SectionKind {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let found = Self::ALL.iter().find(|kind| same_name(kind.name(), text));
        let problem = || Problem::UnknownSection { found: excerpt(text) };
        found.copied().ok_or_else(|| ParseError { line: 1, section: None, problem: problem() })
    }
}

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

static LAYOUT: Grammar = section(
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

static FILES: Grammar = section(
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

static MODULE: Grammar = section(
    &[
        ("Load", Text),
        ("LoadDriver", Text),
        ("Disable", Text),
        ("SubSection", ForgivingSubsection(&MODULE_OPTIONS)),
    ],
    false,
);

static MODULE_OPTIONS: Grammar = subsection(&[("Option", OptionLine)]);

static FLAGS: Grammar = section(
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

static EXTENSIONS: Grammar = section(&[("Option", OptionLine)], false);

static DRI: Grammar = section(&[("Group", TextOrNumber), ("Mode", Octal)], false);

static INPUT_DEVICE: Grammar =
    section(&[("Identifier", Identifier), ("Driver", Text), ("Option", OptionLine)], true);

static POINTER: Grammar = section(
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

static INPUT_CLASS: Grammar = section(
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

static OUTPUT_CLASS: Grammar = section(
    &[
        ("Identifier", Identifier),
        ("Driver", Text),
        ("ModulePath", Text),
        ("Option", OptionLine),
        ("MatchDriver", Text),
    ],
    true,
);

static DEVICE: Grammar = section(
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

static VIDEO_ADAPTOR: Grammar = section(
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

static VIDEO_PORT: Grammar = subsection(&[("Identifier", Identifier), ("Option", OptionLine)]);

static MONITOR: Grammar = section(
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

static MODES: Grammar = section(&[("Identifier", Identifier), ("ModeLine", ModeLine), ("Mode", Mode)], true);

pub(super) static VERBOSE_MODE: Grammar = Grammar {
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
pub(super) const MODE_FLAGS: &[(&str, bool)] = &[
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

static SCREEN: Grammar = section(
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

static DISPLAY: Grammar = subsection(&[
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

static VENDOR: Grammar = section(
    &[("Identifier", Identifier), ("Option", OptionLine), ("SubSection", Subsection(&VENDOR_OPTIONS))],
    true,
);

static VENDOR_OPTIONS: Grammar = subsection(&[("Identifier", Never), ("Option", OptionLine)]);
