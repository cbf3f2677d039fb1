//! Options for devices that are found at run time.

use super::field::quoted;
use super::{Options, Writer, part};
use crate::conf::name::boolean;
use crate::conf::view::{EntryView, SectionView};

part! {
    /// Options for input devices that are found at run time.
    InputClass {
        /// What the log calls it.
        "Identifier" identifier: String = identifier,
        /// The driver.
        "Driver" driver: Option<String> = driver,
        /// All of these must hold.
        "Match" matches: Vec<Match> = matches,
        /// All of these must hold.
        "MatchIs" device_types: Vec<(DeviceType, bool)> = device_types,
        /// Options.
        "Option" options: Options = options,
    }
}

part! {
    /// Options for graphics boards that are found at run time.
    OutputClass {
        /// What the log calls it.
        "Identifier" identifier: String = identifier,
        /// The driver.
        "Driver" driver: Option<String> = text,
        /// Where its modules are.
        "ModulePath" module_path: Vec<String> = each,
        /// Kernel drivers, `|` between those of which one must fit.
        "MatchDriver" kernel_drivers: Vec<String> = each,
        /// Options.
        "Option" options: Options = options,
    }
}

/// What a device must be, or must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// What is looked at.
    pub attribute: MatchAttribute,
    /// Whether none of the values may fit, instead of one of them.
    pub negated: bool,
    /// The values.
    pub values: Vec<String>,
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $($(#[$variant_doc:meta])* $variant:ident $keyword:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant),*];

            pub(super) const fn keyword(self) -> &'static str {
                match self { $(Self::$variant => $keyword),* }
            }

            fn find(keyword: &str) -> Option<Self> {
                Self::ALL.iter().find(|kind| kind.keyword() == keyword).copied()
            }
        }
    };
}

names! {
    /// What an input class looks at.
    MatchAttribute,
    /// Part of the device's name.
    Product "MatchProduct",
    /// Part of its maker's name.
    Vendor "MatchVendor",
    /// A pattern of its path.
    DevicePath "MatchDevicePath",
    /// The operating system.
    Os "MatchOS",
    /// A pattern of its plug-and-play number.
    PnpId "MatchPnPID",
    /// A pattern of its USB numbers.
    UsbId "MatchUSBID",
    /// The driver so far.
    Driver "MatchDriver",
    /// A tag.
    Tag "MatchTag",
    /// The layout of the server.
    Layout "MatchLayout",
}

names! {
    /// What kind of input device a class asks for.
    DeviceType,
    /// A keyboard.
    Keyboard "MatchIsKeyboard",
    /// A mouse or the like.
    Pointer "MatchIsPointer",
    /// A joystick.
    Joystick "MatchIsJoystick",
    /// A drawing tablet.
    Tablet "MatchIsTablet",
    /// The buttons of a drawing tablet.
    TabletPad "MatchIsTabletPad",
    /// A touchpad.
    Touchpad "MatchIsTouchpad",
    /// A touch screen.
    Touchscreen "MatchIsTouchscreen",
}

impl Match {
    pub(super) fn read(entry: &EntryView<'_>) -> Option<Self> {
        let keyword = entry.keyword();
        let (negated, keyword) =
            keyword.strip_prefix("No").map_or((false, keyword), |positive| (true, positive));
        let attribute = MatchAttribute::find(keyword)?;
        let values = entry.values().next()?.as_str().split('|').filter(|value| !value.is_empty());
        Some(Self { attribute, negated, values: values.map(str::to_owned).collect() })
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let no = if self.negated { "No" } else { "" };
        out.line(&format!("{no}{}", self.attribute.keyword()), &quoted(&self.values.join("|")));
    }
}

impl DeviceType {
    /// The last word on each kind.
    pub(super) fn read(section: SectionView<'_>) -> Vec<(Self, bool)> {
        let mut kinds: Vec<(Self, bool)> = Vec::new();
        for entry in section.entries() {
            let value = entry.values().next().and_then(|value| boolean(value.as_str()));
            let (Some(kind), Some(value)) = (Self::find(entry.keyword()), value) else { continue };
            match kinds.iter_mut().find(|(old, _)| *old == kind) {
                Some((_, old)) => *old = value,
                None => kinds.push((kind, value)),
            }
        }
        kinds
    }
}
