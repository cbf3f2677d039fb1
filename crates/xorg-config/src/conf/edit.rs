//! Edits by meaning. What an edit does not speak of keeps its bytes, and the same edit twice is the same edit once.

use super::document::Document;
use super::name::same_name;
use super::tree::Entry;
use super::view::Value;
use super::{ConfiguredMode, Options};
use crate::modeline::Modeline;

mod place;
mod splice;

pub use place::{EditError, Place};
use splice::{is_option, line, print, quoted, same_values};

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
}
