//! Display configuration as values: modelines, what a port can carry, EDID, and `xorg.conf` documents.
//!
//! Nothing here touches a file, a process or the network: text and bytes come in, text and bytes go out.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod modeline;
mod port;
mod timing;
mod units;

pub use modeline::{Modeline, ModelineError};
pub use port::{Connector, PortError, VideoPort, VideoPorts};
pub use timing::{Axis, Polarity, Scan, Timing};
pub use units::{PixelClock, RefreshRate, UnitError};
