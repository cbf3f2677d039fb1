#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::generate::Cvt;
use crate::tables::CtaMode;

const OLD: Option<(u16, u16, u16)> = Some((535, 129, 3));
const NEW: Option<(u16, u16, u16)> = Some((550, 54, 14));

fn check(request: &str, port: &str, class: GpuClass, driver: Option<(u16, u16, u16)>) -> Result<(), Refused> {
    let request = request.parse().unwrap();
    let timing = Cvt::XorgCompat { reduced: true }.timing(&request).unwrap();
    allowed(&timing, port.parse().unwrap(), Gpu { class, driver })
}

#[test]
fn old_drivers_hold_outputs_to_the_clock_of_dvi() {
    use GpuClass::{Consumer, DataCentre, Professional};
    let table = [
        ("1920x1200", "DFP", Consumer, OLD, true),
        ("1920x1200", "DFP", Professional, None, true),
        ("1920x1440", "DFP", Consumer, OLD, false),
        ("2560x1600", "DFP", Consumer, OLD, false),
        ("2560x1600", "DFP", Professional, OLD, false),
        ("2560x1600", "DFP", DataCentre, OLD, true),
        ("2560x1600", "HDMI-0", DataCentre, None, true),
        ("3840x2160", "DFP-0", DataCentre, OLD, false),
        ("2560x1600", "DFP", Consumer, None, false),
        ("2560x1600", "DVI-D-0", Consumer, Some((549, 999, 99)), false),
        ("7680x4320", "DFP", Consumer, NEW, true),
        ("3840x2160@120", "DP-0", Consumer, OLD, true),
        ("3840x2160@120", "DP-0.1", Consumer, OLD, true),
        ("3840x2160@120", "USB-C-0", Consumer, OLD, true),
        ("2560x1600", "CRT", Consumer, OLD, true),
        ("3840x2160", "VGA-0", DataCentre, NEW, false),
        ("3840x2160", "TV", DataCentre, NEW, false),
    ];
    for (request, port, class, driver, fits) in table {
        assert_eq!(
            check(request, port, class, driver).is_ok(),
            fits,
            "{request} {port} {class:?} {driver:?}"
        );
    }
}

#[test]
fn the_best_other_mode_keeps_what_it_can() {
    use GpuClass::{Consumer, DataCentre};
    let table = [
        // the rate goes first
        ("1920x1080@144", Consumer, "1920x1080R", 60),
        ("1920x1200@120", Consumer, "1920x1200R", 60),
        ("2560x1440@120", DataCentre, "2560x1440R", 75),
        // then the size
        ("3840x2160", Consumer, "1920x1080R", 60),
        ("3840x2160", DataCentre, "2560x1440R", 60),
        ("2560x1600", Consumer, "1920x1200R", 60),
        ("3840x2160@24", Consumer, "2560x1440R", 24),
        // then the aspect ratio
        ("3440x1440", Consumer, "1920x1200R", 60),
        ("16000x500@240", Consumer, "no mode", 0),
    ];
    for (request, class, name, hz) in table {
        let refused = check(request, "DFP", class, OLD).unwrap_err();
        let Some(best) = refused.best else {
            assert_eq!(name, "no mode", "{request}");
            continue;
        };
        let rate = best.timing().refresh_rate().unwrap();
        assert_eq!((best.name(), (rate.hz() + 0.5) as u32), (name, hz), "{request}");
        assert!(best.timing().clock <= refused.limit);
    }
}

#[test]
fn normal_blanking_gives_way_to_reduced() {
    let timing = Cvt::XorgCompat { reduced: false }.timing(&"1920x1200".parse().unwrap()).unwrap();
    let gpu = Gpu { class: GpuClass::Consumer, driver: OLD };
    let best = allowed(&timing, VideoPort::default(), gpu).unwrap_err().best.unwrap();
    assert_eq!((best.name(), best.timing().clock.khz()), ("1920x1200R", 154_000));
}

#[test]
fn a_refusal_says_what_would_do() {
    let text = check("3840x2160", "DFP", GpuClass::DataCentre, OLD).unwrap_err().to_string();
    assert_eq!(
        text,
        "3840x2160 needs a pixel clock of 533.00 MHz; DFP allows 330.00 MHz before driver 550 on data-centre boards, \
         as on two DVI links; use DP-0 or driver 550; best instead: 2560x1440R"
    );
}

#[test]
fn links_carry_what_their_standards_say() {
    use DisplayPortLanes::{Four, One, Two};
    use DisplayPortRate::{Hbr, Hbr2, Hbr3, Rbr, Uhbr10, Uhbr13, Uhbr20};
    let vic = |vic| CtaMode::by_vic(vic).unwrap().timing;
    let port = |lanes, rate| Link::DisplayPort { lanes, rate };
    let table = [
        (Link::DviSingle, vic(16), true),
        (Link::DviSingle, vic(63), false),
        (Link::DviDual, vic(63), true),
        (Link::Hdmi14, vic(95), true),
        (Link::Hdmi14, vic(97), false),
        (Link::Hdmi20, vic(97), true),
        (Link::Hdmi20, vic(118), false),
        (Link::Hdmi21(FixedRateLink::Gbps24), vic(118), false),
        (Link::Hdmi21(FixedRateLink::Gbps40), vic(118), true),
        (Link::Hdmi21(FixedRateLink::Gbps48), vic(199), false),
        (Link::Analogue, vic(91), true),
        (Link::Analogue, vic(92), false),
        (port(One, Rbr), vic(4), false),
        (port(Two, Rbr), vic(4), true),
        (port(Four, Hbr), vic(63), true),
        (port(Four, Hbr), vic(97), false),
        (port(Four, Hbr2), vic(97), true),
        (port(Four, Hbr3), vic(118), false),
        (port(Four, Uhbr10), vic(118), true),
        (port(Four, Uhbr13), vic(199), false),
        (port(Four, Uhbr20), vic(199), true),
    ];
    for (link, timing, fits) in table {
        assert_eq!(link.carries(&timing), fits, "{link:?} {}", timing.clock);
    }
    let clocks = [FixedRateLink::Gbps9, FixedRateLink::Gbps18, FixedRateLink::Gbps32]
        .map(|link| Link::Hdmi21(link).max_clock().khz());
    assert_eq!(clocks, [333_333, 666_666, 1_185_185]);
}
