//! What a viewer does with keyboard and pointer, as the desktop takes it.

use cosmos_desktop::{Button, InputEvent, Keysym, Point};

/// The pointer as the viewer told of it last.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    at: Option<Point>,
    buttons: u16,
}

/// What the buttons are, from the lowest bit; four of them are the wheel.
const BUTTONS: [Does; 9] = [
    Does::Press(Button::Left),
    Does::Press(Button::Middle),
    Does::Press(Button::Right),
    Does::Turn(0, -NOTCH),
    Does::Turn(0, NOTCH),
    Does::Turn(-NOTCH, 0),
    Does::Turn(NOTCH, 0),
    Does::Press(Button::Back),
    Does::Press(Button::Forward),
];
const NOTCH: i16 = 120;

enum Does {
    Press(Button),
    Turn(i16, i16),
}

impl Pointer {
    /// What follows from where it is now and what is pressed now.
    pub(super) fn moved(&mut self, at: Point, buttons: u16) -> Vec<InputEvent> {
        let mut events = Vec::new();
        if self.at.replace(at) != Some(at) {
            events.push(InputEvent::PointerTo(at));
        }
        let changed = std::mem::replace(&mut self.buttons, buttons) ^ buttons;
        for (bit, does) in BUTTONS.iter().enumerate().filter(|(bit, _)| changed >> bit & 1 == 1) {
            let pressed = buttons >> bit & 1 == 1;
            match does {
                Does::Press(button) => events.push(InputEvent::Button { button: *button, pressed }),
                Does::Turn(dx, dy) if pressed => events.push(InputEvent::Scroll { dx: *dx, dy: *dy }),
                Does::Turn(..) => {}
            }
        }
        events
    }
}

/// A key; none where the viewer does not know what it means.
pub(super) fn key(keysym: u32, pressed: bool) -> Option<InputEvent> {
    (keysym != 0).then_some(InputEvent::Key { keysym: Keysym(keysym), pressed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[(u16, u16, u16)], expected: &[&str]) {
        let mut pointer = Pointer::default();
        let events = steps.iter().flat_map(|(x, y, buttons)| pointer.moved(Point { x: *x, y: *y }, *buttons));
        let shown: Vec<String> = events
            .map(|event| match event {
                InputEvent::PointerTo(at) => format!("to {},{}", at.x, at.y),
                InputEvent::Button { button, pressed } => format!("{button:?} {pressed}"),
                InputEvent::Scroll { dx, dy } => format!("turn {dx},{dy}"),
                event => format!("{event:?}"),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn buttons_and_the_wheel_follow_from_bits() {
        check(
            &[(5, 6, 0), (5, 6, 1), (7, 6, 1), (7, 6, 0)],
            &["to 5,6", "Left true", "to 7,6", "Left false"],
        );
        check(
            &[(0, 0, 0b110), (0, 0, 0)],
            &["to 0,0", "Middle true", "Right true", "Middle false", "Right false"],
        );
        check(
            &[(0, 0, 0), (0, 0, 1 << 3), (0, 0, 0), (0, 0, 1 << 4), (0, 0, 1 << 5), (0, 0, 1 << 6)],
            &["to 0,0", "turn 0,-120", "turn 0,120", "turn -120,0", "turn 120,0"],
        );
        check(&[(0, 0, 1 << 7), (0, 0, 1 << 8)], &["to 0,0", "Back true", "Back false", "Forward true"]);
        check(&[(0, 0, 0xfe00)], &["to 0,0"]);
    }

    #[test]
    fn a_key_without_a_meaning_is_none() {
        assert_eq!(key(0, true), None);
        assert_eq!(key(0x61, true), Some(InputEvent::Key { keysym: Keysym(0x61), pressed: true }));
    }
}
