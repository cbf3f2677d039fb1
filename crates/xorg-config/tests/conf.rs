//! Laws of documents and configurations, and what bad input says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod conf_support;

use cosmos_xorg_config::{
    Config, Document, EditError, MAX_BYTES, Place, Problem, SectionKind, ValidationProblem, Value,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_judged_and_what_is_read_prints_as_it_was(text in "\\PC*|(?s).{0,200}") {
        if let Ok(document) = Document::parse(text.as_str()) {
            prop_assert_eq!(document.to_string(), text);
        }
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Document::parse_bytes(&bytes);
    }

    #[test]
    fn a_damaged_file_prints_as_it_was_and_means_what_its_meaning_means(seed in any::<u64>()) {
        let text = conf_support::mutated(seed);
        let Ok(document) = Document::parse(text.as_str()) else { return Ok(()) };
        prop_assert_eq!(document.to_string(), text);
        let Ok(config) = Config::read(&[document]) else { return Ok(()) };
        let printed = config.to_string();
        let again = Document::parse(printed.as_str()).map_err(|error| TestCaseError::fail(format!("{error}\n{printed}")))?;
        prop_assert_eq!(again.warnings(), &[], "{}", printed);
        let again = Config::read(&[again]).map_err(|error| TestCaseError::fail(format!("{error}\n{printed}")))?;
        prop_assert_eq!(again.to_string(), printed);
        prop_assert_eq!(again, config);
    }

    #[test]
    fn an_edit_is_seen_and_the_same_edit_again_changes_nothing(
        seed in any::<u64>(),
        kind in proptest::sample::select(SectionKind::ALL),
        name in "[a-zA-Z]{1,6}",
        value in proptest::option::of("[ -!#-~]{0,12}"),
    ) {
        let Ok(mut document) = Document::parse(conf_support::mutated(seed)) else { return Ok(()) };
        if [SectionKind::Files, SectionKind::Module, SectionKind::DRI, SectionKind::Modes, SectionKind::Pointer].contains(&kind) {
            return Ok(());
        }
        let place = if kind.is_singleton() { Place::only(kind) } else { Place::named(kind, "edited") };
        let before = comments(document.as_str());
        document.ensure_section(place).unwrap();
        prop_assert_eq!(document.ensure_section(place), Ok(false));
        let set = document.set_option(place, &name, value.as_deref());
        if matches!(set, Err(EditError::Result(_))) {
            // A text that only the server's slips hold together.
            return Ok(());
        }
        prop_assert!(set.is_ok(), "{set:?}");
        prop_assert_eq!(document.set_option(place, &name, value.as_deref()), Ok(false));
        let set: Vec<String> = options(&document, kind, &name);
        prop_assert_eq!(set.as_slice(), &[value.unwrap_or_default()]);
        document.remove_option(place, &name).unwrap();
        prop_assert_eq!(document.remove_option(place, &name), Ok(false));
        prop_assert_eq!(options(&document, kind, &name).len(), 0);
        prop_assert_eq!(comments(document.as_str()), before);
    }
}

fn options(document: &Document, kind: SectionKind, name: &str) -> Vec<String> {
    let fits = |identifier: Option<&str>| kind.is_singleton() || identifier == Some("edited");
    let mut sections =
        document.sections().filter(|section| section.kind() == Some(kind) && fits(section.identifier()));
    let last = sections.next_back();
    last.and_then(|section| section.option(name)).map(str::to_owned).into_iter().collect()
}

fn comments(text: &str) -> usize {
    text.matches('#').count()
}

#[test]
fn edits_keep_what_they_do_not_speak_of() {
    let text =
        "# top\r\nSection\t\"Monitor\" # first\r\n\tIdentifier \"m\"\r\n\t# inside\r\nendSection # end\r\n";
    let mut document = Document::parse(text).unwrap();
    let monitor = Place::named(SectionKind::Monitor, "M");
    document.set_option(monitor, "DPMS", Some("False")).unwrap();
    let with = text.replace("\"m\"\r\n", "\"m\"\r\n\tOption         \"DPMS\" \"False\"\r\n");
    assert_eq!(document.as_str(), with);
    document.remove_option(monitor, "dpms").unwrap();
    assert_eq!(document.as_str(), text);
}

