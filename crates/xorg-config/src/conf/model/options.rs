//! Options: names with values, of which the first of a name counts.

use crate::conf::name::{boolean, same_name};
use crate::conf::number::whole;
use crate::conf::view::{SectionView, Value};

/// An option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigOption {
    /// Its name, as it is written.
    pub name: String,
    /// Its value. Without one, a boolean option is on.
    pub value: Option<String>,
}

/// The options of a section, no two of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(Vec<ConfigOption>);

impl Options {
    /// No options.
    ///
    /// ```
    /// use cosmos_xorg_config::Options;
    /// assert_eq!(Options::new().iter().count(), 0);
    /// ```
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// These options with one more, for building a section.
    ///
    /// ```
    /// use cosmos_xorg_config::Options;
    /// let options = Options::new().with("DPMS", "False");
    /// assert_eq!(options.get("dpms"), Some("False"));
    /// ```
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(name, Some(value.into()));
        self
    }

    /// Gives an option a value, or no value; in its place where there is one of that name.
    ///
    /// ```
    /// use cosmos_xorg_config::Options;
    /// let mut options = Options::new().with("DPMS", "False");
    /// options.set("dpms", None);
    /// assert_eq!((options.get("DPMS"), options.iter().count()), (Some(""), 1));
    /// ```
    pub fn set(&mut self, name: impl Into<String>, value: Option<String>) {
        let option = ConfigOption { name: name.into(), value };
        match self.0.iter_mut().find(|old| same_name(&old.name, &option.name)) {
            Some(old) => *old = option,
            None => self.0.push(option),
        }
    }

    /// The value of an option, empty where it has none.
    ///
    /// ```
    /// use cosmos_xorg_config::Options;
    /// assert_eq!(Options::new().get("DPMS"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|option| same_name(&option.name, name))?;
        Some(found.value.as_deref().unwrap_or_default())
    }

    /// What an option switches: `None` where it is not set, or to something that is neither yes nor no.
    ///
    /// ```
    /// use cosmos_xorg_config::Options;
    /// assert_eq!(Options::new().with("DontZap", "off").boolean("DontZap"), Some(false));
    /// ```
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(boolean)
    }

    /// All of them, in order.
    ///
    /// ```
    /// use cosmos_xorg_config::Options;
    /// let options = Options::new().with("a", "1").with("b", "2");
    /// assert_eq!(options.iter().map(|option| option.name.as_str()).collect::<String>(), "ab");
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &ConfigOption> {
        self.0.iter()
    }

    /// The options of a section; keywords that stand for options too.
    pub(super) fn read(section: SectionView<'_>, keywords: impl Fn(&str) -> Option<String>) -> Self {
        let mut options = Self::new();
        for entry in section.entries() {
            if let Some((name, value)) = entry.option() {
                if options.get(name).is_none() {
                    options.set(name, value.map(str::to_owned));
                }
            } else if entry.keyword() != "Option"
                && let Some(name) = keywords(entry.keyword())
            {
                let values: Vec<String> = entry.values().map(as_option).collect();
                options.set(name, (!values.is_empty()).then(|| values.join(" ")));
            }
        }
        options
    }
}

/// What an old keyword makes of its value: numbers in decimal, as the server's C prints them.
fn as_option(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => text.to_owned(),
        Value::Number(number) => whole(number).cast_signed().to_string(),
        Value::Word(word) => word.to_ascii_lowercase(),
    }
}
