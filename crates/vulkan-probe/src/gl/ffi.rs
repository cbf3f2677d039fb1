//! Xlib and GLX, as far as a context on a window needs them.
//!
//! Source: X11/Xlib.h, X11/Xutil.h and GL/glx.h.
#![allow(unsafe_code)]

use std::{
    ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void},
    ptr,
};

use super::GlFacts;
use crate::{
    child::Teller,
    library::{Library, open, symbol, text_at},
    uuid,
};

type Display = *mut c_void;
type Context = *mut c_void;

/// `XVisualInfo`, as far as it is read.
#[repr(C)]
struct VisualInfo {
    visual: *mut c_void,
    id: c_ulong,
    screen: c_int,
    depth: c_int,
}

/// `XSetWindowAttributes`.
#[repr(C)]
#[derive(Default)]
struct WindowAttributes {
    background: [c_ulong; 2],
    border: [c_ulong; 2],
    gravity: [c_int; 2],
    backing_store: c_int,
    backing: [c_ulong; 2],
    save_under: c_int,
    masks: [c_long; 2],
    override_redirect: c_int,
    colormap: c_ulong,
    cursor: c_ulong,
}

type CreateWindow = unsafe extern "C" fn(
    Display,
    c_ulong,
    c_int,
    c_int,
    c_uint,
    c_uint,
    c_uint,
    c_int,
    c_uint,
    *mut c_void,
    c_ulong,
    *mut WindowAttributes,
) -> c_ulong;

/// Fills in what GLX says of the display, and of a context on it.
///
/// # Errors
///
/// The first step that failed.
pub fn renderer(facts: &mut GlFacts, teller: &mut Teller) -> Result<(), String> {
    teller.doing("opening libX11.so.6");
    let x11 = open("libX11.so.6")?;
    teller.doing("opening libGL.so.1");
    let gl = open("libGL.so.1")?;
    teller.doing("opening the X display");
    let display = connect(x11, facts)?;
    teller.facts(facts);
    teller.doing("asking for GLX");
    let screen = strings(x11, gl, display, facts)?;
    teller.facts(facts);
    teller.doing("making a GLX context");
    let visual = choose(gl, display, screen)?;
    let context = context(gl, display, visual)?;
    facts.direct = Some(is_direct(gl, display, context)?);
    teller.facts(facts);
    teller.doing("making the GLX context current");
    make_current(gl, display, window(x11, display, visual)?, context)?;
    teller.doing("asking for the renderer");
    // SAFETY: this is the signature of glGetString.
    let string: unsafe extern "C" fn(c_uint) -> *const c_char = unsafe { symbol(gl, "glGetString") }?;
    // SAFETY: a context is current, and the answers are constant texts.
    let [vendor, renderer, version] = GL_STRINGS.map(|name| unsafe { text_at(string(name)) });
    (facts.vendor, facts.renderer, facts.version) = (vendor, renderer, version);
    teller.facts(facts);
    teller.doing("asking for the UUID of the device");
    // SAFETY: as above.
    let extensions = unsafe { text_at(string(GL_EXTENSIONS)) }.unwrap_or_default();
    if extensions.split(' ').any(|extension| extension == "GL_EXT_memory_object") {
        facts.device_uuid = device_uuid(gl)?;
    }
    Ok(())
}

/// The first of the devices behind the context, which must have `GL_EXT_memory_object`.
fn device_uuid(gl: &'static Library) -> Result<Option<String>, String> {
    type Find = unsafe extern "C" fn(*const c_char) -> Option<unsafe extern "C" fn()>;
    type Bytes = unsafe extern "C" fn(c_uint, c_uint, *mut u8);
    // SAFETY: this is the signature of glXGetProcAddressARB.
    let find: Find = unsafe { symbol(gl, "glXGetProcAddressARB") }?;
    // SAFETY: this is the signature of glGetIntegerv.
    let integer: unsafe extern "C" fn(c_uint, *mut c_int) = unsafe { symbol(gl, "glGetIntegerv") }?;
    let mut count = 0;
    // SAFETY: a context is current, and the answer is one number.
    unsafe { integer(NUM_DEVICE_UUIDS, &raw mut count) };
    // SAFETY: the name ends in a zero.
    let Some(found) = unsafe { find(c"glGetUnsignedBytei_vEXT".as_ptr()) }.filter(|_| count > 0) else {
        return Ok(None);
    };
    // SAFETY: the context has the extension, so the address is that function's, with this signature.
    let bytes = unsafe { std::mem::transmute::<unsafe extern "C" fn(), Bytes>(found) };
    let mut uuid = [0; 16];
    // SAFETY: a context is current, the index is below the count, and an answer has 16 bytes.
    unsafe { bytes(DEVICE_UUID, 0, uuid.as_mut_ptr()) };
    Ok(uuid::text(&uuid))
}

