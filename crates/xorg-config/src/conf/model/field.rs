//! How a field is read from a section and printed into one: one module for each kind of value.

use crate::conf::name::same_name;
use crate::conf::number::{kilohertz, real, whole};
use crate::conf::view::{EntryView, SectionView, Value};
use crate::units::PixelClock;

/// Text with the indentation of sections.
#[derive(Default)]
pub(crate) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    /// A keyword, with values that are printed already.
    pub fn line(&mut self, keyword: &str, values: &str) {
        let indent = INDENT * self.depth;
        let line = format!("{:indent$}{keyword:<KEYWORD_WIDTH$} {values}", "");
        self.text += line.trim_end();
        self.text.push('\n');
    }

    /// A section or a subsection around what `inside` prints.
    pub fn section(&mut self, word: &str, name: &str, inside: impl FnOnce(&mut Self)) {
        if self.depth == 0 && !self.text.is_empty() {
            self.text.push('\n');
        }
        let indent = " ".repeat(INDENT * self.depth);
        self.text += &format!("{indent}{word} \"{name}\"\n");
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.text += &format!("{indent}End{word}\n");
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// Text as a file can hold it: there is no escape, so what would end the text is left out.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\n', '\r', '\0'], ""))
}

fn all<'a>(section: SectionView<'a>, keyword: &'a str) -> impl DoubleEndedIterator<Item = EntryView<'a>> {
    section.entries().filter(move |entry| same_name(entry.keyword(), keyword))
}

fn last<'a>(section: SectionView<'a>, keyword: &'a str) -> Option<Vec<&'a str>> {
    all(section, keyword).next_back().map(|entry| strings(&entry))
}

pub(super) fn strings<'a>(entry: &EntryView<'a>) -> Vec<&'a str> {
    entry.values().map(Value::as_str).collect()
}

fn joined<T>(values: impl IntoIterator<Item = T>, print: impl Fn(T) -> String) -> String {
    values.into_iter().map(print).collect::<Vec<_>>().join(" ")
}

fn megahertz(clock: &PixelClock) -> String {
    clock.to_string().trim_end_matches(" MHz").to_owned()
}

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident: $type:ty, |$section:ident, $keyword:ident| $read:expr,
     |$value:ident, $key:ident, $out:ident| $write:expr) => {
        $(#[$doc])*
        pub(super) mod $name {
            #[allow(unused_imports, reason = "no kind needs all of them")]
            use super::{PixelClock, SectionView, Value, Writer, all, joined, kilohertz, last, megahertz, quoted, real, whole};
            #[allow(unused_imports, reason = "no kind needs all of them")]
            use super::{each, number, speeds, text};
            #[allow(unused_imports, reason = "no kind needs all of them")]
            use crate::conf::model::*;

            pub(crate) fn read($section: SectionView<'_>, $keyword: &str) -> $type {
                $read
            }

            #[allow(clippy::ptr_arg, reason = "a field is passed as it is")]
            pub(crate) fn write($value: &$type, $key: &str, $out: &mut Writer) {
                $write
            }
        }
    };
}

kind!(
    /// What names a section.
    identifier: String,
    |section, _keyword| section.identifier().unwrap_or_default().to_owned(),
    |value, keyword, out| out.line(keyword, &quoted(value))
);

kind!(
    /// The name behind `SubSection`.
    name: String,
    |section, _keyword| section.name().to_owned(),
    |_value, _keyword, _out| ()
);

kind!(
    /// One text; the last one counts.
    text: Option<String>,
    |section, keyword| section.text(keyword).map(str::to_owned),
    |value, keyword, out| value.iter().for_each(|text| out.line(keyword, &quoted(text)))
);

kind!(
    /// One text, but the server knows keyboards under another name.
    driver: Option<String>,
    |section, keyword| text::read(section, keyword).map(|name| if name == "keyboard" { "kbd".to_owned() } else { name }),
    |value, keyword, out| text::write(value, keyword, out)
);

kind!(
    /// Texts, one on each line.
    each: Vec<String>,
    |section, keyword| {
        let values = all(section, keyword).filter_map(|entry| entry.values().next());
        values.map(|value| value.as_str().to_owned()).collect()
    },
    |value, keyword, out| value.iter().for_each(|text| out.line(keyword, &quoted(text)))
);

kind!(
    /// Texts, one on each line, no name twice.
    distinct: Vec<String>,
    |section, keyword| {
        let mut kept: Vec<String> = Vec::new();
        for text in each::read(section, keyword) {
            if !kept.iter().any(|old| crate::conf::same_name(old, &text)) {
                kept.push(text);
            }
        }
        kept
    },
    |value, keyword, out| each::write(value, keyword, out)
);

kind!(
    /// Texts on one line.
    names: Vec<String>,
    |section, keyword| {
        let values = all(section, keyword).flat_map(|entry| entry.values());
        values.map(|value| value.as_str().to_owned()).collect()
    },
    |value, keyword, out| {
        if !value.is_empty() {
            out.line(keyword, &joined(value, |text| quoted(text)));
        }
    }
);

kind!(
    number: Option<u32>,
    |section, keyword| section.text(keyword).map(whole),
    |value, keyword, out| value.iter().for_each(|number| out.line(keyword, &number.to_string()))
);

