//! Edits by meaning. What an edit does not speak of keeps its bytes, and the same edit twice is the same edit once.

use std::ops::Range;

use thiserror::Error;

use super::document::{Document, Value};
use super::grammar::SectionKind;
use super::lexer::Token;
use super::name::{excerpt, same_name};
use super::tree::{Body, Entry, Section};
use super::{ConfiguredMode, Options, ParseError};
use crate::modeline::Modeline;

/// Where an edit takes place.
///
/// ```
/// use cosmos_xorg_config::{Document, Place, SectionKind, Value};
/// let mut document = Document::new();
/// let screen = Place::named(SectionKind::Screen, "Screen0");
/// document.ensure_section(screen.display(24))?;
/// document.set(screen.display(24), "Modes", &[Value::Text("1920x1080")])?;
/// assert!(document.as_str().contains("Modes          \"1920x1080\""));
/// # Ok::<(), cosmos_xorg_config::EditError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    kind: SectionKind,
    identifier: Option<&'a str>,
    depth: Option<u32>,
}

impl<'a> Place<'a> {
    /// A section of which there is one, or the first of its kind.
    ///
    /// ```
    /// use cosmos_xorg_config::{Place, SectionKind};
    /// assert_eq!(Place::only(SectionKind::ServerFlags).to_string(), "ServerFlags");
    /// ```
    pub const fn only(kind: SectionKind) -> Self {
        Self { kind, identifier: None, depth: None }
    }

    /// The section with an identifier.
    ///
    /// ```
    /// use cosmos_xorg_config::{Place, SectionKind};
    /// assert_eq!(Place::named(SectionKind::Device, "gpu").to_string(), "Device \"gpu\"");
    /// ```
    pub const fn named(kind: SectionKind, identifier: &'a str) -> Self {
        Self { kind, identifier: Some(identifier), depth: None }
    }

    /// The subsection `Display` with a depth, in bits, of this section.
    ///
    /// ```
    /// use cosmos_xorg_config::{Place, SectionKind};
    /// let place = Place::named(SectionKind::Screen, "s").display(24);
    /// assert_eq!(place.to_string(), "Screen \"s\", Display of depth 24");
    /// ```
    #[must_use]
    pub const fn display(self, depth: u32) -> Self {
        Self { depth: Some(depth), ..self }
    }

    fn fits(&self, document: &Document, section: &Section) -> bool {
        let named = |name| same_name(name, identifier(document, section).unwrap_or_default());
        section.kind == self.kind && self.identifier.is_none_or(named)
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        self.identifier.iter().try_for_each(|name| write!(f, " {name:?}"))?;
        self.depth.iter().try_for_each(|depth| write!(f, ", Display of depth {depth}"))
    }
}

/// Why an edit was refused. The document is then as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such section.
    #[error("there is no section {place}; expected one, which `ensure_section` adds")]
    NoSection {
        /// The place.
        place: String,
    },
    /// A section of this kind cannot be added without a name.
    #[error("a section {kind} needs an identifier; expected one")]
    NoIdentifier {
        /// The kind.
        kind: SectionKind,
    },
    /// Text for which a file has no form.
    #[error("{text:?} cannot stand in a file; expected text without double quotes, line ends and NUL")]
    Text {
        /// The text, cut after 40 characters.
        text: String,
    },
    /// What would come out is no configuration file.
    #[error("the result would be refused: {0}")]
    Result(#[from] ParseError),
}

/// Whether the document changed.
type Edited = Result<bool, EditError>;

