//! Viewers of RFB, the protocol of VNC: noVNC and others, for networks and people that nothing else reaches.
//!
//! They are shown the pictures that the video thread captures anyway, from one copy. Each gets what is new to it when it
//! can take it, so one that is slow sees fewer pictures and makes nobody wait.

mod door;
mod film;
mod guests;
mod input;
mod lobby;
mod paint;
mod port;
mod rough;
mod screen;
mod scroll;
mod serve;
mod sound;
mod tiles;
mod viewer;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc::{SyncSender, TrySendError},
    },
};

use cosmos_desktop::{CursorImage, DesktopEvent, InputEvent};
use tokio::sync::{Semaphore, mpsc, watch};

use self::{door::Doors, film::Film, guests::Guests, lobby::Lobby, viewer::Want};
use crate::{Policy, demand::DemandCell, hub::Event, tls::Tls};

pub use door::Door;
pub(crate) use door::Stream;
pub(crate) use guests::Known;
pub(crate) use port::{accept, bind};
pub(crate) use screen::Screen;
pub(crate) use serve::{Guest, serve};
pub(crate) use sound::Sound;

/// How viewers of RFB are served.
#[derive(Default)]
pub struct RfbConfig {
    /// A TCP port of their own; `None` for none. They come in over WebSockets of the one port in any case.
    pub listen: Option<SocketAddr>,
    /// The name that goes with the passwords, where one is asked for.
    pub user: String,
    /// The passwords; none lets everybody in as the owner.
    pub doors: Vec<Door>,
    /// The page of noVNC.
    pub novnc: NoVnc,
}

/// The page of noVNC under `/vnc/`.
#[derive(Clone, Debug, Default)]
pub struct NoVnc {
    /// The folder of noVNC; where packages put it otherwise.
    pub root: Option<PathBuf>,
    /// Whether it is the page that people see first.
    pub first: bool,
}

/// JPEG for so many viewers takes no longer than H.264 for all of them.
const FEW: usize = 2;
/// The most viewers at a time.
const MAX_VIEWERS: usize = 32;

/// What all viewers share.
pub(crate) struct Rfb {
    pub(crate) screen: Arc<Screen>,
    demand: Arc<DemandCell>,
    input: SyncSender<InputEvent>,
    doors: Doors,
    tls: Option<Arc<Tls>>,
    pub(crate) novnc: NoVnc,
    cursor: watch::Sender<Option<CursorImage>>,
    clipboard: watch::Sender<Option<Arc<str>>>,
    lobby: Lobby,
    room: Semaphore,
    /// Those who look at the picture just now.
    lookers: AtomicUsize,
    pub(crate) guests: Guests,
    /// `None` where no sound is captured.
    pub(crate) sound: Option<Arc<Sound>>,
    pub(crate) film: Film,
    policy: Policy,
    /// Whether there is something to see: the application that the desktop is for is ready.
    begun: AtomicBool,
}

impl Rfb {
    pub(crate) fn new(
        config: RfbConfig,
        (policy, begun, sounds): (Policy, bool, bool),
        demand: Arc<DemandCell>,
        input: SyncSender<InputEvent>,
        tls: Option<Arc<Tls>>,
        hub: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            screen: Arc::new(Screen::new()),
            demand,
            input,
            doors: Doors::new(config.user, config.doors),
            tls,
            novnc: config.novnc,
            cursor: watch::Sender::new(None),
            clipboard: watch::Sender::new(None),
            lobby: Lobby::default(),
            room: Semaphore::new(MAX_VIEWERS),
            lookers: AtomicUsize::new(0),
            film: Film::new(hub.clone()),
            guests: Guests::new(hub),
            sound: sounds.then(|| Arc::new(Sound::new(begun))),
            policy,
            begun: AtomicBool::new(begun),
        }
    }

    /// Something happened around the picture.
    pub(crate) fn around(&self, event: &DesktopEvent) {
        match event {
            DesktopEvent::Cursor(image) => _ = self.cursor.send_replace(Some(image.clone())),
            DesktopEvent::Clipboard(text) => _ = self.clipboard.send_replace(Some(text.clone())),
            DesktopEvent::Resized(_) => {}
        }
    }

    /// How many viewers there are.
    pub(crate) fn viewers(&self) -> usize {
        self.guests.count()
    }

    /// The application that the desktop is for is ready.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Relaxed);
        if let Some(sound) = &self.sound {
            sound.begin();
        }
        if self.lookers.load(Relaxed) > 0 {
            self.demand.want_pictures(true);
        }
    }

    /// Whether the processor would begin to encode for a viewer who watches, and writes JPEG for few.
    fn is_dear_to_film(&self) -> bool {
        !self.film.is_by_circuit() && !self.demand.encoded_is_wanted() && self.viewers() <= FEW
    }

    /// One who watches what is encoded, as viewers do.
    #[cfg(test)]
    pub(crate) fn watch(&self) -> impl Sized + '_ {
        film::Watch::open(self)
    }

    fn want(&self, want: Want) {
        let begun = self.begun.load(Relaxed);
        match want {
            Want::Resize(_) if !self.policy.resize => {}
            Want::Clipboard(_) if !self.policy.clipboard_in || !begun => {}
            Want::Input(_) if !begun => {}
            Want::Input(event) => {
                if let Err(TrySendError::Full(event)) = self.input.try_send(event) {
                    tracing::warn!(?event, "the desktop takes no input: an event was dropped");
                }
            }
            Want::Clipboard(text) => self.demand.want(|wanted| wanted.clipboard = Some(text.into())),
            Want::Resize(size) => self.demand.want(|wanted| wanted.size = Some(size)),
        }
    }

    /// One more, or one fewer, looks at the picture.
    fn look(&self, looks: bool) {
        let before =
            if looks { self.lookers.fetch_add(1, Relaxed) } else { self.lookers.fetch_sub(1, Relaxed) };
        match (looks, before) {
            (true, 0) => self.demand.want_pictures(self.begun.load(Relaxed)),
            (false, 1) => self.demand.want_pictures(false),
            _ => {}
        }
    }
}

/// One who looks at the picture, or just does not.
struct Look<'a> {
    rfb: &'a Rfb,
    looks: bool,
}

impl Look<'_> {
    fn set(&mut self, looks: bool) {
        if std::mem::replace(&mut self.looks, looks) != looks {
            self.rfb.look(looks);
        }
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}
