//! NVIDIA's container toolkit, and what keeps containers and their GPUs together.

use serde_json::json;

use super::{Choice, Draft, Step};
use crate::setup::{Change, Content, Seen, Version, Wanted};

/// The step that installs it.
pub fn step(choice: &Choice) -> Option<Step> {
    if *choice == Choice::None {
        return None;
    }
    let wanted = PACKAGES.map(|name| Wanted::new(name, Version::AtLeast(FIXED.to_owned()))).to_vec();
    let reason = format!(
        "it gives containers the GPU; versions before {FIXED} let them out (CVE-2025-23266, CVE-2025-23267)"
    );
    let step = Step::new("toolkit", "NVIDIA container toolkit", reason, vec![Change::Packages { wanted }]);
    Some(step.undone_by("the packages are purged").of_size(8, 30))
}

/// The step that tells Docker of it.
pub fn runtime(choice: &Choice) -> Option<Step> {
    if *choice == Choice::None {
        return None;
    }
    let members = json!({"runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}}});
    let file = Change::File {
        path: "/etc/docker/daemon.json".to_owned(),
        mode: 0o644,
        owner: 0,
        content: Content::Json(members),
    };
    let reload = ["reload-or-restart", "docker.service"];
    let changes = vec![file, Change::systemctl(&reload, Some(&reload))];
    let step = Step::new(
        "runtime",
        "Docker's NVIDIA runtime",
        "docker run --gpus and --runtime nvidia need it",
        changes,
    );
    Some(step.undone_by("what was added is taken out of the file; other settings in it stay"))
}

/// The step that describes the GPUs to containers, at each start and after each update of the driver.
pub fn cdi(draft: &Draft<'_>, choice: &Choice) -> Option<Step> {
    if *choice == Choice::None {
        return None;
    }
    let generate = ["nvidia-ctk", "cdi", "generate", CDI_OUTPUT];
    let mut changes = Vec::new();
    if draft.has_systemd() {
        changes.push(Change::file(&format!("{UNITS}/cosmos-cdi.service"), service(&generate.join(" "))));
        changes.push(Change::file(&format!("{UNITS}/cosmos-cdi.path"), WATCH));
        changes.push(Change::starts("cosmos-cdi.service", UNITS));
        changes.push(Change::starts("cosmos-cdi.path", UNITS));
        changes.push(Change::systemctl(&["daemon-reload"], Some(&["daemon-reload"])));
        changes.push(Change::systemctl(&["start", "cosmos-cdi.path"], None));
    } else if draft.facts.cron {
        let text = format!("# Written by cosmos-setup.\nPATH={PATH}\n@reboot root {}\n", generate.join(" "));
        changes.push(Change::file("/etc/cron.d/cosmos-cdi", text));
    }
    changes.push(Change::Run {
        command: generate.map(str::to_owned).to_vec(),
        undo: Some(["rm", "-f", CDI].map(str::to_owned).to_vec()),
        seen: Seen::Path(CDI.to_owned()),
        only_with: None,
        remedy: "look whether `nvidia-smi` works".to_owned(),
    });
    let reason =
        "a description that is older than the driver keeps containers from starting: it is made anew";
    let step = Step::new("cdi", "CDI specification", reason, changes);
    Some(step.undone_by("units and specification are removed").with_driver())
}

/// The step against containers that lose their GPU when systemd reads its units again.
pub fn dev_char(choice: &Choice) -> Option<Step> {
    if *choice == Choice::None {
        return None;
    }
    let command = ["nvidia-ctk", "system", "create-dev-char-symlinks", "--create-all"];
    let rule = format!(
        "# Written by cosmos-setup: without these links, containers lose their GPU at `systemctl daemon-reload`.\n\
         ACTION==\"add\", DEVPATH==\"/bus/pci/drivers/nvidia\", RUN+=\"/usr/bin/{}\"\n",
        command.join(" ")
    );
    let run = Change::Run {
        command: command.map(str::to_owned).to_vec(),
        undo: None,
        seen: Seen::Journal,
        only_with: None,
        remedy: "look whether `nvidia-smi` works".to_owned(),
    };
    let changes = vec![Change::file("/etc/udev/rules.d/71-cosmos-dev-char.rules", rule), run];
    let reason = "runc finds devices by these links; without them `systemctl daemon-reload` takes GPUs from containers";
    let step = Step::new("dev-char", "links in /dev/char", reason, changes);
    Some(step.undone_by("the rule is removed; the links are gone at the next start").with_driver())
}

fn service(command: &str) -> String {
    format!(
        "# Written by cosmos-setup.\n[Unit]\nDescription=Describe NVIDIA GPUs to containers (CDI)\n\
         After=nvidia-persistenced.service\nBefore=docker.service\n\
         ConditionPathExists=/proc/driver/nvidia/version\n\n[Service]\nType=oneshot\nExecStart=/usr/bin/{command}\n\n\
         [Install]\nWantedBy=multi-user.target\n"
    )
}

/// The modules' list is written anew with each driver that is installed.
const WATCH: &str = "# Written by cosmos-setup.\n[Unit]\nDescription=Watch for updates of the NVIDIA driver\n\n[Path]\n\
                     PathChanged=/lib/modules/%v/modules.dep\nPathChanged=/usr/bin/nvidia-ctk\n\
                     Unit=cosmos-cdi.service\n\n[Install]\nWantedBy=multi-user.target\n";

/// The first version without the holes that are named above.
const FIXED: &str = "1.17.8";
const PACKAGES: [&str; 4] = [
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
];
const UNITS: &str = "/etc/systemd/system";
const CDI: &str = "/var/run/cdi/nvidia.yaml";
const CDI_OUTPUT: &str = "--output=/var/run/cdi/nvidia.yaml";
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
