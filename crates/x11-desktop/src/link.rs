//! Connections to an X server on which no wait is without an end.

use std::{
    error::Error,
    io::{self, IoSlice},
    net::{TcpStream, ToSocketAddrs},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use cosmos_desktop::DesktopError;
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::Timespec,
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    errors::{ConnectError, ReplyOrIdError},
    protocol::xproto::{ImageOrder, Screen, VisualClass, Window},
    reexports::x11rb_protocol::{
        parse_display::{ConnectAddress, ParsedDisplay, parse_display},
        xauth::{Family, get_auth},
    },
    rust_connection::{DefaultStream, PollMode, RustConnection, Stream},
    utils::RawFdContainer,
};

/// The longest time a server may take to accept, to answer, or to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last display that has a TCP port; those after it have a socket only.
const LAST_TCP_DISPLAY: u16 = u16::MAX - 6000;

/// What any request can fail with.
pub(crate) type XResult<T> = Result<T, ReplyOrIdError>;

/// A connection and the screen it is about.
pub(crate) struct Link {
    pub(crate) conn: RustConnection<PatientStream>,
    pub(crate) root: Window,
    pub(crate) is_local: bool,
    screen: usize,
    name: Arc<str>,
}

impl Link {
    /// Connects to the display, or to the one `DISPLAY` names.
    pub(crate) fn open(display: Option<&str>) -> Result<Self, DesktopError> {
        let parsed = parse_display(display).map_err(|error| DesktopError::Refused {
            what: format!("there is no X display to open: {error}; name one as in :0, or set DISPLAY"),
        })?;
        let name: Arc<str> = display.map_or_else(|| display_name(&parsed).into(), Into::into);
        let addresses = addresses(&parsed);
        let screen = parsed.screen.into();
        let (conn, is_local) = connect_any(&addresses, parsed.display, screen).map_err(|error| {
            let tried: Vec<_> = addresses.iter().map(address_name).collect();
            let doing = format!(
                "open the X display {name} at {}: start an X server there, or set DISPLAY to one that runs",
                tried.join(" or ")
            );
            DesktopError::lost(doing, error)
        })?;
        let root = conn.setup().roots[screen].root;
        let link = Self { conn, root, is_local, screen, name };
        link.check_pixels()?;
        Ok(link)
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.conn.setup().roots[self.screen]
    }

    /// Makes the error for a failure while `doing` something with the display.
    pub(crate) fn lost<E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        doing: &str,
    ) -> impl FnOnce(E) -> DesktopError {
        let doing = format!("{doing} of X display {}", self.name);
        move |error| DesktopError::lost(doing, error)
    }

    /// The error for something without which there is no desktop.
    pub(crate) fn refused(&self, what: &str) -> DesktopError {
        DesktopError::Refused { what: format!("X display {} {what}", self.name) }
    }

    /// Refuses a server without these extensions.
    pub(crate) fn need(&self, extensions: &[&'static str]) -> Result<(), DesktopError> {
        for name in extensions {
            let found = self.conn.extension_information(name).map_err(self.lost("ask for the extensions"))?;
            found
                .ok_or_else(|| self.refused(&format!("has no {name} extension; use a server that has it")))?;
        }
        Ok(())
    }

    /// Lets this connection go on while another client grabs the server.
    pub(crate) fn ignore_grabs(&self) -> XResult<()> {
        use x11rb::protocol::xtest::{self, ConnectionExt as _};
        if self.conn.extension_information(xtest::X11_EXTENSION_NAME)?.is_some() {
            self.conn.xtest_grab_control(true)?;
        }
        Ok(())
    }

    fn check_pixels(&self) -> Result<(), DesktopError> {
        let (setup, screen) = (self.conn.setup(), self.screen());
        let bits = setup.pixmap_formats.iter().find(|format| format.depth == screen.root_depth);
        let visual = screen
            .allowed_depths
            .iter()
            .flat_map(|depth| &depth.visuals)
            .find(|visual| visual.visual_id == screen.root_visual);
        let fits = matches!(screen.root_depth, 24 | 32)
            && bits.is_some_and(|format| format.bits_per_pixel == 32)
            && setup.image_byte_order == ImageOrder::LSB_FIRST
            && visual.is_some_and(|visual| {
                visual.class == VisualClass::TRUE_COLOR
                    && (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xff_0000, 0xff00, 0xff)
            });
        if fits {
            return Ok(());
        }
        Err(self.refused(&format!(
            "has a screen of depth {}, and only depth 24 or 32 with 32 bits per pixel, blue first, can be shown; \
             start the server with depth 24",
            screen.root_depth
        )))
    }
}

