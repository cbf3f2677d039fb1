#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashSet;

use super::*;
use crate::modeline::Modeline;

#[test]
fn every_listed_timing_can_be_sent() {
    let timings = DmtMode::all().iter().map(|mode| mode.timing);
    for timing in timings.chain(CtaMode::all().iter().map(|mode| mode.timing)) {
        let printed = Modeline::new("m", timing).unwrap();
        assert_eq!(printed.to_string().parse(), Ok(printed));
    }
}

#[test]
fn numbers_and_codes_find_what_they_stand_for() {
    for mode in CtaMode::all() {
        assert_eq!(CtaMode::by_vic(mode.vic), Some(mode));
        let rate = mode.timing.refresh_rate().unwrap();
        let (width, height) = (mode.timing.horizontal.active, mode.timing.vertical.active);
        assert!(CtaMode::matching(width, height, rate).any(|found| found == mode));
    }
    for mode in DmtMode::all() {
        assert_eq!(DmtMode::by_id(mode.id), Some(mode));
        assert_eq!(DmtMode::of_timing(&mode.timing), Some(mode));
        assert!(mode.standard_code.is_none_or(|code| DmtMode::by_standard_code(code) == Some(mode)));
        assert!(mode.cvt_code.is_none_or(|code| DmtMode::by_cvt_code(code) == Some(mode)));
    }
    for vic in [0, 128, 192, 220, 255] {
        assert_eq!(CtaMode::by_vic(vic), None);
    }
    assert_eq!(CtaMode::all().iter().map(|mode| mode.vic).collect::<HashSet<_>>().len(), 154);
    assert_eq!(Rid::by_id(29), None);
    assert_eq!(HdmiMode::by_vic(97), None);
}

#[test]
fn rates_match_by_name_and_not_by_neighbour() {
    let vics = |rate: &str| {
        CtaMode::matching(1920, 1080, rate.parse().unwrap()).map(|mode| mode.vic).collect::<Vec<_>>()
    };
    assert_eq!(vics("23.976"), [32, 72]);
    assert_eq!(vics("25"), [33, 73]);
    assert_eq!(vics("59.94"), [5, 16, 76]);
    assert_eq!(vics("90"), [] as [u8; 0]);
}
