//! The picture: DAMAGE says what changed, and only that is fetched.

use std::time::Instant;

use cosmos_desktop::{Change, DesktopError, Frame, Rect, Size};
use x11rb::{
    NONE,
    connection::Connection as _,
    errors::ReplyOrIdError,
    protocol::{
        Event, damage,
        damage::{ConnectionExt as _, Damage, ReportLevel},
        xfixes,
        xfixes::{ConnectionExt as _, Region},
        xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Rectangle},
    },
};

use crate::{
    Pixels,
    alarm::{Alarm, Woken},
    damage::merge,
    link::{Link, XResult},
    pixels::Picture,
    resize::root_size,
};

/// How often a picture is tried again when the screen changes its size meanwhile.
const TRIES: usize = 4;

/// The screen of one display.
pub(crate) struct Capture {
    link: Link,
    pixels: Pixels,
    picture: Picture,
    size: Size,
    damage: Damage,
    region: Region,
    rects: Vec<Rect>,
    changed: Option<Instant>,
    captured: Instant,
    is_damaged: bool,
    is_stale: bool,
    /// Whether somebody has seen the picture, so that `rects` begin anew.
    is_given: bool,
}

impl Capture {
    pub(crate) fn open(link: Link, pixels: Pixels) -> Result<Self, DesktopError> {
        link.need(&[damage::X11_EXTENSION_NAME, xfixes::X11_EXTENSION_NAME])?;
        let (damage, region, size) = watch(&link).map_err(link.lost("watch the screen"))?;
        let picture = Picture::new(&link, size, pixels)?;
        tracing::info!(%size, pixels = ?picture.way(), "capturing the X screen");
        let (captured, rects) = (Instant::now(), Vec::new());
        let (changed, is_damaged, is_stale, is_given) = (Some(captured), true, true, true);
        Ok(Self {
            link,
            pixels,
            picture,
            size,
            damage,
            region,
            rects,
            changed,
            captured,
            is_damaged,
            is_stale,
            is_given,
        })
    }