#[test]
fn edits_find_their_place_on_one_line_and_behind_an_open_quote() {
    for (text, edited) in [
        (
            "Section \"ServerFlags\" EndSection",
            "Section \"ServerFlags\"\n    Option         \"a\" \"b\"\nEndSection",
        ),
        (
            "Section \"ServerFlags\"\n Option \"a\n Option \"c\nEndSection",
            "Section \"ServerFlags\"\n Option \"a\" \"b\"\n Option \"c\nEndSection",
        ),
        (
            "Section \"ServerFlags\"\n Option \"c\nEndSection",
            "Section \"ServerFlags\"\n Option \"c\n Option         \"a\" \"b\"\nEndSection",
        ),
        (
            "Section \"ServerFlags\"\nEndSection\nSection \"ServerFlags\"\n Option \"A\" # c\n \"d\"\nEndSection",
            "Section \"ServerFlags\"\nEndSection\nSection \"ServerFlags\"\n Option \"A\" # c\n \"b\"\nEndSection",
        ),
    ] {
        let mut document = Document::parse(text).unwrap();
        document.set_option(Place::only(SectionKind::ServerFlags), "a", Some("b")).unwrap();
        assert_eq!(document.as_str(), edited);
    }
}

#[test]
fn displays_modes_and_lines_are_edited_by_meaning() {
    let mut document = Document::parse(conf_support::files()[0].1).unwrap();
    let screen = Place::named(SectionKind::Screen, "Screen all");
    assert_eq!(document.ensure_section(screen.display(24)), Ok(false));
    assert_eq!(document.ensure_section(screen.display(30)), Ok(true));
    assert_eq!(
        document.set(screen.display(30), "Virtual", &[Value::Number("640"), Value::Number("480")]),
        Ok(true)
    );
    assert_eq!(
        document.set(screen.display(30), "virtual", &[Value::Number("640"), Value::Number("480")]),
        Ok(false)
    );
    let monitor = Place::named(SectionKind::Monitor, "Monitor all");
    let mode = "Modeline \"odd\" 25.175 640 656 752 800 480 490 492 525 -hsync -vsync".parse().unwrap();
    assert_eq!(document.set_mode(monitor, &mode), Ok(true));
    assert_eq!(document.set_mode(monitor, &mode), Ok(false));
    let config = Config::read(&[document.clone()]).unwrap();
    assert_eq!(config.monitors[0].modes.len(), 1);
    assert_eq!(config.screens[0].displays[1].virtual_size, Some([640, 480]));
    assert_eq!(document.remove_section(screen.display(30)), Ok(true));
    assert_eq!(document.remove_section(screen.display(30)), Ok(false));
    assert!(document.set(monitor, "HorizSync", &[Value::Text("x")]).is_err());
    assert!(document.set_option(monitor, "a\"b", None).is_err());
    assert!(document.ensure_section(Place::only(SectionKind::Vendor)).is_ok(), "there is one");
    assert!(Document::new().ensure_section(Place::only(SectionKind::Vendor)).is_err());
}

#[test]
fn everything_is_read() {
    let config = Config::read(&[Document::parse(conf_support::files()[0].1).unwrap()]).unwrap();
    let printed = config.to_string();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/xorg/everything.printed.conf");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &printed).unwrap();
    }
    assert_eq!(printed, std::fs::read_to_string(path).unwrap());
}

#[test]
fn later_singletons_replace_and_the_first_option_counts() {
    let first = "Section \"ServerFlags\"\nOption \"a\" \"1\"\nOption \"A\" \"2\"\nEndSection\n";
    let second = "Section \"server_flags\"\nOption \"b\"\nEndSection\n";
    let read = |texts: &[&str]| {
        let documents: Vec<Document> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Config::read(&documents).unwrap().flags.unwrap().options
    };
    assert_eq!(read(&[first]).get("a"), Some("1"));
    assert_eq!((read(&[first, second]).get("a"), read(&[first, second]).get("b")), (None, Some("")));
    assert_eq!(read(&[second, first]).get("a"), Some("1"));
}

