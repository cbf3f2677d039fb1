//! What the sections mean, as plain values that can be built and printed.

use super::view::SectionView;

mod class;
mod device;
mod field;
mod input;
mod layout;
mod mode;
mod monitor;
mod options;
mod screen;
mod server;

pub use class::{DeviceType, InputClass, Match, MatchAttribute, OutputClass};
pub use device::{Device, VideoAdaptor, VideoPortSection};
pub use input::InputDevice;
pub use layout::{LayoutInput, LayoutScreen, Position, ServerLayout};
pub use mode::{ConfiguredMode, ModeFlag};
pub use monitor::{FrequencyRange, Modes, Monitor};
pub use options::{ConfigOption, Options};
pub use screen::{Display, Screen};
pub use server::{
    Dri, DriGroup, Extensions, Files, Load, LoadKind, Module, ServerFlags, Vendor, VendorSubsection,
};

pub(super) use field::Writer;

/// A section that can be read and printed.
pub(super) trait Part: Sized {
    /// Reads what the server would keep.
    fn read(section: SectionView<'_>) -> Self;
    /// Prints the inside.
    fn write(&self, out: &mut Writer);
}

/// A structure with one field for each keyword.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $keyword:literal $field:ident: $type:ty = $kind:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl crate::conf::model::Part for $name {
            fn read(section: crate::conf::view::SectionView<'_>) -> Self {
                Self { $($field: crate::conf::model::field::$kind::read(section, $keyword),)* }
            }

            fn write(&self, out: &mut crate::conf::model::Writer) {
                $(crate::conf::model::field::$kind::write(&self.$field, $keyword, out);)*
            }
        }
    };
}

use part;
