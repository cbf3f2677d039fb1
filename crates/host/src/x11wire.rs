//! As much of the X11 protocol as it takes to ask a server for its size and for its window manager, so that a
//! launcher needs no client library (X Window System Protocol, chapters 8 and 9).

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use cosmos_desktop::Size;

use crate::xauth::{COOKIE_PROTOCOL, Cookie};

/// A connection to an X server.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    root: u32,
    size: Size,
}

impl Client {
    /// Introduces itself on a fresh connection. Every later wait for the server is bounded by `patience` too.
    ///
    /// # Errors
    /// What the connection failed with; the reason the server gave for turning the client away.
    pub fn open(mut stream: UnixStream, cookie: &Cookie, patience: Duration) -> io::Result<Self> {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.write_all(&setup_request(cookie))?;
        let mut head = [0; 8];
        stream.read_exact(&mut head)?;
        let mut body = vec![0; usize::from(u16_at(&head, 6)?) * 4];
        stream.read_exact(&mut body)?;
        if head[0] != 1 {
            return Err(io::Error::other(turned_away(&head, &body)));
        }
        let (root, size) = first_screen(&body)?;
        Ok(Self { stream, root, size })
    }

    /// The size of the screen when the connection was made.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Whether a window manager that follows the Extended Window Manager Hints runs.
    ///
    /// # Errors
    /// What the connection failed with.
    pub fn has_window_manager(&mut self) -> io::Result<bool> {
        let Some(reply) = self.ask(&intern_existing(b"_NET_SUPPORTING_WM_CHECK"))? else {
            return Ok(false);
        };
        let atom = u32_at(&reply, 8)?;
        let Some(window) = self.window_property(self.root, atom)? else {
            return Ok(false);
        };
        // A window manager that was killed leaves the property of the root behind, its own window never.
        Ok(self.window_property(window, atom)? == Some(window))
    }

    fn window_property(&mut self, window: u32, atom: u32) -> io::Result<Option<u32>> {
        if atom == 0 {
            return Ok(None);
        }
        let reply = self.ask(&property_request(window, atom))?;
        reply.filter(|reply| reply.len() >= 36).map(|reply| u32_at(&reply, 32)).transpose()
    }

    /// Sends a request and reads its reply; `None` when the server answers with an error.
    fn ask(&mut self, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.stream.write_all(request)?;
        loop {
            let mut reply = vec![0; 32];
            self.stream.read_exact(&mut reply)?;
            match reply[0] {
                0 => return Ok(None),
                1 => {
                    let more = u64::from(u32_at(&reply, 4)?) * 4;
                    (&mut self.stream).take(more).read_to_end(&mut reply)?;
                    return Ok(Some(reply));
                }
                _ => {}
            }
        }
    }
}

fn setup_request(cookie: &Cookie) -> Vec<u8> {
    let mut request = vec![b'l', 0];
    for number in [11, 0, COOKIE_PROTOCOL.len() as u16, cookie.0.len() as u16, 0] {
        request.extend_from_slice(&number.to_le_bytes());
    }
    request.extend_from_slice(COOKIE_PROTOCOL.as_bytes());
    request.resize(request.len().next_multiple_of(4), 0);
    request.extend_from_slice(&cookie.0);
    request
}

fn intern_existing(name: &[u8]) -> Vec<u8> {
    const INTERN_ATOM: u8 = 16;
    let mut request = vec![INTERN_ATOM, 1, 0, 0];
    request.extend_from_slice(&(name.len() as u16).to_le_bytes());
    request.extend_from_slice(&[0, 0]);
    request.extend_from_slice(name);
    finished(request)
}

fn property_request(window: u32, atom: u32) -> Vec<u8> {
    const GET_PROPERTY: u8 = 20;
    const ANY_TYPE: u32 = 0;
    let mut request = vec![GET_PROPERTY, 0, 0, 0];
    for number in [window, atom, ANY_TYPE, 0, 1] {
        request.extend_from_slice(&number.to_le_bytes());
    }
    finished(request)
}

/// Pads a request and writes its length, in units of four bytes, into its third and fourth byte.
fn finished(mut request: Vec<u8>) -> Vec<u8> {
    request.resize(request.len().next_multiple_of(4), 0);
    let length = (request.len() / 4) as u16;
    request[2..4].copy_from_slice(&length.to_le_bytes());
    request
}

fn first_screen(setup: &[u8]) -> io::Result<(u32, Size)> {
    const FIXED: usize = 32;
    let vendor = usize::from(u16_at(setup, 16)?).next_multiple_of(4);
    let formats = setup.get(21).map_or(0, |count| usize::from(*count) * 8);
    let screen = setup.get(FIXED + vendor + formats..).unwrap_or_default();
    Ok((u32_at(screen, 0)?, Size::new(u16_at(screen, 20)?, u16_at(screen, 22)?)))
}

fn turned_away(head: &[u8; 8], body: &[u8]) -> String {
    let reason = body.get(..usize::from(head[1])).unwrap_or(body);
    format!("the X server turned the client away: {}", String::from_utf8_lossy(reason).trim_end())
}

fn u16_at(bytes: &[u8], at: usize) -> io::Result<u16> {
    let bytes = bytes.get(at..at + 2).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> io::Result<u32> {
    let bytes = bytes.get(at..at + 4).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_laid_out_as_the_protocol_says() {
        assert_eq!(setup_request(&Cookie([9; 16])).len(), 12 + 20 + 16);
        let intern = intern_existing(b"ABCDE");
        assert_eq!(intern, [16, 1, 4, 0, 5, 0, 0, 0, b'A', b'B', b'C', b'D', b'E', 0, 0, 0]);
        assert_eq!(property_request(1, 2)[..8], [20, 0, 6, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn the_screen_is_found_behind_vendor_and_formats() {
        let mut setup = vec![0; 32];
        (setup[16], setup[20], setup[21]) = (5, 1, 2);
        setup.resize(32 + 8 + 16, 0);
        setup.extend_from_slice(&0x0102_u32.to_le_bytes());
        setup.resize(setup.len() + 16, 0);
        setup.extend_from_slice(&[0x80, 0x07, 0x38, 0x04]);
        assert_eq!(first_screen(&setup).unwrap(), (0x0102, Size::new(1920, 1080)));
        for cut in 0..setup.len() {
            assert!(first_screen(&setup[..cut]).is_err(), "{cut}");
        }
    }
}
