//! Display configuration as values: modelines, what a port can carry, EDID, and `xorg.conf` documents.
//!
//! Nothing here touches a file, a process or the network: text and bytes come in, text and bytes go out.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod bus_id;
mod conf;
pub mod edid;
mod generate;
mod limits;
mod modeline;
mod port;
mod recipe;
#[cfg(feature = "serde")]
mod serde_text;
mod tables;
mod timing;
mod units;

pub use bus_id::{BusId, BusIdError};
pub use conf::*;
pub use edid::{Edid, EdidError, EdidSpec, EdidSpecError};
pub use generate::{Blanking, Cvt, GenerateError, Gtf, GtfCurve, ModeRequest, ReducedV3, ovt};
pub use limits::{
    DisplayPortLanes, DisplayPortRate, FixedRateLink, Gpu, GpuClass, Limit, Link, Refused, allowed,
};
pub use modeline::{Modeline, ModelineError};
pub use port::{Connector, PortError, VideoPort, VideoPorts};
pub use recipe::{Compat, HeadlessNvidia, Note, NvidiaGpu, NvidiaHead, Prepared, RecipeError, SoftwareDummy};
pub use tables::{CtaMode, DmtMode, HdmiMode, Rid};
pub use timing::{Axis, Polarity, Scan, Timing};
pub use units::{PixelClock, RefreshRate, UnitError};
