//! Which encoder is opened, and the reasons.

use std::thread;

use cosmos_desktop::Size;
use gstreamer as gst;

use crate::{
    Capabilities, Choice, Demand, EncodeError, EncoderConfig, EncoderInfo, VideoEncoder,
    encoder::ElementEncoder,
    table::{self, Row, TABLE},
};

/// Opens the encoder that is asked for, or the best of those that work. One that fails to start after all counts as
/// one that does not work.
///
/// # Errors
/// [`EncodeError::Unknown`] for a name that is none of an encoder, [`EncodeError::NotWorking`] for one that does not
/// work here, [`EncodeError::NoneWorks`] when no encoder works, [`EncodeError::Start`] when GStreamer does not.
pub fn open(
    config: &EncoderConfig,
    capabilities: &Capabilities,
    size: Size,
    demand: Demand,
) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    gst::init().map_err(EncodeError::Start)?;
    let start = |row, info| ElementEncoder::start(row, info, threads(config.threads), size, demand);
    match &config.choice {
        Choice::Auto => best(capabilities, start),
        Choice::Named(name) => named(table::row(name)?, capabilities, start),
    }
    .map(|encoder| Box::new(encoder) as Box<dyn VideoEncoder>)
}

type Started = Result<ElementEncoder, EncodeError>;

fn named(
    row: &'static Row,
    capabilities: &Capabilities,
    start: impl Fn(&'static Row, EncoderInfo) -> Started,
) -> Started {
    if let Some(reason) = capabilities.against(row.element) {
        let works = capabilities.works.iter().map(|working| working.element.as_str()).collect::<Vec<_>>();
        let works =
            if works.is_empty() { "nothing works".into() } else { format!("works: {}", works.join(", ")) };
        return Err(EncodeError::NotWorking { name: row.element.into(), reason, works });
    }
    let asked = || ("not asked for").to_owned();
    let others = TABLE.iter().filter(|other| other.element != row.element);
    let not_chosen = others.map(|other| {
        let reason = capabilities.against(other.element).unwrap_or_else(asked);
        (other.element.to_owned(), reason)
    });
    start(row, info(row, "asked for by name".into(), not_chosen.collect()))
}

fn best(capabilities: &Capabilities, start: impl Fn(&'static Row, EncoderInfo) -> Started) -> Started {
    let mut against: Vec<(String, String)> = Vec::new();
    for (rank, row) in TABLE.iter().enumerate() {
        if let Some(reason) = capabilities.against(row.element) {
            against.push((row.element.into(), reason));
            continue;
        }
        match start(row, info(row, reason(rank), not_chosen(&against, rank, capabilities))) {
            Ok(encoder) => return Ok(encoder),
            Err(error) => against.push((row.element.into(), error.to_string())),
        }
    }
    Err(none_works(&against))
}

fn reason(rank: usize) -> String {
    if rank == 0 { "the best there is".into() } else { "the best of those that work".into() }
}

fn not_chosen(
    against: &[(String, String)],
    rank: usize,
    capabilities: &Capabilities,
) -> Vec<(String, String)> {
    let worse = TABLE[rank + 1..].iter().map(|row| {
        let reason = capabilities.against(row.element);
        (row.element.to_owned(), reason.unwrap_or_else(|| format!("{} is preferred", TABLE[rank].element)))
    });
    against.iter().cloned().chain(worse).collect()
}

fn info(row: &Row, reason: String, not_chosen: Vec<(String, String)>) -> EncoderInfo {
    EncoderInfo { element: row.element.into(), codec: row.codec, hardware: row.hardware, reason, not_chosen }
}

fn none_works(against: &[(String, String)]) -> EncodeError {
    let findings = against.iter().map(|(element, reason)| format!("{element}: {reason}")).collect::<Vec<_>>();
    let mut packages = TABLE.iter().map(|row| row.package).collect::<Vec<_>>();
    packages.dedup();
    EncodeError::NoneWorks { findings: findings.join("; "), packages: packages.join(", ") }
}

/// One core is left to the rest of the machine, and more than four slices cost more bits than they save time.
fn threads(asked: Option<u32>) -> u32 {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    asked.map_or((cores - 1).clamp(1, 4), |threads| threads.clamp(1, 64))
}
