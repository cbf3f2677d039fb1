//! Calls of CUDA and NVENC.
//!
//! Source: cuda.h and nvEncodeAPI.h, of which only the layout of the calls made here is written down.
#![allow(unsafe_code)]

use std::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use super::{Api, KNOWN, NvencCodec, NvencDevice, NvencFacts, nvenc_meaning};
use crate::{
    child::Teller,
    library::{Library, open, symbol, text_at},
    uuid,
};

type Handle = *mut c_void;
type CountGuids = unsafe extern "C" fn(Handle, *mut u32) -> u32;
type ListGuids = unsafe extern "C" fn(Handle, *mut Guid, u32, *mut u32) -> u32;
type GetCaps = unsafe extern "C" fn(Handle, Guid, *mut CapsParameter, *mut c_int) -> u32;
type Destroy = unsafe extern "C" fn(Handle) -> u32;
type OpenSession = unsafe extern "C" fn(*mut OpenParameters, *mut Handle) -> u32;

/// `GUID`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Guid(u32, u16, u16, [u8; 8]);

/// `NV_ENC_CAPS_PARAM`.
#[repr(C)]
struct CapsParameter {
    version: u32,
    capability: u32,
    reserved: [u32; 62],
}

/// `NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS`.
#[repr(C)]
struct OpenParameters {
    version: u32,
    device_type: u32,
    device: Handle,
    reserved: Handle,
    api: u32,
    reserved_numbers: [u32; 253],
    reserved_pointers: [Handle; 64],
}

/// `NV_ENCODE_API_FUNCTION_LIST`, and room for what later versions add.
#[repr(C)]
struct FunctionList {
    version: u32,
    reserved: u32,
    functions: [Option<unsafe extern "C" fn()>; 511],
}

/// The functions of CUDA that are called.
struct Cuda {
    library: &'static Library,
    name: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int,
    uuid: unsafe extern "C" fn(*mut [u8; 16], c_int) -> c_int,
    pci: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int,
    retain: unsafe extern "C" fn(*mut Handle, c_int) -> c_int,
    set_current: unsafe extern "C" fn(Handle) -> c_int,
    release: unsafe extern "C" fn(c_int) -> c_int,
}

/// Fills in the GPUs of CUDA, and opens a session on each.
///
/// # Errors
///
/// Why no GPU could be asked.
pub fn sessions(facts: &mut NvencFacts, teller: &mut Teller) -> Result<(), String> {
    teller.doing("opening libcuda.so.1");
    let cuda = Cuda::new(open("libcuda.so.1")?)?;
    teller.doing("starting CUDA");
    let devices = cuda.devices(facts)?;
    facts.devices = devices;
    teller.facts(facts);
    teller.doing("opening libnvidia-encode.so.1");
    let library = open("libnvidia-encode.so.1").map_err(|error| format!("{error}{VIDEO_MISSING}"))?;
    let api = api(library, facts)?;
    let mut functions = functions(library, api)?;
    for at in 0..facts.devices.len() {
        teller.doing(&format!("opening an NVENC session on CUDA device {at}"));
        let device = &mut facts.devices[at];
        device.api = Some(format!("{}.{}", api.major, api.minor));
        if let Err(error) = cuda.with_context(device.index, |context| functions.session(context, api, device))
        {
            facts.devices[at].meaning = error;
        }
        teller.facts(facts);
    }
    Ok(())
}

impl Cuda {
    fn new(library: &'static Library) -> Result<Self, String> {
        // SAFETY: each field has the signature that cuda.h gives the function of the name.
        unsafe {
            Ok(Self {
                library,
                name: symbol(library, "cuDeviceGetName")?,
                uuid: symbol(library, "cuDeviceGetUuid")?,
                pci: symbol(library, "cuDeviceGetPCIBusId")?,
                retain: symbol(library, "cuDevicePrimaryCtxRetain")?,
                set_current: symbol(library, "cuCtxSetCurrent")?,
                release: symbol(library, "cuDevicePrimaryCtxRelease_v2")?,
            })
        }
    }

    fn devices(&self, facts: &mut NvencFacts) -> Result<Vec<NvencDevice>, String> {
        // SAFETY: this is the signature of cuInit.
        let init: unsafe extern "C" fn(u32) -> c_int = unsafe { symbol(self.library, "cuInit") }?;
        type Number = unsafe extern "C" fn(*mut c_int) -> c_int;
        // SAFETY: this is the signature of cuDriverGetVersion.
        let version: Number = unsafe { symbol(self.library, "cuDriverGetVersion") }?;
        // SAFETY: this is the signature of cuDeviceGetCount.
        let count: Number = unsafe { symbol(self.library, "cuDeviceGetCount") }?;
        let (mut packed, mut devices) = (0, 0);
        // SAFETY: the number is there. This call alone is allowed before cuInit.
        self.check("cuDriverGetVersion", unsafe { version(&raw mut packed) })?;
        facts.cuda = Some(format!("{}.{}", packed / 1000, packed % 1000 / 10));
        // SAFETY: zero is the only flag there is.
        self.check("cuInit", unsafe { init(0) })?;
        // SAFETY: the number is there.
        self.check("cuDeviceGetCount", unsafe { count(&raw mut devices) })?;
        (0..devices).map(|index| self.describe(index)).collect()
    }

