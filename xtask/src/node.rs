//! Node.js, which runs the tests of the page and of the whole.

use crate::step::Workspace;

/// The first release that both knows `--test-reporter` and runs the compiler of the page's types.
const OLDEST: (u32, u32) = (18, 15);

/// Why nothing runs here that needs Node.js: the distribution's own is too old, or there is none.
pub fn too_old(workspace: &Workspace) -> Option<String> {
    let output = workspace.command("node", ["--version"]).output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    unfit(version.as_deref().unwrap_or_default())
}

fn unfit(version: &str) -> Option<String> {
    let (major, minor) = OLDEST;
    let remedy = format!("install Node.js {major}.{minor} or newer");
    match parse(version) {
        Some(found) if found >= OLDEST => None,
        Some(_) => Some(format!("Node.js is {version}, too old for these tests: {remedy}")),
        None => Some(format!("there is no Node.js that tells its version: {remedy}")),
    }
}

/// Major and minor of `v18.19.1`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut fields = version.strip_prefix('v')?.split('.').map(str::parse);
    Some((fields.next()?.ok()?, fields.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, fits) in [
            ("v18.15.0", true),
            ("v18.19.1", true),
            ("v20.2.0", true),
            ("v100.0.0-nightly", true),
            ("v18.14.2", false),
            ("v12.22.9", false),
            ("v9.99.0", false),
            ("18.19.1", false),
            ("v18", false),
            ("", false),
        ] {
            assert_eq!(unfit(version).is_none(), fits, "{version:?}: {:?}", unfit(version));
        }
        assert!(unfit("v12.22.9").unwrap().contains("v12.22.9"));
    }
}
