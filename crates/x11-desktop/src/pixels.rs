//! The picture in memory, and the three ways that pixels take from the server into it.

use std::io;

use cosmos_desktop::{DesktopError, Rect, Size};
use x11rb::{
    connection::RequestConnection as _,
    cookie::Cookie,
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    protocol::{
        shm::{self as mit_shm, ConnectionExt as _, GetImageReply, Seg},
        xproto::{ConnectionExt as _, Drawable, ImageFormat},
    },
};

use crate::{
    Pixels,
    damage::{Band, bands},
    link::{Link, PatientStream, XResult},
    shm::{Shared, forget},
};

type Conn = x11rb::rust_connection::RustConnection<PatientStream>;

/// One picture of the whole screen, updated in place.
pub(crate) struct Picture {
    size: Size,
    store: Store,
    bands: Vec<Band>,
}

enum Store {
    Shared { memory: Shared, segment: Seg, way: Pixels },
    Own(Vec<u8>),
}

/// Why a way of getting pixels cannot be gone.
#[derive(Debug, thiserror::Error)]
enum NoPixels {
    #[error("MIT-SHM is missing, too old, or the server is on another machine")]
    Missing,
    #[error("the server writes into other memory than ours")]
    NotShared,
    #[error(transparent)]
    Memory(#[from] io::Error),
    #[error(transparent)]
    Server(#[from] ReplyOrIdError),
}

impl From<ConnectionError> for NoPixels {
    fn from(error: ConnectionError) -> Self {
        Self::Server(error.into())
    }
}

impl From<ReplyError> for NoPixels {
    fn from(error: ReplyError) -> Self {
        Self::Server(error.into())
    }
}

impl Picture {
    /// An empty picture that is filled in the way asked for.
    pub(crate) fn new(link: &Link, size: Size, pixels: Pixels) -> Result<Self, DesktopError> {
        let ways: &[Pixels] = match pixels {
            Pixels::Auto => &[Pixels::ShmFd, Pixels::ShmSysv, Pixels::GetImage],
            Pixels::ShmFd => &[Pixels::ShmFd],
            Pixels::ShmSysv => &[Pixels::ShmSysv],
            Pixels::GetImage => &[Pixels::GetImage],
        };
        let mut refusal = NoPixels::Missing;
        for way in ways {
            match Store::new(link, size, *way) {
                Ok(store) => return Ok(Self { size, store, bands: Vec::new() }),
                Err(NoPixels::Server(error @ ReplyOrIdError::ConnectionError(_))) => {
                    return Err(link.lost("get memory for the picture")(error));
                }
                Err(other) => {
                    tracing::debug!(?way, %other, "pixels cannot come this way");
                    refusal = other;
                }
            }
        }
        Err(link.refused(&format!("gives no pixels by {pixels:?}: {refusal}")))
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.store {
            Store::Shared { memory, .. } => memory,
            Store::Own(memory) => memory,
        }
    }

    pub(crate) fn way(&self) -> Pixels {
        match self.store {
            Store::Shared { way, .. } => way,
            Store::Own(_) => Pixels::GetImage,
        }
    }

    /// Brings these rectangles of `drawable` up to date; they lie within the picture.
    pub(crate) fn fetch(&mut self, conn: &Conn, drawable: Drawable, rects: &[Rect]) -> XResult<()> {
        match &mut self.store {
            Store::Shared { segment, .. } => {
                bands(rects, &mut self.bands);
                fetch_bands(conn, drawable, self.size, *segment, &self.bands)
            }
            Store::Own(memory) => {
                rects.iter().try_for_each(|rect| fetch_rect(conn, drawable, self.size, memory, *rect))
            }
        }
    }

    /// Gives the memory back on the server's side.
    pub(crate) fn close(self, conn: &Conn) -> XResult<()> {
        if let Store::Shared { segment, .. } = self.store {
            conn.shm_detach(segment)?;
        }
        Ok(())
    }
}

impl Store {
    fn new(link: &Link, size: Size, way: Pixels) -> Result<Self, NoPixels> {
        let len = size.area() * 4;
        if way == Pixels::GetImage {
            return Ok(Self::Own(vec![0; len]));
        }
        let version = shm_version(link)?;
        let (mut memory, segment) = match way {
            Pixels::ShmFd if version >= (1, 2) => attach_fd(link, len)?,
            Pixels::ShmSysv => attach_sysv(link, len)?,
            _ => return Err(NoPixels::Missing),
        };
        if !is_shared(link, &mut memory, segment)? {
            link.conn.shm_detach(segment)?;
            return Err(NoPixels::NotShared);
        }
        Ok(Self::Shared { memory, segment, way })
    }
}

fn shm_version(link: &Link) -> Result<(u16, u16), NoPixels> {
    if !link.is_local || link.conn.extension_information(mit_shm::X11_EXTENSION_NAME)?.is_none() {
        return Err(NoPixels::Missing);
    }
    let version = link.conn.shm_query_version()?.reply()?;
    Ok((version.major_version, version.minor_version))
}

fn attach_fd(link: &Link, len: usize) -> Result<(Shared, Seg), NoPixels> {
    use x11rb::connection::Connection as _;
    let (memory, fd) = Shared::memfd(len)?;
    let segment = link.conn.generate_id()?;
    link.conn.shm_attach_fd(segment, fd, false)?.check()?;
    Ok((memory, segment))
}

fn attach_sysv(link: &Link, len: usize) -> Result<(Shared, Seg), NoPixels> {
    use x11rb::connection::Connection as _;
    let (memory, id) = Shared::sysv(len)?;
    let attached = link.conn.generate_id().map_err(NoPixels::from).and_then(|segment| {
        link.conn.shm_attach(segment, id, false)?.check()?;
        Ok(segment)
    });
    forget(id);
    Ok((memory, attached?))
}

/// Whether a pixel that the server writes arrives: in another IPC name space the identifier may name other memory.
fn is_shared(link: &Link, memory: &mut Shared, segment: Seg) -> Result<bool, NoPixels> {
    for mark in [0x5a, 0xa5] {
        memory[..4].fill(mark);
        let z = ImageFormat::Z_PIXMAP.into();
        link.conn.shm_get_image(link.root, 0, 0, 1, 1, !0, z, segment, 0)?.reply()?;
        if memory[..4] != [mark; 4] {
            return Ok(true);
        }
    }
    Ok(false)
}

fn fetch_bands(conn: &Conn, drawable: Drawable, size: Size, segment: Seg, bands: &[Band]) -> XResult<()> {
    // All requests go before the first reply is awaited. Joined rectangles bound their number.
    let mut replies: [Option<Cookie<'_, Conn, GetImageReply>>; crate::damage::MAX_RECTS] = Default::default();
    for chunk in bands.chunks(replies.len()) {
        for (band, reply) in chunk.iter().zip(&mut replies) {
            *reply = Some(request_band(conn, drawable, size, segment, *band)?);
        }
        let mut failure: XResult<()> = Ok(());
        for reply in replies.iter_mut().filter_map(Option::take) {
            // Every reply is awaited, for after an error the server still writes the others.
            if let Err(error) = reply.reply() {
                failure = Err(error.into());
            }
        }
        failure?;
    }
    Ok(())
}

fn request_band<'c>(
    conn: &'c Conn,
    drawable: Drawable,
    size: Size,
    segment: Seg,
    band: Band,
) -> Result<Cookie<'c, Conn, GetImageReply>, ConnectionError> {
    let offset = u32::from(band.y) * u32::from(size.width) * 4;
    let z = ImageFormat::Z_PIXMAP.into();
    conn.shm_get_image(drawable, 0, band.y as i16, size.width, band.height, !0, z, segment, offset)
}

fn fetch_rect(conn: &Conn, drawable: Drawable, size: Size, memory: &mut [u8], rect: Rect) -> XResult<()> {
    let Rect { x, y, width, height } = rect;
    let reply =
        conn.get_image(ImageFormat::Z_PIXMAP, drawable, x as i16, y as i16, width, height, !0)?.reply()?;
    let row = usize::from(width) * 4;
    let start = (usize::from(y) * usize::from(size.width) + usize::from(x)) * 4;
    let rows = memory[start..].chunks_mut(usize::from(size.width) * 4);
    for (to, from) in rows.zip(reply.data.chunks_exact(row)) {
        to[..row].copy_from_slice(from);
    }
    Ok(())
}
