//! The exit status: how well that works which was asked for.

use cosmos_vulkan_probe::{Answer, Failure, Verdict};

use crate::{
    doctor,
    encoders::EncoderFacts,
    machine::{Machine, facts},
    mode,
};

/// Of the facts: the worst of the areas that were asked for.
pub fn of_facts(machine: &Machine) -> u8 {
    let report = &machine.report;
    let areas = [
        of_answer(&report.vulkan, machine.vulkan(), CANNOT_WORK),
        of_answer(&report.gl, machine.gl(), CANNOT_WORK),
        of_answer(&report.egl, machine.egl(), CANNOT_WORK),
        // The processor encodes too.
        of_answer(&report.nvenc, machine.nvenc(), DEGRADED),
        // Programs without Vulkan do not miss it.
        of_answer(&report.present, machine.present(), DEGRADED),
        of_encoders(machine),
        of_screen(machine),
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
        report.present.as_ref().is_some_and(|answer| !answer.is_complete()),
        machine.driver_failure.is_some(),
        of_screen(machine) == Some(FAILED),
        of_encoders(machine) == Some(FAILED) && machine.without_encoders().is_none(),
    ];
    let best = mode::best(machine);
    let faults = doctor::checks(machine).iter().any(|check| check.status == doctor::Status::Fail);
    match best.mode {
        _ if failed.contains(&true) => FAILED,
        _ if best.video.encoder.is_none() => CANNOT_WORK,
        mode::Mode::None => CANNOT_WORK,
        mode::Mode::GpuXServer | mode::Mode::GpuRendering if best.video.hardware && !faults => FINE,
        _ => DEGRADED,
    }
}

fn of_encoders(machine: &Machine) -> Option<u8> {
    let answer = machine.encoders.as_ref()?;
    let chosen = facts(&machine.encoders).and_then(EncoderFacts::chosen);
    Some(match (&answer.failure, chosen) {
        (Some(Failure::Exited { .. }), _) if machine.without_encoders().is_some() => CANNOT_WORK,
        (Some(_), _) => FAILED,
        (None, None) => CANNOT_WORK,
        (None, Some(chosen)) if chosen.hardware == Some(true) => FINE,
        (None, Some(_)) => DEGRADED,
    })
}

fn of_screen(machine: &Machine) -> Option<u8> {
    let answer = machine.screen.as_ref()?;
    let is_there = answer.facts.as_ref().is_some_and(|facts| facts.error.is_none());
    Some(match answer.is_complete() {
        false => FAILED,
        true if is_there => FINE,
        true => CANNOT_WORK,
    })
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
    use cosmos_vulkan_probe::{GlFacts, NvencFacts, Report};

    use super::*;
    use crate::encoders::Encoder;

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

    #[test]
    fn encoders_that_are_not_installed_are_no_crash() {
        let of = |chosen: Option<bool>, failure: Option<Failure>| {
            let hardware = Some(chosen == Some(true));
            let encoder = Encoder { element: "x".to_owned(), hardware, ..Encoder::default() };
            let facts = EncoderFacts {
                encoders: vec![encoder],
                chosen: chosen.map(|_| "x".to_owned()),
                ..EncoderFacts::default()
            };
            let facts = failure.is_none().then_some(facts);
            let encoders = Some(Answer { facts, failure, log: Vec::new(), elapsed_ms: 1 });
            let machine = Machine { encoders, ..Machine::default() };
            (of_facts(&machine), of_diagnosis(&machine))
        };
        let doing = String::new;
        assert_eq!(of(Some(true), None).0, 0);
        assert_eq!(of(Some(false), None).0, 1, "the processor encodes");
        assert_eq!(of(None, None), (2, 2), "nothing encodes");
        assert_eq!(of(None, Some(Failure::Hung { after_ms: 1, doing: doing() })), (3, 3));
        assert_eq!(of(None, Some(Failure::Exited { code: 127, doing: doing() })), (2, 2), "no libgstreamer");
        assert_eq!(of(None, Some(Failure::Exited { code: 1, doing: doing() })), (3, 3));
        assert_eq!(of(None, Some(Failure::NotStarted { reason: doing() })), (3, 2), "not installed");
    }
}
