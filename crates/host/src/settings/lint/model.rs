//! What all kinds of text say: containers, and what they are given.

use std::ops::Range;

use super::finding::Draft;
use crate::settings::{Kind, Known, known};

/// A text and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spanned {
    pub text: String,
    /// In bytes of the file.
    pub span: Range<usize>,
    /// Whether it stands there letter for letter, so that other letters may take its place.
    pub exact: bool,
}

/// One environment variable.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub name: Spanned,
    pub value: Text,
    /// What to cut out to be rid of it, where that is simple.
    pub remove: Option<Range<usize>>,
}

/// The value of a variable.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// It stands in the text.
    Here(Spanned),
    /// It comes from a secret, another file, or what a shell puts in its place. What stands in the text all the same
    /// stands here, and may be a part of it.
    Elsewhere(Option<Range<usize>>),
    /// It has the same name where the text is read.
    Inherited,
}

/// One container.
#[derive(Clone, Debug, Default)]
pub(super) struct Container {
    pub image: String,
    pub given: Vec<Given>,
    pub privileged: Option<Range<usize>>,
    pub host_network: bool,
    pub published: Vec<Range<usize>>,
    /// The product name of the GPU that it asks for.
    pub gpu: Option<String>,
    /// Whether the text is the place where secrets belong.
    pub private: bool,
}

/// Everything that a text asks for.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    pub containers: Vec<Container>,
    /// What is wrong already while reading.
    pub drafts: Vec<Draft>,
}

impl Deployment {
    /// The containers that hold a desktop: all that look like one, and the only one in any case.
    pub fn desktops(&self) -> impl Iterator<Item = &Container> {
        let only = self.containers.len() == 1;
        self.containers.iter().filter(move |container| only || container.is_desktop())
    }
}

impl Deployment {
    /// Where values of settings that are secrets stand, in the order of the text.
    pub fn secrets(&self) -> Vec<Range<usize>> {
        let given = self.containers.iter().flat_map(|container| &container.given);
        let secrets = given.filter(|given| given.is_secret()).filter_map(Given::here);
        let mut places: Vec<Range<usize>> = secrets.map(|value| value.span.clone()).collect();
        places.sort_by_key(|place| place.start);
        places
    }
}

impl Container {
    fn is_desktop(&self) -> bool {
        IMAGES.iter().any(|image| self.image.contains(image)) || self.given.iter().any(Given::is_telling)
    }
}

impl Given {
    /// The value, where it stands in the text.
    pub fn here(&self) -> Option<&Spanned> {
        match &self.value {
            Text::Here(value) => Some(value),
            Text::Elsewhere(_) | Text::Inherited => None,
        }
    }

    /// The places that hold what it is set to. Where the name is none, what follows its first letters is taken for a
    /// value that is separated in a wrong way.
    pub fn places(&self) -> impl Iterator<Item = Range<usize>> {
        let value = match &self.value {
            Text::Here(value) => Some(value.span.clone()),
            Text::Elsewhere(place) => place.clone(),
            Text::Inherited => None,
        };
        let Spanned { text, span, exact } = &self.name;
        let letters = if *exact { label(text).len() } else { 0 };
        let rest = (label(text).len() < text.len()).then(|| span.start + letters..span.end);
        value.into_iter().chain(rest)
    }

    /// Whether it is set to something, as far as the text tells.
    pub fn is_set(&self) -> bool {
        self.here().is_none_or(|value| !value.text.is_empty())
    }

    pub fn known(&self) -> Option<Known> {
        known(&self.name.text)
    }

    /// Whether its value is a secret. The name of a file is none.
    pub fn is_secret(&self) -> bool {
        matches!(self.known(), Some(Known::Today(setting) | Known::Older(setting, _)) if setting.is_secret())
    }

    /// Whether nobody may see what it is set to: it is a secret, or its name looks like that of one.
    pub fn is_private(&self) -> bool {
        is_private(label(&self.name.text))
    }

    /// Whether no other program has a variable of this name.
    fn is_telling(&self) -> bool {
        let common = ["PASSWORD", "PASSWD", "SUBFOLDER", "CUSTOM_USER", "METRICS_PORT"];
        match self.known() {
            Some(Known::Today(setting)) => setting.flag.is_some(),
            Some(Known::Older(..)) => !common.contains(&&*self.name.text),
            Some(Known::Retired(_)) => self.name.text.starts_with("SELKIES_"),
            Some(Known::File(_)) => true,
            Some(Known::OlderFile(..)) | None => false,
        }
    }
}

/// The letters at the beginning of a text that can belong to a name. Messages show no more of it: what follows is no
/// part of a name, and may be anything.
pub(super) fn label(name: &str) -> &str {
    let end = name.find(|sign: char| !(sign.is_ascii_alphanumeric() || "_-.".contains(sign)));
    &name[..end.unwrap_or(name.len())]
}

/// Whether what is set by this name may be a secret. Numbers and words of the table are none, whatever their names
/// look like; texts and paths may be.
pub(super) fn is_private(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    SECRET.iter().any(|part| upper.contains(part))
        && !matches!(
            known(name),
            Some(Known::Today(setting) | Known::Older(setting, _))
                if !matches!(setting.kind, Kind::Text | Kind::Secret | Kind::Path)
        )
}

/// Parts of the names of secrets.
const SECRET: [&str; 5] = ["PASS", "SECRET", "TOKEN", "KEY", "CRED"];

/// Parts of the names of images that hold a desktop.
const IMAGES: [&str; 5] = ["cosmos", "nvidia-glx-desktop", "nvidia-egl-desktop", "selkies", "revup"];