impl Document {
    /// Adds a section at the end where there is none yet, and the `Display` of a depth in it.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind};
    /// let mut document = Document::new();
    /// assert!(document.ensure_section(Place::named(SectionKind::Device, "gpu"))?);
    /// assert!(!document.ensure_section(Place::named(SectionKind::Device, "GPU"))?);
    /// assert_eq!(document.as_str(), "Section \"Device\"\n    Identifier     \"gpu\"\nEndSection\n");
    /// # Ok::<(), cosmos_xorg_config::EditError>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NoIdentifier`] where the section would need a name, [`EditError::Text`] where its name cannot be
    /// written.
    pub fn ensure_section(&mut self, place: Place<'_>) -> Edited {
        let mut changed = false;
        if self.find_section(place).is_none() {
            let name = place.identifier.map(quoted).transpose()?;
            if name.is_none() && place.kind.grammar().needs_identifier {
                return Err(EditError::NoIdentifier { kind: place.kind });
            }
            let end = self.line_end();
            let identifier = name.map(|name| line("    ", "Identifier", &name, end)).unwrap_or_default();
            let gap = match self.as_str() {
                "" => "",
                text if text.ends_with('\n') => end,
                _ => &end.repeat(2),
            };
            let section = format!("{gap}Section \"{}\"{end}{identifier}EndSection{end}", place.kind);
            let at = self.as_str().len();
            changed = self.replace(at..at, &section)?;
        }
        if let Some(depth) = place.depth.filter(|_| self.find(place).is_err()) {
            let end = self.line_end();
            let inside = line("        ", "Depth", &depth.to_string(), end);
            let display = format!("    SubSection \"Display\"{end}{inside}    EndSubSection{end}");
            let body = self.find(Place { depth: None, ..place })?.clone();
            changed |= self.append(&body, &display, "    ")?;
        }
        Ok(changed)
    }

    /// Takes away every section that fits, or the `Display` of a depth, with what stands inside, comments too.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind};
    /// let mut document = Document::parse("# keep\nSection \"Files\"\nEndSection\n")?;
    /// assert!(document.remove_section(Place::only(SectionKind::Files))?);
    /// assert_eq!(document.as_str(), "# keep\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::Result`] where the text around cannot stand without the section.
    pub fn remove_section(&mut self, place: Place<'_>) -> Edited {
        let mut changed = false;
        while let Some(range) = self.section_range(place) {
            changed |= self.replace(self.whole_lines(range), "")?;
        }
        Ok(changed)
    }

    /// Gives an option a value, or none: where the option stands, else at the end of the section. A second option of
    /// that name, which the server ignores, stays.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind};
    /// let mut document = Document::parse("Section \"ServerFlags\"\n\tOption \"DontZap\" # why\nEndSection\n")?;
    /// document.set_option(Place::only(SectionKind::ServerFlags), "dontzap", Some("false"))?;
    /// assert_eq!(document.as_str(), "Section \"ServerFlags\"\n\tOption \"DontZap\" \"false\" # why\nEndSection\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NoSection`] where there is no such section, [`EditError::Text`] where name or value cannot be
    /// written.
    pub fn set_option(&mut self, place: Place<'_>, name: &str, value: Option<&str>) -> Edited {
        let (quoted_name, quoted_value) = (quoted(name)?, value.map(quoted).transpose()?);
        let body = self.find(place)?.clone();
        let Some(option) = body.entries.iter().find(|entry| is_option(self, entry, name)) else {
            let values =
                [Some(quoted_name), quoted_value].into_iter().flatten().collect::<Vec<_>>().join(" ");
            return self.add_line(&body, "Option", &values);
        };
        let [name, old @ ..] = &option.values[..] else { return Ok(false) };
        let old = old.first().copied();
        if old.map(|old| old.text(self.as_str())) == value {
            return Ok(false);
        }
        let written = format!("\"{}\"", name.text(self.as_str()));
        match (old, quoted_value) {
            (Some(old), Some(value)) => self.replace(old.start..old.end, &value),
            (Some(old), None) => self.replace(name.start..old.end, &written),
            (None, value) => {
                let value = value.map(|value| format!(" {value}")).unwrap_or_default();
                self.replace(name.start..name.end, &format!("{written}{value}"))
            }
        }
    }

    /// Takes away every option of a name.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind};
    /// let text = "Section \"ServerFlags\"\n  Option \"DontZap\"\n  Option \"dont_zap\" \"no\" # kept\nEndSection\n";
    /// let mut document = Document::parse(text)?;
    /// assert!(document.remove_option(Place::only(SectionKind::ServerFlags), "DontZap")?);
    /// assert_eq!(document.as_str(), "Section \"ServerFlags\"\n   # kept\nEndSection\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NoSection`] where there is no such section.
    pub fn remove_option(&mut self, place: Place<'_>, name: &str) -> Edited {
        self.remove_where(place, |document, entry| is_option(document, entry, name))
    }

