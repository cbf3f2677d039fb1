//! The X display through both client libraries, as far as Vulkan asks for them.

mod ffi;

pub(super) use ffi::{Xcb, Xlib};
