//! Figures about the sessions, and how things stand.

use std::{collections::BTreeMap, time::Instant};

use cosmos_protocol::{ServerMessage, Stats};
use str0m::net::Transmit;

use super::{Hub, Live, SECOND};
use crate::{metrics::Totals, stats::Snapshot, tier::Tier};

impl Hub {
    pub(super) fn report_statistics(&mut self, now: Instant, send: &mut dyn FnMut(Transmit)) {
        self.report = Some(now + SECOND);
        self.look_at_guests(now);
        let viewers = self.sessions.len() as u16;
        let (elapsed, means) = self.means.take(now);
        self.look_at_tiers(elapsed, now);
        let mut sent = 0;
        let rates = [(Tier::First, self.demand.rate()), (Tier::Second, self.demand.second().rate())];
        for (tier, target_kbps) in rates {
            let is_shown = |live: &Live| live.standing.tier == tier;
            self.each_due(now, send, is_shown, |session| {
                let mut stats = Stats { viewers, target_kbps, ..means };
                sent += session.statistics(&mut stats, elapsed);
                session.say(&ServerMessage::Stats(stats));
            });
        }
        self.totals.sent_bytes += sent;
    }

    pub(super) fn count_session(&mut self, over_websocket: bool) {
        let Totals { over_webrtc, over_websocket: sockets, .. } = &mut self.totals;
        *(if over_websocket { sockets } else { over_webrtc }) += 1;
    }

    /// Viewers of RFB are not told apart.
    fn watching(&self) -> BTreeMap<(&'static str, &'static str), usize> {
        let mut watching = BTreeMap::from([(("rfb", "any"), self.rfb.viewers())]);
        for live in &self.sessions {
            let transport = if live.outgoing.is_some() { "websocket" } else { "webrtc" };
            *watching.entry((transport, live.session.viewer().rights.role.as_str())).or_default() += 1;
        }
        watching
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let skipped = self.sessions.iter().map(|live| u64::from(live.session.skipped()));
        Snapshot {
            viewers: self.sessions.len() + self.rfb.viewers(),
            watching: self.watching(),
            size: self.known.size,
            encoder: self.known.encoder.clone(),
            desktop: self.desktop_state(),
            policy: self.config.policy,
            audio: self.config.audio,
            target_kbps: if self.demand.video().is_on() { self.demand.rate() } else { 0 },
            skipped: self.totals.skipped + skipped.sum::<u64>(),
            totals: self.totals.clone(),
        }
    }
}
