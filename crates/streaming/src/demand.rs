//! What the viewers together want from the desktop: one cell, the newest wins, nobody waits.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use cosmos_desktop::{Frame, Size, Waker};
use cosmos_encoder::{Choice, Codec, Demand};
use tokio::sync::oneshot;

use crate::tier::SecondDemand;

/// The only edge from the network back to the desktop's threads, but for input. What each frame asks for is read without
/// a lock. One thread, the network's, says who looks.
#[derive(Default)]
pub(crate) struct DemandCell {
    bitrate_kbps: AtomicU32,
    fps: AtomicU32,
    keyframe: AtomicBool,
    /// Somebody looks at what the encoder makes.
    encoded: AtomicBool,
    /// Somebody looks at the pictures themselves.
    pictures: AtomicBool,
    video: Flag,
    audio: Flag,
    second: SecondDemand,
    agreed: Mutex<Agreed>,
    /// How often `agreed` has changed.
    agreements: AtomicU32,
    frames: Mutex<Option<Waker>>,
    control: Mutex<Wanted>,
    photographs: Mutex<Vec<oneshot::Sender<Picture>>>,
    is_photograph_wanted: AtomicBool,
}

/// Which encoder is to be open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// The choice; `None` for the one that was set.
    pub(crate) choice: Option<Choice>,
    /// The codecs that everybody decodes, the one to be encoded first; none at all where that is not known.
    pub(crate) codecs: Vec<Codec>,
    /// What all decode at 4:4:4 as well, and is to be encoded so.
    pub(crate) full: Vec<Codec>,
}

impl Agreed {
    /// What is to be encoded, and whether at 4:4:4.
    fn first(&self) -> (Option<Codec>, bool) {
        let first = self.codecs.first().copied();
        (first, first.is_some_and(|codec| self.full.contains(&codec)))
    }
}

/// The screen as it was at some time.
pub(crate) struct Picture {
    pub(crate) size: Size,
    /// Four bytes a pixel, row by row: blue, green, red and one that means nothing.
    pub(crate) bgrx: Vec<u8>,
}

/// So many wait for a picture at a time; the others are told that there is none.
const MOST_PICTURES: usize = 4;

/// What is to be done around the picture, until it has been done.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) clipboard: Option<Arc<str>>,
    pub(crate) size: Option<Size>,
    waker: Option<Waker>,
}

/// A switch that can be waited for.
#[derive(Default)]
pub(crate) struct Flag {
    on: Mutex<bool>,
    changed: Condvar,
}

impl Flag {
    /// Turns it; tells whether it stood otherwise.
    pub(crate) fn set(&self, on: bool) -> bool {
        let mut state = self.on.lock().unwrap_or_else(PoisonError::into_inner);
        let turned = *state != on;
        *state = on;
        self.changed.notify_all();
        turned
    }

    /// Waits until it stands as wanted, no longer than `limit`; tells how it stands.
    pub(crate) fn wait(&self, wanted: bool, limit: Duration) -> bool {
        let state = self.on.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.changed.wait_timeout_while(state, limit, |on| *on != wanted);
        *wait.unwrap_or_else(PoisonError::into_inner).0
    }

