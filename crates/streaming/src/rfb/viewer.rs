//! One viewer of RFB after the handshake, without I/O: its messages go in; what is to be sent to it, and what it wants of
//! the desktop, come out.

mod answers;
mod flow;
mod job;
mod reel;
mod refining;

use std::{sync::Arc, time::Instant};

use cosmos_auth::Role;
use cosmos_desktop::{CursorImage, InputEvent, Rect, Size};
use cosmos_protocol::rfb::{
    AudioFormat, AudioRequest, ClientMessage, ClipboardFlags, ClipboardMessage, PixelFormat, Pseudo,
    ResizeReason, ResizeStatus, RfbError, Samples, Wishes, audio_begin, audio_end, colour_map, cut_text,
    end_of_continuous_updates, fence,
};

pub(super) use self::job::Job;
use self::{answers::Answers, flow::Flow, reel::Reel, refining::Refining};
use super::{
    input::{Pointer, key},
    tiles::Tiles,
};

/// What a viewer wants of the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Input(InputEvent),
    Clipboard(String),
    Resize(Size),
}

/// One viewer.
pub(super) struct Viewer {
    role: Role,
    /// Whether keys and pointer reach the desktop.
    drives: bool,
    /// The encodings that it understands, by their numbers.
    numbers: Vec<i32>,
    pub(super) wishes: Wishes,
    /// Whether H.264 is there to be shown.
    films: bool,
    /// Whether that is better for what is shown just now.
    moves: bool,
    flow: Flow,
    reel: Reel,
    refining: Refining,
    /// Since when it has not asked for a picture.
    idle_since: Option<Instant>,
    pub(super) format: PixelFormat,
    pointer: Pointer,
    /// What the viewer believes the size to be.
    size: Size,
    /// What it has not seen yet of the newest picture.
    new: Tiles,
    new_size: Size,
    version: u64,
    /// Whether the picture is older than what is on the screen.
    is_stale: bool,
    requested: Option<Rect>,
    /// What it may have lost of what it was sent, as it asks for more than what is new, or has seen a film there.
    lost: Tiles,
    continuous: Option<Rect>,
    around: Around,
    /// Whether it asked for another size and was not answered yet.
    resizing: bool,
    clipboard: Option<Arc<str>>,
    /// Whether the text was asked for. It is sent once, however often that was.
    provide: bool,
    /// Marks that the viewer has not answered yet.
    marks: u8,
    answers: Answers,
    /// Whether one more update may be on its way than there always may.
    takes_more: bool,
    /// Whether there is sound to be heard.
    sounds: bool,
    listens: bool,
    samples: Samples,
    out: Vec<u8>,
    wants: Vec<Want>,
}

/// What is to go with the next update.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    pub(super) cursor: Option<CursorImage>,
    pub(super) size: Option<(Size, ResizeReason, ResizeStatus)>,
    pub(super) understood: Vec<Pseudo>,
}

impl Around {
    fn is_empty(&self) -> bool {
        self.cursor.is_none() && self.size.is_none() && self.understood.is_empty()
    }
}

/// The viewer is to answer this mark.
const ANSWER: u32 = 1 << 31;
/// Flags of marks that are understood.
const KNOWN_FLAGS: u32 = 0b111;
/// A viewer who lets so many bytes of answers wait reads nothing.
pub(super) const MAX_WAITING: usize = 4 << 20;
/// Longer texts are not offered: packing one must not keep the others waiting.
const MAX_TEXT: usize = 1 << 20;
/// The part of a second by which sound may be late.
const LATE: usize = 4;
/// Extensions that are told by an empty rectangle.
const TOLD: [Pseudo; 3] = [Pseudo::ExtendedKey, Pseudo::ExtendedMouseButtons, Pseudo::Audio];

