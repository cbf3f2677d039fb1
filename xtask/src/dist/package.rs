//! The packages, as data, and the texts that dpkg reads.

use super::Release;

/// One package.
pub struct Package {
    pub name: &'static str,
    /// The crates that its programs come from.
    pub crates: &'static [&'static str],
    pub programs: &'static [&'static str],
    /// Files of `deploy/packages`, and the folder each goes to.
    pub units: &'static [(&'static str, &'static str)],
    section: &'static str,
    /// Besides the libraries that the programs are linked with.
    depends: &'static [&'static str],
    recommends: &'static [&'static str],
    suggests: &'static [&'static str],
    summary: &'static str,
    description: &'static str,
}

impl Package {
    /// Programs that have arguments to tell of.
    pub fn documented(&self) -> impl Iterator<Item = &'static str> {
        self.programs.iter().copied().filter(|program| *program != "cosmos-probe-encoders")
    }

    pub fn control(&self, release: &Release, libraries: &str, kibibytes: u64) -> String {
        let Release { version, architecture, maintainer, .. } = release;
        let depends = Some(libraries).into_iter().chain(self.depends.iter().copied());
        let depends = depends.filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ");
        let lists = [
            ("Depends", depends),
            ("Recommends", self.recommends.join(", ")),
            ("Suggests", self.suggests.join(", ")),
        ];
        let mut text = format!(
            "Package: {}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {maintainer}\nInstalled-Size: \
             {kibibytes}\nSection: {}\nPriority: optional\n",
            self.name, self.section
        );
        for (field, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            text += &format!("{field}: {list}\n");
        }
        text + &format!("Description: {}\n{}\n", self.summary, self.description)
    }

    pub fn changelog(&self, release: &Release) -> String {
        let Release { version, maintainer, made, .. } = release;
        let date = super::sbom::Moment::of(*made).of_mail();
        format!(
            "{} ({version}) unstable; urgency=medium\n\n  * What is new stands in CHANGELOG.md of the sources.\n\n -- \
             {maintainer}  {date}\n",
            self.name
        )
    }

    /// Those that run around its installation.
    pub fn scripts(&self) -> &'static [(&'static str, &'static str)] {
        if self.units.is_empty() {
            &[]
        } else {
            &[("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)]
        }
    }
}

const POSTINST: &str = "\
#!/bin/sh
set -e
if [ \"$1\" = configure ] && [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi
";
/// An upgrade leaves running desktops alone: the next start is of the new version.
const PRERM: &str = "\
#!/bin/sh
set -e
if [ \"$1\" = remove ] && [ -d /run/systemd/system ]; then
    systemctl --system stop 'cosmos-desktop@*.service' >/dev/null || true
fi
";
/// Whom a desktop was switched on for is known by links, which systemd does not take away with the unit.
const POSTRM: &str = "\
#!/bin/sh
set -e
if [ \"$1\" = purge ]; then
    rm -f /etc/systemd/system/*.wants/cosmos-desktop@*.service
fi
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi
";

pub const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: COSMOS

Files: *
Copyright: 2026 The COSMOS authors
License: Expat or Apache-2.0
Comment: What the programs are made of, with the licence of each part, stands in sbom.cdx.json.

License: Expat
 Permission is hereby granted, free of charge, to any person obtaining a copy of
 this software and associated documentation files (the \"Software\"), to deal in
 the Software without restriction, including without limitation the rights to
 use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies
 of the Software, and to permit persons to whom the Software is furnished to do
 so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in all
 copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.

License: Apache-2.0
 On Debian systems, the full text of the Apache License, version 2.0, stands in
 /usr/share/common-licenses/Apache-2.0.
";

pub const PACKAGES: &[Package] = &[
    Package {
        name: "cosmos-desktop",
        crates: &["cosmos-launch", "cosmos-stream", "cosmos-probe"],
        programs: &["cosmos-launch", "cosmos-stream", "cosmos-probe", "cosmos-probe-encoders"],
        units: &[
            ("cosmos-desktop@.service", "usr/lib/systemd/system"),
            ("cosmos-stream.service", "usr/lib/systemd/user"),
        ],
        section: "net",
        depends: &[
            "dbus",
            "gstreamer1.0-plugins-base",
            "gstreamer1.0-plugins-good",
            "gstreamer1.0-plugins-ugly",
            "pulseaudio | pipewire-pulse",
            "x11-xkb-utils",
            "xauth",
            "xkb-data",
            "xserver-xorg-core",
            "xserver-xorg-video-dummy | xvfb",
        ],
        recommends: &[
            "fonts-dejavu-core",
            "gstreamer1.0-plugins-bad",
            "libturbojpeg0 | libturbojpeg",
            "xfce4 | mate-desktop-environment-core | x-session-manager",
            "xfce4-terminal | x-terminal-emulator",
        ],
        suggests: &["cosmos-setup", "libgl1", "libvulkan1", "novnc"],
        summary: "desktop in a browser tab",
        description: " It starts an X server, sound and a desktop session and streams them to\n \
                      browsers over WebRTC, on one port: picture, sound, keyboard, pointer,\n \
                      clipboard and screen size. NVIDIA GPUs draw and encode where there are any;\n \
                      else the processor does.\n .\n \
                      Beside it are programs that stream an X display that is there already, and\n \
                      that tell what graphics and video drivers really do.",
    },
    Package {
        name: "cosmos-setup",
        crates: &["cosmos-setup"],
        programs: &["cosmos-setup"],
        units: &[],
        section: "admin",
        depends: &["ca-certificates"],
        recommends: &[],
        suggests: &["cosmos-desktop"],
        summary: "make a machine one whose GPU draws desktops",
        description: " It finds out what the machine lacks, says what it would do and why, and\n \
                      does it: NVIDIA's driver, CUDA, Docker, the container toolkit and Guacamole.\n \
                      It goes on after a reboot, and puts everything back when it is told to.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_file_has_what_is_there_and_nothing_else() {
        let release = Release {
            version: "1.2".to_owned(),
            architecture: "amd64".to_owned(),
            maintainer: "A <a@b.c>".to_owned(),
            made: 1_700_000_000,
        };
        let [desktop, setup] = PACKAGES else { panic!("there are two") };
        let text = setup.control(&release, "libc6 (>= 2.34)", 7);
        assert!(text.starts_with("Package: cosmos-setup\nVersion: 1.2\nArchitecture: amd64\n"), "{text}");
        assert!(
            text.contains("\nDepends: libc6 (>= 2.34), ca-certificates\nSuggests: cosmos-desktop\n"),
            "{text}"
        );
        assert!(!text.contains("Recommends"), "{text}");
        assert!(desktop.control(&release, "", 7).contains("\nDepends: dbus, gstreamer1.0-plugins-base, "));
        assert!(setup.changelog(&release).ends_with("\n -- A <a@b.c>  Tue, 14 Nov 2023 22:13:20 +0000\n"));
        assert_eq!((setup.scripts().len(), desktop.scripts().len()), (0, 3));
    }

    #[test]
    fn descriptions_are_lines_that_dpkg_reads() {
        for line in PACKAGES.iter().flat_map(|package| package.description.lines()) {
            assert!(line.starts_with(' ') && !line.starts_with("  ") && line.len() <= 80, "{line:?}");
        }
    }
}
