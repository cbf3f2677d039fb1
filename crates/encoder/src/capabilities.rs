//! Which encoders work on this machine, found by encoding with them.

use std::{thread, time::Duration};

use gstreamer as gst;

use crate::{
    Codec, EncodeError, child,
    table::{self, TABLE},
};

/// An encoder that works.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        // Fills the registry of plugins once, which the children then only read.
        gst::init().map_err(EncodeError::Start)?;
        let installed = |name: &&str| gst::ElementFactory::find(name).is_some();
        let names = TABLE.iter().map(|row| row.element);
        let (here, missing): (Vec<_>, Vec<_>) = names.partition(installed);
        let mut found = Self::probe_named(&here, deadline);
        found.broken.extend(missing.into_iter().map(not_installed));
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
        let mut found = Self::default();
        for row in TABLE {
            match gst::ElementFactory::find(row.element) {
                Some(_) => found.record(row.element, Ok(())),
                None => found.broken.push(not_installed(row.element)),
            }
        }
        Ok(found)
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
                let (codec, hardware) = (row.codec, row.hardware);
                self.works.push(Working { element: name.into(), codec, hardware });
            }
            (Err(reason), _) => self.broken.push((name.into(), reason)),
            (Ok(()), Err(error)) => self.broken.push((name.into(), error.to_string())),
        }
    }
}

fn not_installed(name: &'static str) -> (String, String) {
    let package = TABLE.iter().find(|row| row.element == name).map_or("unknown", |row| row.package);
    (name.into(), format!("not installed (package {package})"))
}