fn connect(x11: &'static Library, facts: &mut GlFacts) -> Result<Display, String> {
    // SAFETY: this is the signature of XOpenDisplay.
    let open: unsafe extern "C" fn(*const c_char) -> Display = unsafe { symbol(x11, "XOpenDisplay") }?;
    // SAFETY: this is the signature of XDisplayString.
    let name: unsafe extern "C" fn(Display) -> *const c_char = unsafe { symbol(x11, "XDisplayString") }?;
    // SAFETY: a null name means the one in the environment.
    let display = unsafe { open(ptr::null()) };
    if display.is_null() {
        return Err("the X display cannot be opened".to_owned());
    }
    quiet_errors(x11)?;
    // SAFETY: the display is open and stays so.
    facts.display = unsafe { text_at(name(display)) };
    Ok(display)
}

/// Xlib ends the process at the first error of the X protocol, unless told otherwise.
fn quiet_errors(x11: &'static Library) -> Result<(), String> {
    type Handler = unsafe extern "C" fn(Display, *mut c_void) -> c_int;
    unsafe extern "C" fn note(_: Display, _: *mut c_void) -> c_int {
        eprintln!("the X server refused a request");
        0
    }
    // SAFETY: this is the signature of XSetErrorHandler, which has a function for an argument and a result.
    let set: unsafe extern "C" fn(Handler) -> *mut c_void = unsafe { symbol(x11, "XSetErrorHandler") }?;
    // SAFETY: the handler is a function of this program, and as such there until the end.
    unsafe { set(note) };
    Ok(())
}

/// The versions and vendors of both sides. The answer is the number of the screen.
fn strings(
    x11: &'static Library,
    gl: &'static Library,
    display: Display,
    facts: &mut GlFacts,
) -> Result<c_int, String> {
    type Query = unsafe extern "C" fn(Display, *mut c_int, *mut c_int) -> c_int;
    // SAFETY: this is the signature of glXQueryVersion.
    let version: Query = unsafe { symbol(gl, "glXQueryVersion") }?;
    // SAFETY: this is the signature of XDefaultScreen.
    let screen: unsafe extern "C" fn(Display) -> c_int = unsafe { symbol(x11, "XDefaultScreen") }?;
    let (mut major, mut minor) = (0, 0);
    // SAFETY: the display is open, and both numbers are there.
    if unsafe { version(display, &raw mut major, &raw mut minor) } == 0 {
        return Err("the X server has no GLX".to_owned());
    }
    facts.glx_version = Some(format!("{major}.{minor}"));
    // SAFETY: the display is open.
    let screen = unsafe { screen(display) };
    // SAFETY: this is the signature of glXQueryServerString.
    let server: unsafe extern "C" fn(Display, c_int, c_int) -> *const c_char =
        unsafe { symbol(gl, "glXQueryServerString") }?;
    // SAFETY: this is the signature of glXGetClientString.
    let client: unsafe extern "C" fn(Display, c_int) -> *const c_char =
        unsafe { symbol(gl, "glXGetClientString") }?;
    // SAFETY: the display is open, and the answers are constant texts or null.
    [facts.server_vendor, facts.server_version] =
        [VENDOR, VERSION].map(|name| unsafe { text_at(server(display, screen, name)) });
    // SAFETY: as above.
    [facts.client_vendor, facts.client_version] =
        [VENDOR, VERSION].map(|name| unsafe { text_at(client(display, name)) });
    facts.nv_glx = Some(has_extension(x11, display)?);
    Ok(screen)
}

fn has_extension(x11: &'static Library, display: Display) -> Result<bool, String> {
    type Query = unsafe extern "C" fn(Display, *const c_char, *mut c_int, *mut c_int, *mut c_int) -> c_int;
    // SAFETY: this is the signature of XQueryExtension.
    let query: Query = unsafe { symbol(x11, "XQueryExtension") }?;
    let mut numbers = [0; 3];
    let [opcode, event, error] = &mut numbers;
    // SAFETY: the display is open, the name ends in a zero and the numbers are there.
    Ok(unsafe { query(display, c"NV-GLX".as_ptr(), opcode, event, error) } != 0)
}

fn choose(gl: &'static Library, display: Display, screen: c_int) -> Result<*mut VisualInfo, String> {
    type Choose = unsafe extern "C" fn(Display, c_int, *mut c_int) -> *mut VisualInfo;
    // SAFETY: this is the signature of glXChooseVisual.
    let choose: Choose = unsafe { symbol(gl, "glXChooseVisual") }?;
    let mut wanted = WANTED;
    // SAFETY: the display is open and the list ends in a zero.
    let visual = unsafe { choose(display, screen, wanted.as_mut_ptr()) };
    if visual.is_null() { Err(without_visual()) } else { Ok(visual) }
}

