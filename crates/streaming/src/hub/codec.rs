//! Which codec is encoded for the pages that are there.

use std::time::Instant;

use cosmos_auth::Grants;
use cosmos_encoder::{Choice, Codec};
use cosmos_protocol::{Level, ServerMessage};

use super::{Hub, HubConfig};
use crate::{
    agreement::{Agreement, agree},
    demand::Agreed,
    session::Codecs,
};

/// What is encoded, or about to be.
pub(super) struct Encoding {
    codec: Codec,
    /// What another codec took the place of, as its encoders failed.
    lost: Codecs,
    /// Whether it is at 4:4:4.
    full: bool,
}

impl Encoding {
    pub(super) fn new(config: &HubConfig) -> Self {
        let codec = config.codecs.first().copied();
        Self { codec: codec.expect("an encoder makes something"), lost: Codecs::NONE, full: false }
    }
}

impl Hub {
    /// What may be encoded as time goes on.
    pub(super) fn negotiable(&self) -> Codecs {
        let encoders = self.config.encoders.iter().map(|(_, codec)| *codec);
        let codecs: Codecs = self.config.codecs.iter().copied().chain(encoders).collect();
        if self.config.full { codecs.in_full(codecs) } else { codecs }
    }

    /// Why a page that decodes these would not be shown the picture, if it were there.
    pub(super) fn unseen_by(&self, decodes: Codecs) -> Option<String> {
        let order = self.order();
        let viewers: Vec<Codecs> = self.may_see().into_iter().map(|(_, decodes)| decodes).collect();
        let agreement = agree(&order, self.encoding.codec, &[&viewers[..], &[decodes]].concat());
        let sees = agreement.sees.last() == Some(&true);
        (!sees).then(|| why(decodes, &order, &agreement))
    }

    /// Somebody came, or went, or another encoder is wanted: agrees anew upon what is encoded.
    pub(super) fn agree(&mut self, now: Instant) {
        let watching = self.may_see();
        if watching.is_empty() {
            // The next who comes opens an encoder anew, and those that failed may work.
            self.encoding.lost = Codecs::NONE;
        }
        let order = self.order();
        let viewers: Vec<Codecs> = watching.iter().map(|(_, decodes)| *decodes).collect();
        let agreement = agree(&order, self.encoding.codec, &viewers);
        let before = std::mem::replace(&mut self.encoding.codec, agreement.codec);
        for ((id, decodes), sees) in watching.iter().zip(&agreement.sees) {
            let unseen = (!sees).then(|| why(*decodes, &order, &agreement));
            let live = self.find(*id).expect("whoever watches is there");
            if live.session.show(unseen) {
                live.wake = now;
            }
        }
        let full = self.config.full && agreement.common.has_full(agreement.codec);
        let was_full = std::mem::replace(&mut self.encoding.full, full);
        if before != agreement.codec {
            self.tell_of_codec(before, agreement.codec, now);
        } else if was_full && !full {
            self.tell_of_half(now);
        }
        self.demand.agree(self.agreed(&order, &agreement));
        self.offer_film();
    }

    /// Tells VNC viewers what is encoded: they watch with the pages, and never decide what that is.
    pub(super) fn offer_film(&self) {
        let begun = self.config.waits_for.is_none();
        // Nobody knows whether they decode 4:4:4.
        self.rfb.film.offer((begun && !self.encoding.full).then_some(self.encoding.codec));
    }

    /// An encoder was opened, or took over, when the viewers had agreed so often.
    pub(super) fn opened(&mut self, codec: Codec, agreements: u32, now: Instant) {
        let Encoding { codec: wanted, lost, .. } = &mut self.encoding;
        // What was agreed upon since then is opened next.
        if agreements != self.demand.agreements() {
            return;
        }
        let others = lost.iter().filter(|other| *other != codec);
        *lost = others.chain((*wanted != codec).then_some(*wanted)).collect();
        if *wanted != codec {
            *wanted = codec;
            self.agree(now);
        }
    }

    /// A person chose another encoder, or none.
    pub(super) fn chose_encoder(&mut self, now: Instant) {
        self.agree(now);
        let Some((element, codec)) = self.chosen_encoder().filter(|(_, codec)| *codec != self.encoding.codec)
        else {
            return;
        };
        let text = format!("{element} waits until everybody here decodes {codec}: {}", self.lacking(codec));
        self.tell_all(&ServerMessage::Notice { level: Level::Warning, text }, now);
    }

