//! The nouns of a remote desktop, and the traits through which one is seen and driven.
//!
//! A desktop is four things that never wait for each other: a picture ([`FrameSource`]), a keyboard and
//! pointer ([`InputSink`]), everything around the picture ([`DesktopControl`]: cursor, clipboard, screen size),
//! and a way to open all three ([`OpenDesktop`]). Each lives on a thread of its own.
//!
//! This crate depends on nothing, so that capture, encoding and transport can meet here without seeing each
//! other.

mod geometry;
mod input;
mod traits;

pub use geometry::{BadSize, Point, Rect, Size};
pub use input::{Button, InputEvent, Keysym};
pub use traits::{
    Change, CursorImage, Desktop, DesktopControl, DesktopError, DesktopEvent, Frame, FrameSource, InputSink,
    OpenDesktop, Waker,
};
