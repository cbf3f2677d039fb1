//! The packages that dpkg knows.

use std::collections::BTreeMap;

use crate::setup::Tree;

/// The packages of a machine, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages {
    /// Those that are installed, or partly so.
    pub known: BTreeMap<String, Package>,
    /// The architecture of dpkg itself, as `amd64`.
    pub architecture: Option<String>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its version.
    pub version: String,
    /// Whether it is installed whole: unpacked and configured.
    pub is_whole: bool,
    /// Whether its version is held.
    pub is_held: bool,
}

impl Packages {
    /// Reads dpkg's own list.
    pub fn of(tree: &Tree) -> Self {
        Self::parse(&tree.text(STATUS).unwrap_or_default())
    }

    /// The version of a package that is installed whole.
    pub fn version(&self, name: &str) -> Option<&str> {
        self.known.get(name).filter(|package| package.is_whole).map(|package| package.version.as_str())
    }

    /// Whether a package is installed whole.
    pub fn has(&self, name: &str) -> bool {
        self.version(name).is_some()
    }

    /// The names of all that are installed whole.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter(|(_, package)| package.is_whole).map(|(name, _)| name.as_str())
    }

    /// Paragraphs of `Package:`, `Status:` and so on. Of several architectures of one name the first is taken.
    fn parse(text: &str) -> Self {
        let mut packages = Self::default();
        for paragraph in text.split("\n\n") {
            let field = |name: &str| {
                paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
            };
            let (Some(name), Some(status)) = (field("Package"), field("Status")) else { continue };
            let mut words = status.split(' ');
            let (want, state) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
            if matches!(state, "not-installed" | "config-files" | "") {
                continue;
            }
            if name == "dpkg" {
                packages.architecture = field("Architecture").map(str::to_owned);
            }
            let package = Package {
                version: field("Version").unwrap_or_default().to_owned(),
                is_whole: matches!(state, "installed" | "triggers-awaited" | "triggers-pending"),
                is_held: want == "hold",
            };
            packages.known.entry(name.to_owned()).or_insert(package);
        }
        packages
    }
}

const STATUS: &str = "/var/lib/dpkg/status";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_holds_are_told_apart() {
        let text = "Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.21.22\n\n\
                    Package: a\nStatus: hold ok installed\nVersion: 1-1\nDescription: x\n Status: no field\n\n\
                    Package: b\nStatus: install ok half-configured\nVersion: 2\n\n\
                    Package: c\nStatus: deinstall ok config-files\nVersion: 3\n\nnonsense\n";
        let packages = Packages::parse(text);
        assert_eq!(packages.architecture.as_deref(), Some("arm64"));
        assert_eq!(packages.version("a"), Some("1-1"));
        assert!(packages.known["a"].is_held && !packages.known["dpkg"].is_held);
        assert_eq!((packages.has("b"), packages.known.contains_key("b")), (false, true));
        assert!(!packages.known.contains_key("c"));
        assert_eq!(packages.names().collect::<Vec<_>>(), ["a", "dpkg"]);
    }
}
