//! One update: rectangles of the picture, and what goes with them (RFC 6143, section 7.6.1).

use cosmos_desktop::{CursorImage, Point, Rect, Size};

use super::{
    Encoder, Encoding, H264Reset, Picture, Pixels, Pseudo, Screen, Wishes, cursor,
    encode::{header, header_of},
};

/// Why the screen has another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ResizeReason {
    /// The desktop did it.
    Server = 0,
    /// This viewer asked for it.
    ThisViewer = 1,
    /// Another viewer did.
    OtherViewer = 2,
}

/// What became of a viewer's wish for another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ResizeStatus {
    /// It was done.
    Done = 0,
    /// The viewer may not.
    Prohibited = 1,
    /// The screen cannot be that large.
    OutOfResources = 2,
    /// The screens cannot lie like that.
    Invalid = 3,
}

/// One update that is being written.
pub struct Update {
    bytes: Vec<u8>,
    count: u16,
    lossy: Vec<Rect>,
}

/// The most rectangles that are written; 65535 would mean that their number is not known.
const MAX_RECTS: u16 = 65_000;

impl Update {
    /// One without anything in it, written behind what `bytes` already holds.
    pub fn new() -> Self {
        Self { bytes: vec![0; 4], count: 0, lossy: Vec::new() }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The part `rect` of `picture`, as the viewer wishes. What lies outside of it is left out.
    pub fn pixels(
        &mut self,
        encoder: &mut Encoder,
        picture: Picture<'_>,
        rect: Rect,
        wishes: &Wishes,
        pixels: &Pixels,
    ) {
        let rect = rect.clip(picture.size);
        if !rect.is_empty() && self.count < MAX_RECTS {
            self.count += encoder.encode(picture, rect, wishes, pixels, &mut self.bytes);
            self.lossy.append(&mut encoder.lossy);
        }
    }

    /// The parts that are in it as JPEG: the viewer shows something like them.
    pub fn lossy(&self) -> &[Rect] {
        &self.lossy
    }

    /// What is at `from` is to be at `to` as well: the viewer copies it within its own picture.
    pub fn copy(&mut self, from: Point, to: Rect) {
        self.rect(to, 1);
        self.bytes.extend_from_slice(&from.x.to_be_bytes());
        self.bytes.extend_from_slice(&from.y.to_be_bytes());
    }

    /// One access unit of H.264 that covers `rect`.
    pub fn h264(&mut self, rect: Rect, reset: H264Reset, unit: &[u8]) {
        self.count += 1;
        header(&mut self.bytes, rect, Encoding::H264);
        self.bytes.extend_from_slice(&(unit.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(&(reset as u32).to_be_bytes());
        self.bytes.extend_from_slice(unit);
    }

    /// The pointer's shape, in the best form that the viewer understands; nothing where it understands none.
    pub fn cursor(&mut self, image: &CursorImage, wishes: &Wishes, pixels: &Pixels) {
        let forms = [Pseudo::CursorWithAlpha, Pseudo::Cursor, Pseudo::XCursor];
        let Some(form) = forms.into_iter().find(|form| wishes.has(*form)) else { return };
        let size = image.size;
        let rect = Rect { x: image.hot.x, y: image.hot.y, width: size.width, height: size.height };
        self.rect(rect, form.number());
        match form {
            Pseudo::CursorWithAlpha => cursor::alpha(image, &mut self.bytes),
            Pseudo::Cursor => cursor::masked(image, pixels, &mut self.bytes),
            _ => cursor::two_colours(image, &mut self.bytes),
        }
    }

    /// The screen has another size, told in the best form that the viewer understands.
    pub fn size(
        &mut self,
        size: Size,
        screens: &[Screen],
        (reason, status): (ResizeReason, ResizeStatus),
        wishes: &Wishes,
    ) {
        if wishes.has(Pseudo::ExtendedDesktopSize) {
            let rect = Rect { x: reason as u16, y: status as u16, ..size.rect() };
            self.rect(rect, Pseudo::ExtendedDesktopSize.number());
            self.bytes.extend_from_slice(&[screens.len() as u8, 0, 0, 0]);
            screens.iter().take(255).for_each(|screen| self.screen(screen));
        } else if wishes.has(Pseudo::DesktopSize) {
            self.rect(size.rect(), Pseudo::DesktopSize.number());
        }
    }

    fn screen(&mut self, screen: &Screen) {
        self.bytes.extend_from_slice(&screen.id.to_be_bytes());
        for field in [screen.area.x, screen.area.y, screen.area.width, screen.area.height] {
            self.bytes.extend_from_slice(&field.to_be_bytes());
        }
        self.bytes.extend_from_slice(&screen.flags.to_be_bytes());
    }

    /// The desktop has another name.
    pub fn name(&mut self, name: &str) {
        self.rect(Rect::default(), Pseudo::DesktopName.number());
        self.bytes.extend_from_slice(&(name.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
    }

    /// An extension is understood here too: only for those that are told by an empty rectangle.
    pub fn understood(&mut self, pseudo: Pseudo) {
        self.rect(Rect::default(), pseudo.number());
    }

    /// The whole message.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes[2..4].copy_from_slice(&self.count.to_be_bytes());
        self.bytes
    }

    fn rect(&mut self, rect: Rect, number: i32) {
        self.count += 1;
        header_of(&mut self.bytes, rect, number);
    }
}

impl Default for Update {
    fn default() -> Self {
        Self::new()
    }
}
