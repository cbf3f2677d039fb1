use std::collections::BTreeMap;

use gstreamer as gst;

use super::*;
use crate::properties::set as apply;

/// Version, element, property, type: written down from the sources of each version. The values of an enumeration are
/// there where versions differ in them.
type Versioned = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

const VERSIONED: &str = include_str!("../../testdata/properties.json");

fn versioned() -> impl Iterator<Item = (u32, BTreeMap<String, BTreeMap<String, String>>)> {
    let versions: Versioned = serde_json::from_str(VERSIONED).unwrap();
    assert_eq!(versions.len(), 5);
    versions.into_iter().map(|(version, elements)| (version[2..].parse().unwrap(), elements))
}

/// With those at 4:4:4.
fn and_in_full(row: &'static Row) -> impl Iterator<Item = &'static Row> {
    [row].into_iter().chain(row.in_full())
}

fn figures() -> Figures {
    Figures { threads: 3, rate: Rate { kbps: 1000, fps: 60 }, motion: Motion::Moving }
}

fn fits(kind: &str, value: &str) -> bool {
    match kind {
        "boolean" => value.parse::<bool>().is_ok(),
        "int" | "int64" => value.parse::<i32>().is_ok(),
        "uint" | "uint64" => value.parse::<u32>().is_ok(),
        "float" | "double" => value.parse::<f32>().is_ok(),
        "enum" | "flags" | "string" => true,
        known => {
            let known = known.strip_prefix("enum(").and_then(|known| known.strip_suffix(')'));
            known.is_some_and(|known| known.split('|').any(|known| known == value))
        }
    }
}

#[test]
fn each_setting_is_one_of_the_element_in_its_versions_and_in_no_other() {
    for (minor, elements) in versioned() {
        for row in rows_of(minor).flat_map(and_in_full) {
            let Some(element) = elements.get(row.element) else { continue };
            for setting in row.settings() {
                let (name, value) = (setting.property, setting.value.text(&figures()));
                let kind = element.get(name).map(String::as_str);
                let good = match setting.versions.contain(minor) {
                    true => kind.is_some_and(|kind| fits(kind, &value)),
                    // A property may be there in a version that spells the value in another way.
                    false => kind.is_none_or(|kind| {
                        !fits(kind, &value)
                            || row
                                .settings()
                                .any(|other| other.property == name && other.versions.contain(minor))
                    }),
                };
                assert!(good, "1.{minor}: {} {name}={value} is {kind:?}", row.element);
            }
            let bitrate = row.bitrate.property;
            let units = (1000 * row.bitrate.per_kilobit).to_string();
            let kind = element.get(bitrate).map(String::as_str);
            assert!(kind.is_some_and(|kind| fits(kind, &units)), "1.{minor}: {} {bitrate}", row.element);
        }
    }
}

#[test]
fn there_is_one_row_for_each_element_of_each_version() {
    for (minor, elements) in versioned() {
        for element in elements.keys() {
            let rows = rows_of(minor).filter(|row| row.element == element);
            assert_eq!(rows.count(), 1, "1.{minor}: {element}");
        }
        for row in rows_of(minor) {
            assert!(elements.contains_key(row.element), "1.{minor} has no {}", row.element);
        }
    }
}

#[test]
fn each_row_speaks_of_what_matters() {
    let unsaid: &[(&str, Notion)] = &[
        // It has no buffer to be set, and its range of quantisers is fixed.
        ("openh264enc", Notion::Buffer),
        // What it is told in one string.
        ("svtav1enc", Notion::Latency),
        ("svtav1enc", Notion::Buffer),
        ("x265enc", Notion::Buffer),
        ("rav1enc", Notion::Rate),
    ];
    for row in all().flat_map(and_in_full) {
        for notion in [Notion::Rate, Notion::Buffer, Notion::Gop, Notion::Latency, Notion::Preset] {
            let said = row.settings().any(|setting| setting.notion == notion);
            assert_ne!(said, unsaid.contains(&(row.element, notion)), "{}: {notion:?}", row.element);
        }
        assert!(row.least.width % 2 == 0 && row.least.height % 2 == 0, "{}", row.element);
        assert!(!row.inputs.is_empty(), "{}", row.element);
        row.output.parse::<gst::Caps>().map(drop).unwrap_or_else(|error| panic!("{}: {error}", row.element));
    }
}

#[test]
fn the_table_is_accepted_by_the_elements_of_this_machine() {
    gst::init().unwrap();
    let minor = gst::version().1;
    for row in rows().flat_map(and_in_full) {
        let Ok(element) = gst::ElementFactory::make(row.element).build() else {
            eprintln!("SKIPPED {}: not installed", row.element);
            continue;
        };
        for setting in row.settings().filter(|setting| setting.versions.contain(minor)) {
            let (name, value) = (setting.property, setting.value.text(&figures()));
            assert_eq!(apply(&element, name, &value), Ok(()), "{} {name}={value}", row.element);
        }
        let units = (1000 * row.bitrate.per_kilobit).to_string();
        assert_eq!(apply(&element, row.bitrate.property, &units), Ok(()), "{}", row.element);
    }
}

#[test]
fn what_codes_444_is_told_so_and_is_another_row() {
    let codes: Vec<String> = all()
        .filter_map(|row| {
            let full = row.in_full()?;
            assert_ne!(row, full);
            assert_eq!((row.sampling(), full.sampling()), (Sampling::Half, Sampling::Full));
            assert_eq!((full.codec, full.inputs), (row.codec, &[Format::Y444][..]));
            // A decoder is told by the profile; that of AV1 follows from the picture.
            assert_eq!(full.output == row.output, row.codec == Codec::Av1, "{full}");
            Some(format!("{full} ({})", row.versions))
        })
        .collect();
    let nvidia = ["nvh264enc at 4:4:4 (1.26 and later)", "nvcudah264enc at 4:4:4 (1.22 and later)"];
    let others = ["nvautogpuh264enc at 4:4:4 (1.22 and later)", "nvh264enc at 4:4:4 (up to 1.24)"];
    let software = ["x264enc", "vp9enc", "av1enc"].map(|element| format!("{element} at 4:4:4 (all)"));
    assert_eq!(codes, [&nvidia.map(str::to_owned)[..], &others.map(str::to_owned), &software].concat());
}

#[test]
fn values_follow_threads_and_rate() {
    let figures = |threads, kbps, fps| Figures { threads, rate: Rate { kbps, fps }, motion: Motion::Moving };
    for (value, figures, expected) in [
        (Value::Threads, figures(0, 1, 60), "1"),
        (Value::ThreadsLog2, figures(7, 1, 60), "2"),
        (Value::SeveralThreads, figures(1, 1, 60), "false"),
        (Value::Milliseconds(150), figures(1, 8000, 60), "150"),
        (Value::Kilobits(150), figures(1, 8000, 60), "1200"),
        // The share of each picture is what counts.
        (Value::Kilobits(150), figures(1, 8000, 30), "1200"),
        // Four pictures at least.
        (Value::FirstKilobits(25), figures(1, 6000, 60), "396"),
        (Value::Text("a={kbps}:b={kbit}:c={threads}", 100), figures(4, 8000, 60), "a=8000:b=800:c=4"),
    ] {
        assert_eq!(value.text(&figures), expected, "{value:?}");
    }
}

#[test]
fn versions_with_an_odd_number_lead_to_the_next() {
    for (versions, minor, expected) in [
        (Versions(0, 24), 25, false),
        (Versions::from(26), 25, true),
        (Versions(22, 24), 23, true),
        (Versions(22, 24), 21, true),
        (Versions::ALL, 99, true),
    ] {
        assert_eq!(versions.contain(minor), expected, "{versions:?} {minor}");
    }
    assert_eq!(Versions(22, 24).to_string(), "1.22 to 1.24");
    assert_eq!(Versions::from(26).to_string(), "1.26 and later");
}

/// The table in the guide, between two marks; `UPDATE_EXPECT=1` writes it.
#[test]
fn the_guide_holds_the_table() {
    const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let guide = std::fs::read_to_string(GUIDE).unwrap();
    let (before, rest) = guide.split_once("<!-- table -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /table -->").unwrap();
    let head = "| element | of GStreamer | makes | takes | least size | a change of the bitrate costs | package |\n\
                |---|---|---|---|---|---|---|\n";
    let rows = all().map(|row| {
        let inputs = and_in_full(row).flat_map(|row| row.inputs).map(|format| format.name());
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        let cost = match row.bitrate.change {
            Change::Free => "nothing",
            Change::Keyframe => "a keyframe",
            Change::Restart => "a new start",
        };
        let (element, versions, codec, least, package) =
            (row.element, row.versions, row.codec, row.least, row.package);
        format!("| `{element}` | {versions} | {codec} | {inputs} | {least} | {cost} | {package} |\n")
    });
    let expected =
        format!("{before}<!-- table -->\n{head}{}<!-- /table -->{after}", rows.collect::<String>());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(GUIDE, &expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(GUIDE).unwrap(), expected, "run with UPDATE_EXPECT=1");
}