    fn describe(&self, index: c_int) -> Result<NvencDevice, String> {
        // SAFETY: this is the signature of cuDeviceGet.
        let get: unsafe extern "C" fn(*mut c_int, c_int) -> c_int =
            unsafe { symbol(self.library, "cuDeviceGet") }?;
        let mut device = 0;
        // SAFETY: the index is below the count.
        self.check("cuDeviceGet", unsafe { get(&raw mut device, index) })?;
        let mut bytes = [0; 16];
        // SAFETY: the device is one of CUDA, and there are 16 bytes.
        let known = unsafe { (self.uuid)(&raw mut bytes, device) } == 0;
        Ok(NvencDevice {
            index: device,
            name: self.text(self.name, device).unwrap_or_default(),
            uuid: known.then(|| uuid::text(&bytes)).flatten(),
            pci: self.text(self.pci, device).map(|pci| pci.to_ascii_lowercase()),
            ..NvencDevice::default()
        })
    }

    fn text(
        &self,
        ask: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int,
        device: c_int,
    ) -> Option<String> {
        let mut text: [c_char; 256] = [0; 256];
        // SAFETY: there is room for 255 bytes and a zero.
        let answered = unsafe { ask(text.as_mut_ptr(), 255, device) };
        // SAFETY: the last byte is zero whatever was written.
        (answered == 0).then(|| unsafe { text_at(text.as_ptr()) }).flatten()
    }

    /// Runs something with the primary context of a device.
    fn with_context<T>(
        &self,
        device: c_int,
        act: impl FnOnce(Handle) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut context = ptr::null_mut();
        // SAFETY: the device is one of CUDA, and the handle is there.
        self.check("cuDevicePrimaryCtxRetain", unsafe { (self.retain)(&raw mut context, device) })?;
        // SAFETY: the context was retained.
        let made = self.check("cuCtxSetCurrent", unsafe { (self.set_current)(context) });
        let result = made.and_then(|()| act(context));
        // SAFETY: it was retained once, and nothing uses it any more.
        unsafe { (self.release)(device) };
        result
    }

    fn check(&self, what: &str, status: c_int) -> Result<(), String> {
        if status == 0 {
            return Ok(());
        }
        type Name = unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int;
        // SAFETY: this is the signature of cuGetErrorName.
        let name: Result<Name, String> = unsafe { symbol(self.library, "cuGetErrorName") };
        let mut text = ptr::null();
        // SAFETY: the pointer is there, and stays null for a status that CUDA does not know.
        let text = name.ok().and_then(|name| unsafe {
            name(status, &raw mut text);
            text_at(text)
        });
        Err(format!("{what}: {} ({status})", text.unwrap_or_default()))
    }
}

/// The version to speak: the newest that both sides know.
fn api(library: &'static Library, facts: &mut NvencFacts) -> Result<Api, String> {
    // SAFETY: this is the signature of the function of this name.
    let supported: unsafe extern "C" fn(*mut u32) -> u32 =
        unsafe { symbol(library, "NvEncodeAPIGetMaxSupportedVersion") }?;
    let mut packed = 0;
    // SAFETY: the number is there.
    let status = unsafe { supported(&raw mut packed) };
    if status != 0 {
        return Err(format!("NvEncodeAPIGetMaxSupportedVersion: {} ({status})", nvenc_meaning(status)));
    }
    let supported = Api::from_supported(packed);
    facts.max_api = Some(format!("{}.{}", supported.major, supported.minor));
    Ok(supported.min(KNOWN))
}

fn functions(library: &'static Library, api: Api) -> Result<Box<FunctionList>, String> {
    // SAFETY: this is the signature of the function of this name.
    let create: unsafe extern "C" fn(*mut FunctionList) -> u32 =
        unsafe { symbol(library, "NvEncodeAPICreateInstance") }?;
    let mut list = Box::new(FunctionList { version: api.of_struct(2), reserved: 0, functions: [None; 511] });
    // SAFETY: the list is at least as long as that of the version which it names.
    match unsafe { create(&raw mut *list) } {
        0 => Ok(list),
        status => Err(format!("NvEncodeAPICreateInstance: {} ({status})", nvenc_meaning(status))),
    }
}

