//! libxcb and libX11.
//!
//! Source: xcb/xcb.h, xcb/xproto.h and X11/Xlib.h.
#![allow(unsafe_code)]

use std::{
    ffi::{c_char, c_int, c_ulong, c_void},
    ptr,
};

use crate::library::{Library, open, symbol, text_at};

/// A connection of libxcb, and a window on it that is never mapped. Neither is ever closed: the process ends soon.
pub struct Xcb {
    /// The `xcb_connection_t`.
    pub connection: *mut c_void,
    /// The visual of the window, which is that of its screen.
    pub visual: u32,
    /// The window.
    pub window: u32,
}

/// A connection of libX11.
pub struct Xlib {
    /// The `Display`.
    pub display: *mut c_void,
    /// The visual of its screen.
    pub visual: c_ulong,
    /// Its name.
    pub name: Option<String>,
}

/// `xcb_screen_t`.
#[repr(C)]
struct Screen {
    root: u32,
    default_colormap: u32,
    pixels: [u32; 2],
    input_masks: u32,
    size: [u16; 4],
    maps: [u16; 2],
    root_visual: u32,
    backing: [u8; 2],
    root_depth: u8,
    depths: u8,
}

/// `xcb_screen_iterator_t`.
#[repr(C)]
struct Screens {
    screen: *mut Screen,
    left: c_int,
    index: c_int,
}

type CreateWindow = unsafe extern "C" fn(
    *mut c_void,
    u8,
    u32,
    u32,
    i16,
    i16,
    u16,
    u16,
    u16,
    u16,
    u32,
    u32,
    *const c_void,
) -> u32;

impl Xcb {
    /// Connects to the display in the environment.
    ///
    /// # Errors
    ///
    /// The library or one of its functions is not there, or the display cannot be opened.
    pub fn open() -> Result<Self, String> {
        type Connect = unsafe extern "C" fn(*const c_char, *mut c_int) -> *mut c_void;
        let xcb = open("libxcb.so.1")?;
        // SAFETY: this is the signature of xcb_connect.
        let connect: Connect = unsafe { symbol(xcb, "xcb_connect") }?;
        // SAFETY: this is the signature of xcb_connection_has_error.
        let error: unsafe extern "C" fn(*mut c_void) -> c_int =
            unsafe { symbol(xcb, "xcb_connection_has_error") }?;
        let mut number = 0;
        // SAFETY: a null name means the one in the environment, and the number is there.
        let connection = unsafe { connect(ptr::null(), &raw mut number) };
        // SAFETY: what xcb_connect returns is a connection even where it failed.
        match unsafe { error(connection) } {
            0 => Self::with_window(xcb, connection, number),
            error => Err(format!("the X display cannot be opened (xcb error {error})")),
        }
    }

    fn with_window(xcb: &'static Library, connection: *mut c_void, number: c_int) -> Result<Self, String> {
        let screen = screen(xcb, connection, number)?;
        // SAFETY: this is the signature of xcb_generate_id.
        let id: unsafe extern "C" fn(*mut c_void) -> u32 = unsafe { symbol(xcb, "xcb_generate_id") }?;
        // SAFETY: this is the signature of xcb_create_window, whose answer is a structure of one number.
        let create: CreateWindow = unsafe { symbol(xcb, "xcb_create_window") }?;
        // SAFETY: this is the signature of xcb_flush.
        let flush: unsafe extern "C" fn(*mut c_void) -> c_int = unsafe { symbol(xcb, "xcb_flush") }?;
        let (root, visual) = (screen.root, screen.root_visual);
        // SAFETY: the connection is open.
        let window = unsafe { id(connection) };
        // SAFETY: the connection is open, and no values are given.
        unsafe {
            create(
                connection,
                COPY_DEPTH,
                window,
                root,
                0,
                0,
                64,
                64,
                0,
                INPUT_OUTPUT,
                visual,
                0,
                ptr::null(),
            )
        };
        // SAFETY: the connection is open.
        unsafe { flush(connection) };
        Ok(Self { connection, visual, window })
    }
}

fn screen(xcb: &'static Library, connection: *mut c_void, number: c_int) -> Result<Screen, String> {
    // SAFETY: this is the signature of xcb_get_setup.
    let setup: unsafe extern "C" fn(*mut c_void) -> *const c_void = unsafe { symbol(xcb, "xcb_get_setup") }?;
    // SAFETY: this is the signature of xcb_setup_roots_iterator.
    let screens: unsafe extern "C" fn(*const c_void) -> Screens =
        unsafe { symbol(xcb, "xcb_setup_roots_iterator") }?;
    // SAFETY: this is the signature of xcb_screen_next.
    let next: unsafe extern "C" fn(*mut Screens) = unsafe { symbol(xcb, "xcb_screen_next") }?;
    // SAFETY: the connection is open, and so its setup is there.
    let mut screens = unsafe { screens(setup(connection)) };
    for _ in 0..number {
        if screens.left > 1 {
            // SAFETY: another screen follows this one.
            unsafe { next(&raw mut screens) };
        }
    }
    if screens.left < 1 {
        return Err("the X display has no screen".to_owned());
    }
    // SAFETY: the iterator stands on a screen, which belongs to the connection.
    Ok(unsafe { screens.screen.read() })
}

impl Xlib {
    /// Connects to the display in the environment.
    ///
    /// # Errors
    ///
    /// The library or one of its functions is not there, or the display cannot be opened.
    pub fn open() -> Result<Self, String> {
        let x11 = open("libX11.so.6")?;
        // SAFETY: this is the signature of XOpenDisplay.
        let open: unsafe extern "C" fn(*const c_char) -> *mut c_void =
            unsafe { symbol(x11, "XOpenDisplay") }?;
        // SAFETY: this is the signature of XDisplayString.
        let name: unsafe extern "C" fn(*mut c_void) -> *const c_char =
            unsafe { symbol(x11, "XDisplayString") }?;
        // SAFETY: a null name means the one in the environment.
        let display = unsafe { open(ptr::null()) };
        if display.is_null() {
            return Err("the X display cannot be opened".to_owned());
        }
        // SAFETY: the display is open and stays so.
        let name = unsafe { text_at(name(display)) };
        Ok(Self { display, visual: visual(x11, display)?, name })
    }
}

fn visual(x11: &'static Library, display: *mut c_void) -> Result<c_ulong, String> {
    // SAFETY: this is the signature of XDefaultScreen.
    let screen: unsafe extern "C" fn(*mut c_void) -> c_int = unsafe { symbol(x11, "XDefaultScreen") }?;
    // SAFETY: this is the signature of XDefaultVisual.
    let visual: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void =
        unsafe { symbol(x11, "XDefaultVisual") }?;
    // SAFETY: this is the signature of XVisualIDFromVisual.
    let id: unsafe extern "C" fn(*mut c_void) -> c_ulong = unsafe { symbol(x11, "XVisualIDFromVisual") }?;
    // SAFETY: the display is open, and its default screen has a visual.
    Ok(unsafe { id(visual(display, screen(display))) })
}

/// `XCB_COPY_FROM_PARENT`.
const COPY_DEPTH: u8 = 0;
/// `XCB_WINDOW_CLASS_INPUT_OUTPUT`.
const INPUT_OUTPUT: u16 = 1;
