//! EDIDs: any bytes are kept as they are, whatever is read from them, and a monitor that they describe can be
//! written and read again.

#![no_main]

use cosmos_xorg_config::edid::{Edid, EdidSpec, bytes_from_hex};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = str::from_utf8(input) {
        let _ = bytes_from_hex(text);
    }
    let Ok((edid, problems)) = Edid::parse_lenient(input) else { return };
    assert_eq!(edid.as_bytes(), input);
    assert_eq!(Edid::parse(input).is_ok(), problems.is_empty());
    let _ = (edid.base(), edid.extensions(), edid.timings(), edid.preferred_timing());
    let _ = (edid.name(), edid.serial(), edid.physical_size_mm(), edid.audio(), edid.maximum_tmds_clock());
    if let Ok(spec) = EdidSpec::try_from(&edid) {
        let written = spec.to_edid();
        assert!(Edid::parse(written.as_bytes()).is_ok());
        assert_eq!(EdidSpec::try_from(&written), Ok(spec));
    }
});