    /// Gives a keyword its values: in its last place, which is the one that counts, else at the end of the section.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind, Value};
    /// let gpu = Place::named(SectionKind::Device, "gpu");
    /// let mut document = Document::parse("Section \"Device\"\n  Identifier \"gpu\"\n  Driver \"nv\"\nEndSection\n")?;
    /// document.set(gpu, "Driver", &[Value::Text("nvidia")])?;
    /// document.set(gpu, "VideoRam", &[Value::Number("256000")])?;
    /// assert!(document.as_str().contains("Driver \"nvidia\"\n  VideoRam       256000\n"));
    /// assert!(document.set(gpu, "VideoRam", &[Value::Text("much")]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NoSection`] where there is no such section, [`EditError::Text`] where a value cannot be written,
    /// [`EditError::Result`] where keyword and values do not fit the section.
    pub fn set(&mut self, place: Place<'_>, keyword: &str, values: &[Value<'_>]) -> Edited {
        let printed = print(values)?;
        let body = self.find(place)?.clone();
        let old = body.entries.iter().rev().find(|entry| same_name(entry.keyword, keyword));
        let Some(old) = old else { return self.add_line(&body, keyword, &printed) };
        if same_values(self, old, values) {
            return Ok(false);
        }
        let start = old.values.first().map_or(old.token.end, |value| value.start);
        let gap = if old.values.is_empty() { " " } else { "" };
        self.replace(start..old.end(), &format!("{gap}{printed}"))
    }

    /// Adds a line with a keyword that may stand several times (`FontPath`, `Load`, `InputDevice`), unless it is
    /// there with these values.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind, Value};
    /// let mut document = Document::parse("Section \"Module\"\n  Load \"glx\"\nEndSection\n")?;
    /// assert!(!document.add(Place::only(SectionKind::Module), "Load", &[Value::Text("glx")])?);
    /// assert!(document.add(Place::only(SectionKind::Module), "Load", &[Value::Text("dri2")])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn add(&mut self, place: Place<'_>, keyword: &str, values: &[Value<'_>]) -> Edited {
        let printed = print(values)?;
        let body = self.find(place)?.clone();
        let there = |entry: &Entry| same_name(entry.keyword, keyword) && same_values(self, entry, values);
        match body.entries.iter().any(there) {
            true => Ok(false),
            false => self.add_line(&body, keyword, &printed),
        }
    }

    /// Takes away every line of a keyword; `SubSection` and `Mode` with what stands inside.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind};
    /// let mut document = Document::parse("Section \"Module\"\n  Load \"glx\"\nEndSection\n")?;
    /// document.remove(Place::only(SectionKind::Module), "load")?;
    /// assert_eq!(document.as_str(), "Section \"Module\"\nEndSection\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EditError::NoSection`] where there is no such section, [`EditError::Result`] where it cannot stand without
    /// the keyword.
    pub fn remove(&mut self, place: Place<'_>, keyword: &str) -> Edited {
        self.remove_where(place, |_, entry| same_name(entry.keyword, keyword))
    }

    /// Puts a mode into a `Monitor` or `Modes` section, in the place of one of that name.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Place, SectionKind};
    /// let mut document = Document::new();
    /// let monitor = Place::named(SectionKind::Monitor, "Monitor0");
    /// document.ensure_section(monitor)?;
    /// document.set_mode(monitor, &"Modeline \"vga\" 25.175 640 656 752 800 480 490 492 525 -hsync -vsync".parse()?)?;
    /// assert!(document.as_str().contains("ModeLine       \"vga\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_mode(&mut self, place: Place<'_>, mode: &Modeline) -> Edited {
        let printed = ConfiguredMode::from(mode).to_string();
        let body = self.find(place)?.clone();
        let named = |entry: &&Entry| {
            let name = entry.body.as_ref().map(|body| body.name).or(entry.values.first().copied());
            ["ModeLine", "Mode"].contains(&entry.keyword)
                && name.is_some_and(|name| name.text(self.as_str()) == mode.name())
        };
        let Some(old) = body.entries.iter().find(named) else {
            return self.add_line(&body, "ModeLine", &printed);
        };
        let is_same = ConfiguredMode::read(&self.view(old)).as_ref() == Some(&ConfiguredMode::from(mode));
        match is_same {
            true => Ok(false),
            false => self.replace(old.token.start..old.end(), &format!("ModeLine {printed}")),
        }
    }

    /// Sets all of these options.
    ///
    /// ```
    /// use cosmos_xorg_config::{Document, Options, Place, SectionKind};
    /// let mut document = Document::new();
    /// let flags = Place::only(SectionKind::ServerFlags);
    /// document.ensure_section(flags)?;
    /// assert!(document.set_options(flags, &Options::new().with("DontZap", "True"))?);
    /// # Ok::<(), cosmos_xorg_config::EditError>(())
    /// ```
    ///
    /// # Errors
    /// As [`set_option`](Self::set_option), for the first that is refused; those before it are set.
    pub fn set_options(&mut self, place: Place<'_>, options: &Options) -> Edited {
        let mut changed = false;
        for option in options.iter() {
            changed |= self.set_option(place, &option.name, option.value.as_deref())?;
        }
        Ok(changed)
    }

    fn remove_where(&mut self, place: Place<'_>, fits: impl Fn(&Self, &Entry) -> bool) -> Edited {
        let mut changed = false;
        loop {
            let body = self.find(place)?;
            let Some(entry) = body.entries.iter().find(|entry| fits(self, entry)) else { return Ok(changed) };
            changed |= self.remove_entry(&entry.clone())?;
        }
    }

    /// Comments on the same line, and between the values, stay.
    fn remove_entry(&mut self, entry: &Entry) -> Edited {
        let range = entry.token.start..entry.end();
        if entry.body.is_some() || !self.as_str()[range.clone()].contains('#') {
            return self.replace(self.whole_lines(range), "");
        }
        let mut text = self.as_str().to_owned();
        let mut tokens: Vec<Token> = [entry.token].into_iter().chain(entry.values.iter().copied()).collect();
        tokens.sort_by_key(|token| std::cmp::Reverse(token.start));
        tokens.iter().for_each(|token| text.replace_range(token.start..token.end, ""));
        self.become_text(text)
    }

    fn find_section(&self, place: Place<'_>) -> Option<&Section> {
        let mut fitting = self.tree().iter().filter(|section| place.fits(self, section));
        match place.kind.is_singleton() {
            true => fitting.next_back(),
            false => fitting.next(),
        }
    }

    fn find(&self, place: Place<'_>) -> Result<&Body, EditError> {
        let section = self.find_section(place).map(|section| &section.body);
        let display = |body: &'_ Body| -> Option<usize> {
            body.entries.iter().position(|entry| depth_of(self, entry) == place.depth && entry.body.is_some())
        };
        let found = match (section, place.depth) {
            (Some(body), Some(_)) => display(body).and_then(|at| body.entries[at].body.as_ref()),
            (section, _) => section,
        };
        found.ok_or_else(|| EditError::NoSection { place: place.to_string() })
    }

    fn section_range(&self, place: Place<'_>) -> Option<Range<usize>> {
        let section = self.find_section(place)?;
        let Some(depth) = place.depth else { return Some(section.start.start..section.body.end.end) };
        let display = section.body.entries.iter().find(|entry| depth_of(self, entry) == Some(depth))?;
        Some(display.token.start..display.end())
    }

    fn add_line(&mut self, body: &Body, keyword: &str, values: &str) -> Edited {
        let indent = self.indent(body);
        let line = line(&indent, keyword, values, self.line_end());
        self.append(body, &line, &indent)
    }

    /// Puts whole lines behind the last entry: below its line, or where that line goes on, in the middle of it.
    fn append(&mut self, body: &Body, lines: &str, indent: &str) -> Edited {
        let last = body.entries.last().map_or(body.name.end, Entry::end);
        let below = self.as_str()[last..body.end.start].find('\n').map(|at| last + at + 1);
        match below {
            Some(at) => self.replace(at..at, lines),
            None => {
                let closing = indent.strip_suffix("    ").unwrap_or_default();
                let gap = self.as_str()[last..body.end.start].trim_end_matches([' ', '\t']).len();
                self.replace(last + gap..body.end.start, &format!("{}{lines}{closing}", self.line_end()))
            }
        }
    }

    /// The blanks before the last entry that begins a line, else one step more than before the section.
    fn indent(&self, body: &Body) -> String {
        let before = |token: Token| {
            let line = self.as_str()[..token.start].rsplit('\n').next().unwrap_or_default();
            line.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then(|| line.to_owned())
        };
        let entries = body.entries.iter().rev().filter_map(|entry| before(entry.token));
        let outer = || format!("{}    ", before(body.end).unwrap_or_default());
        entries.into_iter().next().unwrap_or_else(outer)
    }

    fn line_end(&self) -> &'static str {
        match self.as_str().split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The range with its blanks and its line end, where nothing else stands on these lines.
    fn whole_lines(&self, range: Range<usize>) -> Range<usize> {
        let blank = [' ', '\t', '\r'];
        let before = self.as_str()[..range.start].trim_end_matches(blank);
        let after = self.as_str()[range.end..].trim_start_matches(blank);
        let starts_line = before.is_empty() || before.ends_with('\n');
        match after.strip_prefix('\n') {
            Some(rest) if starts_line => before.len()..self.as_str().len() - rest.len(),
            None if starts_line && after.is_empty() => before.len()..self.as_str().len(),
            _ => range,
        }
    }

    fn replace(&mut self, range: Range<usize>, with: &str) -> Edited {
        let mut text = self.as_str().to_owned();
        text.replace_range(range, with);
        self.become_text(text)
    }

    fn become_text(&mut self, text: String) -> Edited {
        *self = Self::parse(text)?;
        Ok(true)
    }
}

