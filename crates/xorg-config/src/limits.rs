//! What a link can carry, and what the NVIDIA driver lets an output without a screen show.
//!
//! A limit is a pixel clock and not a size: 1920x1200 at 60 Hz is 193.25 MHz with normal blanking, which single-link
//! DVI can not carry, and 154 MHz with reduced blanking, which it can.

use thiserror::Error;

use crate::modeline::Modeline;
use crate::port::{Connector, VideoPort};
use crate::timing::Timing;
use crate::units::PixelClock;

mod alternative;
mod link;

pub use link::{DisplayPortLanes, DisplayPortRate, FixedRateLink, Link};

/// What decides how much an output without a screen may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gpu {
    /// The kind of board.
    pub class: GpuClass,
    /// The driver, as in 535.129.03. Where it is not known the limits of old ones hold, for a mode within them
    /// works with all.
    pub driver: Option<(u16, u16, u16)>,
}

/// For whom a board is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GpuClass {
    /// GeForce and TITAN.
    Consumer,
    /// Quadro, RTX A, RTX Ada.
    Professional,
    /// Tesla and its successors: T4, A10, L40, H100.
    DataCentre,
}

/// Whether the driver will set a mode on an output that has no screen, with the usual checks switched off
/// (`ModeValidation`).
///
/// Drivers before 550 hold digital outputs to the clock of DVI: one link, 165 MHz, or two on data-centre boards,
/// 330 MHz. In modes with reduced blanking that is 1920x1200 and 2560x1600 at 60 Hz. DisplayPort is free of that,
/// and so is everything digital from 550 on. Analogue outputs end at 400 MHz.
///
/// ```
/// use cosmos_xorg_config::{Cvt, Gpu, GpuClass, VideoPort, allowed};
/// let mode = Cvt::XorgCompat { reduced: true }.timing(&"2560x1600".parse()?)?;
/// let gpu = Gpu { class: GpuClass::Consumer, driver: Some((535, 129, 3)) };
/// let refused = allowed(&mode, VideoPort::default(), gpu).unwrap_err();
/// assert_eq!(refused.best.expect("smaller sizes fit").name(), "1920x1200R");
/// assert!(allowed(&mode, VideoPort::default(), Gpu { class: GpuClass::DataCentre, ..gpu }).is_ok());
/// assert!(allowed(&mode, "DP-0".parse()?, gpu).is_ok());
/// assert!(allowed(&mode, VideoPort::default(), Gpu { driver: Some((550, 54, 14)), ..gpu }).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Refused`], with the clock that is allowed and the best mode below it.
pub fn allowed(timing: &Timing, port: VideoPort, gpu: Gpu) -> Result<(), Refused> {
    match limit(port.connector, gpu) {
        Some((limit, why)) if timing.clock > limit => {
            let best = alternative::below(limit, timing).map(Box::new);
            Err(Refused { timing: *timing, port, limit, why, best })
        }
        _ => Ok(()),
    }
}

/// A mode is too fast for an output.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{}x{} needs a pixel clock of {}; {port} allows {limit} {why}{}",
    timing.horizontal.active, timing.vertical.active, timing.clock,
    best.as_ref().map_or(String::new(), |best| format!("; best instead: {}", best.name()))
)]
pub struct Refused {
    /// What was asked.
    pub timing: Timing,
    /// On which output.
    pub port: VideoPort,
    /// The highest clock there.
    pub limit: PixelClock,
    /// Where the limit comes from.
    pub why: Limit,
    /// The same size at the highest rate that fits, if that is at least 50 Hz; else the largest common size that
    /// fits, of the same aspect ratio where there is one. Always with reduced blanking.
    pub best: Option<Box<Modeline>>,
}

/// Where a limit comes from, and what lifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Limit {
    /// The driver takes the output for single-link DVI.
    #[error("before driver 550, as on one DVI link; use DP-0 or driver 550")]
    SingleLink,
    /// The driver takes the output for dual-link DVI.
    #[error("before driver 550 on data-centre boards, as on two DVI links; use DP-0 or driver 550")]
    DualLink,
    /// The output has a digital-to-analogue converter.
    #[error("as on analogue outputs; use a digital one")]
    Analogue,
}

/// The highest clock, where there is one.
const fn limit(connector: Connector, gpu: Gpu) -> Option<(PixelClock, Limit)> {
    let lifted = matches!(gpu.driver, Some((550.., ..)));
    match (connector, gpu.class) {
        (Connector::Crt(_) | Connector::Vga(_) | Connector::Tv(_), _) => {
            Some((Link::Analogue.max_clock(), Limit::Analogue))
        }
        (Connector::DisplayPort { .. } | Connector::UsbC(_), _) => None,
        _ if lifted => None,
        (_, GpuClass::DataCentre) => Some((Link::DviDual.max_clock(), Limit::DualLink)),
        _ => Some((Link::DviSingle.max_clock(), Limit::SingleLink)),
    }
}

#[cfg(test)]
mod tests;
