//! EDID: what a display says about itself, read and written.
//!
//! [`Edid`] reads any EDID, keeps its bytes and shows what they mean: base block ([`BaseBlock`]), CTA-861
//! ([`CtaExtension`]) and DisplayID ([`DisplayIdSection`]) extensions, block maps, others as bytes. Nothing that is
//! not understood is lost. [`EdidSpec`] describes a monitor that does not exist and writes its EDID, for a server
//! that shall show a picture without one.
//!
//! Sources: VESA E-EDID 1.3 and 1.4, VESA DisplayID 1.3 and 2.0, CTA-861-H, HDMI 1.4b and 2.1.

mod base;
mod cta;
mod descriptor;
mod detailed;
mod displayid;
mod displayid_timing;
mod document;
mod error;
mod hex;
mod layout;
mod listed;
mod modes;
mod recover;
mod spec;
mod write;
mod write_cta;
mod write_displayid;

pub use base::{BaseBlock, Date, Interface, Manufacturer, ScreenSize, VideoInput};
pub use cta::{AudioFormat, CtaExtension, DataBlock, Hdmi, HdmiForum, HdrStaticMetadata, VideoCode};
pub use descriptor::{Descriptor, RangeLimits};
pub use detailed::DetailedTiming;
pub use displayid::{DisplayIdBlock, DisplayIdParameters, DisplayIdProduct, DisplayIdSection};
pub use displayid_timing::DisplayIdTiming;
pub use document::{Edid, Extension};
pub use error::{EdidError, EdidSpecError};
pub use hex::bytes_from_hex;
pub use listed::{ListedTiming, TimingSource};
pub use spec::{EdidSpec, LinkProfile, Serial};
