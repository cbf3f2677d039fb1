//! The X server's own CVT library, opened where it is installed.
#![allow(unsafe_code, reason = "a C library has no other door")]

use std::ffi::{CStr, c_char, c_int, c_void};

use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};

/// `struct libxcvt_mode_info` of version 0.1.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ModeInfo {
    hdisplay: u32,
    vdisplay: u32,
    vrefresh: f32,
    hsync: f32,
    dot_clock: u64,
    hsync_start: u16,
    hsync_end: u16,
    htotal: u16,
    vsync_start: u16,
    vsync_end: u16,
    vtotal: u16,
    flags: u32,
}

type Generate = unsafe extern "C" fn(c_int, c_int, f32, bool, bool) -> *mut ModeInfo;

// SAFETY: these are the signatures of POSIX.
unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn free(memory: *mut c_void);
}

/// The library, which stays open until the program ends.
pub struct Libxcvt(Generate);

impl Libxcvt {
    /// `None` where it is not installed.
    pub fn open() -> Option<Self> {
        // SAFETY: the name is a C string, and the library has no initialiser that could do harm.
        let library = unsafe { dlopen(NAME.as_ptr(), RTLD_NOW) };
        if library.is_null() {
            return None;
        }
        // SAFETY: `library` is open, and the name is a C string.
        let generate = unsafe { dlsym(library, FUNCTION.as_ptr()) };
        if generate.is_null() {
            return None;
        }
        // SAFETY: this is the function's signature in all versions of soname 0, and it is never closed.
        Some(Self(unsafe { std::mem::transmute::<*mut c_void, Generate>(generate) }))
    }

    /// The library's answer, its memory given back.
    pub fn mode(&self, width: u32, height: u32, hz: f32, reduced: bool, interlaced: bool) -> ModeInfo {
        // SAFETY: all values are plain numbers; sizes are below 2^31.
        let mode = unsafe { self.0(width as c_int, height as c_int, hz, reduced, interlaced) };
        assert!(!mode.is_null(), "out of memory");
        // SAFETY: it is not null, and points to a structure that `calloc` made for us.
        let answer = unsafe { *mode };
        // SAFETY: the caller has to free what the library returns, and it is not used any more.
        unsafe { free(mode.cast()) };
        answer
    }
}

impl ModeInfo {
    /// Whether this could be sent: there is a clock, and the numbers are in order.
    pub fn is_sendable(&self) -> bool {
        self.dot_clock > 0
            && self.hdisplay > 0
            && self.hdisplay <= self.hsync_start.into()
            && self.hsync_start < self.hsync_end
            && self.hsync_end <= self.htotal
            && self.vdisplay <= self.vsync_start.into()
            && self.vsync_start < self.vsync_end
            && self.vsync_end <= self.vtotal
    }

    pub fn timing(&self) -> Timing {
        let flag = |bit: u32| self.flags & bit != 0;
        let polarity = |positive| if positive { Polarity::Positive } else { Polarity::Negative };
        Timing {
            clock: PixelClock::from_hz(self.dot_clock * 1000),
            horizontal: axis(self.hdisplay, [self.hsync_start, self.hsync_end, self.htotal]),
            vertical: axis(self.vdisplay, [self.vsync_start, self.vsync_end, self.vtotal]),
            hsync: polarity(flag(HSYNC_POSITIVE)),
            vsync: polarity(flag(VSYNC_POSITIVE)),
            scan: if flag(INTERLACE) { Scan::Interlaced } else { Scan::Progressive },
        }
    }
}

fn axis(active: u32, [sync_start, sync_end, total]: [u16; 3]) -> Axis {
    Axis { active, sync_start: sync_start.into(), sync_end: sync_end.into(), total: total.into() }
}

const NAME: &CStr = c"libxcvt.so.0";
const FUNCTION: &CStr = c"libxcvt_gen_mode_info";
const RTLD_NOW: c_int = 2;
const INTERLACE: u32 = 1 << 4;
const HSYNC_POSITIVE: u32 = 1 << 0;
const VSYNC_POSITIVE: u32 = 1 << 2;