/// A stream whose every wait ends after [`PATIENCE`].
#[derive(Debug)]
pub(crate) struct PatientStream(DefaultStream);

impl AsFd for PatientStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Stream for PatientStream {
    fn poll(&self, mode: PollMode) -> io::Result<()> {
        let mut events = PollFlags::empty();
        events.set(PollFlags::IN, mode.readable());
        events.set(PollFlags::OUT, mode.writable());
        let timeout = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        loop {
            match poll(&mut [PollFd::new(&self.0, events)], Some(&timeout)) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(0) => return Err(silent()),
                Ok(_) => return Ok(()),
            }
        }
    }

    fn read(&self, buf: &mut [u8], fds: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.0.read(buf, fds)
    }

    fn write(&self, buf: &[u8], fds: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.0.write(buf, fds)
    }

    fn write_vectored(&self, bufs: &[IoSlice<'_>], fds: &mut Vec<RawFdContainer>) -> io::Result<usize> {
        self.0.write_vectored(bufs, fds)
    }
}

type Connected = (RustConnection<PatientStream>, bool);

fn connect_any(
    addresses: &[ConnectAddress<'_>],
    display: u16,
    screen: usize,
) -> Result<Connected, ConnectError> {
    let mut first = None;
    for address in addresses {
        match connect_stream(address) {
            Ok((stream, (family, peer))) => {
                let (name, data) = get_auth(family, &peer, display).ok().flatten().unwrap_or_default();
                let stream = PatientStream(stream);
                let conn = RustConnection::connect_to_stream_with_auth_info(stream, screen, name, data)?;
                return Ok((conn, matches!(address, ConnectAddress::Socket(_))));
            }
            // The first address is the usual one, and its failure the one that tells something.
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()).into())
}

fn addresses(parsed: &ParsedDisplay) -> Vec<ConnectAddress<'_>> {
    if parsed.host.starts_with('/') {
        return vec![ConnectAddress::Socket(parsed.host.clone())];
    }
    if parsed.display > LAST_TCP_DISPLAY {
        return vec![ConnectAddress::Socket(format!("/tmp/.X11-unix/X{}", parsed.display))];
    }
    parsed.connect_instruction().collect()
}

fn connect_stream(address: &ConnectAddress<'_>) -> io::Result<(DefaultStream, (Family, Vec<u8>))> {
    match address {
        ConnectAddress::Socket(path) => DefaultStream::from_unix_stream(connect_unix(path)?),
        ConnectAddress::Hostname(host, port) => {
            let mut error = io::Error::from(io::ErrorKind::AddrNotAvailable);
            for address in (*host, *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, PATIENCE) {
                    Ok(stream) => return DefaultStream::from_tcp_stream(stream),
                    Err(other) => error = other,
                }
            }
            Err(error)
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Connects without the endless wait for a listener whose queue is full.
fn connect_unix(path: &str) -> io::Result<UnixStream> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let address = SocketAddrUnix::new(path)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match connect(&socket, &address) {
            Ok(()) => return Ok(socket.into()),
            Err(Errno::AGAIN) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
            Err(Errno::AGAIN) => return Err(silent()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", PATIENCE.as_secs()))
}

fn display_name(parsed: &ParsedDisplay) -> String {
    format!("{}:{}", parsed.host, parsed.display)
}

fn address_name(address: &ConnectAddress<'_>) -> String {
    match address {
        ConnectAddress::Socket(path) => path.clone(),
        ConnectAddress::Hostname(host, port) => format!("{host}:{port}"),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_dead_display_is_named_with_its_socket_and_the_remedy() {
        let Err(error) = Link::open(Some(":64999")) else { panic!("display 64999 answered") };
        let text = error.to_string();
        for part in [":64999", "/tmp/.X11-unix/X64999", "start an X server"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(matches!(error, DesktopError::Lost { .. }));
        assert!(
            Link::open(Some("nonsense")).is_err_and(|error| matches!(error, DesktopError::Refused { .. }))
        );
    }

    #[test]
    fn a_server_that_never_answers_does_not_hold_us() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("X0");
        let _listener = UnixListener::bind(&path).unwrap();
        let Err(error) = Link::open(path.to_str()) else { panic!("a silent server answered") };
        assert!(
            error.source().is_some_and(|source| source.to_string().contains("no answer within")),
            "{error:?}"
        );
    }
}