/// Why there may be none. On an X server that is not NVIDIA's, its GLX looks for a library that is not among those it is
/// linked with, and is silent where it finds none.
fn without_visual() -> String {
    let absent = open("libGLX_nvidia.so.0").and_then(|_| open("libxcb-glx.so.0"));
    match absent {
        Err(error) if error.contains("libxcb-glx") => format!("GLX has no RGB visual: {error}"),
        _ => "GLX has no RGB visual".to_owned(),
    }
}

fn context(gl: &'static Library, display: Display, visual: *mut VisualInfo) -> Result<Context, String> {
    type Create = unsafe extern "C" fn(Display, *mut VisualInfo, Context, c_int) -> Context;
    // SAFETY: this is the signature of glXCreateContext.
    let create: Create = unsafe { symbol(gl, "glXCreateContext") }?;
    // SAFETY: the display is open, and the visual is one of GLX for it.
    let context = unsafe { create(display, visual, ptr::null_mut(), 1) };
    if context.is_null() { Err("GLX makes no context".to_owned()) } else { Ok(context) }
}

fn is_direct(gl: &'static Library, display: Display, context: Context) -> Result<bool, String> {
    // SAFETY: this is the signature of glXIsDirect.
    let direct: unsafe extern "C" fn(Display, Context) -> c_int = unsafe { symbol(gl, "glXIsDirect") }?;
    // SAFETY: the context is one of this display.
    Ok(unsafe { direct(display, context) } != 0)
}

/// A window that is never mapped.
fn window(x11: &'static Library, display: Display, visual: *mut VisualInfo) -> Result<c_ulong, String> {
    // SAFETY: this is the signature of XRootWindow.
    let root: unsafe extern "C" fn(Display, c_int) -> c_ulong = unsafe { symbol(x11, "XRootWindow") }?;
    // SAFETY: this is the signature of XCreateColormap.
    let colormap: unsafe extern "C" fn(Display, c_ulong, *mut c_void, c_int) -> c_ulong =
        unsafe { symbol(x11, "XCreateColormap") }?;
    // SAFETY: this is the signature of XCreateWindow.
    let create: CreateWindow = unsafe { symbol(x11, "XCreateWindow") }?;
    // SAFETY: the visual came from glXChooseVisual and was not freed.
    let info = unsafe { &*visual };
    // SAFETY: the display is open and the screen is one of it.
    let root = unsafe { root(display, info.screen) };
    // SAFETY: the visual is one of the window's screen.
    let colormap = unsafe { colormap(display, root, info.visual, 0) };
    let mut attributes = WindowAttributes { colormap, ..WindowAttributes::default() };
    let (depth, visual) = (info.depth, info.visual);
    // SAFETY: depth, visual and colormap belong together, and the attributes live until the call returns.
    Ok(unsafe {
        create(
            display,
            root,
            0,
            0,
            64,
            64,
            0,
            depth,
            INPUT_OUTPUT,
            visual,
            BORDER_AND_COLORMAP,
            &raw mut attributes,
        )
    })
}

fn make_current(
    gl: &'static Library,
    display: Display,
    window: c_ulong,
    context: Context,
) -> Result<(), String> {
    type MakeCurrent = unsafe extern "C" fn(Display, c_ulong, Context) -> c_int;
    // SAFETY: this is the signature of glXMakeCurrent.
    let make: MakeCurrent = unsafe { symbol(gl, "glXMakeCurrent") }?;
    // SAFETY: window and context have the same visual, and neither is in use on another thread.
    match unsafe { make(display, window, context) } {
        0 => Err("the GLX context cannot be made current on a window".to_owned()),
        _ => Ok(()),
    }
}

/// `GLX_RGBA`, and at least one bit of red, green and blue.
const WANTED: [c_int; 8] = [4, 8, 1, 9, 1, 10, 1, 0];
/// `GLX_VENDOR`.
const VENDOR: c_int = 1;
/// `GLX_VERSION`.
const VERSION: c_int = 2;
/// `GL_VENDOR`, `GL_RENDERER` and `GL_VERSION`.
const GL_STRINGS: [c_uint; 3] = [0x1f00, 0x1f01, 0x1f02];
const GL_EXTENSIONS: c_uint = 0x1f03;
/// `GL_NUM_DEVICE_UUIDS_EXT` of `GL_EXT_memory_object`.
const NUM_DEVICE_UUIDS: c_uint = 0x9596;
/// `GL_DEVICE_UUID_EXT` of `GL_EXT_memory_object`.
const DEVICE_UUID: c_uint = 0x9597;
const INPUT_OUTPUT: c_uint = 1;
/// `CWBorderPixel | CWColormap`.
const BORDER_AND_COLORMAP: c_ulong = 1 << 3 | 1 << 13;
