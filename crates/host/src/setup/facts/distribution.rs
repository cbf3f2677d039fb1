//! The distribution.

use serde::{Deserialize, Serialize};

use crate::setup::Tree;

/// A release that can be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// Ubuntu 20.04.
    Focal,
    /// Ubuntu 22.04.
    Jammy,
    /// Ubuntu 24.04.
    Noble,
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Release {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Focal, Self::Jammy, Self::Noble, Self::Bookworm, Self::Trixie];

    /// Whether it is one of Ubuntu.
    pub const fn is_ubuntu(self) -> bool {
        matches!(self, Self::Focal | Self::Jammy | Self::Noble)
    }

    /// As sources of packages have it.
    pub const fn codename(self) -> &'static str {
        match self {
            Self::Focal => "focal",
            Self::Jammy => "jammy",
            Self::Noble => "noble",
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// As the addresses of NVIDIA's repositories have it.
    pub const fn of_nvidia(self) -> &'static str {
        match self {
            Self::Focal => "ubuntu2004",
            Self::Jammy => "ubuntu2204",
            Self::Noble => "ubuntu2404",
            Self::Bookworm => "debian12",
            Self::Trixie => "debian13",
        }
    }

    /// The distribution, as the addresses of Docker's repositories have it.
    pub const fn of_docker(self) -> &'static str {
        if self.is_ubuntu() { "ubuntu" } else { "debian" }
    }
}

/// What `/etc/os-release` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// `ID`, as `ubuntu`.
    pub id: String,
    /// `VERSION_ID`, as `22.04`.
    pub version: Option<String>,
    /// `PRETTY_NAME`.
    pub name: String,
    /// The release, where it is one that can be set up.
    pub release: Option<Release>,
}

impl Distribution {
    /// Reads it; `None` where there is no such file.
    pub fn of(tree: &Tree) -> Option<Self> {
        let text = tree.text("/etc/os-release").or_else(|| tree.text("/usr/lib/os-release"))?;
        Some(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
        };
        let id = field("ID").unwrap_or_default();
        let version = field("VERSION_ID");
        let release = Release::ALL.into_iter().find(|release| {
            let (name, number) = match release {
                Release::Focal => ("ubuntu", "20.04"),
                Release::Jammy => ("ubuntu", "22.04"),
                Release::Noble => ("ubuntu", "24.04"),
                Release::Bookworm => ("debian", "12"),
                Release::Trixie => ("debian", "13"),
            };
            id == name && version.as_deref() == Some(number)
        });
        Self { name: field("PRETTY_NAME").unwrap_or_else(|| id.clone()), id, version, release }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_releases_have_a_name() {
        for (text, release) in [
            ("ID=ubuntu\nVERSION_ID=\"20.04\"\n", Some(Release::Focal)),
            ("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"13\"", Some(Release::Trixie)),
            ("ID=debian\nVERSION_ID='12'", Some(Release::Bookworm)),
            ("ID=ubuntu\nVERSION_ID=\"25.10\"", None),
            ("ID=linuxmint\nID_LIKE=ubuntu\nVERSION_ID=\"22\"", None),
            ("", None),
        ] {
            assert_eq!(Distribution::parse(text).release, release, "{text}");
        }
    }
}
