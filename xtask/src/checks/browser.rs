//! The browser that the tests of the whole drive.

use std::env;
use std::path::{Path, PathBuf};

/// Where it is looked for when `CHROMIUM` names none.
const USUAL: &str = "/usr/bin/chromium";

/// Why nothing runs here that needs a browser: there is none, or only one in a snap.
pub fn missing() -> Option<String> {
    lack(&env::var_os("CHROMIUM").map_or_else(|| USUAL.into(), PathBuf::from))
}

/// A snap is as good as none, since it sees neither the folders nor the sockets of the tests.
fn lack(browser: &Path) -> Option<String> {
    let shown = browser.display();
    let real = browser.canonicalize().unwrap_or_default();
    let why = match (real.is_file(), real.starts_with("/snap") || real.ends_with("bin/snap")) {
        (true, false) => return None,
        (true, true) => format!("{shown} is a snap"),
        (false, _) => format!("there is no {shown}"),
    };
    Some(format!("{why}: name a Chromium or Chrome that is no snap by CHROMIUM=PATH"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_browser_is_a_file_that_is_no_snap() {
        let folder = env::temp_dir().join(format!("xtask-browser-{}", std::process::id()));
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(folder.join("chrome"), "").unwrap();
        fs::write(folder.join("bin/snap"), "").unwrap();
        symlink(folder.join("bin/snap"), folder.join("chromium")).unwrap();
        symlink(folder.join("nowhere"), folder.join("dangling")).unwrap();
        let said = ["chrome", "chromium", "dangling", "bin", "none"].map(|name| lack(&folder.join(name)));
        fs::remove_dir_all(&folder).unwrap();
        let [chrome, snap, dangling, directory, none] = said;
        assert_eq!(chrome, None);
        assert!(snap.unwrap().contains("chromium is a snap"));
        for why in [dangling, directory, none] {
            assert!(why.unwrap().starts_with("there is no "));
        }
    }
}
