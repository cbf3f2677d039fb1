//! Calls of EGL.
//!
//! Source: EGL/egl.h and EGL/eglext.h.
#![allow(unsafe_code)]

use std::{
    ffi::{CString, c_char, c_int, c_uint, c_void},
    path::Path,
    ptr,
};

use super::{EglDevice, EglFacts, EglPlatform, PLATFORMS, error_name, sorted};
use crate::{
    Verdict,
    child::Teller,
    library::{Library, open, symbol, text_at},
    uuid,
};

type Handle = *mut c_void;
type Proc = unsafe extern "C" fn();
type QueryDevices = unsafe extern "C" fn(c_int, *mut Handle, *mut c_int) -> c_uint;
type DeviceString = unsafe extern "C" fn(Handle, c_int) -> *const c_char;
type DeviceAttribute = unsafe extern "C" fn(Handle, c_int, *mut isize) -> c_uint;
type DeviceBinary = unsafe extern "C" fn(Handle, c_int, c_int, *mut c_void, *mut c_int) -> c_uint;
type PlatformDisplay = unsafe extern "C" fn(c_uint, Handle, *const c_int) -> Handle;
type ChooseConfig = unsafe extern "C" fn(Handle, *const c_int, *mut Handle, c_int, *mut c_int) -> c_uint;

/// The functions that every `libEGL.so.1` has.
struct Egl {
    address: unsafe extern "C" fn(*const c_char) -> Option<Proc>,
    string: unsafe extern "C" fn(Handle, c_int) -> *const c_char,
    error: unsafe extern "C" fn() -> c_int,
    initialize: unsafe extern "C" fn(Handle, *mut c_int, *mut c_int) -> c_uint,
    terminate: unsafe extern "C" fn(Handle) -> c_uint,
    bind: unsafe extern "C" fn(c_uint) -> c_uint,
    choose: ChooseConfig,
    context: unsafe extern "C" fn(Handle, Handle, Handle, *const c_int) -> Handle,
    surface: unsafe extern "C" fn(Handle, Handle, *const c_int) -> Handle,
    make_current: unsafe extern "C" fn(Handle, Handle, Handle, Handle) -> c_uint,
}

/// Fills in the devices and platforms.
///
/// # Errors
///
/// Why there is no EGL at all.
pub fn displays(facts: &mut EglFacts, teller: &mut Teller) -> Result<(), String> {
    teller.doing("opening libEGL.so.1");
    let egl = Egl::new(open("libEGL.so.1")?)?;
    teller.doing("asking for client extensions");
    facts.client_extensions = sorted(&egl.text(ptr::null_mut(), EXTENSIONS).unwrap_or_default());
    teller.facts(facts);
    let Some(display) = egl.platform_display() else {
        return Err("EGL has no eglGetPlatformDisplayEXT".to_owned());
    };
    let [surfaceless, others @ ..] = &PLATFORMS;
    egl.try_platform(surfaceless, display, facts, teller);
    teller.doing("listing EGL devices");
    for (index, device) in egl.devices().into_iter().enumerate() {
        teller.doing(&format!("asking EGL device {index}"));
        facts.devices.push(egl.describe(index, device));
        teller.facts(facts);
        teller.doing(&format!("making a context on EGL device {index}"));
        facts.devices[index].platform = egl.try_display("device", display, DEVICE, device);
        teller.facts(facts);
    }
    for platform in others {
        egl.try_platform(platform, display, facts, teller);
    }
    Ok(())
}

impl Egl {
    fn new(library: &'static Library) -> Result<Self, String> {
        // SAFETY: each field has the signature that EGL/egl.h gives the function of the name.
        unsafe {
            Ok(Self {
                address: symbol(library, "eglGetProcAddress")?,
                string: symbol(library, "eglQueryString")?,
                error: symbol(library, "eglGetError")?,
                initialize: symbol(library, "eglInitialize")?,
                terminate: symbol(library, "eglTerminate")?,
                bind: symbol(library, "eglBindAPI")?,
                choose: symbol(library, "eglChooseConfig")?,
                context: symbol(library, "eglCreateContext")?,
                surface: symbol(library, "eglCreatePbufferSurface")?,
                make_current: symbol(library, "eglMakeCurrent")?,
            })
        }
    }

