//! Origins: no header makes the check panic, and only a page of the host itself passes.

#![no_main]

use cosmos_auth::origin;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, Option<&str>)| {
    let (origin, host, site) = input;
    if origin::allowed(Some(origin), host, &[], site) {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        assert!(authority.is_some_and(|authority| !authority.contains(['/', '@', '*'])), "{origin:?}");
        assert!(origin::allowed(Some(origin), authority.unwrap_or_default(), &[], None), "{origin:?}");
    }
    assert_eq!(origin::allowed(None, host, &[origin.to_owned()], site), site == Some("same-origin"));
});
