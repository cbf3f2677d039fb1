//! Everything that was gathered about a machine, and its JSON.

use cosmos_vulkan_probe::{
    Answer, EglFacts, Failure, GlFacts, NvencFacts, PresentFacts, Report, Verdict, VulkanFacts,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    doctor,
    driver::{DriverFacts, Gpu},
    encoders::EncoderFacts,
    level, mode,
    screen::ScreenFacts,
    xorg::XorgFacts,
};

/// What was gathered. Areas that were not asked for are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub report: Report,
    pub driver: Option<DriverFacts>,
    /// Why the driver could not be asked to the end.
    pub driver_failure: Option<Failure>,
    pub encoders: Option<Answer<EncoderFacts>>,
    pub screen: Option<Answer<ScreenFacts>>,
    pub xorg: Option<XorgFacts>,
    pub settings: Settings,
}

/// Settings of the desktop and of the container toolkit which some findings depend on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub display: Option<String>,
    pub visible_devices: Option<String>,
    pub capabilities: Option<String>,
    pub driver_version: Option<String>,
    pub video_port: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Hertz.
    pub refresh: Option<f64>,
}

impl Machine {
    /// The document of the schema `cosmos.probe/1`; checks only where everything was asked.
    pub fn to_json(&self, with_checks: bool) -> String {
        let checks = if with_checks { doctor::checks(self) } else { Vec::new() };
        let best = with_checks.then(|| mode::best(self));
        let document = json!({
            "schema": "cosmos.probe/1",
            "level": level::of_facts(self),
            "vulkan": with_verdict(&self.report.vulkan, self.vulkan()),
            "gl": with_verdict(&self.report.gl, self.gl()),
            "egl": with_verdict(&self.report.egl, self.egl()),
            "nvenc": with_verdict(&self.report.nvenc, self.nvenc()),
            "present": with_verdict(&self.report.present, self.present()),
            "driver": self.driver_json(),
            "encoders": self.encoders,
            "screen": self.screen,
            "xorg": self.xorg,
            "settings": self.settings,
            "gpus": self.joined(),
            "checks": checks,
            "mode": best.as_ref().map(|best| best.mode.name()),
            "encoder": best.as_ref().and_then(|best| best.video.encoder.as_ref()),
        });
        format!("{document:#}\n")
    }

    pub fn vulkan(&self) -> Verdict {
        facts(&self.report.vulkan).map(VulkanFacts::verdict).unwrap_or_default()
    }

    pub fn gl(&self) -> Verdict {
        facts(&self.report.gl).map(GlFacts::verdict).unwrap_or_default()
    }

    pub fn egl(&self) -> Verdict {
        facts(&self.report.egl).map(EglFacts::verdict).unwrap_or_default()
    }

    pub fn nvenc(&self) -> Verdict {
        facts(&self.report.nvenc).map(NvencFacts::verdict).unwrap_or_default()
    }

    pub fn present(&self) -> Verdict {
        facts(&self.report.present).map(PresentFacts::verdict).unwrap_or_default()
    }

    /// Why the encoders could not be tried, although nothing crashed: GStreamer is not installed, or the program that
    /// tries them is not.
    pub fn without_encoders(&self) -> Option<&str> {
        let answer = self.encoders.as_ref()?;
        match answer.failure.as_ref()? {
            Failure::NotStarted { reason } => Some(reason),
            // That of the dynamic loader.
            Failure::Exited { code: 127, .. } => Some(answer.log.last().map_or("no reason", String::as_str)),
            _ => None,
        }
    }

    /// Whether the driver was looked at, and there is neither a GPU nor a kernel module.
    pub fn is_without_gpu(&self) -> bool {
        self.driver.as_ref().is_some_and(|driver| driver.gpus.is_empty() && driver.kernel_version.is_none())
    }

    /// Whether any interface draws on a GPU.
    pub fn draws_on_hardware(&self) -> bool {
        [self.vulkan(), self.gl(), self.egl()].contains(&Verdict::Hardware)
    }

    fn driver_json(&self) -> Value {
        let mut value = json!(self.driver);
        if let Value::Object(fields) = &mut value {
            fields.insert("failure".to_owned(), json!(self.driver_failure));
        }
        value
    }

    /// The GPUs of the driver, each with its place in the lists of the interfaces, by UUID or PCI address, and
    /// whether it draws for the X display.
    fn joined(&self) -> Vec<Value> {
        self.driver.iter().flat_map(|driver| &driver.gpus).map(|gpu| self.row(gpu)).collect()
    }

    fn row(&self, gpu: &Gpu) -> Value {
        let vulkan = facts(&self.report.vulkan).and_then(|facts| {
            facts.devices.iter().position(|device| gpu.is(&device.device_uuid, device.pci.as_ref()))
        });
        let present = facts(&self.report.present).and_then(|facts| {
            facts.devices.iter().position(|device| gpu.is(&device.device_uuid, device.pci.as_ref()))
        });
        let egl = facts(&self.report.egl)
            .and_then(|facts| facts.devices.iter().position(|device| gpu.is(&device.uuid, None)));
        let nvenc = facts(&self.report.nvenc).and_then(|facts| {
            facts.devices.iter().position(|device| gpu.is(&device.uuid, device.pci.as_ref()))
        });
        let drawing = facts(&self.report.gl).and_then(|facts| facts.device_uuid.as_ref());
        let draws = drawing.map(|uuid| gpu.is(&Some(uuid.clone()), None));
        json!({
            "pci": gpu.pci, "uuid": gpu.uuid, "name": gpu.name, "nvml": gpu.index,
            "vulkan": vulkan, "present": present, "egl": egl, "nvenc": nvenc, "gl": draws,
        })
    }
}

/// What was found, as far as it was.
pub fn facts<F>(answer: &Option<Answer<F>>) -> Option<&F> {
    answer.as_ref()?.facts.as_ref()
}

fn with_verdict(answer: &Option<impl Serialize>, verdict: Verdict) -> Value {
    let mut value = json!(answer);
    if let Value::Object(fields) = &mut value {
        fields.insert("verdict".to_owned(), json!(verdict));
    }
    value
}

#[cfg(test)]
mod tests;
