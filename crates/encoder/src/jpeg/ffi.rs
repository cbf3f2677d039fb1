//! TurboJPEG, the interface of libjpeg-turbo: the functions of its version 1.2, which all later ones have.
#![allow(unsafe_code)]

use std::{
    ffi::{c_int, c_uchar, c_ulong, c_void},
    ptr::NonNull,
    sync::OnceLock,
};

use cosmos_desktop::Size;
use libloading::{Library, Symbol};

const NAME: &str = "libturbojpeg.so.0";
const BGRX: c_int = 3;
const SAMPLES_444: c_int = 0;
const SAMPLES_420: c_int = 2;
/// The buffer is ours, and large enough.
const NO_REALLOC: c_int = 1024;

type Init = unsafe extern "C" fn() -> *mut c_void;
type Compress = unsafe extern "C" fn(
    *mut c_void,
    *const c_uchar,
    c_int,
    c_int,
    c_int,
    c_int,
    *mut *mut c_uchar,
    *mut c_ulong,
    c_int,
    c_int,
    c_int,
) -> c_int;
type Room = unsafe extern "C" fn(c_int, c_int, c_int) -> c_ulong;
type Destroy = unsafe extern "C" fn(*mut c_void) -> c_int;

struct Turbo {
    init: Symbol<'static, Init>,
    compress: Symbol<'static, Compress>,
    room: Symbol<'static, Room>,
    destroy: Symbol<'static, Destroy>,
}

impl Turbo {
    /// Looked for once; it stays open until the process ends.
    fn get() -> Option<&'static Self> {
        static TURBO: OnceLock<Option<Turbo>> = OnceLock::new();
        TURBO.get_or_init(Self::open).as_ref()
    }

    fn open() -> Option<Self> {
        // SAFETY: a library of codecs, whose constructors do nothing that others could see.
        let library =
            unsafe { Library::new(NAME) }.inspect_err(|error| tracing::debug!(%error, "no {NAME}")).ok()?;
        let library: &'static Library = Box::leak(Box::new(library));
        // SAFETY: the types are those of turbojpeg.h.
        unsafe {
            Some(Self {
                init: library.get(b"tjInitCompress\0").ok()?,
                compress: library.get(b"tjCompress2\0").ok()?,
                room: library.get(b"tjBufSize\0").ok()?,
                destroy: library.get(b"tjDestroy\0").ok()?,
            })
        }
    }
}

/// One compressor, for one thread at a time.
pub(super) struct Compressor {
    turbo: &'static Turbo,
    handle: NonNull<c_void>,
    /// What it writes into. The room that it asks for is many times what it takes, and to clear that for each picture took
    /// a tenth as long as to write it.
    room: Vec<u8>,
}

// SAFETY: the library keeps nothing by thread but the text of the last error, which nobody asks for here.
unsafe impl Send for Compressor {}

impl Compressor {
    pub(super) fn new() -> Option<Self> {
        let turbo = Turbo::get()?;
        // SAFETY: it takes nothing, and gives null where it fails.
        let handle = NonNull::new(unsafe { (turbo.init)() })?;
        Some(Self { turbo, handle, room: Vec::new() })
    }

    /// Writes rows of `stride` bytes behind what `out` holds; `false` where they are not there.
    pub(super) fn write(
        &mut self,
        (bgrx, stride): (&[u8], usize),
        size: Size,
        quality: u8,
        fine: bool,
        out: &mut Vec<u8>,
    ) -> bool {
        let (width, height) = (usize::from(size.width), usize::from(size.height));
        let Some(above) = height.checked_sub(1).filter(|_| width > 0) else { return false };
        let needed = above.checked_mul(stride).and_then(|above| above.checked_add(4 * width));
        let is_there = stride >= 4 * width && needed.is_some_and(|needed| needed <= bgrx.len());
        let (true, Ok(pitch)) = (is_there, c_int::try_from(stride)) else {
            return false;
        };
        let samples = if fine { SAMPLES_444 } else { SAMPLES_420 };
        let (width, height) = (c_int::from(size.width), c_int::from(size.height));
        // SAFETY: it only calculates.
        let room = unsafe { (self.turbo.room)(width, height, samples) };
        // Where the sides are more than it can write, the room is all ones.
        let Some(room) = usize::try_from(room).ok().filter(|room| *room <= MOST) else { return false };
        if self.room.len() < room {
            self.room.resize(room, 0);
        }
        let (mut image, mut length) = (self.room.as_mut_ptr(), room as c_ulong);
        // SAFETY: the pixels are there, as was looked at above; the buffer has as much room as the library asks for, which
        // neither frees nor replaces it; the handle is one of its own, and used by nobody else meanwhile.
        let failed = unsafe {
            (self.turbo.compress)(
                self.handle.as_ptr(),
                bgrx.as_ptr(),
                width,
                pitch,
                height,
                BGRX,
                &raw mut image,
                &raw mut length,
                samples,
                quality.into(),
                NO_REALLOC,
            )
        };
        let image = self.room.get(..length as usize).filter(|_| failed == 0);
        image.inspect(|image| out.extend_from_slice(image)).is_some()
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: the handle is one of its own, and not used any more.
        unsafe { (self.turbo.destroy)(self.handle.as_ptr()) };
    }
}

/// More room than any picture here needs.
const MOST: usize = 1 << 28;
