//! Everything that was gathered about a machine, and its JSON.

use cosmos_vulkan_probe::{Failure, Report, Verdict, same_uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{doctor, driver::DriverFacts, level, mode, xorg::XorgFacts};

/// What was gathered. Areas that were not asked for are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub report: Report,
    pub driver: Option<DriverFacts>,
    /// Why the driver could not be asked to the end.
    pub driver_failure: Option<Failure>,
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
            "driver": self.driver_json(),
            "xorg": self.xorg,
            "settings": self.settings,
            "gpus": self.joined(),
            "checks": checks,
            "mode": best.as_ref().map(|best| best.mode.name()),
            "encoder": best.as_ref().map(|best| best.encoder),
        });
        format!("{document:#}\n")
    }

    pub fn vulkan(&self) -> Verdict {
        let facts = self.report.vulkan.as_ref().and_then(|answer| answer.facts.as_ref());
        facts.map(|facts| facts.verdict()).unwrap_or_default()
    }

    pub fn gl(&self) -> Verdict {
        let facts = self.report.gl.as_ref().and_then(|answer| answer.facts.as_ref());
        facts.map(|facts| facts.verdict()).unwrap_or_default()
    }

    pub fn egl(&self) -> Verdict {
        let facts = self.report.egl.as_ref().and_then(|answer| answer.facts.as_ref());
        facts.map(|facts| facts.verdict()).unwrap_or_default()
    }

    pub fn nvenc(&self) -> Verdict {
        let facts = self.report.nvenc.as_ref().and_then(|answer| answer.facts.as_ref());
        facts.map(|facts| facts.verdict()).unwrap_or_default()
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

    /// The GPUs of the driver, each with its place in the lists of the interfaces, by UUID or PCI address.
    fn joined(&self) -> Vec<Value> {
        let gpus = self.driver.iter().flat_map(|driver| &driver.gpus);
        let row = |gpu: &crate::driver::Gpu| {
            let is = |uuid: &Option<String>, pci: Option<&String>| {
                let same = |(one, other): (&String, &String)| same_uuid(one, other);
                uuid.as_ref().zip(gpu.uuid.as_ref()).is_some_and(same)
                    || pci.is_some_and(|pci| pci.eq_ignore_ascii_case(&gpu.pci))
            };
            let vulkan = self.report.vulkan.iter().filter_map(|answer| answer.facts.as_ref());
            let vulkan = vulkan
                .flat_map(|facts| &facts.devices)
                .position(|device| is(&device.device_uuid, device.pci.as_ref()));
            let egl = self.report.egl.iter().filter_map(|answer| answer.facts.as_ref());
            let egl = egl.flat_map(|facts| &facts.devices).position(|device| is(&device.uuid, None));
            let nvenc = self.report.nvenc.iter().filter_map(|answer| answer.facts.as_ref());
            let nvenc = nvenc
                .flat_map(|facts| &facts.devices)
                .position(|device| is(&device.uuid, device.pci.as_ref()));
            json!({
                "pci": gpu.pci, "uuid": gpu.uuid, "name": gpu.name,
                "vulkan": vulkan, "egl": egl, "nvenc": nvenc,
            })
        };
        gpus.map(row).collect()
    }
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
