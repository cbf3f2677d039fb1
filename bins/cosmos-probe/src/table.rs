//! Facts and findings for people.

use std::fmt::Write;

use cosmos_vulkan_probe::{
    Answer, EglFacts, GlFacts, NvencFacts, PresentDevice, PresentFacts, Verdict, VulkanFacts,
};

use crate::{
    doctor::{self, Status},
    encoders::{Encoder, EncoderFacts, GSTREAMER, PROGRAM},
    machine::Machine,
    mode,
};

/// The facts of each area that was asked for.
pub fn facts(machine: &Machine) -> String {
    let mut lines = Lines::default();
    let report = &machine.report;
    lines.area("Vulkan", machine.vulkan(), &report.vulkan, vulkan);
    lines.area("Windows", machine.present(), &report.present, present);
    lines.area("GLX", machine.gl(), &report.gl, gl);
    lines.area("EGL", machine.egl(), &report.egl, egl);
    lines.area("NVENC", machine.nvenc(), &report.nvenc, nvenc);
    lines.encoders(machine);
    if let Some(driver) = &machine.driver {
        let kernel = driver.kernel_version.as_deref().unwrap_or("none");
        let versions = match machine.is_without_gpu() && driver.user_versions.is_empty() {
            true => "no NVIDIA GPU, kernel module or library".to_owned(),
            false => format!("kernel module {kernel}, libraries {}", list(&driver.user_versions)),
        };
        lines.row("Driver", &versions);
        if let Some(failure) = &machine.driver_failure {
            lines.row("", &format!("NVML {failure}"));
        }
        driver.findings.iter().for_each(|finding| lines.row("", finding));
        for gpu in &driver.gpus {
            let name = gpu.name.as_deref().unwrap_or("GPU");
            lines.row("", &format!("{name} at {}, {}", gpu.pci, gpu.uuid.as_deref().unwrap_or("no UUID")));
        }
    }
    lines.screen(machine);
    if machine.driver.is_some() && machine.xorg.is_some() {
        let reasons = mode::why_no_x_driver(machine);
        let answer = if reasons.is_empty() { "can run" } else { "cannot run" };
        lines.row("X driver", &format!("NVIDIA's {answer} here"));
        reasons.iter().for_each(|reason| lines.row("", reason));
    }
    lines.text
}

/// The findings, and the best mode in the last line.
pub fn diagnosis(machine: &Machine) -> String {
    let mut lines = Lines::default();
    for check in doctor::checks(machine) {
        let mark = match check.status {
            Status::Ok => "ok",
            Status::Warn => "WARN",
            Status::Fail => "FAIL",
            Status::Unknown => "?",
            Status::NotApplicable => "-",
        };
        lines.row(mark, &format!("{}: {}", check.id, check.evidence));
        if let Some(fix) = &check.fix {
            lines.row("", &format!("  -> {fix}"));
        }
    }
    lines.row("Best", &mode::best(machine).to_string());
    lines.text
}

#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    /// Drivers name themselves; what they write must not move a terminal's cursor.
    fn row(&mut self, name: &str, value: &str) {
        let value = value.chars().filter(|c| !c.is_control()).collect::<String>();
        let _ = writeln!(self.text, "{}", format!("{name:<9} {value}").trim_end());
    }

    fn encoders(&mut self, machine: &Machine) {
        let Some(answer) = &machine.encoders else { return };
        if let Some(reason) = machine.without_encoders() {
            self.row("Encoders", &format!("not tried: {reason}"));
            return self.row("", &format!("  -> {PROGRAM} lies beside this program, and needs {GSTREAMER}"));
        }
        let found = answer.facts.as_ref();
        let chosen = match found.and_then(EncoderFacts::chosen) {
            Some(chosen) => format!("{} is taken", chosen.element),
            None => "none works".to_owned(),
        };
        let why = found.and_then(|facts| facts.reason.as_ref()).map(|reason| format!(": {reason}"));
        self.row("Encoders", &format!("{chosen}{}, in {} ms", why.unwrap_or_default(), answer.elapsed_ms));
        if let Some(failure) = &answer.failure {
            self.row("", &format!("the attempt {failure}"));
        }
        found.iter().flat_map(|facts| &facts.encoders).for_each(|one| self.row("", &encoder(one)));
    }

    fn screen(&mut self, machine: &Machine) {
        let Some(answer) = &machine.screen else { return };
        let display = machine.settings.display.as_deref().unwrap_or_default();
        if let Some(failure) = &answer.failure {
            self.row("Screen", &format!("{display} {failure}"));
        }
        let Some(facts) = &answer.facts else { return };
        if let Some(error) = &facts.error {
            return self.row("Screen", &format!("{display}: {error}"));
        }
        let randr = facts.randr.as_ref().map_or("no RandR".to_owned(), |version| format!("RandR {version}"));
        let vendor = facts.vendor.as_deref().unwrap_or("unknown vendor");
        let (width, height) = (facts.width.unwrap_or_default(), facts.height.unwrap_or_default());
        self.row("Screen", &format!("{display} is {width}x{height}, {randr}, {vendor}"));
        facts.outputs.iter().for_each(|output| self.row("", &output.to_string()));
    }

    fn area<F>(
        &mut self,
        name: &str,
        verdict: Verdict,
        answer: &Option<Answer<F>>,
        show: fn(&F) -> Vec<String>,
    ) {
        let Some(answer) = answer else { return };
        let verdict =
            if verdict == Verdict::Nothing { "does not work".to_owned() } else { verdict.to_string() };
        self.row(name, &format!("{verdict}, in {} ms", answer.elapsed_ms));
        if let Some(failure) = &answer.failure {
            self.row("", &format!("the driver {failure}"));
            answer.log.iter().rev().take(3).rev().for_each(|line| self.row("", &format!("  {line}")));
        }
        answer.facts.iter().flat_map(show).for_each(|line| self.row("", &line));
    }
}

