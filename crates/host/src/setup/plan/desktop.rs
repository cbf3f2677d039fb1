//! What desktops on the machine itself, and the browsers that show them, need.

use super::{Choice, Draft, Step, driver::Origin};
use crate::setup::{Change, Content, Firewall, Seen};

/// The step that installs what dispatches OpenGL, EGL and Vulkan, and the programs to look at them.
pub fn graphics(draft: &Draft<'_>) -> Option<Step> {
    if draft.is_minimal() {
        return None;
    }
    let names = [
        "libglvnd0",
        "libgl1",
        "libglx0",
        "libegl1",
        "libgles2",
        "libopengl0",
        "libvulkan1",
        "vulkan-tools",
        "mesa-utils",
    ];
    let reason =
        "programs find OpenGL, EGL and Vulkan of the driver through these; glxinfo and vulkaninfo show them";
    let step = Step::new("graphics", "GLX, EGL and Vulkan", reason, vec![Change::packages(names)]);
    Some(step.undone_by("the packages are purged").of_size(12, 60))
}

/// The step that keeps the driver loaded while nobody uses the GPU.
pub fn persistence(draft: &Draft<'_>, choice: &Choice) -> Option<Step> {
    let by_hand = matches!(choice, Choice::Kept { .. }) && draft.facts.driver.package.is_none();
    if *choice == Choice::None || by_hand || draft.is_minimal() || !draft.has_systemd() {
        return None;
    }
    let own = matches!(choice, Choice::New { origin: Origin::Debian, .. });
    let mut changes = if own { vec![Change::packages(["nvidia-persistenced"])] } else { Vec::new() };
    if draft.release.is_ubuntu() {
        // Ubuntu's unit starts the service with persistence switched off.
        let text = "# Written by cosmos-setup.\n[Service]\nExecStart=\nExecStart=/usr/bin/nvidia-persistenced --user \
                    nvidia-persistenced --persistence-mode --verbose\n";
        changes.push(Change::file("/etc/systemd/system/nvidia-persistenced.service.d/cosmos.conf", text));
    }
    changes.push(Change::starts("nvidia-persistenced.service", "/lib/systemd/system"));
    changes.push(Change::systemctl(&["daemon-reload"], Some(&["daemon-reload"])));
    let reason = "without it each first program waits seconds for the GPU, and its settings are lost with the last one";
    let step = Step::new("persistence", "persistence daemon", reason, changes);
    Some(step.undone_by("the service is not started any more"))
}

/// The step that opens the one port, where a firewall is switched on.
pub fn firewall(draft: &mut Draft<'_>) -> Option<Step> {
    if draft.is_minimal() {
        return None;
    }
    draft.note("port 8080 must also be open, TCP and UDP, in the cloud's own firewall or security group");
    let changes = match draft.facts.firewall {
        Firewall::None => return None,
        Firewall::Ufw => ["tcp", "udp"].map(ufw).to_vec(),
        Firewall::Firewalld => {
            let mut changes = ["tcp", "udp"].map(firewalld).to_vec();
            changes.push(Change::Run {
                command: words(&["firewall-cmd", "--reload"]),
                undo: Some(words(&["firewall-cmd", "--reload"])),
                seen: Seen::Journal,
                only_with: Some("/run/firewalld".to_owned()),
                remedy: "look at `systemctl status firewalld`".to_owned(),
            });
            changes
        }
    };
    let reason = "browsers come in at port 8080, by TCP and UDP, and a firewall is switched on";
    Some(Step::new("firewall", "port 8080", reason, changes).undone_by("the rules are taken back"))
}

fn ufw(protocol: &str) -> Change {
    let port = format!("8080/{protocol}");
    Change::Run {
        command: words(&["ufw", "allow", &port]),
        undo: Some(words(&["ufw", "delete", "allow", &port])),
        seen: Seen::Line {
            file: "/etc/ufw/user.rules".to_owned(),
            text: format!("### tuple ### allow {protocol} 8080 "),
        },
        only_with: None,
        remedy: "look at `ufw status verbose`".to_owned(),
    }
}

