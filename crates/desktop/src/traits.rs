//! The ports through which a desktop is seen and driven, shaped by the one who streams it.

use std::{error::Error, fmt, sync::Arc, time::Instant};

use crate::{InputEvent, Point, Rect, Size};

/// One picture of the desktop, borrowed from the one who captured it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Columns and rows.
    pub size: Size,
    /// Bytes from one row to the next, at least `4 * size.width`.
    pub stride: usize,
    /// `stride * size.height` bytes: blue, green, red and one of no meaning for each pixel. The whole picture is
    /// here, also what did not change.
    pub bgrx: &'a [u8],
    /// What may differ from the frame before, within `size`; everything for a first frame or a new size.
    /// Empty when nothing changed. Rectangles may overlap.
    pub damage: &'a [Rect],
    /// When the change that led to this picture became known.
    pub captured: Instant,
}

/// What a wait for a change ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The screen changed at this time.
    Changed(Instant),
    /// The deadline passed, or the waker was called.
    Nothing,
}

/// Ends the wait of the object it was made by, from any thread. A call before the wait ends that wait at once.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The picture.
pub trait FrameSource: Send {
    /// Waits until the screen differs from what [`grab`](Self::grab) last returned, `deadline` passes or the waker
    /// is called.
    ///
    /// # Errors
    /// [`DesktopError::Lost`] when there is no desktop any more.
    fn wait(&mut self, deadline: Instant) -> Result<Change, DesktopError>;

    /// The picture as it is now. Costs as much as has changed.
    ///
    /// # Errors
    /// [`DesktopError::Lost`] when there is no desktop any more.
    fn grab(&mut self) -> Result<Frame<'_>, DesktopError>;

    /// Something that ends [`wait`](Self::wait) from another thread.
    fn waker(&self) -> Waker;
}

/// Keyboard and pointer.
pub trait InputSink: Send {
    /// Does on the desktop what the person did. Returns when the desktop has been told.
    ///
    /// # Errors
    /// [`DesktopError::Lost`] when there is no desktop any more.
    fn send(&mut self, event: &InputEvent) -> Result<(), DesktopError>;
}

/// The shape of the pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorImage {
    /// Columns and rows; either 0 means an invisible pointer.
    pub size: Size,
    /// The pixel of the image that points.
    pub hot: Point,
    /// `4 * size.area()` bytes: red, green, blue, alpha (not premultiplied) for each pixel.
    pub rgba: Arc<[u8]>,
}

/// Something that happened around the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesktopEvent {
    /// The pointer has another shape.
    Cursor(CursorImage),
    /// An application copied this text.
    Clipboard(Arc<str>),
    /// The screen has another size.
    Resized(Size),
}

/// Everything around the picture.
pub trait DesktopControl: Send {
    /// The next thing that happened, or `None` when `deadline` passed or the waker was called. The shape of the
    /// pointer and the size are told once at the beginning.
    ///
    /// # Errors
    /// [`DesktopError::Lost`] when there is no desktop any more.
    fn next_event(&mut self, deadline: Instant) -> Result<Option<DesktopEvent>, DesktopError>;

    /// Offers this text to the applications on the desktop.
    ///
    /// # Errors
    /// [`DesktopError::Lost`] when there is no desktop any more.
    fn set_clipboard(&mut self, text: Arc<str>) -> Result<(), DesktopError>;

    /// Makes the screen this large, or as near to it as the screen can be; returns what it became.
    ///
    /// # Errors
    /// [`DesktopError::Refused`] when the screen cannot change its size, [`DesktopError::Lost`] when there is no
    /// desktop any more.
    fn resize(&mut self, size: Size) -> Result<Size, DesktopError>;

    /// Something that ends [`next_event`](Self::next_event) from another thread.
    fn waker(&self) -> Waker;
}

/// An open desktop: three parts that share nothing, to be moved to three threads.
pub struct Desktop {
    /// Keyboard and pointer.
    pub input: Box<dyn InputSink>,
    /// The picture.
    pub frames: Box<dyn FrameSource>,
    /// Cursor, clipboard, screen size.
    pub control: Box<dyn DesktopControl>,
}

/// Opens the desktop, and opens it again after it was lost.
pub type OpenDesktop = Box<dyn FnMut() -> Result<Desktop, DesktopError> + Send>;

/// What a desktop can fail with.
#[derive(Debug)]
#[non_exhaustive]
pub enum DesktopError {
    /// There is no desktop, or none any more; opening it again may help.
    Lost {
        /// What was being done, with the name of the display.
        doing: String,
        /// What the display said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The desktop is there and does not do this; trying again does not help.
    Refused {
        /// What was refused, and what would help.
        what: String,
    },
}

impl DesktopError {
    /// A desktop that was lost while `doing` something.
    pub fn lost(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Lost { doing: doing.into(), source: source.into() }
    }
}

impl fmt::Display for DesktopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { doing, .. } => write!(f, "cannot {doing}"),
            Self::Refused { what } => f.write_str(what),
        }
    }
}

impl Error for DesktopError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Lost { source, .. } => Some(source.as_ref()),
            Self::Refused { .. } => None,
        }
    }
}
