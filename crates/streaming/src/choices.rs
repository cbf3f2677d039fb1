//! What a person has chosen in the page, kept for other browsers and for the next start.
//!
//! It is weaker than what was typed or stands in the environment, and stronger than everything else.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File},
    io::{self, Read},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::private_file;

/// What was chosen; `None` leaves it to the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Choices {
    /// The most that one viewer's picture may take, in kbit/s.
    pub(crate) video_bitrate: Option<u32>,
    /// The most pictures per second.
    pub(crate) framerate: Option<u32>,
    /// Whether pages begin with sound.
    pub(crate) audio: Option<bool>,
    /// Whether pages give the screen their size.
    pub(crate) resize: Option<bool>,
    /// The name of the encoder.
    pub(crate) encoder: Option<String>,
}

/// An encoder that a person may choose, or why they may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Offered {
    pub(crate) element: String,
    /// What it makes; `None` where it does not work.
    pub(crate) codec: Option<String>,
    /// Why it does not work.
    pub(crate) why: Option<String>,
}

/// Why something cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadChoice {
    #[error("{key} is {value}, which is not from {least} to {most}")]
    Range { key: &'static str, value: u32, least: u32, most: u32 },
    #[error("{element} cannot be chosen: {why}")]
    Encoder { element: String, why: String },
    #[error("{key} is set by {by}, which wins; leave that out to choose here")]
    Fixed { key: &'static str, by: String },
    #[error("what was chosen holds until the server ends: it cannot be kept in {}", path.display())]
    Keep { path: PathBuf, source: io::Error },
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    schema: String,
    choices: Choices,
}

/// What was chosen, and where it is kept.
pub(crate) struct Chosen {
    path: Option<PathBuf>,
    /// What cannot be chosen, and what set it.
    fixed: BTreeMap<&'static str, String>,
    encoders: Vec<Offered>,
    /// Held while the file is written, so that the last one who chose is in it.
    now: Mutex<Choices>,
}

impl Choices {
    /// Whether each of them can be.
    fn check(&self) -> Result<(), BadChoice> {
        for (key, value, (least, most)) in
            [(RATE, self.video_bitrate, KBPS), (PACE, self.framerate, (1, 240))]
        {
            if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
                return Err(BadChoice::Range { key, value, least, most });
            }
        }
        Ok(())
    }

    /// Each by its key.
    pub(crate) fn by_key(&self) -> [(&'static str, Value); 5] {
        let number = |value: Option<u32>| value.map_or(Value::Null, Value::from);
        let boolean = |value: Option<bool>| value.map_or(Value::Null, Value::from);
        [
            (RATE, number(self.video_bitrate)),
            (PACE, number(self.framerate)),
            (AUDIO, boolean(self.audio)),
            (RESIZE, boolean(self.resize)),
            (ENCODER, self.encoder.as_deref().map_or(Value::Null, Value::from)),
        ]
    }

    fn forget(&mut self, key: &str) {
        match key {
            RATE => self.video_bitrate = None,
            PACE => self.framerate = None,
            AUDIO => self.audio = None,
            RESIZE => self.resize = None,
            ENCODER => self.encoder = None,
            _ => {}
        }
    }
}

impl Chosen {
    /// What was kept at `path`. `settings` tells what was typed or stands in the environment, `encoders` which encoders
    /// there are.
    pub(crate) fn load(path: Option<PathBuf>, settings: &Map<String, Value>, encoders: Vec<Offered>) -> Self {
        let keys = [RATE, PACE, AUDIO, RESIZE, ENCODER];
        let fixed = keys.into_iter().filter_map(|key| Some((key, fixed_by(key, settings)?)));
        let fixed: BTreeMap<_, _> = fixed.collect();
        let mut now = path.as_deref().map(kept).unwrap_or_default();
        fixed.keys().for_each(|key| now.forget(key));
        if let Err(error) = offered(&encoders, &now) {
            tracing::warn!("{error}");
            now.forget(ENCODER);
        }
        Self { path, fixed, encoders, now: Mutex::new(now) }
    }

    /// What is chosen now.
    pub(crate) fn now(&self) -> Choices {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What cannot be chosen, and what set it.
    pub(crate) fn fixed(&self) -> &BTreeMap<&'static str, String> {
        &self.fixed
    }

    /// The encoders, whether or not they may be chosen.
    pub(crate) fn encoders(&self) -> &[Offered] {
        &self.encoders
    }

    /// Chooses, and keeps it.
    ///
    /// # Errors
    /// [`BadChoice`]; after [`BadChoice::Keep`] it is chosen nevertheless.
    pub(crate) fn choose(&self, choices: Choices) -> Result<(), BadChoice> {
        choices.check()?;
        offered(&self.encoders, &choices)?;
        for (key, value) in choices.by_key() {
            if let Some(by) = self.fixed.get(key).filter(|_| !value.is_null()) {
                return Err(BadChoice::Fixed { key, by: by.clone() });
            }
        }
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = choices;
        let Some(path) = &self.path else { return Ok(()) };
        keep(path, &now).map_err(|source| BadChoice::Keep { path: path.clone(), source })
    }
}

/// Whether the encoder that is chosen may be.
fn offered(encoders: &[Offered], choices: &Choices) -> Result<(), BadChoice> {
    let Some(element) = &choices.encoder else { return Ok(()) };
    let known = encoders.iter().find(|offered| offered.element == *element);
    let why = known.map_or_else(|| Some("there is no such encoder".to_owned()), |known| known.why.clone());
    why.map_or(Ok(()), |why| Err(BadChoice::Encoder { element: element.clone(), why }))
}

/// The flag or the variable that set it.
fn fixed_by(key: &str, settings: &Map<String, Value>) -> Option<String> {
    let setting = settings.get(key)?;
    let strong = ["flag", "environment"].contains(&setting.get("source")?.as_str()?);
    strong.then(|| setting.get("name").and_then(Value::as_str).unwrap_or(key).to_owned())
}

/// What cannot be used is told of and left out.
fn kept(path: &Path) -> Choices {
    let read = || -> io::Result<Choices> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
        let Kept { schema, choices } = serde_json::from_slice(&bytes)?;
        match schema == SCHEMA {
            true => choices.check().map(|()| choices).map_err(io::Error::other),
            false => Err(io::Error::other(format!("its schema is {schema:?}, not {SCHEMA}"))),
        }
    };
    match read() {
        Ok(choices) => choices,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Choices::default(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "what was chosen earlier is not used");
            Choices::default()
        }
    }
}

