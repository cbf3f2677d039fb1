//! Keyboard and pointer through XTEST.
//!
//! Nothing is asked of the server on the way of a key or a motion: what the layout is and which locks are on was
//! told in events before.

mod keyboard;
mod keymap;
mod scroll;
mod spares;

use cosmos_desktop::{Button, DesktopError, InputEvent, InputSink, Point};
use x11rb::{
    connection::Connection as _,
    protocol::{
        xproto::{BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, MOTION_NOTIFY_EVENT},
        xtest::{self, ConnectionExt as _},
    },
    wrapper::ConnectionExt as _,
};

use self::{keyboard::Keyboard, scroll::Axis};
use crate::link::{Link, XResult};

/// The buttons that are the wheel: up, down, left, right.
const WHEEL: [u8; 4] = [4, 5, 6, 7];

/// The input of one display.
pub(crate) struct Input {
    link: Link,
    keyboard: Keyboard,
    buttons: Vec<u8>,
    horizontal: Axis,
    vertical: Axis,
}

impl Input {
    pub(crate) fn open(link: Link) -> Result<Self, DesktopError> {
        link.need(&[xtest::X11_EXTENSION_NAME])?;
        link.ignore_grabs().map_err(link.lost("prepare input"))?;
        let keyboard = Keyboard::open(&link).map_err(link.lost("read the keyboard layout"))?;
        let buttons = Vec::with_capacity(8);
        Ok(Self { link, keyboard, buttons, horizontal: Axis::default(), vertical: Axis::default() })
    }

    fn handle(&mut self, event: &InputEvent) -> XResult<()> {
        match event {
            InputEvent::Key { keysym, pressed: true } => self.keyboard.press(&self.link, *keysym),
            InputEvent::Key { keysym, pressed: false } => self.keyboard.release(&self.link, *keysym),
            InputEvent::Text(text) => self.keyboard.type_text(&self.link, text),
            InputEvent::PointerTo(Point { x, y }) => {
                let side = |side: u16| i16::try_from(side).unwrap_or(i16::MAX);
                self.move_pointer(false, side(*x), side(*y))
            }
            InputEvent::PointerBy { dx, dy } => self.move_pointer(true, *dx, *dy),
            InputEvent::Button { button, pressed } => self.button(number(*button), *pressed),
            InputEvent::Scroll { dx, dy } => self.scroll(*dx, *dy),
            InputEvent::ReleaseAll => self.release_all(),
        }
    }

    fn move_pointer(&self, is_relative: bool, x: i16, y: i16) -> XResult<()> {
        let (kind, root) = (MOTION_NOTIFY_EVENT, self.link.root);
        self.link.conn.xtest_fake_input(kind, is_relative.into(), 0, root, x, y, 0)?;
        Ok(())
    }

    fn button(&mut self, button: u8, is_pressed: bool) -> XResult<()> {
        let held = self.buttons.iter().position(|held| *held == button);
        match (held, is_pressed) {
            (None, true) => self.buttons.push(button),
            (Some(at), false) => drop(self.buttons.swap_remove(at)),
            _ => return Ok(()),
        }
        self.fake_button(button, is_pressed)
    }

    fn scroll(&mut self, dx: i16, dy: i16) -> XResult<()> {
        let (columns, rows) = (self.horizontal.turn(dx), self.vertical.turn(dy));
        let [up, down, left, right] = WHEEL;
        self.click(if rows < 0 { up } else { down }, rows.unsigned_abs())?;
        self.click(if columns < 0 { left } else { right }, columns.unsigned_abs())
    }

    fn click(&self, button: u8, times: u32) -> XResult<()> {
        (0..times).try_for_each(|_| {
            self.fake_button(button, true)?;
            self.fake_button(button, false)
        })
    }

    fn fake_button(&self, button: u8, is_pressed: bool) -> XResult<()> {
        let kind = if is_pressed { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT };
        self.link.conn.xtest_fake_input(kind, button, 0, self.link.root, 0, 0, 0)?;
        Ok(())
    }

    fn release_all(&mut self) -> XResult<()> {
        while let Some(button) = self.buttons.pop() {
            self.fake_button(button, false)?;
        }
        self.keyboard.release_all(&self.link)
    }
}

impl InputSink for Input {
    fn send(&mut self, event: &InputEvent) -> Result<(), DesktopError> {
        let done = self.handle(event).and_then(|()| Ok(self.link.conn.flush()?));
        done.map_err(self.link.lost("send input"))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // There may be no server any more, and then nothing is pressed there. The answer is awaited because a server
        // forgets what it has not read of a connection that was closed with events unread on our side.
        drop(self.release_all().and_then(|()| self.keyboard.give_back(&self.link)));
        drop(self.link.conn.sync());
    }
}

fn number(button: Button) -> u8 {
    match button {
        Button::Left => 1,
        Button::Middle => 2,
        Button::Right => 3,
        Button::Back => 8,
        Button::Forward => 9,
    }
}