#[test]
fn bad_input_is_refused_with_its_line_and_what_would_do() {
    for (text, message) in [
        (
            "Section \"Keyboard\"\nEndSection\n",
            "line 1: section \"Keyboard\" is unknown; expected ServerLayout, Files",
        ),
        ("\nfoo\n", "line 2: \"foo\" stands outside of all sections; expected `Section \"name\"`"),
        ("Section Device\n", "line 1: Section is followed by \"Device\"; expected its name in quotes"),
        (
            "Section \"Device\"\n Identifier \"a\"\n",
            "line 2, section \"Device\": the file ends inside what line 1 began; expected EndSection",
        ),
        ("Section \"Device\"\nEndSection", "line 2, section \"Device\": this section has no Identifier"),
        (
            "Section \"Screen\"\n Identifier \"a\"\n Driver \"b\"\nEndSection",
            "line 3, section \"Screen\": this section has a second Driver; expected one",
        ),
        (
            "Section \"Device\"\n VideoRam -1\n",
            "line 2, section \"Device\": VideoRam is followed by \"-\"; expected a number without a sign",
        ),
        (
            "Section \"Monitor\"\n VertRefresh 70-50\n",
            "line 2, section \"Monitor\": VertRefresh is followed by \"50\"; expected ranges whose end",
        ),
        ("\u{feff}Section \"Files\"\nEndSection", "line 1: the file begins with a byte order mark"),
        ("# ok\nx\0y", "line 2: byte 0x00 is no text; expected a text file in UTF-8"),
    ] {
        let refused = Document::parse(text).unwrap_err().to_string();
        assert!(refused.starts_with(message), "{refused}");
    }
    let refused = Document::parse_bytes(b"# ok\n\xff").unwrap_err();
    assert_eq!((refused.line, refused.problem), (2, Problem::NotText { byte: 0xff }));
    let refused = Document::parse_bytes(&vec![b' '; 100_000_000]).unwrap_err();
    assert_eq!(refused.problem, Problem::TooLarge { bytes: 100_000_000 });
    assert!(Document::parse(" ".repeat(MAX_BYTES)).is_ok());
}

#[test]
fn what_the_server_passes_over_is_a_warning_and_strictly_an_error() {
    for (text, message) in [
        (
            "Section \"Device\"\n Identifier \"gpu\n Driver \"nvidia\"\nEndSection\n",
            "line 2, section \"Device\": the quote before \"gpu\" is never closed; expected a second quote",
        ),
        (
            "Section \"ServerFlags\"\n Option DontZap\nEndSection",
            "line 2, section \"ServerFlags\": Option is followed by",
        ),
        ("Section \"Files\"\n RgbPath \"/x\"\nEndSection", "line 2, section \"Files\": RgbPath is obsolete"),
        (
            "Section \"Module\"\n SubSection \"a\"\n foo\nEndSection",
            "line 3, section \"Module\": \"foo\" is no keyword",
        ),
    ] {
        assert_eq!(Document::parse(text).unwrap().warnings().len(), 1, "{text}");
        let refused = Document::parse_strict(text).unwrap_err().to_string();
        assert!(refused.starts_with(message), "{refused}");
    }
}

#[test]
fn names_that_lead_nowhere_are_refused_with_their_section() {
    let screen = "Section \"Screen\"\n Identifier \"s\"\n VideoAdaptor \"v\"\nEndSection\n";
    let adaptor = "Section \"VideoAdaptor\"\n Identifier \"v\"\nEndSection\n";
    for (text, line, message) in [
        (
            "\nSection \"InputDevice\"\n Identifier \"i\"\nEndSection".to_owned(),
            2,
            "InputDevice \"i\" has no driver",
        ),
        (screen.to_owned(), 1, "Screen \"s\" names VideoAdaptor \"v\""),
        (format!("{adaptor}{screen}{screen}"), 8, "VideoAdaptor \"v\" belongs to Screen \"s\""),
        (
            "Section \"ServerLayout\"\n Identifier \"l\"\n Screen \"x\"\nEndSection".to_owned(),
            1,
            "ServerLayout \"l\" names Screen \"x\"; expected the Identifier of a Screen section",
        ),
    ] {
        let refused = Config::read(&[Document::new(), Document::parse(text).unwrap()]).unwrap_err();
        assert_eq!((refused.document, refused.line), (1, line));
        assert!(refused.to_string().contains(message), "{refused}");
        assert!(!matches!(refused.problem, ValidationProblem::Undefined { name, .. } if name.is_empty()));
    }
}