    /// What may be encoded, the best or what a person chose first.
    fn order(&self) -> Vec<Codec> {
        let Encoding { codec, lost, .. } = self.encoding;
        let chosen = self.chosen_encoder().map(|(_, codec)| codec);
        // What took over stays, even where it was not asked for.
        let running = (!lost.is_empty()).then_some(codec);
        let mut order = Vec::new();
        for codec in running.into_iter().chain(chosen).chain(self.config.codecs.iter().copied()) {
            if !lost.has(codec) && !order.contains(&codec) {
                order.push(codec);
            }
        }
        order
    }

    fn chosen_encoder(&self) -> Option<(String, Codec)> {
        let chosen = self.config.chosen.encoder.as_ref()?;
        self.config.encoders.iter().find(|(element, _)| element == chosen).cloned()
    }

    /// Whoever is let see the picture, in the order in which they came, with what their browsers decode.
    fn may_see(&self) -> Vec<(u64, Codecs)> {
        let sees = self.sessions.iter().filter(|live| {
            live.session.is_open() && live.session.viewer().rights.grants.has(Grants::PICTURE)
        });
        let mut watching: Vec<_> = sees.map(|live| (live.id, live.session.decodes())).collect();
        watching.sort_unstable_by_key(|(id, _)| *id);
        watching
    }

    fn agreed(&self, order: &[Codec], agreement: &Agreement) -> Agreed {
        let (codec, lost) = (agreement.codec, self.encoding.lost);
        let choice = match self.chosen_encoder() {
            Some((element, makes)) if makes == codec || lost.has(makes) => Some(Choice::Named(element)),
            // The encoder that took over is open already, for the choice that was made.
            _ if self.config.codecs.contains(&codec) || !lost.is_empty() => None,
            _ => Some(Choice::Auto),
        };
        let encoders = self.config.encoders.iter().map(|(_, codec)| *codec);
        let mut codecs = vec![codec];
        for other in order.iter().copied().chain(encoders).filter(|other| agreement.common.has(*other)) {
            if !codecs.contains(&other) {
                codecs.push(other);
            }
        }
        let full =
            codecs.iter().copied().filter(|codec| self.config.full && agreement.common.has_full(*codec));
        Agreed { choice, full: full.collect(), codecs }
    }

    fn tell_of_codec(&mut self, before: Codec, codec: Codec, now: Instant) {
        let lacking = self.lacking(before);
        let why = if lacking.is_empty() { String::new() } else { format!(" instead of {before}: {lacking}") };
        tracing::info!(%before, %codec, lacking, "another codec");
        let text = format!("The picture is {codec} now{why}");
        self.tell_all(&ServerMessage::Notice { level: Level::Info, text }, now);
    }

    /// Colours are at 4:2:0 from now on, for somebody who came.
    fn tell_of_half(&mut self, now: Instant) {
        let codec = self.encoding.codec;
        let lacking = self.lacking_those(|decodes| !decodes.has_full(codec));
        if !lacking.is_empty() {
            let text = format!("The colours are 4:2:0 now instead of 4:4:4: {lacking}");
            self.tell_all(&ServerMessage::Notice { level: Level::Info, text }, now);
        }
    }

    /// Whose browsers do not decode this.
    fn lacking(&self, codec: Codec) -> String {
        self.lacking_those(|decodes| !decodes.has(codec))
    }

    fn lacking_those(&self, lacks: impl Fn(Codecs) -> bool) -> String {
        let lacking: Vec<u64> =
            self.may_see().into_iter().filter(|(_, decodes)| lacks(*decodes)).map(|(id, _)| id).collect();
        let lacks = self.sessions.iter().filter(|live| lacking.contains(&live.id));
        let mut names: Vec<&str> = lacks.map(|live| live.session.viewer().user.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return String::new();
        }
        format!("the browser of {} does not decode it", names.join(", "))
    }

    /// As [`say`](Self::say), from within what happens in a session: it leaves with the next tick, which is due.
    fn tell_all(&mut self, message: &ServerMessage, now: Instant) {
        for live in &mut self.sessions {
            live.session.say(message);
            live.wake = now;
        }
    }
}

/// Why a page that decodes these is not shown the picture.
fn why(decodes: Codecs, order: &[Codec], agreement: &Agreement) -> String {
    let encoded: Codecs = order.iter().copied().collect();
    if decodes.and(encoded).is_empty() {
        return format!(
            "this browser decodes {decodes}, and the server encodes {encoded}; choose another encoder"
        );
    }
    let others = agreement.common.and(encoded);
    format!(
        "this browser decodes {}, and others who watch {others}: the picture comes when they have left",
        decodes.and(encoded)
    )
}
