//! A desktop that does what the test says.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use cosmos_desktop::{
    Change, Desktop, DesktopControl, DesktopError, DesktopEvent, Frame, FrameSource, InputEvent, InputSink,
    Rect, Size, Waker,
};

/// What the test says to the desktop, and what it hears of it.
#[derive(Clone)]
pub struct Script(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    size: Size,
    changes: u64,
    wakes: u64,
    grabbed: u32,
    opened: u32,
    /// Desktops of this or an earlier opening are lost.
    lost: u32,
    refuse: bool,
    resized: bool,
    /// What happens around the picture.
    around: VecDeque<DesktopEvent>,
    clipboard: Vec<String>,
    resizes: u32,
    input: Sender<InputEvent>,
}

impl Script {
    pub fn new(size: Size) -> (Self, Receiver<InputEvent>) {
        let (input, heard) = channel();
        let state = State {
            size,
            changes: 1,
            wakes: 0,
            grabbed: 0,
            opened: 0,
            lost: 0,
            refuse: false,
            resized: true,
            around: VecDeque::new(),
            clipboard: Vec::new(),
            resizes: 0,
            input,
        };
        (Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() })), heard)
    }

    pub fn open(&self) -> Result<Desktop, DesktopError> {
        let generation = self.with(|state| {
            state.opened += u32::from(!state.refuse);
            state.resized = true;
            (!state.refuse).then_some(state.opened)
        });
        let generation = generation.ok_or_else(|| DesktopError::lost("open the script", "not now"))?;
        let part =
            || Part { script: self.clone(), generation, seen: 0, bgrx: Vec::new(), damage: Vec::new() };
        Ok(Desktop { input: Box::new(part()), frames: Box::new(part()), control: Box::new(part()) })
    }

    /// The picture changes.
    pub fn change(&self) {
        self.with(|state| state.changes += 1);
    }

    /// The desktop goes, and does not come back until it is allowed to.
    pub fn lose(&self) {
        self.with(|state| {
            state.lost = state.opened;
            state.refuse = true;
        });
    }

    pub fn allow(&self) {
        self.with(|state| state.refuse = false);
    }

    /// Something happens around the picture.
    pub fn happens(&self, event: DesktopEvent) {
        self.with(|state| state.around.push_back(event));
    }

    /// The texts that the clipboard was given.
    pub fn clipboard(&self) -> Vec<String> {
        self.with(|state| state.clipboard.clone())
    }

    /// How often another size was asked for.
    pub fn resizes(&self) -> u32 {
        self.with(|state| state.resizes)
    }

    pub fn opened(&self) -> u32 {
        self.with(|state| state.opened)
    }

    pub fn grabbed(&self) -> u32 {
        self.with(|state| state.grabbed)
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.0.state.lock().unwrap());
        self.0.changed.notify_all();
        result
    }
}

/// One of the three parts of an open desktop.
struct Part {
    script: Script,
    generation: u32,
    seen: u64,
    bgrx: Vec<u8>,
    damage: Vec<Rect>,
}

impl Part {
    fn alive(&self) -> Result<(), DesktopError> {
        let lost = self.script.with(|state| state.lost >= self.generation);
        if lost { Err(DesktopError::lost("reach the script", "it was told to be lost")) } else { Ok(()) }
    }

    /// Waits until `done`, the deadline, the waker or the loss.
    fn wait(&self, deadline: Instant, done: impl Fn(&State) -> bool) {
        let mut state = self.script.0.state.lock().unwrap();
        let wakes = state.wakes;
        while !done(&state) && state.wakes == wakes && state.lost < self.generation {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            state = self.script.0.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    fn wakes(&self) -> Waker {
        let script = self.script.clone();
        Arc::new(move || script.with(|state| state.wakes += 1))
    }
}

impl FrameSource for Part {
    fn wait(&mut self, deadline: Instant) -> Result<Change, DesktopError> {
        let seen = self.seen;
        Part::wait(self, deadline, |state| state.changes > seen);
        self.alive()?;
        let changed = self.script.with(|state| state.changes > seen);
        Ok(if changed { Change::Changed(Instant::now()) } else { Change::Nothing })
    }

    fn grab(&mut self) -> Result<Frame<'_>, DesktopError> {
        self.alive()?;
        let (size, changes) = self.script.with(|state| {
            state.grabbed += 1;
            (state.size, state.changes)
        });
        self.damage.clear();
        if changes > self.seen || self.bgrx.len() != 4 * size.area() {
            self.damage.push(size.rect());
            self.bgrx = vec![(changes * 40) as u8; 4 * size.area()];
        }
        self.seen = changes;
        let stride = 4 * usize::from(size.width);
        Ok(Frame { size, stride, bgrx: &self.bgrx, damage: &self.damage, captured: Instant::now() })
    }

    fn waker(&self) -> Waker {
        self.wakes()
    }
}

impl InputSink for Part {
    fn send(&mut self, event: &InputEvent) -> Result<(), DesktopError> {
        self.alive()?;
        let _gone = self.script.with(|state| state.input.send(event.clone()));
        Ok(())
    }
}

impl DesktopControl for Part {
    fn next_event(&mut self, deadline: Instant) -> Result<Option<DesktopEvent>, DesktopError> {
        Part::wait(self, deadline, |state| state.resized || !state.around.is_empty());
        self.alive()?;
        Ok(self.script.with(|state| match std::mem::take(&mut state.resized) {
            true => Some(DesktopEvent::Resized(state.size)),
            false => state.around.pop_front(),
        }))
    }

    fn set_clipboard(&mut self, text: Arc<str>) -> Result<(), DesktopError> {
        self.alive()?;
        self.script.with(|state| state.clipboard.push(text.as_ref().to_owned()));
        Ok(())
    }

    fn resize(&mut self, size: Size) -> Result<Size, DesktopError> {
        self.alive()?;
        self.script.with(|state| {
            state.size = size;
            state.resizes += 1;
            state.changes += 1;
            state.resized = true;
        });
        Ok(size)
    }

    fn waker(&self) -> Waker {
        self.wakes()
    }
}
