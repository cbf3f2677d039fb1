//! An X11 display as a [`Desktop`]: picture, input, cursor, clipboard and screen size.
//!
//! [`open`] makes three connections to the server, one for each part, so that a key never waits behind a picture
//! and a large clipboard waits behind neither; pictures that are large and many make a fourth. The protocol is spoken directly, without libxcb or libX11. No wait
//! is without an end: a server that stops answering is [`DesktopError::Lost`] after ten seconds.
//!
//! What the server must have: a TrueColor screen of 32 bits per pixel in little-endian order, and the extensions
//! DAMAGE, XFIXES, RANDR and XTEST. MIT-SHM and XKEYBOARD are used where they are.

mod ahead;
mod alarm;
mod capture;
mod clipboard;
mod control;
mod cursor;
mod damage;
mod input;
mod link;
mod modeline;
mod pixels;
mod resize;
mod shm;

use cosmos_desktop::{Desktop, DesktopError};

/// Which display, and how it is read. The default is the display named by `DISPLAY`, read in the fastest way.
#[derive(Clone, Debug, Default)]
pub struct X11Config {
    /// The display, as in `:0` or `host:10.0`; `None` means what the variable `DISPLAY` names.
    pub display: Option<String>,
    /// How pixels come from the server.
    pub pixels: Pixels,
}

/// How pixels come from the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pixels {
    /// The first of the others that works, in their order.
    #[default]
    Auto,
    /// MIT-SHM 1.2, memory handed over as a file descriptor. Works between containers, and where System V shared
    /// memory has a small limit.
    ShmFd,
    /// MIT-SHM, System V shared memory. Needs one IPC name space.
    ShmSysv,
    /// The pixels travel through the connection. Works with any server, also over TCP.
    GetImage,
}

/// Opens the display.
///
/// # Errors
/// [`DesktopError::Lost`] when no server answers within ten seconds; [`DesktopError::Refused`] when the name of the
/// display cannot be understood, or when the server lacks something without which there is no desktop.
pub fn open(config: &X11Config) -> Result<Desktop, DesktopError> {
    let display = config.display.as_deref();
    let (name, pixels) = (config.display.clone(), config.pixels);
    let capture = move || capture::Capture::open(link::Link::open(name.as_deref())?, pixels);
    Ok(Desktop {
        input: Box::new(input::Input::open(link::Link::open(display)?)?),
        frames: Box::new(ahead::Ahead::open(capture)?),
        control: Box::new(control::Control::open(link::Link::open(display)?)?),
    })
}
