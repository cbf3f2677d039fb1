//! Which encoders work on this machine, found by encoding with them.

use std::{thread, time::Duration};

use gstreamer as gst;

use crate::{
    Choice, Codec, EncodeError, EncoderConfig, child,
    plan::{Family, Plan},
    registry,
    table::{self, Maker, Row},
    trouble,
};

/// An encoder that works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Working {
    /// The name of the element.
    pub element: String,
    /// What it codes.
    pub codec: Codec,
    /// Whether it is a circuit of the GPU.
    pub hardware: bool,
}

/// Which encoders work, and what is wrong with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Those that encoded a picture, best first.
    pub works: Vec<Working>,
    /// Those that did not, with the reason.
    pub broken: Vec<(String, String)>,
}

impl Capabilities {
    /// Encodes with each encoder, all at once, each in a child process that is killed after `deadline`. The program
    /// must call [`child::hook`] first thing in its `main`.
    ///
    /// # Errors
    /// [`EncodeError::Start`] when GStreamer cannot be started.
    pub fn probe(deadline: Duration) -> Result<Self, EncodeError> {
        Self::probe_rows(|_| true, deadline)
    }

    /// As [`probe`](Self::probe), but leaves alone what this choice would not lead to: what the CPU codes at several
    /// times the cost is only taken by name.
    ///
    /// # Errors
    /// [`EncodeError::Start`] when GStreamer cannot be started, [`EncodeError::Unknown`] for a name that is none of an
    /// encoder.
    pub fn probe_for(choice: &Choice, deadline: Duration) -> Result<Self, EncodeError> {
        let asked = match choice {
            Choice::Auto => Vec::new(),
            Choice::Named(_) => Family::of(choice)?.rows,
        };
        Self::probe_rows(|row| row.maker != Maker::SlowCpu || asked.contains(row), deadline)
    }

    fn probe_rows(wanted: impl Fn(&&Row) -> bool, deadline: Duration) -> Result<Self, EncodeError> {
        // Fills the registry of plugins once, which the children then only read.
        gst::init().map_err(EncodeError::Start)?;
        registry::wake();
        let (here, missing): (Vec<_>, Vec<_>) =
            table::rows().partition(|row| registry::is_there(row.element));
        let (wanted, unwanted): (Vec<_>, Vec<_>) = here.into_iter().partition(|row| wanted(row));
        let names = wanted.iter().map(|row| row.element).collect::<Vec<_>>();
        let mut found = Self::probe_named(&names, deadline);
        found.broken.extend(missing.into_iter().map(trouble::not_there));
        found.broken.extend(unwanted.iter().map(|row| (row.element.to_owned(), UNTRIED.to_owned())));
        found.broken.extend(table::strangers().into_iter().map(trouble::not_there));
        Ok(found)
    }

    /// As [`probe`](Self::probe), for these encoders only, whether or not they are installed or known.
    pub fn probe_named(names: &[&str], deadline: Duration) -> Self {
        let findings = thread::scope(|scope| {
            let children = names.iter().map(|name| scope.spawn(move || child::probe(name, deadline)));
            let children = children.collect::<Vec<_>>();
            children
                .into_iter()
                .map(|child| child.join().unwrap_or_else(|_| Err("the probe failed".into())))
                .collect::<Vec<_>>()
        });
        let mut found = Self::default();
        for (name, finding) in names.iter().zip(findings) {
            found.record(name, finding);
        }
        found
    }

    /// Takes every encoder that is installed for one that works, without trying.
    ///
    /// # Errors
    /// [`EncodeError::Start`] when GStreamer cannot be started.
    pub fn installed() -> Result<Self, EncodeError> {
        gst::init().map_err(EncodeError::Start)?;
        registry::wake();
        let mut found = Self::default();
        for row in table::rows() {
            match registry::is_there(row.element) {
                true => found.record(row.element, Ok(())),
                false => found.broken.push(trouble::not_there(row)),
            }
        }
        found.broken.extend(table::strangers().into_iter().map(trouble::not_there));
        Ok(found)
    }

    /// What the encoders make to which a choice can lead, best first: viewers may agree upon any of these.
    ///
    /// # Errors
    /// [`EncodeError::Unknown`] for a name that is none of an encoder.
    pub fn codecs(&self, choice: &Choice) -> Result<Vec<Codec>, EncodeError> {
        let config = EncoderConfig { choice: choice.clone(), ..EncoderConfig::default() };
        let mut codecs: Vec<Codec> = Vec::new();
        for row in Plan::new(&config, self)?.first() {
            if !codecs.contains(&row.codec) {
                codecs.push(row.codec);
            }
        }
        Ok(codecs)
    }

    /// What speaks against this encoder.
    pub(crate) fn against(&self, element: &str) -> Option<String> {
        if self.works.iter().any(|working| working.element == element) {
            return None;
        }
        let broken = self.broken.iter().find(|(broken, _)| broken == element);
        Some(broken.map_or_else(|| "not probed".into(), |(_, reason)| reason.clone()))
    }

    fn record(&mut self, name: &str, finding: Result<(), String>) {
        match (finding, table::row(name)) {
            (Ok(()), Ok(row)) => {
                let (codec, hardware) = (row.codec, row.hardware());
                self.works.push(Working { element: name.into(), codec, hardware });
            }
            (Err(reason), Ok(row)) => self.broken.push((name.into(), trouble::explained(row, reason))),
            (Err(reason), Err(_)) => self.broken.push((name.into(), reason)),
            (Ok(()), Err(error)) => self.broken.push((name.into(), error.to_string())),
        }
    }
}

const UNTRIED: &str = "not tried: it costs several times as much, and is only taken by name";