fn firewalld(protocol: &str) -> Change {
    let port = format!("8080/{protocol}");
    Change::Run {
        command: words(&["firewall-cmd", "--permanent", &format!("--add-port={port}")]),
        undo: Some(words(&["firewall-cmd", "--permanent", &format!("--remove-port={port}")])),
        seen: Seen::Line {
            file: "/etc/firewalld/zones/public.xml".to_owned(),
            text: format!("<port port=\"8080\" protocol=\"{protocol}\"/>"),
        },
        only_with: None,
        remedy: "look at `systemctl status firewalld`".to_owned(),
    }
}

/// The step that puts Apache Guacamole beside Docker, with a connection to a desktop of this machine.
pub fn guacamole(draft: &mut Draft<'_>) -> Option<Step> {
    if draft.is_minimal() {
        return None;
    }
    if draft.facts.docker.as_ref().is_some_and(|docker| docker.package != "docker-ce") {
        draft.note("Guacamole is left out: the distribution's Docker has no `docker compose`");
        return None;
    }
    let password = format!("{FOLDER}/password");
    let users = Content::GuacamoleUsers {
        user: "user".to_owned(),
        password: password.clone(),
        host: HOST.to_owned(),
    };
    let mut changes = vec![
        Change::file(&format!("{FOLDER}/compose.yaml"), COMPOSE),
        Change::secret(&password, 0, Content::Password),
        Change::secret(&format!("{FOLDER}/home/user-mapping.xml"), IMAGE_USER, users),
    ];
    if draft.has_systemd() {
        let unit = "/etc/systemd/system/cosmos-guacamole.service";
        changes.push(Change::file(unit, UNIT));
        changes.push(Change::starts("cosmos-guacamole.service", "/etc/systemd/system"));
        changes.push(Change::systemctl(&["daemon-reload"], Some(&["daemon-reload"])));
        let stop = ["stop", "cosmos-guacamole.service"];
        changes.push(Change::systemctl(&["start", "--no-block", "cosmos-guacamole.service"], Some(&stop)));
    } else {
        draft.note(format!(
            "without systemd, start Guacamole by `docker compose -f {FOLDER}/compose.yaml up -d`"
        ));
    }
    let reason = "Apache Guacamole at http://127.0.0.1:8081/guacamole/ shows a VNC server of this machine in a browser";
    let step = Step::new("guacamole", "Apache Guacamole", reason, changes).of_size(420, 900);
    Some(step.undone_by("the containers are stopped and removed, and the files with them; the images stay"))
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

const FOLDER: &str = "/etc/cosmos/guacamole";
/// The machine itself, as its containers see it.
const HOST: &str = "host.docker.internal";
/// As whom the image of Guacamole runs.
const IMAGE_USER: u32 = 1001;

const COMPOSE: &str = "# Written by cosmos-setup.
name: cosmos-guacamole
services:
  guacd:
    image: docker.io/guacamole/guacd:1.6.0
    restart: unless-stopped
    extra_hosts: [\"host.docker.internal:host-gateway\"]
  guacamole:
    image: docker.io/guacamole/guacamole:1.6.0
    restart: unless-stopped
    depends_on: [guacd]
    environment:
      GUACD_HOSTNAME: guacd
      GUACAMOLE_HOME: /etc/guacamole
    volumes: [\"./home:/etc/guacamole:ro\"]
    ports: [\"127.0.0.1:8081:8080\"]
";

const UNIT: &str = "# Written by cosmos-setup.
[Unit]
Description=Apache Guacamole for desktops of this machine
After=docker.service network-online.target
Requires=docker.service
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=30min
ExecStart=/usr/bin/docker compose -f /etc/cosmos/guacamole/compose.yaml up -d
ExecStop=/usr/bin/docker compose -f /etc/cosmos/guacamole/compose.yaml down

[Install]
WantedBy=multi-user.target
";
