//! Which messages of a viewer are listened to.

use cosmos_auth::{Grants, Rights};
use cosmos_desktop::InputEvent;
use cosmos_protocol::ClientMessage;

/// Whether a viewer with these rights may say this, who `drives` or does not. There is no other place where that is
/// decided, but for whom the control is given to, which depends on the others.
pub(super) fn permits(Rights { role, grants }: Rights, drives: bool, message: &ClientMessage) -> bool {
    match message {
        // Where somebody points is shown to the others, whether or not the desktop is told.
        ClientMessage::Input(InputEvent::PointerTo(_)) => drives || grants.has(Grants::PICTURE),
        ClientMessage::Input(_) => drives,
        ClientMessage::Resize(_) => drives && role.may_resize(),
        ClientMessage::ClipboardBegin(_) | ClientMessage::ClipboardPart(_) => {
            grants.has(Grants::CLIPBOARD_IN)
        }
        ClientMessage::Video(wanted) => !wanted || grants.has(Grants::PICTURE),
        ClientMessage::Audio(wanted) => !wanted || grants.has(Grants::SOUND),
        ClientMessage::AskControl(_) => grants.has(Grants::PICTURE),
        ClientMessage::TakeControl => role.may_control(),
        ClientMessage::GiveControl(_) | ClientMessage::ReleaseControl => drives || role.may_administer(),
        ClientMessage::Ping(_) | ClientMessage::Quality { .. } | ClientMessage::Received(_) => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// What it takes to be listened to. The protocol's own test sees to it that each kind of message has a line in its
    /// `testdata/messages.txt`, and each line needs an answer here.
    const MATRIX: &str = "
        pointer to: drives or picture
        key, text, pointer by, button, scroll, release all: drives
        resize: drives and controller, drives and owner
        clipboard of, clipboard part: clipboard-in
        video on: picture
        audio on: sound
        ask for control, ask no longer: picture
        take control: controller or owner
        give control, release control: drives or owner
        video off, audio off, ping, quality, received: everybody
    ";

    /// Every message that the protocol's own test knows, with its meaning.
    fn messages() -> Vec<(ClientMessage, &'static str)> {
        let lines = include_str!("../../../protocol/testdata/messages.txt").lines();
        let client = lines.filter_map(|line| line.strip_prefix("client ")?.split_once(" | "));
        let decode = |digits: &str| {
            let digits: String = digits.split_whitespace().collect();
            let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            ClientMessage::decode(&(0..digits.len()).step_by(2).map(byte).collect::<Vec<_>>()).unwrap()
        };
        let mut messages: Vec<_> = client.map(|(digits, meaning)| (decode(digits), meaning)).collect();
        messages
            .extend([(ClientMessage::Video(false), "video off"), (ClientMessage::Audio(true), "audio on")]);
        messages
    }

    fn answer(meaning: &str) -> &'static str {
        let rows = MATRIX.lines().filter_map(|row| row.trim().split_once(": "));
        let mut named = rows.flat_map(|(kinds, answer)| kinds.split(", ").map(move |kind| (kind, answer)));
        let found = named.find(|(kind, _)| meaning.starts_with(kind));
        found.unwrap_or_else(|| panic!("nobody has said who may send \"{meaning}\"")).1
    }

    /// Whether an answer holds: `and` binds tighter than `or` and commas.
    fn holds(answer: &str, rights: Rights, drives: bool) -> bool {
        let word = |word: &str| match word {
            "everybody" => true,
            "drives" => drives,
            word => {
                Grants::named(word).map_or(word == rights.role.as_str(), |grant| rights.grants.has(grant))
            }
        };
        answer.split(" or ").flat_map(|part| part.split(", ")).any(|part| part.split(" and ").all(word))
    }

    #[test]
    fn every_message_is_listened_to_from_those_who_may_send_it_and_from_nobody_else() {
        let sets = (0..=Grants::ALL.bits()).filter_map(Grants::from_bits);
        let everybody = sets.flat_map(|grants| cosmos_auth::Role::ALL.map(|role| Rights { role, grants }));
        for rights in everybody {
            for (message, meaning) in messages() {
                for drives in [false, true] {
                    let expected = holds(answer(meaning), rights, drives);
                    let found = permits(rights, drives, &message);
                    assert_eq!(found, expected, "{rights}, drives {drives}, says {meaning}");
                }
            }
        }
    }
}