fn present(facts: &PresentFacts) -> Vec<String> {
    let display = facts.display.as_deref().unwrap_or("the X display");
    let device = |device: &PresentDevice| {
        let answer = if device.presents() { "draws" } else { "does not draw" };
        let why = device.present_modes_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        format!("{} ({}) {answer} in windows of {display}{why}", device.name, device.verdict)
    };
    facts.error.clone().into_iter().chain(facts.devices.iter().map(device)).collect()
}

fn encoder(encoder: &Encoder) -> String {
    let codec = encoder.codec.as_ref().map(|codec| format!(" ({codec})")).unwrap_or_default();
    let answer = match encoder.works {
        Some(true) => "works",
        Some(false) => "does not work",
        None => "gave no answer",
    };
    let reason = encoder.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{codec} {answer}{reason}", encoder.element)
}

fn vulkan(facts: &VulkanFacts) -> Vec<String> {
    let loader = facts.loader.as_ref().map(|version| format!("loader {version}"));
    let broken = facts.manifests.iter().filter_map(|manifest| Some((manifest, manifest.error.as_ref()?)));
    let broken = broken.map(|(manifest, error)| format!("{}: {error}", manifest.path.display()));
    let device = |device: &cosmos_vulkan_probe::VulkanDevice| {
        let video = if device.encodes_video() { ", encodes video" } else { "" };
        let driver = device.driver_name.as_deref().unwrap_or("unknown driver");
        let pci = device.pci.as_deref().map(|pci| format!(" at {pci}")).unwrap_or_default();
        format!("{} ({}){pci}, {driver}, Vulkan {}{video}", device.name, device.verdict, device.api_version)
    };
    loader
        .into_iter()
        .chain(facts.error.clone())
        .chain(broken)
        .chain(facts.devices.iter().map(device))
        .collect()
}

fn gl(facts: &GlFacts) -> Vec<String> {
    let renderer = facts.renderer.as_ref().map(|renderer| {
        let direct = if facts.direct == Some(true) { "direct" } else { "indirect" };
        format!("{renderer}, {}, {direct}", facts.version.as_deref().unwrap_or("no version"))
    });
    facts.error.clone().into_iter().chain(renderer).collect()
}

fn egl(facts: &EglFacts) -> Vec<String> {
    let devices = facts.devices.iter().map(|device| (format!("device {}", device.index), &device.platform));
    let platforms = facts.platforms.iter().map(|platform| (platform.name.clone(), platform));
    let row = |(name, platform): (String, &cosmos_vulkan_probe::EglPlatform)| {
        let renderer = platform.renderer.as_ref().or(platform.error.as_ref());
        format!("{name}: {}", renderer.map_or("works", String::as_str))
    };
    facts.error.clone().into_iter().chain(devices.chain(platforms).map(row)).collect()
}

fn nvenc(facts: &NvencFacts) -> Vec<String> {
    let device = |device: &cosmos_vulkan_probe::NvencDevice| {
        let codecs = device.codecs.iter().map(|codec| codec.name.clone()).collect::<Vec<_>>();
        let codecs = if codecs.is_empty() { String::new() } else { format!(": {}", codecs.join(", ")) };
        let status = device.open.map(|status| format!(" (status {status})")).unwrap_or_default();
        format!("{}: {}{status}{codecs}", device.name, device.meaning)
    };
    facts.error.clone().into_iter().chain(facts.devices.iter().map(device)).collect()
}

fn list(versions: &[String]) -> String {
    if versions.is_empty() { "none".to_owned() } else { versions.join(" and ") }
}
