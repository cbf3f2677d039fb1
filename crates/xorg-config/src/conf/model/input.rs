//! Input devices that are named in the file.

use super::field::{identifier, options, text};
use super::{Options, Part, Writer, field};
use crate::conf::grammar::SectionKind;
use crate::conf::view::SectionView;

/// A keyboard, a mouse or the like.
///
/// The old section `Pointer` is read as what the server makes of it: a device called [`Self::IMPLICIT_POINTER`] with
/// the driver `mouse`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputDevice {
    /// What a layout calls it.
    pub identifier: String,
    /// The driver.
    pub driver: Option<String>,
    /// Options.
    pub options: Options,
}

impl InputDevice {
    /// What the server calls the device of a section `Pointer`.
    pub const IMPLICIT_POINTER: &str = "Implicit Core Pointer";
}

impl Part for InputDevice {
    fn read(section: SectionView<'_>) -> Self {
        match section.kind() {
            Some(SectionKind::Pointer) => pointer(section),
            _ => Self {
                identifier: identifier::read(section, "Identifier"),
                driver: field::driver::read(section, "Driver"),
                options: options::read(section, "Option"),
            },
        }
    }

    fn write(&self, out: &mut Writer) {
        identifier::write(&self.identifier, "Identifier", out);
        text::write(&self.driver, "Driver", out);
        options::write(&self.options, "Option", out);
    }
}

fn pointer(section: SectionView<'_>) -> InputDevice {
    let mut options = Options::read(section, |keyword| match keyword {
        "Port" => Some("Device".to_owned()),
        "AlwaysCore" => None,
        keyword => Some(keyword.to_owned()),
    });
    options.set("CorePointer", None);
    InputDevice {
        identifier: InputDevice::IMPLICIT_POINTER.to_owned(),
        driver: Some("mouse".to_owned()),
        options,
    }
}
