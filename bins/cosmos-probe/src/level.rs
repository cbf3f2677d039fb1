//! The exit status: how well that works which was asked for.

use cosmos_vulkan_probe::{Answer, Verdict};

use crate::{doctor, machine::Machine, mode};

/// Of the facts: the worst of the areas that were asked for.
pub fn of_facts(machine: &Machine) -> u8 {
    let report = &machine.report;
    let areas = [
        of_answer(&report.vulkan, machine.vulkan(), CANNOT_WORK),
        of_answer(&report.gl, machine.gl(), CANNOT_WORK),
        of_answer(&report.egl, machine.egl(), CANNOT_WORK),
        // The processor encodes too.
        of_answer(&report.nvenc, machine.nvenc(), DEGRADED),
        machine.driver_failure.as_ref().map(|_| FAILED),
        machine.driver.as_ref().map(|driver| match (&driver.kernel_version, driver.user_version()) {
            _ if driver.library_refused => CANNOT_WORK,
            (Some(kernel), Some(user)) if kernel == user => FINE,
            (Some(_), _) => CANNOT_WORK,
            (None, _) => DEGRADED,
        }),
        machine.xorg.as_ref().map(|xorg| match (&xorg.nvidia_drv, &xorg.xorg, &xorg.xvfb) {
            (Some(_), Some(_), _) => FINE,
            (_, None, None) => CANNOT_WORK,
            _ => DEGRADED,
        }),
    ];
    areas.into_iter().flatten().max().unwrap_or(FINE)
}

/// Of the diagnosis: what the machine can do at its best.
pub fn of_diagnosis(machine: &Machine) -> u8 {
    let report = &machine.report;
    let failed = [
        report.vulkan.as_ref().is_some_and(|answer| !answer.is_complete()),
        report.gl.as_ref().is_some_and(|answer| !answer.is_complete()),
        report.egl.as_ref().is_some_and(|answer| !answer.is_complete()),
        report.nvenc.as_ref().is_some_and(|answer| !answer.is_complete()),
        machine.driver_failure.is_some(),
    ];
    let best = mode::best(machine);
    let faults = doctor::checks(machine).iter().any(|check| check.status == doctor::Status::Fail);
    match best.mode {
        _ if failed.contains(&true) => FAILED,
        mode::Mode::None => CANNOT_WORK,
        mode::Mode::GpuXServer | mode::Mode::GpuRendering if best.encoder != mode::X264 && !faults => FINE,
        _ => DEGRADED,
    }
}

fn of_answer<F>(answer: &Option<Answer<F>>, verdict: Verdict, without: u8) -> Option<u8> {
    answer.as_ref().map(|answer| match verdict {
        _ if !answer.is_complete() => FAILED,
        Verdict::Hardware => FINE,
        Verdict::Software => DEGRADED,
        Verdict::Nothing => without,
    })
}

const FINE: u8 = 0;
const DEGRADED: u8 = 1;
const CANNOT_WORK: u8 = 2;
const FAILED: u8 = 3;

#[cfg(test)]
mod tests {
    use cosmos_vulkan_probe::{Failure, GlFacts, NvencFacts, Report};

    use super::*;

    fn gl(renderer: Option<&str>, failure: Option<Failure>) -> Machine {
        let facts = Some(GlFacts { renderer: renderer.map(str::to_owned), ..GlFacts::default() });
        let gl = Some(Answer { facts, failure, log: Vec::new(), elapsed_ms: 1 });
        Machine { report: Report { gl, ..Report::default() }, ..Machine::default() }
    }

    #[test]
    fn the_worst_of_what_was_asked_for_counts() {
        let hung = Failure::Hung { after_ms: 1, doing: String::new() };
        assert_eq!(of_facts(&gl(Some("NVIDIA H200/PCIe/SSE2"), None)), 0);
        assert_eq!(of_facts(&gl(Some("llvmpipe"), None)), 1);
        assert_eq!(of_facts(&gl(None, None)), 2);
        assert_eq!(of_facts(&gl(Some("NVIDIA H200/PCIe/SSE2"), Some(hung))), 3);
        let mut machine = gl(Some("NVIDIA H200/PCIe/SSE2"), None);
        let facts = Some(NvencFacts::default());
        machine.report.nvenc = Some(Answer { facts, failure: None, log: Vec::new(), elapsed_ms: 1 });
        assert_eq!(of_facts(&machine), 1, "without NVENC the processor encodes");
        assert_eq!(of_facts(&Machine::default()), 0);
    }
}
