//! Findings about who encodes video.

use cosmos_nvidia_driver::Gpu;
use cosmos_vulkan_probe::{Answer, Failure, NvencDevice, Verdict};

use super::Finding;
use crate::{
    encoders::{Encoder, EncoderFacts, GSTREAMER},
    machine::{Machine, facts},
};

pub fn nvenc_engine(machine: &Machine) -> Finding {
    let devices = nvenc(machine);
    let error = facts(&machine.report.nvenc).and_then(|facts| facts.error.clone());
    if let Some(device) = devices.iter().find(|device| matches!(device.open, Some(1 | 2))) {
        let evidence =
            format!("{}: no NVENC engine (status {})", device.name, device.open.unwrap_or_default());
        return Finding::warn(evidence, "This GPU cannot encode video: use x264enc.");
    }
    match (devices.iter().find(|device| !device.codecs.is_empty()), error) {
        (Some(device), _) => Finding::ok(format!("{}: a session was opened", device.name)),
        (None, Some(_)) if machine.is_without_gpu() => {
            Finding::not_applicable("no NVIDIA GPU is visible: the processor encodes")
        }
        (None, Some(error)) => {
            Finding::warn(error, "Add video to NVIDIA_DRIVER_CAPABILITIES, or use x264enc.")
        }
        (None, None) => Finding::unknown("no NVENC session was tried"),
    }
}

pub fn nvenc_sessions(machine: &Machine) -> Finding {
    let devices = nvenc(machine);
    let Some(device) = devices.iter().find(|device| device.open.is_some()) else {
        return match machine.is_without_gpu() {
            true => Finding::not_applicable("no NVIDIA GPU is visible"),
            false => Finding::unknown("no NVENC session was tried"),
        };
    };
    let version = machine.driver.as_ref().and_then(|driver| driver.kernel());
    let limit = |name: &str| {
        let mut gpu = Gpu::at("0000:00:00.0".parse().ok()?);
        gpu.name = Some(name.to_owned());
        gpu.class().nvenc_sessions(version.as_ref()?)
    };
    let known = version.as_ref().map_or("unknown", |version| version.as_str());
    match devices.iter().find(|device| matches!(device.open, Some(10 | 21))) {
        Some(device) => Finding::fail(
            format!("{}: {}", device.name, device.meaning),
            match limit(&device.name) {
                Some(limit) => {
                    format!(
                        "All {limit} NVENC sessions of this machine are in use (limit for driver {known}): end one."
                    )
                }
                None => "All NVENC sessions of this machine are in use: end one.".to_owned(),
            },
        ),
        None => Finding::ok(format!("{}: {}", device.name, device.meaning)),
    }
}

pub fn encoders(machine: &Machine) -> Finding {
    let Some(answer) = &machine.encoders else {
        return Finding::unknown("no encoder was tried: cosmos-probe-encoders is not beside cosmos-probe");
    };
    if let Some(Failure::NotStarted { reason }) = &answer.failure {
        return Finding::unknown(format!("no encoder was tried: {reason}"));
    }
    if let Some(reason) = machine.without_encoders() {
        return Finding::warn(reason, format!("apt-get install {GSTREAMER}"));
    }
    match facts(&machine.encoders).and_then(EncoderFacts::chosen) {
        Some(chosen) => chosen_one(machine, chosen),
        None => none_works(answer),
    }
}

fn chosen_one(machine: &Machine, chosen: &Encoder) -> Finding {
    let codec = chosen.codec.as_deref().unwrap_or("unknown codec");
    let evidence = format!("{} ({codec}) works and is taken", chosen.element);
    if machine.nvenc() != Verdict::Hardware || chosen.hardware == Some(true) {
        return Finding::ok(evidence);
    }
    let all = facts(&machine.encoders).into_iter().flat_map(|facts| &facts.encoders);
    let against = all.filter(|encoder| encoder.element.starts_with("nv")).map(|encoder| {
        format!("; {}: {}", encoder.element, encoder.reason.as_deref().unwrap_or("no answer"))
    });
    let evidence = format!("{evidence}, although the GPU encodes{}", against.collect::<String>());
    Finding::warn(evidence, "apt-get install gstreamer1.0-plugins-bad, which has the encoders of NVIDIA.")
}

fn none_works(answer: &Answer<EncoderFacts>) -> Finding {
    let found = answer.facts.as_ref();
    let error = found.and_then(|facts| facts.error.clone());
    let failure = answer.failure.as_ref().map(|failure| format!("the attempt {failure}"));
    let evidence = error.or(failure).unwrap_or_else(|| "no encoder works".to_owned());
    Finding::fail(evidence, format!("apt-get install {GSTREAMER}"))
}

pub fn nvenc(machine: &Machine) -> &[NvencDevice] {
    facts(&machine.report.nvenc).map(|facts| &facts.devices[..]).unwrap_or_default()
}
