//! The documentation of the settings is what the table says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{env, fs, path::Path};

use cosmos_host::settings::markdown;

#[test]
fn the_documentation_is_that_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, markdown()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, markdown(), "UPDATE_EXPECT=1 cargo test -p cosmos-host writes docs/settings.md anew");
}