    /// Takes in what the server told without waiting.
    fn drain(&mut self) -> XResult<()> {
        while let Some(event) = self.link.conn.poll_for_event()? {
            match event {
                Event::DamageNotify(event) if event.damage == self.damage => self.is_damaged = true,
                Event::ConfigureNotify(event) if event.window == self.link.root => {
                    self.set_size(Size::new(event.width, event.height));
                }
                Event::Error(error) => tracing::debug!(?error, "X error on the connection for pictures"),
                _ => continue,
            }
            self.changed.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    fn set_size(&mut self, size: Size) {
        self.is_stale |= size != self.size;
        self.size = size;
    }

    /// Brings the picture up to date, and `rects` to what changed in it.
    fn update(&mut self) -> Result<(), DesktopError> {
        for _ in 0..TRIES {
            self.fit_picture()?;
            match self.read() {
                Err(ReplyOrIdError::X11Error(error)) => {
                    tracing::debug!(?error, "the screen changed while it was read");
                    self.is_stale = true;
                    let size =
                        root_size(&self.link).map_err(self.link.lost("read the size of the screen"))?;
                    self.set_size(size);
                }
                done => return done.map_err(self.link.lost("read the screen")),
            }
        }
        Err(self.link.lost("read the screen")("it changed its size again and again"))
    }

    fn fit_picture(&mut self) -> Result<(), DesktopError> {
        if self.picture.size() == self.size {
            return Ok(());
        }
        let picture = Picture::new(&self.link, self.size, self.pixels)?;
        let old = std::mem::replace(&mut self.picture, picture);
        old.close(&self.link.conn).map_err(self.link.lost("give back the picture"))
    }

    fn read(&mut self) -> XResult<()> {
        if std::mem::take(&mut self.is_given) {
            self.rects.clear();
        }
        if self.is_stale {
            // What was damaged so far is in the picture that is fetched now.
            self.link.conn.damage_subtract(self.damage, NONE, NONE)?;
            self.rects.clear();
            self.rects.push(self.size.rect());
        } else if self.is_damaged {
            self.take_damage()?;
        }
        (self.is_damaged, self.is_stale) = (false, true);
        self.picture.fetch(&self.link.conn, self.link.root, &self.rects)?;
        self.is_stale = false;
        Ok(())
    }

    /// As [`FrameSource::wait`](cosmos_desktop::FrameSource::wait); `alarm` ends it too.
    pub(crate) fn wait(&mut self, alarm: &Alarm, deadline: Instant) -> Result<Change, DesktopError> {
        loop {
            self.drain().map_err(self.link.lost("watch the screen"))?;
            if let Some(changed) = self.changed {
                return Ok(Change::Changed(changed));
            }
            let woken = alarm.wait(self.link.conn.stream(), deadline);
            if woken.map_err(self.link.lost("watch the screen"))? != Woken::Readable {
                return Ok(Change::Nothing);
            }
        }
    }

    /// Brings the picture up to date.
    pub(crate) fn fetch(&mut self) -> Result<(), DesktopError> {
        self.drain().map_err(self.link.lost("watch the screen"))?;
        let changed = self.changed.take().unwrap_or_else(Instant::now);
        // What nobody has seen yet is as old as its first change.
        self.captured = if self.is_given { changed } else { self.captured };
        self.update()
    }

    /// When the change that led to the picture became known.
    pub(crate) fn captured(&self) -> Instant {
        self.captured
    }

    /// The picture, and what changed in it since it was given last.
    pub(crate) fn give(&mut self) -> Frame<'_> {
        self.is_given = true;
        Frame {
            size: self.size,
            stride: usize::from(self.size.width) * 4,
            bgrx: self.picture.bytes(),
            damage: &self.rects,
            captured: self.captured,
        }
    }

    /// Moves the damage into `rects`, before the pixels are read: what changes later is told again.
    fn take_damage(&mut self) -> XResult<()> {
        let conn = &self.link.conn;
        conn.damage_subtract(self.damage, NONE, self.region)?;
        let region = conn.xfixes_fetch_region(self.region)?.reply()?;
        let size = self.size;
        self.rects
            .extend(region.rectangles.iter().map(|rect| clip(rect, size)).filter(|rect| !rect.is_empty()));
        merge(&mut self.rects);
        Ok(())
    }
}

/// Asks to be told of damage and of new sizes. A notice comes when damage begins; more of it stays silent until what
/// there was has been taken.
fn watch(link: &Link) -> XResult<(Damage, Region, Size)> {
    let conn = &link.conn;
    link.ignore_grabs()?;
    conn.damage_query_version(1, 1)?.reply()?;
    conn.xfixes_query_version(5, 0)?.reply()?;
    let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    conn.change_window_attributes(link.root, &events)?;
    let (damage, region) = (conn.generate_id()?, conn.generate_id()?);
    conn.xfixes_create_region(region, &[])?;
    conn.damage_create(damage, link.root, ReportLevel::NON_EMPTY)?.check()?;
    Ok((damage, region, root_size(link)?))
}

fn clip(rect: &Rectangle, size: Size) -> Rect {
    let side = |start: i16, length: u16| {
        let (start, end) = (i32::from(start).max(0), i32::from(start) + i32::from(length));
        (start as u16, (end - start).clamp(0, 0xffff) as u16)
    };
    let ((x, width), (y, height)) = (side(rect.x, rect.width), side(rect.y, rect.height));
    Rect { x, y, width, height }.clip(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_outside_the_screen_is_cut_off() {
        let size = Size::new(100, 50);
        for (damage, expected) in [
            ((10, 10, 5, 5), (10, 10, 5, 5)),
            ((-10, -10, 15, 15), (0, 0, 5, 5)),
            ((-10, 0, 5, 5), (0, 0, 0, 5)),
            ((95, 45, 100, 100), (95, 45, 5, 5)),
        ] {
            let (x, y, width, height) = damage;
            let (left, top, columns, rows) = expected;
            let expected = Rect { x: left, y: top, width: columns, height: rows };
            assert_eq!(clip(&Rectangle { x, y, width, height }, size), expected, "{damage:?}");
        }
    }
}