kind!(
    /// The depth of a screen has two names; the last one counts.
    depth: Option<u32>,
    |section, _keyword| {
        let named = |name: &str| ["DefaultDepth", "DefaultColorDepth"].contains(&name);
        let found = section.entries().rfind(|entry| named(entry.keyword()));
        found.and_then(|entry| entry.values().next()).map(|value| whole(value.as_str()))
    },
    |value, keyword, out| number::write(value, keyword, out)
);

kind!(
    pair: Option<[u32; 2]>,
    |section, keyword| last(section, keyword).and_then(|values| {
        <[&str; 2]>::try_from(values).ok().map(|pair| pair.map(whole))
    }),
    |value, keyword, out| value.iter().for_each(|pair| out.line(keyword, &joined(pair, u32::to_string)))
);

kind!(
    triple: Option<[u32; 3]>,
    |section, keyword| last(section, keyword).and_then(|values| {
        <[&str; 3]>::try_from(values).ok().map(|triple| triple.map(whole))
    }),
    |value, keyword, out| value.iter().for_each(|triple| out.line(keyword, &joined(triple, u32::to_string)))
);

kind!(
    millimetres: Option<[f64; 2]>,
    |section, keyword| last(section, keyword).and_then(|values| {
        <[&str; 2]>::try_from(values).ok().map(|pair| pair.map(real))
    }),
    |value, keyword, out| value.iter().for_each(|pair| out.line(keyword, &joined(pair, f64::to_string)))
);

kind!(
    gamma: Option<[f64; 3]>,
    |section, keyword| last(section, keyword).and_then(|values| match values[..] {
        [all] => Some([real(all); 3]),
        [red, green, blue] => Some([real(red), real(green), real(blue)]),
        _ => None,
    }),
    |value, keyword, out| value.iter().for_each(|gamma| out.line(keyword, &joined(gamma, f64::to_string)))
);

kind!(
    /// Megahertz; the last line counts.
    speeds: Vec<PixelClock>,
    |section, keyword| {
        let values = last(section, keyword).unwrap_or_default();
        values.into_iter().map(|value| PixelClock::from_khz(kilohertz(value))).collect()
    },
    |value, keyword, out| {
        if !value.is_empty() {
            out.line(keyword, &joined(value, megahertz));
        }
    }
);

kind!(
    /// Megahertz; all lines together.
    clocks: Vec<PixelClock>,
    |section, keyword| {
        let values = all(section, keyword).flat_map(|entry| entry.values());
        values.map(|value| PixelClock::from_khz(kilohertz(value.as_str()))).collect()
    },
    |value, keyword, out| speeds::write(value, keyword, out)
);

kind!(
    options: Options,
    |section, _keyword| Options::read(section, |_| None),
    |value, keyword, out| for option in value.iter() {
        let value = option.value.as_ref().map(|value| format!(" {}", quoted(value))).unwrap_or_default();
        out.line(keyword, &format!("{}{value}", quoted(&option.name)));
    }
);

kind!(
    ranges: Vec<FrequencyRange>,
    |section, keyword| all(section, keyword).flat_map(|entry| FrequencyRange::read(entry)).collect(),
    |value, keyword, out| if !value.is_empty() {
        let ranges: Vec<String> = value.iter().map(FrequencyRange::to_string).collect();
        out.line(keyword, &ranges.join(", "));
    }
);

kind!(
    modes: Vec<ConfiguredMode>,
    |section, _keyword| section.entries().filter_map(|entry| ConfiguredMode::read(&entry)).collect(),
    |value, keyword, out| value.iter().for_each(|mode| out.line(keyword, &mode.to_string()))
);

macro_rules! nested {
    ($name:ident, $type:ident) => {
        kind!(
            $name: Vec<$type>,
            |section, _keyword| section.entries().filter_map(|entry| entry.section()).map(Part::read).collect(),
            |value, _keyword, out| value.iter().for_each(|part: &$type| {
                out.section("SubSection", &part.name.replace(['"', '\n', '\r', '\0'], ""), |out| part.write(out));
            })
        );
    };
}

nested!(displays, Display);
nested!(ports, VideoPortSection);
nested!(vendor_subsections, VendorSubsection);

kind!(
    screens: Vec<LayoutScreen>,
    |section, keyword| all(section, keyword).filter_map(|entry| LayoutScreen::read(&entry)).collect(),
    |value, keyword, out| value.iter().for_each(|screen| out.line(keyword, &screen.print()))
);

kind!(
    inputs: Vec<LayoutInput>,
    |section, keyword| all(section, keyword).filter_map(|entry| LayoutInput::read(&entry)).collect(),
    |value, keyword, out| value.iter().for_each(|input| out.line(keyword, &input.print()))
);

kind!(
    matches: Vec<Match>,
    |section, _keyword| section.entries().filter_map(|entry| Match::read(&entry)).collect(),
    |value, _keyword, out| value.iter().for_each(|group| group.write(out))
);

kind!(
    device_types: Vec<(DeviceType, bool)>,
    |section, _keyword| DeviceType::read(section),
    |value, _keyword, out| value.iter().for_each(|(kind, is)| {
        out.line(kind.keyword(), if *is { "\"yes\"" } else { "\"no\"" });
    })
);

const INDENT: usize = 4;
const KEYWORD_WIDTH: usize = 14;
