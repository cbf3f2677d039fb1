//! What the desktop plays, for all viewers that listen: captured once, and not at all while none does.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast::{self, error::RecvError};

use super::Rfb;
use crate::demand::Flag;

/// So many parts of 10 ms wait for a viewer; of one that is later than that, the oldest are left out.
const WAITING: usize = 20;

/// The sound, and those who listen.
pub(crate) struct Sound {
    played: broadcast::Sender<Arc<[i16]>>,
    wanted: Flag,
    listeners: Mutex<Listeners>,
}

struct Listeners {
    count: usize,
    /// Whether there is something to hear: the application that the desktop is for is ready.
    begun: bool,
}

impl Sound {
    pub(super) fn new(begun: bool) -> Self {
        let listeners = Mutex::new(Listeners { count: 0, begun });
        Self { played: broadcast::Sender::new(WAITING), wanted: Flag::default(), listeners }
    }

    /// Whether somebody listens.
    pub(crate) fn wanted(&self) -> &Flag {
        &self.wanted
    }

    /// This is played: 16 bits with a sign, the least significant byte first, left and right in turns.
    pub(crate) fn play(&self, samples: &[u8]) {
        let samples = samples.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes));
        // Nobody hears the rest of what was captured when the last one left.
        drop(self.played.send(samples.collect()));
    }

    pub(super) fn begin(&self) {
        self.change(|listeners| listeners.begun = true);
    }

    fn change(&self, change: impl FnOnce(&mut Listeners)) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut listeners);
        self.wanted.set(listeners.begun && listeners.count > 0);
    }
}

/// One who listens, until this is dropped.
pub(super) struct Ears<'a> {
    sound: &'a Sound,
    played: broadcast::Receiver<Arc<[i16]>>,
}

impl<'a> Ears<'a> {
    /// Listens, where there is sound.
    pub(super) fn open(rfb: &'a Rfb) -> Option<Self> {
        let sound = rfb.sound.as_deref()?;
        let played = sound.played.subscribe();
        sound.change(|listeners| listeners.count += 1);
        Some(Self { sound, played })
    }
}

impl Drop for Ears<'_> {
    fn drop(&mut self) {
        self.sound.change(|listeners| listeners.count -= 1);
    }
}

/// The next part of the sound; what came too late for this one is passed over.
pub(super) async fn hear(ears: &mut Option<Ears<'_>>) -> Arc<[i16]> {
    let Some(ears) = ears else { return std::future::pending().await };
    loop {
        match ears.played.recv().await {
            Ok(samples) => return samples,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Policy, RfbConfig, demand::DemandCell};

    fn rfb(begun: bool, sounds: bool) -> Rfb {
        let (input, hub) = (std::sync::mpsc::sync_channel(1).0, tokio::sync::mpsc::channel(1).0);
        let demand = Arc::new(DemandCell::default());
        Rfb::new(RfbConfig::default(), (Policy::default(), begun, sounds), demand, input, None, hub)
    }

    /// The sound of a server that has some.
    fn sound(rfb: &Rfb) -> &Sound {
        rfb.sound.as_ref().expect("there is sound")
    }

    #[test]
    fn sound_is_captured_while_somebody_listens_and_not_before_the_application_is_ready() {
        let rfb = rfb(false, true);
        let ears = Ears::open(&rfb);
        assert!(!sound(&rfb).wanted().is_on());
        rfb.begin();
        assert!(sound(&rfb).wanted().is_on());
        let others = Ears::open(&rfb);
        drop(ears);
        assert!(sound(&rfb).wanted().is_on());
        drop(others);
        assert!(!sound(&rfb).wanted().is_on());
    }

    #[test]
    fn where_there_is_no_sound_nobody_listens() {
        assert!(Ears::open(&rfb(true, false)).is_none());
    }

    #[tokio::test]
    async fn whoever_is_late_hears_the_newest() {
        let rfb = rfb(true, true);
        let mut ears = Ears::open(&rfb);
        for part in 0..WAITING as u8 + 20 {
            sound(&rfb).play(&[part, 0, part, 1]);
        }
        let mut heard = 0;
        while let Ok(played) = tokio::time::timeout(Duration::from_millis(50), hear(&mut ears)).await {
            let last = i16::from(WAITING as u8 + 19);
            assert!(played[0] > 7, "the oldest were left out");
            assert_eq!(played[1], played[0] + 256);
            heard += 1;
            if played[0] == last {
                break;
            }
        }
        assert!((WAITING..WAITING + 13).contains(&heard), "{heard}");
    }
}
