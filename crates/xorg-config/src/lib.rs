//! Display configuration as values: modelines, what a port can carry, EDID, and `xorg.conf` documents.
//!
//! Nothing here touches a file, a process or the network: text and bytes come in, text and bytes go out. What other
//! programs do by calling `cvt`, `gtf`, `edid-decode` and `nvidia-xconfig` and cutting their answers with `sed`, this
//! does in process, with errors that say which value was wrong and what is accepted.
//!
//! # From a size to a modeline
//!
//! A [`ModeRequest`] is a size, a rate and a scan. [`Cvt`], [`Gtf`] and [`ovt`] turn it into a [`Timing`] or a named
//! [`Modeline`]; [`DmtMode`], [`CtaMode`] and [`HdmiMode`] are the tables of fixed ones. `cvt -r` fails in silence at
//! 75 Hz; here every rate has an answer or a reason.
//!
//! ```
//! use cosmos_xorg_config::{Cvt, ModeRequest};
//! let request: ModeRequest = "1920x1080@75".parse()?;
//! let mode = Cvt::reduced_for(request.refresh()).modeline(&request)?;
//! assert_eq!(mode.timing().refresh_rate().expect("a rate").hz().round(), 75.0);
//! // What `cvt -r 1920 1080` prints, byte for byte.
//! let line = Cvt::XorgCompat { reduced: true }.modeline(&"1920x1080@60".parse()?)?;
//! assert_eq!(
//!     line.to_string(),
//!     "Modeline \"1920x1080R\"  138.50  1920 1968 2000 2080  1080 1083 1088 1111 +hsync -vsync"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whether it gets through
//!
//! [`Link`] knows what cables carry, [`allowed`] what the NVIDIA driver lets an output without a monitor show. A
//! refusal comes with the limit, its reason and the best mode below it.
//!
//! ```
//! use cosmos_xorg_config::{Cvt, Gpu, GpuClass, VideoPort, allowed};
//! let mode = Cvt::XorgCompat { reduced: true }.timing(&"3840x2160@60".parse()?)?;
//! let gpu = Gpu { class: GpuClass::Consumer, driver: Some((535, 129, 3)) };
//! let refused = allowed(&mode, "DFP".parse::<VideoPort>()?, gpu).unwrap_err();
//! assert!(refused.to_string().contains("use DP-0 or driver 550"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A monitor that is not there
//!
//! [`EdidSpec`] describes one and writes the bytes; [`Edid`] reads any, keeps what it does not understand, and gives
//! back the very same bytes.
//!
//! ```
//! use cosmos_xorg_config::{Cvt, Edid, EdidSpec, edid::LinkProfile};
//! let mode = Cvt::XorgCompat { reduced: true }.timing(&"2560x1440@60".parse()?)?;
//! let bytes = EdidSpec::new(LinkProfile::DisplayPort, mode)?.name("COSMOS")?.to_edid();
//! let edid = Edid::parse(bytes.as_bytes())?;
//! assert_eq!((edid.name().as_deref(), edid.preferred_timing()), (Some("COSMOS"), Some(mode)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Files for the X server
//!
//! A [`Document`] is a file of which nothing is lost: comments and spacing survive an edit. [`Config`] is what the server
//! makes of one or more of them. [`HeadlessNvidia`] and [`SoftwareDummy`] write whole files, with a [`Note`] for
//! everything that may surprise.
//!
//! ```
//! use cosmos_xorg_config::{Document, Place, SectionKind, SoftwareDummy};
//! let prepared = SoftwareDummy::for_size(1920, 1080)?.prepare()?;
//! assert!(prepared.document.as_str().contains("\"dummy\""));
//!
//! let mut document: Document = "Section \"ServerFlags\" # ours\nEndSection\n".parse()?;
//! document.set_option(Place::only(SectionKind::ServerFlags), "DontZap", Some("True"))?;
//! assert!(document.as_str().starts_with("Section \"ServerFlags\" # ours\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
