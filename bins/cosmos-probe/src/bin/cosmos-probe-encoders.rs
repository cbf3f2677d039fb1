//! Tries the video encoders of this machine for `cosmos-probe --encoders`.

use std::{
    error::Error,
    process::ExitCode,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use cosmos_desktop::Size;
use cosmos_encoder::{Capabilities, Demand, EncodeError, EncoderConfig, EncoderInfo};
use cosmos_vulkan_probe::child::{self, Teller};

#[path = "../encoders.rs"]
mod encoders;

use encoders::{Encoder, EncoderFacts, PROGRAM, TASK};

fn main() -> ExitCode {
    cosmos_encoder::child::hook();
    child::task(TASK, gather);
    eprintln!("{PROGRAM} is started by `cosmos-probe --encoders`");
    ExitCode::from(USAGE)
}

fn gather(teller: &mut Teller) {
    teller.doing("starting GStreamer");
    let mut facts = EncoderFacts::default();
    if let Err(error) = find(&mut facts, teller) {
        facts.error = Some(chain(&error));
    }
    teller.facts(&facts);
}

fn find(facts: &mut EncoderFacts, teller: &mut Teller) -> Result<(), EncodeError> {
    let installed = Capabilities::installed()?;
    facts.encoders = listed(&installed);
    teller.facts(facts);
    try_all(facts, teller);
    teller.doing("opening the best encoder");
    let info = choose(&capabilities(&installed, facts))?;
    for (name, reason) in info.not_chosen {
        let encoder = facts.encoders.iter_mut().find(|encoder| encoder.element == name);
        if let Some(encoder) = encoder {
            encoder.reason = Some(reason);
        }
    }
    (facts.chosen, facts.reason) = (Some(info.element), Some(info.reason));
    Ok(())
}

fn listed(installed: &Capabilities) -> Vec<Encoder> {
    let here = installed.works.iter().map(|working| Encoder {
        element: working.element.clone(),
        codec: Some(working.codec.to_string()),
        hardware: Some(working.hardware),
        ..Encoder::default()
    });
    let missing = installed.broken.iter().map(|(element, reason)| Encoder {
        element: element.clone(),
        works: Some(false),
        reason: Some(reason.clone()),
        ..Encoder::default()
    });
    here.chain(missing).collect()
}

/// Tries those that are installed side by side, each in a child, and tells of each as soon as it has ended.
fn try_all(facts: &mut EncoderFacts, teller: &mut Teller) {
    let untried = facts.encoders.iter().filter(|encoder| encoder.works.is_none());
    let mut left = untried.map(|encoder| encoder.element.clone()).collect::<Vec<_>>();
    thread::scope(|scope| {
        let (sender, ended) = channel();
        for name in left.clone() {
            let sender = sender.clone();
            scope.spawn(move || try_one(name, &sender));
        }
        drop(sender);
        teller.doing(&format!("encoding with {}", left.join(", ")));
        for (name, against) in ended {
            left.retain(|other| *other != name);
            let encoder = facts.encoders.iter_mut().find(|encoder| encoder.element == name);
            if let Some(encoder) = encoder {
                encoder.works = Some(against.is_none());
                encoder.reason.clone_from(&against);
            }
            teller.facts(facts);
            teller.doing(&format!("encoding with {}", left.join(", ")));
        }
    });
}

fn try_one(name: String, sender: &Sender<(String, Option<String>)>) {
    let found = Capabilities::probe_named(&[&name], DEADLINE);
    let against = found.broken.into_iter().next().map(|(_, reason)| reason);
    // The receiver outlives all senders.
    let _ = sender.send((name, against));
}

fn capabilities(installed: &Capabilities, facts: &EncoderFacts) -> Capabilities {
    let (works, broken): (Vec<_>, Vec<_>) =
        facts.encoders.iter().partition(|encoder| encoder.works == Some(true));
    let is_one = |name: &String| works.iter().any(|encoder| encoder.element == *name);
    let reason = |encoder: &Encoder| encoder.reason.clone().unwrap_or_default();
    Capabilities {
        works: installed.works.iter().filter(|working| is_one(&working.element)).cloned().collect(),
        broken: broken.into_iter().map(|encoder| (encoder.element.clone(), reason(encoder))).collect(),
    }
}

/// What a stream would have whose user asks for no encoder by name.
fn choose(capabilities: &Capabilities) -> Result<EncoderInfo, EncodeError> {
    let demand = Demand { bitrate_kbps: 1000, fps: 30, keyframe: true };
    let opened = cosmos_encoder::open(&EncoderConfig::default(), capabilities, Size::new(320, 240), demand)?;
    Ok(opened.info().clone())
}

/// An error on one line, with what caused it.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// How long one encoder may take: half of what `cosmos-probe` waits for all of them, unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(5);
const USAGE: u8 = 64;