impl Viewer {
    /// One who was told that the screen has this size, on a desktop that can be heard or not.
    pub(super) fn new(role: Role, size: Size, sounds: bool) -> Self {
        Self {
            role,
            drives: role.may_control(),
            numbers: Vec::new(),
            wishes: Wishes::default(),
            films: false,
            moves: false,
            flow: Flow::default(),
            reel: Reel::new(),
            refining: Refining::new(),
            idle_since: None,
            format: PixelFormat::BGRX,
            pointer: Pointer::default(),
            size,
            new: Tiles::new(size, true),
            new_size: size,
            version: 0,
            is_stale: false,
            requested: None,
            lost: Tiles::new(size, true),
            continuous: None,
            around: Around::default(),
            resizing: false,
            clipboard: None,
            provide: false,
            marks: 0,
            answers: Answers::default(),
            takes_more: false,
            sounds,
            listens: false,
            samples: Samples::new(AudioFormat::USUAL),
            out: Vec::new(),
            wants: Vec::new(),
        }
    }

    /// Takes whole messages off the front of `bytes`, and tells how long they were together.
    ///
    /// # Errors
    /// [`RfbError`] when the viewer says what it must not.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<usize, RfbError> {
        let mut used = 0;
        loop {
            let extended = self.wishes.has(Pseudo::ExtendedMouseButtons);
            let Some((message, length)) = ClientMessage::read(&bytes[used..], extended)? else {
                return Ok(used);
            };
            used += length;
            self.message(message);
        }
    }

    /// What is to be sent at once.
    pub(super) fn take_out(&mut self) -> Vec<u8> {
        if std::mem::take(&mut self.provide) {
            let text = self.clipboard.as_deref().map(str::to_owned);
            self.out.extend(ClipboardMessage::Provide(text).encode());
        }
        std::mem::take(&mut self.out)
    }

    /// What the viewer wants of the desktop.
    pub(super) fn take_wants(&mut self) -> Vec<Want> {
        std::mem::take(&mut self.wants)
    }

    /// Lets the keys and the pointer reach the desktop, or no longer; tells whether that is something else than before.
    pub(super) fn let_drive(&mut self, drives: bool) -> bool {
        std::mem::replace(&mut self.drives, drives) != drives
    }

    /// Whether the viewer waits for a picture, and can take it.
    pub(super) fn looks(&self) -> bool {
        self.requested.is_some() || (self.continuous.is_some() && self.has_room())
    }

    fn message(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::SetPixelFormat(format) => {
                self.format = format;
                if !format.true_colour {
                    self.out.extend(colour_map());
                }
            }
            ClientMessage::SetEncodings(numbers) => self.set_encodings(numbers),
            ClientMessage::Request { incremental, area } => {
                if !incremental {
                    self.lost.mark_area(area);
                    self.new.mark_area(area);
                    self.reel.skip(false);
                    self.tell_size(ResizeReason::Server, ResizeStatus::Done);
                }
                self.requested = Some(self.requested.map_or(area, |other| around(other, area)));
            }
            ClientMessage::Key { pressed, keysym, .. } => self.input(key(keysym, pressed)),
            ClientMessage::Pointer { buttons, at } => {
                let events = self.pointer.moved(at, buttons);
                self.input(events);
            }
            ClientMessage::CutText(text) => self.copied(text.iter().map(|byte| char::from(*byte)).collect()),
            ClientMessage::Clipboard(message) => self.clipboard_message(message),
            ClientMessage::ContinuousUpdates { enable, area } => {
                self.continuous = enable.then_some(area);
                if !enable {
                    self.out.extend(end_of_continuous_updates());
                }
            }
            ClientMessage::Fence { flags, payload } => self.fence(flags, &payload),
            ClientMessage::SetDesktopSize { size, .. } => self.set_desktop_size(size),
            ClientMessage::Audio(request) => self.audio(request),
        }
    }

    fn set_encodings(&mut self, numbers: Vec<i32>) {
        self.numbers = numbers;
        let before = self.understand();
        let begins = |viewer: &Self, pseudo| viewer.wishes.has(pseudo) && !before.has(pseudo);
        if begins(self, Pseudo::ContinuousUpdates) {
            self.out.extend(end_of_continuous_updates());
        }
        if begins(self, Pseudo::Fence) {
            self.mark();
        }
        if begins(self, Pseudo::ExtendedClipboard) && self.role.may_use_clipboard() {
            self.out.extend(ClipboardMessage::understood().encode());
        }
        let told = TOLD.into_iter().filter(|pseudo| *pseudo != Pseudo::Audio || self.sounds);
        let told = told.filter(|pseudo| begins(self, *pseudo));
        let told: Vec<_> = told.filter(|pseudo| !self.around.understood.contains(pseudo)).collect();
        self.around.understood.extend(told);
        if begins(self, Pseudo::ExtendedDesktopSize) {
            self.tell_size(ResizeReason::Server, ResizeStatus::Done);
        }
    }

    /// Who was not told that there is sound, and asks for it all the same, hears nothing.
    fn audio(&mut self, request: AudioRequest) {
        match request {
            AudioRequest::Format(format) => self.samples = Samples::new(format),
            AudioRequest::Enable if self.sounds && !self.listens => {
                self.listens = true;
                self.out.extend(audio_begin());
            }
            AudioRequest::Disable if self.listens => {
                self.listens = false;
                self.out.extend(audio_end());
            }
            AudioRequest::Enable | AudioRequest::Disable => {}
        }
    }

    /// Whether the viewer wants to hear what is played.
    pub(super) fn listens(&self) -> bool {
        self.listens
    }

    /// This is played. Where `waiting` bytes have not been sent yet, and those are more than [`LATE`] of sound, it is left
    /// out: sound must not come later and later.
    pub(super) fn hear(&mut self, played: &[i16], waiting: usize) {
        let most = self.samples.format().bytes_per_second() / LATE;
        if self.listens && waiting <= most {
            self.samples.write(played, &mut self.out);
        }
    }

    fn input(&mut self, events: impl IntoIterator<Item = InputEvent>) {
        if self.drives {
            self.wants.extend(events.into_iter().map(Want::Input));
        }
    }

    fn copied(&mut self, text: String) {
        if self.role.may_use_clipboard() {
            self.wants.push(Want::Clipboard(text));
        }
    }

    fn clipboard_message(&mut self, message: ClipboardMessage) {
        if !self.role.may_use_clipboard() {
            return;
        }
        match message {
            ClipboardMessage::Provide(Some(text)) => self.copied(text),
            ClipboardMessage::Notify(what) if what.has(ClipboardFlags::TEXT) => {
                self.out.extend(ClipboardMessage::Request(ClipboardFlags::TEXT).encode());
            }
            ClipboardMessage::Request(_) => self.provide = true,
            ClipboardMessage::Peek => {
                let what =
                    self.clipboard.as_ref().map_or_else(ClipboardFlags::default, |_| ClipboardFlags::TEXT);
                self.out.extend(ClipboardMessage::Notify(what).encode());
            }
            _ => {}
        }
    }

    fn fence(&mut self, flags: u32, payload: &[u8]) {
        if flags & ANSWER != 0 {
            self.out.extend(fence(flags & KNOWN_FLAGS, payload));
        } else {
            self.marks = self.marks.saturating_sub(1);
            self.refining.marked();
        }
    }

    fn mark(&mut self) {
        self.marks = self.marks.saturating_add(1);
        self.out.extend(fence(ANSWER, &[]));
    }

    /// Sides of screens are even. Some viewers wish for an odd one again and again while they are told that it was done,
    /// and for no other size while they are told nothing.
    fn set_desktop_size(&mut self, size: Size) {
        let nearest = Size::new(size.width & !1, size.height & !1);
        match self.role.may_resize() {
            true if size == self.new_size => self.tell_size(ResizeReason::ThisViewer, ResizeStatus::Done),
            true if nearest == self.new_size => {
                self.tell_size(ResizeReason::ThisViewer, ResizeStatus::Invalid);
            }
            true => {
                self.resizing = true;
                self.wants.push(Want::Resize(size));
            }
            false => self.tell_size(ResizeReason::ThisViewer, ResizeStatus::Prohibited),
        }
    }

    /// Only the extended form can say more than that the size is another one.
    fn tell_size(&mut self, reason: ResizeReason, status: ResizeStatus) {
        if self.wishes.has(Pseudo::ExtendedDesktopSize)
            && !(reason == ResizeReason::Server && self.owes_answer())
        {
            self.around.size = Some((self.size, reason, status));
        }
    }

    /// Whether the answer to a wish for a size was not written yet: some viewers wish for no other before it has come.
    fn owes_answer(&self) -> bool {
        matches!(self.around.size, Some((_, ResizeReason::ThisViewer, _)))
    }

    /// The desktop's clipboard holds this text.
    pub(super) fn desktop_copied(&mut self, text: &Arc<str>) {
        if !self.role.may_use_clipboard() || text.len() > MAX_TEXT {
            return;
        }
        self.clipboard = Some(text.clone());
        self.out.extend(match self.wishes.has(Pseudo::ExtendedClipboard) {
            true => ClipboardMessage::Notify(ClipboardFlags::TEXT).encode(),
            false => cut_text(text),
        });
    }

    /// The pointer has this shape.
    pub(super) fn cursor(&mut self, image: CursorImage) {
        self.around.cursor = Some(image);
    }

    /// Whether the viewer draws the pointer by itself.
    pub(super) fn draws_cursor(&self) -> bool {
        [Pseudo::Cursor, Pseudo::XCursor, Pseudo::CursorWithAlpha]
            .iter()
            .any(|pseudo| self.wishes.has(*pseudo))
    }

    /// Looks at what is new, as `look` tells: see [`Screen::changes`](super::screen::Screen::changes).
    pub(super) fn look(&mut self, look: impl FnOnce(u64, &mut Size, &mut Tiles) -> u64) {
        let before = self.new_size;
        self.version = look(self.version, &mut self.new_size, &mut self.new);
        if self.new_size != before {
            self.lost = Tiles::new(self.new_size, true);
        }
        let resizes = self.wishes.has(Pseudo::DesktopSize) || self.wishes.has(Pseudo::ExtendedDesktopSize);
        if self.new_size != self.size && resizes {
            self.size = self.new_size;
            self.lost = Tiles::new(self.size, true);
            let ours = std::mem::take(&mut self.resizing) || self.owes_answer();
            let reason = if ours { ResizeReason::ThisViewer } else { ResizeReason::Server };
            self.around.size = Some((self.size, reason, ResizeStatus::Done));
        }
    }

    /// Whether the picture is older than what is on the screen. It is not written then: what was there before a film would
    /// be seen again for a moment.
    pub(super) fn set_stale(&mut self, is_stale: bool) {
        self.is_stale = is_stale;
    }

    /// Whether a size was asked for that did not come yet.
    pub(super) fn is_resizing(&self) -> bool {
        self.resizing
    }

    /// The size that was asked for does not come.
    pub(super) fn resize_failed(&mut self) {
        self.resizing = false;
        self.tell_size(ResizeReason::ThisViewer, ResizeStatus::OutOfResources);
    }

    /// The mark that goes behind an update, where the viewer understands it.
    pub(super) fn closing_mark(&self) -> Vec<u8> {
        match self.continuous.is_some() && self.wishes.has(Pseudo::Fence) {
            true => fence(ANSWER, &[]),
            false => Vec::new(),
        }
    }
}

/// The smallest rectangle that holds both.
pub(super) fn around(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let reach = |from: u16, a: u32, b: u32| (a.max(b) - u32::from(from)).min(u32::from(u16::MAX)) as u16;
    Rect { x, y, width: reach(x, a.right(), b.right()), height: reach(y, a.bottom(), b.bottom()) }
}

#[cfg(test)]
mod tests;
