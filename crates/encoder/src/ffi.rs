//! What GStreamer does and does not say.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

use gstreamer::{self as gst, glib};

/// Lets a property be set while its element runs. That of x264enc follows its `quantizer` then as it does its
/// `bitrate`, but refuses it for the want of this flag.
pub(crate) fn unlock(spec: &glib::ParamSpec) {
    let spec: *mut glib::gobject_ffi::GParamSpec = spec.as_ptr();
    // SAFETY: the description of a property lives as long as its class, which is for ever, in memory of the heap. Its
    // flags are an aligned u32 that others only read, and the flag changes nothing but this one answer.
    let flags = unsafe { AtomicU32::from_ptr(&raw mut (*spec).flags) };
    flags.fetch_or(gst::PARAM_FLAG_MUTABLE_PLAYING.bits(), Ordering::Relaxed);
}
