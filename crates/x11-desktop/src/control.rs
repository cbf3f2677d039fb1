//! Everything around the picture: cursor, clipboard, screen size.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use cosmos_desktop::{DesktopControl, DesktopError, DesktopEvent, Size, Waker};
use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        randr::{self, ConnectionExt as _, NotifyMask},
        xfixes::{self, ConnectionExt as _, CursorNotifyMask},
        xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask},
    },
};

use crate::{
    alarm::{Alarm, Woken},
    clipboard::{Clipboard, MAX_TEXT},
    cursor,
    link::{Link, XResult},
    resize::{Density, resize, root_size},
};

/// The control connection of one display.
pub(crate) struct Control {
    link: Link,
    alarm: Alarm,
    clipboard: Clipboard,
    events: VecDeque<DesktopEvent>,
    size: Size,
    density: (Density, Density),
    has_new_cursor: bool,
}

impl Control {
    pub(crate) fn open(link: Link) -> Result<Self, DesktopError> {
        link.need(&[xfixes::X11_EXTENSION_NAME, randr::X11_EXTENSION_NAME])?;
        let alarm = Alarm::new().map_err(link.lost("make a waker for the events"))?;
        let size = watch(&link).map_err(link.lost("watch the cursor and the size"))?;
        let clipboard = Clipboard::open(&link).map_err(link.lost("watch the clipboard"))?;
        let density = density(&link);
        let events = VecDeque::from([DesktopEvent::Resized(size)]);
        Ok(Self { link, alarm, clipboard, events, size, density, has_new_cursor: true })
    }

    /// Takes in what the server told without waiting.
    fn drain(&mut self) -> XResult<()> {
        while let Some(event) = self.link.conn.poll_for_event()? {
            self.handle(&event)?;
        }
        self.clipboard.expire(&self.link, Instant::now())?;
        if std::mem::take(&mut self.has_new_cursor) {
            self.events.push_back(DesktopEvent::Cursor(cursor::fetch(&self.link)?));
        }
        Ok(self.link.conn.flush()?)
    }

    fn handle(&mut self, event: &Event) -> XResult<()> {
        match event {
            Event::XfixesCursorNotify(_) => self.has_new_cursor = true,
            Event::ConfigureNotify(event) if event.window == self.link.root => {
                self.set_size(Size::new(event.width, event.height));
            }
            Event::RandrScreenChangeNotify(event) => {
                let horizontal = Density { pixels: event.width, mm: event.mwidth };
                let vertical = Density { pixels: event.height, mm: event.mheight };
                self.density = self.believe((horizontal, vertical));
            }
            Event::Error(error) => tracing::debug!(?error, "X error on the control connection"),
            other => {
                let text = self.clipboard.handle(&self.link, other)?;
                self.events.extend(text.map(DesktopEvent::Clipboard));
            }
        }
        Ok(())
    }

    fn set_size(&mut self, size: Size) {
        if std::mem::replace(&mut self.size, size) != size {
            self.events.push_back(DesktopEvent::Resized(size));
        }
    }

    /// The density after a change: what we set ourselves is the old one rounded, and must not drift.
    fn believe(&self, (horizontal, vertical): (Density, Density)) -> (Density, Density) {
        let same = |old: Density, new: Density| old.length(new.pixels) == u32::from(new.mm);
        let is_ours = same(self.density.0, horizontal) && same(self.density.1, vertical);
        let is_known = horizontal.mm > 0 && vertical.mm > 0;
        if is_ours || !is_known { self.density } else { (horizontal, vertical) }
    }

    fn wait(&self, deadline: Instant) -> Result<Woken, DesktopError> {
        let deadline = self.clipboard.deadline().map_or(deadline, |soon| soon.min(deadline));
        self.alarm.wait(self.link.conn.stream(), deadline).map_err(self.link.lost("wait for events"))
    }
}

impl DesktopControl for Control {
    fn next_event(&mut self, deadline: Instant) -> Result<Option<DesktopEvent>, DesktopError> {
        loop {
            self.drain().map_err(self.link.lost("read the events"))?;
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            match self.wait(deadline)? {
                Woken::Rung => return Ok(None),
                Woken::Late if Instant::now() >= deadline => return Ok(None),
                Woken::Late | Woken::Readable => {}
            }
        }
    }

    fn set_clipboard(&mut self, text: Arc<str>) -> Result<(), DesktopError> {
        if text.len() > MAX_TEXT {
            let what = format!("refuses a clipboard of {} bytes; the limit is {MAX_TEXT} bytes", text.len());
            return Err(self.link.refused(&what));
        }
        self.clipboard.set(&self.link, text).map_err(self.link.lost("set the clipboard"))
    }

    fn resize(&mut self, size: Size) -> Result<Size, DesktopError> {
        resize(&self.link, size, self.density).map_err(|error| match error.lost() {
            Ok(lost) => self.link.lost("resize the screen")(lost),
            Err(refused) => self.link.refused(&refused.to_string()),
        })
    }

    fn waker(&self) -> Waker {
        self.alarm.waker()
    }
}

fn watch(link: &Link) -> XResult<Size> {
    let conn = &link.conn;
    link.ignore_grabs()?;
    conn.xfixes_query_version(5, 0)?.reply()?;
    conn.randr_query_version(1, 3)?.reply()?;
    conn.xfixes_select_cursor_input(link.root, CursorNotifyMask::DISPLAY_CURSOR)?;
    conn.randr_select_input(link.root, NotifyMask::SCREEN_CHANGE)?;
    let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    conn.change_window_attributes(link.root, &events)?;
    root_size(link)
}

/// What the server said when we connected.
fn density(link: &Link) -> (Density, Density) {
    let screen = link.screen();
    (
        Density { pixels: screen.width_in_pixels, mm: screen.width_in_millimeters },
        Density { pixels: screen.height_in_pixels, mm: screen.height_in_millimeters },
    )
}
