//! Which encoder is opened, and the reasons.

use cosmos_desktop::Size;
use gstreamer as gst;

use crate::{
    Capabilities, Choice, Demand, EncodeError, EncoderConfig, EncoderInfo, VideoEncoder,
    encoder::ElementEncoder,
    fallover::Fallover,
    plan::Plan,
    registry,
    table::{self, Maker, Row},
    threads::Threads,
};

/// Opens the encoder that is asked for, or the best of those that work: hardware before software, and only what the
/// viewers decode. One that fails to start after all counts as one that does not work.
///
/// The name of an element of the GPU stands for its circuit, whichever element of that works; where none does, the best
/// of the others is opened, and [`EncoderInfo::instead_of`] says why. An encoder that fails later on is replaced by the
/// next one, with a [`Switch`](crate::Switch), and comes back when it works again.
///
/// # Errors
/// [`EncodeError::Unknown`] for a name that is none of an encoder, [`EncodeError::NotWorking`] for one on the CPU that
/// does not work here, [`EncodeError::NoneWorks`] when no encoder works, [`EncodeError::Start`] when GStreamer does not.
pub fn open(
    config: &EncoderConfig,
    capabilities: &Capabilities,
    size: Size,
    demand: Demand,
) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    gst::init().map_err(EncodeError::Start)?;
    let plan = Plan::new(config, capabilities)?;
    if plan.candidates.iter().any(|row| row.maker == Maker::Nvidia) {
        registry::wake();
    }
    let threads = Threads::new(config.threads);
    let mut failed = Vec::new();
    for (rank, row) in plan.first().iter().enumerate() {
        match ElementEncoder::start(row, threads, size, demand) {
            Ok(encoder) => {
                let info = info(config, &plan, rank, &failed);
                return Ok(Box::new(Fallover::new(encoder, info, plan.candidates, rank, threads)));
            }
            Err(error) => failed.push((row.to_string(), error)),
        }
    }
    Err(refusal(config, &plan, failed))
}

fn info(config: &EncoderConfig, plan: &Plan, rank: usize, failed: &[(String, EncodeError)]) -> EncoderInfo {
    let row = plan.candidates[rank];
    let failed = failed.iter().map(|(element, error)| (element.clone(), error.to_string()));
    let against = plan.against.iter().cloned().chain(failed).collect::<Vec<_>>();
    let (reason, instead_of) = match &config.choice {
        Choice::Auto if against.is_empty() => ("the best there is".to_owned(), None),
        Choice::Auto => ("the best of those that work".to_owned(), None),
        Choice::Named(name) if rank < plan.asked && name == row.element => {
            ("asked for by name".to_owned(), None)
        }
        Choice::Named(name) if rank < plan.asked => (format!("asked for as {name}"), None),
        Choice::Named(name) => {
            let why = why(name, &against);
            (format!("{name} does not work here ({why}); the best of the others"), Some(name.clone()))
        }
    };
    EncoderInfo {
        element: row.element.into(),
        codec: row.codec,
        sampling: row.sampling(),
        hardware: row.hardware(),
        reason,
        instead_of,
        not_chosen: not_chosen(config, plan, row, &against),
    }
}

/// What speaks against what was asked for.
fn why(name: &str, against: &[(String, String)]) -> String {
    let first = against.iter().find(|(element, _)| element == name).or_else(|| against.first());
    first.map_or_else(|| "it is not there".to_owned(), |(_, reason)| reason.clone())
}

/// The others in the order of the table, each with a reason.
fn not_chosen(
    config: &EncoderConfig,
    plan: &Plan,
    chosen: &Row,
    against: &[(String, String)],
) -> Vec<(String, String)> {
    let others = table::rows().filter(|row| row.element != chosen.element);
    let reason = |row: &&Row| {
        let known = against.iter().find(|(element, _)| element == row.element);
        let preferred = || match config.choice {
            Choice::Named(_) if plan.candidates.contains(row) => "not asked for".to_owned(),
            _ => format!("{} is preferred", chosen.element),
        };
        known.map_or_else(preferred, |(_, reason)| reason.clone())
    };
    // It may have been tried at 4:4:4 before.
    let full = chosen.in_full().map(ToString::to_string);
    let same = full.and_then(|full| against.iter().find(|(name, _)| *name == full).cloned());
    others.map(|row| (row.element.to_owned(), reason(&row))).chain(same).collect()
}

/// What to say when nothing could be opened.
fn refusal(config: &EncoderConfig, plan: &Plan, mut failed: Vec<(String, EncodeError)>) -> EncodeError {
    match &config.choice {
        Choice::Named(name) if !plan.lenient => {
            if let Some((_, error)) = failed.pop() {
                return error;
            }
            let mut works = plan.candidates.iter().map(|row| row.element).collect::<Vec<_>>();
            // One that codes at 4:4:4 as well stands there twice.
            works.dedup();
            let works = if works.is_empty() {
                "nothing works".into()
            } else {
                format!("works: {}", works.join(", "))
            };
            EncodeError::NotWorking { name: name.clone(), reason: why(name, &plan.against), works }
        }
        _ => {
            let failed = failed.into_iter().map(|(element, error)| (element, error.to_string()));
            none_works(&failed.chain(plan.against.iter().cloned()).collect::<Vec<_>>())
        }
    }
}

/// What speaks against encoders, as `NAME, NAME: REASON`: those with one reason together, in the order of the first.
pub(crate) fn by_reason(against: &[(String, String)]) -> Vec<String> {
    let mut reasons: Vec<&str> = Vec::new();
    for (_, reason) in against {
        if !reasons.contains(&reason.as_str()) {
            reasons.push(reason);
        }
    }
    let finding = |reason: &str| {
        let same = against.iter().filter(|(_, other)| other == reason).map(|(element, _)| element.as_str());
        format!("{}: {reason}", same.collect::<Vec<_>>().join(", "))
    };
    reasons.into_iter().map(finding).collect()
}

fn none_works(against: &[(String, String)]) -> EncodeError {
    let findings = by_reason(against);
    let mut packages = table::rows().filter(|row| !row.hardware()).map(|row| row.package).collect::<Vec<_>>();
    packages.sort_unstable();
    packages.dedup();
    EncodeError::NoneWorks { findings: findings.join("; "), packages: packages.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_with_one_reason_against_them_are_told_together() {
        let against = [("a", "no GPU"), ("b", "not installed"), ("c", "no GPU")]
            .map(|(element, reason)| (element.to_owned(), reason.to_owned()));
        let text = none_works(&against).to_string();
        assert!(text.contains("(a, c: no GPU; b: not installed)"), "{text}");
    }
}