    /// How it stands.
    pub(crate) fn is_on(&self) -> bool {
        *self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DemandCell {
    /// Whether somebody looks, in whichever form.
    pub(crate) fn video(&self) -> &Flag {
        &self.video
    }

    /// Whether somebody looks at what the encoder makes.
    pub(crate) fn encoded_is_wanted(&self) -> bool {
        self.encoded.load(Relaxed)
    }

    /// Whether somebody looks at the pictures themselves.
    pub(crate) fn pictures_are_wanted(&self) -> bool {
        self.pictures.load(Relaxed)
    }

    /// Tells whether somebody looks at what the encoder makes.
    pub(crate) fn want_encoded(&self, wanted: bool) {
        self.look(&self.encoded, wanted);
    }

    /// Tells whether somebody looks at the pictures themselves.
    pub(crate) fn want_pictures(&self, wanted: bool) {
        self.look(&self.pictures, wanted);
    }

    fn look(&self, form: &AtomicBool, wanted: bool) {
        let turned = form.swap(wanted, Relaxed) != wanted;
        self.video.set(self.encoded_is_wanted() || self.pictures_are_wanted());
        if turned {
            self.wake_frames();
        }
    }

    /// Whether somebody listens.
    pub(crate) fn audio(&self) -> &Flag {
        &self.audio
    }

    /// What is wanted of the second encode.
    pub(crate) fn second(&self) -> &SecondDemand {
        &self.second
    }

    /// What the encoder shall do next. A keyframe is asked for once.
    pub(crate) fn take(&self) -> Demand {
        Demand {
            bitrate_kbps: self.bitrate_kbps.load(Relaxed),
            fps: self.fps.load(Relaxed),
            keyframe: self.keyframe.swap(false, Relaxed),
        }
    }

    /// Whether a keyframe is asked for.
    pub(crate) fn wants_keyframe(&self) -> bool {
        self.keyframe.load(Relaxed)
    }

    /// Sets the rate and the pace.
    pub(crate) fn set_rate(&self, bitrate_kbps: u32, fps: u32) {
        self.bitrate_kbps.store(bitrate_kbps, Relaxed);
        self.fps.store(fps, Relaxed);
    }

    /// The rate that is set, in kbit/s.
    pub(crate) fn rate(&self) -> u32 {
        self.bitrate_kbps.load(Relaxed)
    }

    /// Sets which encoder is to be open, and has a picture made by it where it is another one.
    pub(crate) fn agree(&self, agreed: Agreed) {
        let mut now = self.agreed.lock().unwrap_or_else(PoisonError::into_inner);
        if *now == agreed {
            return;
        }
        let other = now.choice != agreed.choice || now.first() != agreed.first();
        *now = agreed;
        self.agreements.fetch_add(1, Relaxed);
        drop(now);
        // Whoever begins to look asks by themselves.
        if other && self.encoded_is_wanted() {
            self.ask_keyframe();
        }
    }

    /// Which encoder is to be open.
    pub(crate) fn agreed(&self) -> Agreed {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often that has changed.
    pub(crate) fn agreements(&self) -> u32 {
        self.agreements.load(Relaxed)
    }

    /// Asks for a keyframe, also of a screen that does not change.
    pub(crate) fn ask_keyframe(&self) {
        self.keyframe.store(true, Relaxed);
        self.wake_frames();
    }

    /// Ends the wait for the next change of the screen.
    pub(crate) fn wake_frames(&self) {
        if let Some(waker) = &*self.frames.lock().unwrap_or_else(PoisonError::into_inner) {
            waker();
        }
    }

    /// Asks for a picture, whoever looks.
    pub(crate) fn want_picture(&self, reply: oneshot::Sender<Picture>) {
        let mut waiting = self.photographs.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST_PICTURES {
            waiting.push(reply);
            self.is_photograph_wanted.store(true, Relaxed);
        }
        drop(waiting);
        self.wake_frames();
    }

    /// Whether somebody asks for a picture.
    pub(crate) fn wants_picture(&self) -> bool {
        self.is_photograph_wanted.load(Relaxed)
    }

    /// Gives the frame to whoever asks for a picture.
    pub(crate) fn photograph(&self, frame: &Frame<'_>) {
        let mut photographs = self.photographs.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_photograph_wanted.store(false, Relaxed);
        let waiting = std::mem::take(&mut *photographs);
        drop(photographs);
        for reply in waiting {
            let rows = frame.bgrx.chunks(frame.stride).take(frame.size.height.into());
            let bgrx = rows.flat_map(|row| &row[..4 * usize::from(frame.size.width)]).copied().collect();
            drop(reply.send(Picture { size: frame.size, bgrx }));
        }
    }

    /// Changes what is wanted around the picture, and wakes whoever does it.
    pub(crate) fn want(&self, change: impl FnOnce(&mut Wanted)) {
        let mut wanted = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut wanted);
        if let Some(waker) = &wanted.waker {
            waker();
        }
    }

    /// Takes what is wanted around the picture.
    pub(crate) fn take_wanted(&self) -> (Option<Arc<str>>, Option<Size>) {
        let mut wanted = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        (wanted.clipboard.take(), wanted.size.take())
    }

    /// Names the wakers of a desktop that was opened.
    pub(crate) fn attach(&self, frames: Waker, control: Waker) {
        *self.frames.lock().unwrap_or_else(PoisonError::into_inner) = Some(frames);
        self.control.lock().unwrap_or_else(PoisonError::into_inner).waker = Some(control);
    }
}