impl FunctionList {
    /// Opens a session, asks it what it can do, and closes it.
    fn session(&mut self, context: Handle, api: Api, device: &mut NvencDevice) -> Result<(), String> {
        let open = self.functions[OPEN_SESSION].ok_or("the driver has no nvEncOpenEncodeSessionEx")?;
        // SAFETY: the slot of this number has this signature.
        let open = unsafe { std::mem::transmute::<unsafe extern "C" fn(), OpenSession>(open) };
        let mut parameters = OpenParameters {
            version: api.of_struct(1),
            device_type: CUDA_DEVICE,
            device: context,
            reserved: ptr::null_mut(),
            api: api.version(),
            reserved_numbers: [0; 253],
            reserved_pointers: [ptr::null_mut(); 64],
        };
        let mut session = ptr::null_mut();
        // SAFETY: the structure is that of the version which it names, and the context is current.
        let status = unsafe { open(&raw mut parameters, &raw mut session) };
        device.open = Some(status);
        device.meaning = nvenc_meaning(status).to_owned();
        if status == 0 && !session.is_null() {
            device.codecs = self.codecs(session, api);
        }
        if !session.is_null() {
            self.destroy(session);
        }
        Ok(())
    }

    fn codecs(&self, session: Handle, api: Api) -> Vec<NvencCodec> {
        let (Some(count), Some(list)) = (self.functions[COUNT_GUIDS], self.functions[LIST_GUIDS]) else {
            return Vec::new();
        };
        // SAFETY: the slots of these numbers have these signatures.
        let (count, list) = unsafe {
            (
                std::mem::transmute::<unsafe extern "C" fn(), CountGuids>(count),
                std::mem::transmute::<unsafe extern "C" fn(), ListGuids>(list),
            )
        };
        let mut there = 0;
        let mut guids = [Guid::default(); 32];
        let mut written = 0;
        // SAFETY: the session is open, the number is there.
        unsafe { count(session, &raw mut there) };
        // SAFETY: the session is open, and there is room for as many as are asked for.
        unsafe { list(session, guids.as_mut_ptr(), there.min(32), &raw mut written) };
        guids[..written.min(32) as usize].iter().map(|guid| self.codec(session, api, *guid)).collect()
    }

    fn codec(&self, session: Handle, api: Api, guid: Guid) -> NvencCodec {
        let caps = |capability| self.capability(session, api, guid, capability);
        let known = CODECS.iter().find(|(codec, _)| *codec == guid).map(|(_, name)| (*name).to_owned());
        NvencCodec {
            name: known
                .unwrap_or_else(|| format!("{:08x}-{:04x}-{:04x}-{:02x?}", guid.0, guid.1, guid.2, guid.3)),
            max_width: caps(WIDTH_MAX),
            max_height: caps(HEIGHT_MAX),
            ten_bit: caps(TEN_BIT).map(|has| has != 0),
            yuv444: caps(YUV444).map(|has| has != 0),
            engines: caps(ENGINES),
            max_macroblocks_per_second: caps(MACROBLOCKS_PER_SECOND),
        }
    }

    fn capability(&self, session: Handle, api: Api, guid: Guid, capability: u32) -> Option<i32> {
        // SAFETY: the slot of this number has this signature.
        let get =
            unsafe { std::mem::transmute::<unsafe extern "C" fn(), GetCaps>(self.functions[GET_CAPS]?) };
        let mut parameter = CapsParameter { version: api.of_struct(1), capability, reserved: [0; 62] };
        let mut value = 0;
        // SAFETY: the session is open, and the structure is that of the version which it names.
        let status = unsafe { get(session, guid, &raw mut parameter, &raw mut value) };
        (status == 0).then_some(value)
    }

    fn destroy(&self, session: Handle) {
        let Some(destroy) = self.functions[DESTROY] else { return };
        // SAFETY: the slot of this number has this signature.
        let destroy = unsafe { std::mem::transmute::<unsafe extern "C" fn(), Destroy>(destroy) };
        // SAFETY: the session was opened, and nothing uses it any more.
        unsafe { destroy(session) };
    }
}

/// Slots of the list of functions.
const COUNT_GUIDS: usize = 1;
const LIST_GUIDS: usize = 4;
const GET_CAPS: usize = 7;
const DESTROY: usize = 27;
const OPEN_SESSION: usize = 29;
/// `NV_ENC_DEVICE_TYPE_CUDA`.
const CUDA_DEVICE: u32 = 1;
/// Values of `NV_ENC_CAPS`.
const WIDTH_MAX: u32 = 16;
const HEIGHT_MAX: u32 = 17;
const MACROBLOCKS_PER_SECOND: u32 = 32;
const YUV444: u32 = 33;
const TEN_BIT: u32 = 39;
const ENGINES: u32 = 49;
const CODECS: [(Guid, &str); 3] = [
    (Guid(0x6bc8_2762, 0x4e63, 0x4ca4, [0xaa, 0x85, 0x1e, 0x50, 0xf3, 0x21, 0xf6, 0xbf]), "h264"),
    (Guid(0x790c_dc88, 0x4522, 0x4d7b, [0x94, 0x25, 0xbd, 0xa9, 0x97, 0x5f, 0x76, 0x03]), "hevc"),
    (Guid(0x0a35_2289, 0x0aa7, 0x4759, [0x86, 0x2d, 0x5d, 0x15, 0xcd, 0x16, 0xd2, 0x54]), "av1"),
];
const VIDEO_MISSING: &str = "; in a container NVIDIA_DRIVER_CAPABILITIES must include video";