fn identifier<'a>(document: &'a Document, section: &Section) -> Option<&'a str> {
    let last = |keyword: &str| section.body.entries.iter().rev().find(|entry| entry.keyword == keyword);
    let driver = || last("Driver").filter(|_| section.kind == SectionKind::Screen);
    let entry = last("Identifier").or_else(driver)?;
    entry.values.first().map(|value| value.text(document.as_str()))
}

fn is_option(document: &Document, entry: &Entry, name: &str) -> bool {
    let first = entry.values.first().filter(|_| entry.keyword == "Option");
    first.is_some_and(|first| {
        first.kind == super::lexer::Kind::Text && same_name(first.text(document.as_str()), name)
    })
}

fn depth_of(document: &Document, entry: &Entry) -> Option<u32> {
    let body = entry.body.as_ref()?;
    let depth = body.entries.iter().rev().find(|entry| entry.keyword == "Depth")?;
    depth.values.first().map(|value| super::number::whole(value.text(document.as_str())))
}

fn same_values(document: &Document, entry: &Entry, values: &[Value<'_>]) -> bool {
    let old = entry.values.iter().map(|value| value.text(document.as_str()));
    old.eq(values.iter().map(|value| value.as_str()))
}

fn print(values: &[Value<'_>]) -> Result<String, EditError> {
    let printed = values.iter().map(|value| match value {
        Value::Text(text) => quoted(text),
        Value::Number(word) | Value::Word(word) => bare(word),
    });
    Ok(printed.collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn quoted(text: &str) -> Result<String, EditError> {
    match text.contains(['"', '\n', '\r', '\0']) {
        true => Err(EditError::Text { text: excerpt(text) }),
        false => Ok(format!("\"{text}\"")),
    }
}

fn bare(word: &str) -> Result<String, EditError> {
    match word.is_empty() || word.contains(['"', '#', '\0']) || word.contains(char::is_whitespace) {
        true => Err(EditError::Text { text: excerpt(word) }),
        false => Ok(word.to_owned()),
    }
}

fn line(indent: &str, keyword: &str, values: &str, end: &str) -> String {
    format!("{indent}{keyword:<14} {values}{end}")
}