fn keep(path: &Path, choices: &Choices) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let kept = Kept { schema: SCHEMA.to_owned(), choices: choices.clone() };
    let mut text = serde_json::to_vec(&kept)?;
    text.push(b'\n');
    private_file::write(path, &text)
}

const RATE: &str = "video_bitrate";
const PACE: &str = "framerate";
const AUDIO: &str = "audio";
const RESIZE: &str = "resize";
const ENCODER: &str = "encoder";
/// In kbit/s.
const KBPS: (u32, u32) = (300, 100_000);
/// The schema of the file, and of what programs are told.
pub(crate) const SCHEMA: &str = "cosmos.choices/1";
/// Such a file has a hundred.
const MOST_BYTES: u64 = 4096;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs;

    use serde_json::json;

    use super::*;

    fn rate(kbps: u32) -> Choices {
        Choices { video_bitrate: Some(kbps), ..Choices::default() }
    }

    fn encoders() -> Vec<Offered> {
        let offered = |element: &str, codec: Option<&str>, why: Option<&str>| Offered {
            element: element.into(),
            codec: codec.map(str::to_owned),
            why: why.map(str::to_owned),
        };
        vec![offered("vp8enc", Some("VP8"), None), offered("nvh264enc", None, Some("no GPU"))]
    }

    #[test]
    fn an_encoder_is_chosen_that_works_and_forgotten_where_it_no_longer_does() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("choices.json");
        let named = |name: &str| Choices { encoder: Some(name.into()), ..rate(4000) };
        let chosen = Chosen::load(Some(path.clone()), &Map::new(), encoders());
        for (name, told) in [
            ("nvh264enc", "nvh264enc cannot be chosen: no GPU"),
            ("theoraenc", "theoraenc cannot be chosen: there is no such encoder"),
        ] {
            assert_eq!(chosen.choose(named(name)).unwrap_err().to_string(), told);
        }
        chosen.choose(named("vp8enc")).unwrap();
        assert_eq!(Chosen::load(Some(path.clone()), &Map::new(), encoders()).now(), named("vp8enc"));
        assert_eq!(Chosen::load(Some(path), &Map::new(), Vec::new()).now(), rate(4000));
    }

    #[test]
    fn what_is_chosen_is_there_at_the_next_start_unless_something_stronger_is_set() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/choices.json");
        let load =
            |settings: Value| Chosen::load(Some(path.clone()), settings.as_object().unwrap(), encoders());
        let chosen = load(json!({}));
        assert_eq!(chosen.now(), Choices::default());
        let choices = Choices { framerate: Some(24), audio: Some(false), ..rate(4000) };
        chosen.choose(choices.clone()).unwrap();
        for source in ["default", "file"] {
            assert_eq!(load(json!({ "framerate": { "source": source, "name": "x" } })).now(), choices);
        }
        for source in ["environment", "flag"] {
            let chosen = load(json!({ "framerate": { "source": source, "name": "WEBRTC_FRAMERATE" } }));
            assert_eq!(chosen.now(), Choices { framerate: None, ..choices.clone() });
            let refused = chosen.choose(choices.clone()).unwrap_err().to_string();
            assert!(refused.contains("framerate is set by WEBRTC_FRAMERATE"), "{refused}");
        }
        assert_eq!(load(json!({})).now(), choices, "who was refused changed nothing");
    }

    #[test]
    fn values_beyond_the_range_are_refused_and_change_nothing() {
        let chosen = Chosen::load(None, &Map::new(), encoders());
        chosen.choose(rate(4000)).unwrap();
        for (choices, told) in [
            (rate(299), "video_bitrate is 299, which is not from 300 to 100000"),
            (rate(100_001), "video_bitrate is 100001"),
            (
                Choices { framerate: Some(0), ..Choices::default() },
                "framerate is 0, which is not from 1 to 240",
            ),
        ] {
            let refused = chosen.choose(choices).unwrap_err().to_string();
            assert!(refused.starts_with(told), "{refused}");
        }
        assert_eq!(chosen.now(), rate(4000));
    }

    #[test]
    fn a_file_that_is_none_is_left_and_replaced_by_the_next_choice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("choices.json");
        let long = " ".repeat(5000);
        for text in [
            "",
            "{",
            r#"{"schema":"cosmos.choices/2","choices":{}}"#,
            r#"{"schema":"cosmos.choices/1","choices":{"framerate":9999}}"#,
            r#"{"schema":"cosmos.choices/1","choices":{"colour":"red"}}"#,
            &long,
        ] {
            fs::write(&path, text).unwrap();
            let chosen = Chosen::load(Some(path.clone()), &Map::new(), encoders());
            assert_eq!(chosen.now(), Choices::default(), "{text:.60}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            chosen.choose(rate(900)).unwrap();
            assert_eq!(Chosen::load(Some(path.clone()), &Map::new(), encoders()).now(), rate(900));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a draft is left");
    }

    /// As somebody does who copies the file while others choose.
    #[test]
    fn whoever_reads_the_file_never_sees_half_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("choices.json");
        let chosen = Chosen::load(Some(path.clone()), &Map::new(), encoders());
        chosen.choose(rate(300)).unwrap();
        std::thread::scope(|scope| {
            let writers = [0, 1].map(|writer| {
                let chosen = &chosen;
                scope.spawn(move || {
                    (0..50).for_each(|at| chosen.choose(rate(300 + writer * 99_000 + at)).unwrap());
                })
            });
            while !writers.iter().all(|writer| writer.is_finished()) {
                let text = fs::read(&path).unwrap();
                assert!(serde_json::from_slice::<Kept>(&text).is_ok(), "{}", String::from_utf8_lossy(&text));
            }
        });
        assert_eq!(Chosen::load(Some(path), &Map::new(), encoders()).now(), chosen.now());
    }

    #[test]
    fn where_it_cannot_be_kept_it_holds_and_that_is_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let path = dir.path().join("file/choices.json");
        let chosen = Chosen::load(Some(path.clone()), &Map::new(), encoders());
        let refused = chosen.choose(rate(900)).unwrap_err();
        assert!(refused.to_string().ends_with(path.to_str().unwrap()), "{refused}");
        assert!(matches!(refused, BadChoice::Keep { .. }) && chosen.now() == rate(900));
    }
}
