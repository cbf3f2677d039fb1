//! Messages that wait for room on their channel, in order.

use std::collections::VecDeque;

/// Messages that wait for room on their channel.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Vec<u8>>,
}

/// A page that reads nothing does not make the server remember everything: beyond this, the newest are dropped.
const MAX_MESSAGES: usize = 2048;

impl Outbox {
    pub(super) fn push(&mut self, message: Vec<u8>) {
        if self.messages.len() < MAX_MESSAGES {
            self.messages.push_back(message);
        }
    }

    /// Drops what is left of a text that a newer one supersedes.
    pub(super) fn forget_clipboard(&mut self) {
        self.messages.retain(|message| !matches!(message.first(), Some(0x83 | 0x84)));
    }

    /// Takes the oldest message.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        self.messages.pop_front()
    }

    /// Writes until `write` answers that there is no room.
    pub(super) fn drain<E>(&mut self, mut write: impl FnMut(&[u8]) -> Result<bool, E>) -> Result<(), E> {
        while let Some(message) = self.messages.front() {
            if !write(message)? {
                break;
            }
            self.messages.pop_front();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_stays_in_order_and_a_newer_text_replaces_an_older() {
        let mut outbox = Outbox::default();
        for message in [[0x83, 1], [0x84, 1], [0x85, 1], [0x84, 2]] {
            outbox.push(message.to_vec());
        }
        let mut room = 1;
        let mut written = Vec::new();
        let mut write = |message: &[u8]| {
            room -= 1;
            if room >= 0 {
                written.push(message.to_vec());
            }
            Ok::<_, ()>(room >= 0)
        };
        outbox.drain(&mut write).unwrap();
        outbox.forget_clipboard();
        room = 10;
        let mut write = |message: &[u8]| {
            room -= 1;
            written.push(message.to_vec());
            Ok::<_, ()>(room >= 0)
        };
        outbox.drain(&mut write).unwrap();
        assert_eq!(written, [[0x83, 1], [0x85, 1]]);
    }
}