    fn proc(&self, name: &str) -> Option<Proc> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name ends in a zero.
        unsafe { (self.address)(name.as_ptr()) }
    }

    fn text(&self, display: Handle, name: c_int) -> Option<String> {
        // SAFETY: the display is null or one of EGL; the answer is null or a text that stays.
        unsafe { text_at((self.string)(display, name)) }
    }

    fn last_error(&self) -> String {
        // SAFETY: it has no arguments.
        error_name(unsafe { (self.error)() })
    }

    fn platform_display(&self) -> Option<PlatformDisplay> {
        // SAFETY: this is the signature of the function of this name.
        self.proc("eglGetPlatformDisplayEXT")
            .map(|found| unsafe { std::mem::transmute::<Proc, PlatformDisplay>(found) })
    }

    fn devices(&self) -> Vec<Handle> {
        let Some(found) = self.proc("eglQueryDevicesEXT") else { return Vec::new() };
        // SAFETY: this is the signature of the function of this name.
        let query = unsafe { std::mem::transmute::<Proc, QueryDevices>(found) };
        let mut devices = [ptr::null_mut(); MOST_DEVICES];
        let mut count = 0;
        // SAFETY: there is room for as many as are asked for.
        let answered = unsafe { query(MOST_DEVICES as c_int, devices.as_mut_ptr(), &raw mut count) };
        let count = usize::try_from(count).unwrap_or_default().min(MOST_DEVICES);
        if answered == 0 { Vec::new() } else { devices[..count].to_vec() }
    }

    fn describe(&self, index: usize, device: Handle) -> EglDevice {
        let extensions = sorted(&self.device_text(device, EXTENSIONS).unwrap_or_default());
        let has = |name: &str| extensions.iter().any(|known| known == name);
        EglDevice {
            index,
            uuid: has("EGL_EXT_device_persistent_id").then(|| self.device_uuid(device)).flatten(),
            cuda: has("EGL_NV_device_cuda").then(|| self.device_number(device, CUDA_DEVICE)).flatten(),
            drm_device: has("EGL_EXT_device_drm").then(|| self.device_text(device, DRM_DEVICE)).flatten(),
            drm_render_node: has("EGL_EXT_device_drm_render_node")
                .then(|| self.device_text(device, DRM_RENDER_NODE))
                .flatten(),
            extensions,
            platform: EglPlatform::default(),
        }
    }

    fn device_text(&self, device: Handle, name: c_int) -> Option<String> {
        let found = self.proc("eglQueryDeviceStringEXT")?;
        // SAFETY: this is the signature of the function of this name.
        let query = unsafe { std::mem::transmute::<Proc, DeviceString>(found) };
        // SAFETY: the device came from the list, and the answer is null or a text that stays.
        unsafe { text_at(query(device, name)) }
    }

    fn device_number(&self, device: Handle, name: c_int) -> Option<i64> {
        let found = self.proc("eglQueryDeviceAttribEXT")?;
        // SAFETY: this is the signature of the function of this name.
        let query = unsafe { std::mem::transmute::<Proc, DeviceAttribute>(found) };
        let mut number = 0;
        // SAFETY: the device came from the list, and the number is there.
        let answered = unsafe { query(device, name, &raw mut number) };
        (answered != 0).then_some(number as i64)
    }

    fn device_uuid(&self, device: Handle) -> Option<String> {
        let found = self.proc("eglQueryDeviceBinaryEXT")?;
        // SAFETY: this is the signature of the function of this name.
        let query = unsafe { std::mem::transmute::<Proc, DeviceBinary>(found) };
        let (mut bytes, mut size) = ([0_u8; 16], 0);
        // SAFETY: the device came from the list, and there is room for 16 bytes.
        let answered = unsafe { query(device, DEVICE_UUID, 16, bytes.as_mut_ptr().cast(), &raw mut size) };
        if answered == 0 || size != 16 { None } else { uuid::text(&bytes) }
    }

    fn try_platform(
        &self,
        known: &super::Known,
        display: PlatformDisplay,
        facts: &mut EglFacts,
        teller: &mut Teller,
    ) {
        teller.doing(&format!("making a context on the EGL platform {}", known.name));
        let offered = known.offered.iter().any(|name| facts.client_extensions.iter().any(|has| has == name));
        let refused = match (offered, known.name) {
            (false, _) => Some("EGL does not offer this platform"),
            // Some drivers crash when there is nothing that their default could be.
            (true, "gbm") if !Path::new("/dev/dri").exists() => Some("there is no /dev/dri"),
            _ => None,
        };
        let tried = match refused {
            Some(error) => EglPlatform { error: Some(error.to_owned()), ..EglPlatform::default() },
            None => self.try_display(known.name, display, known.number, ptr::null_mut()),
        };
        facts.platforms.push(EglPlatform { name: known.name.to_owned(), ..tried });
        teller.facts(facts);
    }

    fn try_display(&self, name: &str, get: PlatformDisplay, platform: u32, native: Handle) -> EglPlatform {
        let mut tried = EglPlatform { name: name.to_owned(), ..EglPlatform::default() };
        // SAFETY: the native display is null, which means the default, or a device of the list.
        let display = unsafe { get(platform, native, ptr::null()) };
        let (mut major, mut minor) = (0, 0);
        // SAFETY: the display is checked first, and the numbers are there.
        if display.is_null() || unsafe { (self.initialize)(display, &raw mut major, &raw mut minor) } == 0 {
            tried.error = Some(format!("cannot be initialised: {}", self.last_error()));
            return tried;
        }
        tried.works = true;
        [tried.vendor, tried.version, tried.apis] =
            [VENDOR, VERSION, APIS].map(|name| self.text(display, name));
        match self.renderer(display) {
            Ok([renderer, version]) => {
                tried.verdict = renderer.as_deref().map(Verdict::of_renderer).unwrap_or_default();
                (tried.renderer, tried.gl_version) = (renderer, version);
            }
            Err(error) => tried.error = Some(error),
        }
        // SAFETY: nothing is current on this display any more.
        unsafe { (self.terminate)(display) };
        tried
    }

    /// The renderer and version of a context: of OpenGL, or else of OpenGL ES.
    fn renderer(&self, display: Handle) -> Result<[Option<String>; 2], String> {
        self.context_strings(display, OPENGL, OPENGL_BIT, &[NONE])
            .or_else(|_| self.context_strings(display, OPENGL_ES, OPENGL_ES2_BIT, &[CLIENT_VERSION, 2, NONE]))
    }

    fn context_strings(
        &self,
        display: Handle,
        api: c_uint,
        bit: c_int,
        attributes: &[c_int],
    ) -> Result<[Option<String>; 2], String> {
        let failed = |what: &str| format!("{what}: {}", self.last_error());
        // SAFETY: any number may be tried.
        if unsafe { (self.bind)(api) } == 0 {
            return Err(failed("eglBindAPI"));
        }
        let config = self.config(display, bit);
        // SAFETY: the display is initialised, the configuration one of it or none, and the list ends in EGL_NONE.
        let context = unsafe { (self.context)(display, config, ptr::null_mut(), attributes.as_ptr()) };
        if context.is_null() {
            return Err(failed("eglCreateContext"));
        }
        // SAFETY: the context is one of this display, and in use nowhere else.
        let mut current = unsafe { (self.make_current)(display, ptr::null_mut(), ptr::null_mut(), context) };
        if current == 0 {
            let size = [WIDTH, 16, HEIGHT, 16, NONE];
            // SAFETY: the configuration can draw on pixel buffers, and the list ends in EGL_NONE.
            let surface = unsafe { (self.surface)(display, config, size.as_ptr()) };
            // SAFETY: surface and context have the same configuration.
            current = unsafe { (self.make_current)(display, surface, surface, context) };
        }
        if current == 0 {
            return Err(failed("eglMakeCurrent"));
        }
        let strings = self.gl_strings();
        // SAFETY: letting go is always allowed.
        unsafe { (self.make_current)(display, ptr::null_mut(), ptr::null_mut(), ptr::null_mut()) };
        Ok(strings)
    }

    /// A configuration for pixel buffers, or null: none.
    fn config(&self, display: Handle, bit: c_int) -> Handle {
        let wanted = [SURFACE_TYPE, PBUFFER_BIT, RENDERABLE_TYPE, bit, NONE];
        let (mut config, mut count) = (ptr::null_mut(), 0);
        // SAFETY: the display is initialised, the list ends in EGL_NONE, and there is room for one.
        unsafe { (self.choose)(display, wanted.as_ptr(), &raw mut config, 1, &raw mut count) };
        if count > 0 { config } else { ptr::null_mut() }
    }

    fn gl_strings(&self) -> [Option<String>; 2] {
        let Some(found) = self.proc("glGetString") else { return [None, None] };
        // SAFETY: this is the signature of the function of this name.
        let string =
            unsafe { std::mem::transmute::<Proc, unsafe extern "C" fn(c_uint) -> *const c_char>(found) };
        // SAFETY: a context is current; the answer is null or a text that stays.
        [GL_RENDERER, GL_VERSION].map(|name| unsafe { text_at(string(name)) })
    }
}

const MOST_DEVICES: usize = 64;
const DEVICE: c_uint = 0x313f;
const NONE: c_int = 0x3038;
const VENDOR: c_int = 0x3053;
const VERSION: c_int = 0x3054;
const EXTENSIONS: c_int = 0x3055;
const APIS: c_int = 0x308d;
const WIDTH: c_int = 0x3057;
const HEIGHT: c_int = 0x3056;
const SURFACE_TYPE: c_int = 0x3033;
const PBUFFER_BIT: c_int = 1;
const RENDERABLE_TYPE: c_int = 0x3040;
const CLIENT_VERSION: c_int = 0x3098;
const OPENGL: c_uint = 0x30a2;
const OPENGL_BIT: c_int = 8;
const OPENGL_ES: c_uint = 0x30a0;
const OPENGL_ES2_BIT: c_int = 4;
const DRM_DEVICE: c_int = 0x3233;
const DRM_RENDER_NODE: c_int = 0x3377;
const CUDA_DEVICE: c_int = 0x323a;
const DEVICE_UUID: c_int = 0x335c;
const GL_RENDERER: c_uint = 0x1f01;
const GL_VERSION: c_uint = 0x1f02;
