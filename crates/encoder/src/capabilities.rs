//! Which encoders work on this machine, found by encoding with them.

use std::{
    collections::HashMap,
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use gstreamer as gst;

use crate::{
    Choice, Codec, EncodeError, EncoderConfig,
    child::{self, Fault},
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

impl Working {
    /// One of this name.
    pub fn new(element: impl Into<String>, codec: Codec, hardware: bool) -> Self {
        Self { element: element.into(), codec, hardware }
    }
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
    /// Encodes with each encoder, all at once, each in a child process that is killed after `deadline`; those of NVENC
    /// share one. The program
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
        let (minor, is_forgetful) = (gst::version().1, registry::is_forgetful());
        let may_be_there = |row: &&Row| {
            let forgotten = is_forgetful && row.maker == Maker::Nvidia && row.versions.contain(minor);
            forgotten || registry::is_there(row.element)
        };
        let (here, missing): (Vec<_>, Vec<_>) = table::rows().partition(may_be_there);
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
        let is_nvenc = |name: &&str| table::row(name).is_ok_and(|row| row.maker == Maker::Nvidia);
        // NVIDIA's driver takes long to begin with, and longer for several that begin at once.
        let (nvenc, others): (Vec<_>, Vec<_>) = names.iter().copied().partition(is_nvenc);
        let groups = others.chunks(1).chain((!nvenc.is_empty()).then_some(nvenc.as_slice()));
        let findings = thread::scope(|scope| {
            let children = groups.map(|group| (group, scope.spawn(move || child::probe(group, deadline))));
            let children = children.collect::<Vec<_>>();
            let join = |(group, child): (&[&str], ScopedJoinHandle<'_, Vec<_>>)| {
                let failed = || vec![Err(Fault::Failed("the probe failed".into())); group.len()];
                let findings = child.join().unwrap_or_else(|_| failed());
                group.iter().map(|name| (*name).to_owned()).zip(findings).collect::<Vec<_>>()
            };
            children.into_iter().flat_map(join).collect::<HashMap<_, _>>()
        });
        let mut found = Self::default();
        for name in names {
            found.record(name, findings[*name].clone());
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

    fn record(&mut self, name: &str, finding: Result<(), Fault>) {
        match (finding, table::row(name)) {
            (Ok(()), Ok(row)) => {
                let (codec, hardware) = (row.codec, row.hardware());
                self.works.push(Working::new(name, codec, hardware));
            }
            (Err(Fault::Absent), Ok(row)) => self.broken.push(trouble::not_there(row)),
            (Err(Fault::Failed(reason)), Ok(row)) => {
                self.broken.push((name.into(), trouble::explained(row, reason)));
            }
            (Err(Fault::Failed(reason)), Err(_)) => self.broken.push((name.into(), reason)),
            (_, Err(error)) => self.broken.push((name.into(), error.to_string())),
        }
    }
}

const UNTRIED: &str = "not tried: it costs several times as much, and is only taken by name";
