//! Reboots: what goes on by itself after one, and the look at what it gave.

use super::{Choice, Draft, Step};
use crate::setup::{Change, Seen};

/// The step that makes the machine go on after its reboot, and that goes away at the end.
pub fn resume(draft: &mut Draft<'_>) -> Option<Step> {
    let program = &draft.wish.program;
    let changes = if draft.has_systemd() {
        let text = format!(
            "# Written by cosmos-setup, which removes it when everything is done.\n[Unit]\n\
             Description=Go on with cosmos-setup after a reboot\nAfter=network-online.target\n\
             Wants=network-online.target\nConditionPathExists=/var/lib/cosmos/setup/journal\n\n[Service]\n\
             Type=oneshot\nTimeoutStartSec=infinity\nExecStart={program} resume --yes\n\n[Install]\n\
             WantedBy=multi-user.target\n"
        );
        let unit = "/etc/systemd/system/cosmos-setup-resume.service";
        vec![Change::file(unit, text), Change::starts("cosmos-setup-resume.service", "/etc/systemd/system")]
    } else if draft.facts.cron {
        let text = format!(
            "# Written by cosmos-setup, which removes it when everything is done.\n@reboot root {program} resume --yes\n"
        );
        vec![Change::file("/etc/cron.d/cosmos-setup", text)]
    } else {
        draft.note(
            "there is neither systemd nor cron: after the reboot, start `cosmos-setup resume --yes` yourself",
        );
        return None;
    };
    let mut step = Step::new("resume", "goes on after a reboot", "the driver is loaded by a reboot", changes);
    step.passing = true;
    Some(step.undone_by("it is removed by itself when everything is done"))
}

/// The step that waits for a reboot that something else has asked for, or that a newer kernel waits for: Debian asks for
/// none, and has no headers any more for the kernel that still runs.
pub fn first(draft: &Draft<'_>, choice: &Choice) -> Option<Step> {
    let by = match draft.facts.reboot_asked_by.as_slice() {
        [] => "packages were updated and ask".to_owned(),
        [name] => format!("{name} was updated and asks"),
        names => format!("{} were updated and ask", names.join(", ")),
    };
    let kernel = &draft.facts.kernel;
    let reason = match choice {
        Choice::New { .. } if draft.facts.reboot_asked => {
            format!("{by} for a reboot: the driver must fit the kernel that runs then")
        }
        Choice::New { .. } if kernel.next.is_some() => format!(
            "kernel {} is installed and {} runs: the driver must fit the kernel that runs then",
            kernel.next.as_deref().unwrap_or_default(),
            kernel.release.as_deref().unwrap_or_default()
        ),
        Choice::Kept { version, loaded: false } => format!("driver {version} is installed and not loaded"),
        _ => return None,
    };
    let step = Step::new("reboot-first", "a reboot before the driver", reason, Vec::new());
    Some(step.undone_by("nothing is left to undo").then_reboot())
}

/// The step that asks the driver whether it works.
pub fn check(choice: &Choice) -> Option<Step> {
    if *choice == Choice::None {
        return None;
    }
    let look = Change::Run {
        command: vec!["nvidia-smi".to_owned(), "--list-gpus".to_owned()],
        undo: None,
        seen: Seen::Always,
        only_with: None,
        remedy: "look at `dmesg | grep -i -e nvidia -e nvrm -e nouveau`: with Secure Boot on, an unsigned module is \
                 refused (`mokutil --sb-state`, `dkms status`)"
            .to_owned(),
    };
    let step = Step::new("driver-check", "the driver works", "it must list every GPU", vec![look]);
    Some(step.undone_by("nothing is changed").with_driver())
}
