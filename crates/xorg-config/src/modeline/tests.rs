#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

fn parse(line: &str) -> Result<Modeline, ModelineError> {
    line.parse()
}

#[test]
fn lines_of_many_programs_are_read() {
    let table = [
        // cvt, with the comment before it
        "# 1920x1080 59.93 Hz (CVT 2.07M9-R) hsync: 66.59 kHz; pclk: 138.50 MHz\n\
         Modeline \"1920x1080R\"  138.50  1920 1968 2000 2080  1080 1083 1088 1111 +hsync -vsync\n",
        // gtf
        "\n  # 1920x1080 @ 60.00 Hz\n  Modeline \"m\"  138.50  1920 1968 2000 2080  1080 1083 1088 1111  +HSync -Vsync\n\n",
        // nvidia-xconfig, second run
        "    ModeLine       \"m\" 138.5 1920 1968 2000 2080 1080 1083 1088 1111 +hsync -vsync",
        // edid-decode -X
        "  Modeline \"m\" 138.500  1920 1968 2000 2080  1080 1083 1088 1111  +HSync -VSync",
        // xrandr --newmode
        "\"m\" 138.50 1920 1968 2000 2080 1080 1083 1088 1111 +hsync -vsync",
        "m 138.50 1920 1968 2000 2080 1080 1083 1088 1111 +HSync -VSync",
        "MODELINE\t\"m\"138.5 1920 1968 2000 2080 1080 1083 1088 1111 -vsync +hsync # my screen",
    ];
    let timing = parse(table[0]).unwrap().timing();
    assert_eq!((timing.hsync, timing.vsync), (Polarity::Positive, Polarity::Negative));
    for line in table {
        assert_eq!(parse(line).unwrap().timing(), timing, "{line}");
    }
}

#[test]
fn what_a_line_says_is_what_is_read() {
    let mode =
        parse("Modeline \"a b#\" 74.25 1920 2008 2052 2200 1080 1084 1094 1125 Interlace +HSync +VSync")
            .unwrap();
    assert_eq!(mode.name(), "a b#");
    assert_eq!(mode.timing().clock, PixelClock::from_khz(74_250));
    assert_eq!(mode.timing().horizontal, Axis::from_parts(1920, 88, 44, 148));
    assert_eq!(mode.timing().vertical, Axis::from_parts(1080, 4, 10, 31));
    assert_eq!(mode.timing().scan, Scan::Interlaced);
    let double = parse("m 12.6 320 328 376 400 240 245 246 262 DoubleScan").unwrap().timing();
    assert_eq!((double.scan, double.hsync), (Scan::Double, Polarity::Negative));
}

#[test]
fn refusals_name_the_field() {
    let long = "9".repeat(100);
    let table = [
        ("", "name is missing"),
        ("# only a comment", "name is missing"),
        ("Modeline", "clock is missing"),
        ("Modeline \"m", "name \"\\\"m\""),
        ("Modeline m 1 2 3 4", "name \"m 1 2 3 4\""),
        ("Modeline \"\" 1 1 1 1 1 1 1 1 1", "name \"\""),
        ("Modeline \"m\"", "clock is missing"),
        ("Modeline \"m\" NaN 1 1 1 1 1 1 1 1", "clock \"NaN\""),
        ("Modeline \"m\" 0 1 1 1 1 1 1 1 1", "clock \"0.00 MHz\""),
        ("Modeline \"m\" -1 1 1 1 1 1 1 1 1", "clock \"-1\""),
        ("Modeline \"m\" 1e3 1 1 1 1 1 1 1 1", "clock \"1e3\""),
        ("Modeline \"m\" 2147484 1 1 1 1 1 1 1 1", "clock \"2147484.00 MHz\""),
        ("Modeline \"m\" 1.1234567 1 1 1 1 1 1 1 1", "clock \"1.1234567\""),
        ("Modeline \"m\" 1. 1 1 1 1 1 1 1 1", "clock \"1.\""),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1", "vtotal is missing"),
        ("Modeline \"m\" 1 1 1 x 1 1 1 1 1", "hsyncend \"x\""),
        ("Modeline \"m\" 1 010 11 12 13 1 1 1 1", "hdisplay \"010\""),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 65536", "vtotal \"65536\""),
        (&format!("m 1 1 1 1 1 1 {long}"), "vsyncstart \"9999999999999999999999999999999999999999\""),
        ("Modeline \"m\" 1 0 1 1 1 1 1 1 1", "horizontal 0 1 1 1"),
        ("Modeline \"m\" 1 1 1 1 1 4 3 5 6", "vertical 4 3 5 6"),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 hsync", "flag \"hsync\""),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 +hsync -hsync", "flag \"-hsync\""),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 interlace doublescan", "flag \"doublescan\""),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 +CSync", "flag \"+csync\" has no meaning"),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 composite", "flag \"composite\" has no meaning"),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 hskew 3", "flag \"hskew\" has no meaning"),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 bcast", "flag \"bcast\" has no meaning"),
        ("Modeline \"m\" 1 1 1 1 1 1 1 1 1 vscan 2", "flag \"vscan\" has no meaning"),
        ("m 1 1 1 1 1 1 1 1 1\nn 1 1 1 1 1 1 1 1 1", "flag \"n 1 1"),
    ];
    for (line, part) in table {
        let refused = parse(line).unwrap_err().to_string();
        assert!(refused.contains(part) && refused.contains("expected"), "{line}: {refused}");
    }
}

#[test]
fn a_name_can_not_break_out_of_its_quotes() {
    let timing = parse("m 1 1 1 1 1 1 1 1 1").unwrap().timing();
    for name in ["", "a\"b", "a\nb", "a\u{0}"] {
        assert!(matches!(Modeline::new(name, timing), Err(ModelineError::Name { .. })), "{name:?}");
    }
    assert!(Modeline::new("modeline", timing).is_ok());
}

fn axis() -> impl Strategy<Value = Axis> {
    (1_u32..30_000, 0_u32..10_000, 0_u32..10_000, 0_u32..10_000)
        .prop_map(|(active, front, sync, back)| Axis::from_parts(active, front, sync, back))
}

fn timing() -> impl Strategy<Value = Timing> {
    let polarity = || prop_oneof![Just(Polarity::Positive), Just(Polarity::Negative)];
    let scan = prop_oneof![Just(Scan::Progressive), Just(Scan::Interlaced), Just(Scan::Double)];
    (1_u64..=MAX_CLOCK_HZ, axis(), axis(), polarity(), polarity(), scan).prop_map(
        |(hz, horizontal, vertical, hsync, vsync, scan)| Timing {
            clock: PixelClock::from_hz(hz),
            horizontal,
            vertical,
            hsync,
            vsync,
            scan,
        },
    )
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(name in "[^\"\\p{Cc}]{1,20}", timing in timing()) {
        let mode = Modeline::new(name, timing).unwrap();
        prop_assert_eq!(parse(&mode.to_string()), Ok(mode));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        let _ = parse(&text);
    }
}
