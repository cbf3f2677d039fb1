//! The messages of a viewer, one line for each of RFC 6143, section 7.5, and of its extensions.

use cosmos_desktop::{Point, Rect, Size};
use cosmos_protocol::rfb::{
    AudioFormat, AudioRequest, ClientMessage, ClipboardFlags, ClipboardMessage, MAX_CUT_TEXT, PixelFormat,
    RfbError, SampleType, Screen,
};
use proptest::prelude::*;

const AREA: Rect = Rect { x: 1, y: 2, width: 3, height: 4 };
const AREA_BYTES: [u8; 8] = [0, 1, 0, 2, 0, 3, 0, 4];

/// What is said, whether more than eight buttons are understood, and what it means.
fn table() -> Vec<(&'static str, Vec<u8>, bool, ClientMessage)> {
    let format = PixelFormat { big_endian: true, ..PixelFormat::BGRX };
    let audio = AudioFormat { sample: SampleType::I16, channels: 2, rate: 44100 };
    let screens = vec![Screen { id: 5, area: AREA, flags: 6 }];
    let pointer = |buttons| ClientMessage::Pointer { buttons, at: Point { x: 1, y: 2 } };
    let clipboard = |message: ClipboardMessage| {
        let mut bytes = message.encode();
        bytes[0] = 6;
        (bytes, ClientMessage::Clipboard(message))
    };
    let text = Some("é漢\n\"x\"".to_owned());
    let (provide, provided) = clipboard(ClipboardMessage::Provide(text));
    let (nothing, no_text) = clipboard(ClipboardMessage::Provide(None));
    let (request, requested) = clipboard(ClipboardMessage::Request(ClipboardFlags(1 << 25 | 1)));
    let (notify, notified) = clipboard(ClipboardMessage::Notify(ClipboardFlags(1 << 27)));
    let (peek, peeked) = clipboard(ClipboardMessage::Peek);
    let (able, abilities) = clipboard(ClipboardMessage::Capabilities(ClipboardFlags(0x1100_0001)));
    vec![
        (
            "7.5.1 SetPixelFormat",
            [&[0, 9, 9, 9][..], &format.encode()].concat(),
            false,
            ClientMessage::SetPixelFormat(format),
        ),
        (
            "7.5.2 SetEncodings",
            vec![2, 9, 0, 2, 0, 0, 0, 16, 255, 255, 255, 33],
            false,
            ClientMessage::SetEncodings(vec![16, -223]),
        ),
        ("7.5.2 no encodings", vec![2, 9, 0, 0], false, ClientMessage::SetEncodings(vec![])),
        (
            "7.5.3 FramebufferUpdateRequest",
            [&[3, 1][..], &AREA_BYTES].concat(),
            false,
            ClientMessage::Request { incremental: true, area: AREA },
        ),
        (
            "7.5.3 of everything",
            [&[3, 0][..], &AREA_BYTES].concat(),
            false,
            ClientMessage::Request { incremental: false, area: AREA },
        ),
        (
            "7.5.4 KeyEvent",
            vec![4, 1, 9, 9, 0, 0, 255, 13],
            false,
            ClientMessage::Key { pressed: true, keysym: 0xff0d, scancode: 0 },
        ),
        ("7.5.5 PointerEvent", vec![5, 0xff, 0, 1, 0, 2], false, pointer(0xff)),
        ("7.5.5 few buttons", vec![5, 0x7f, 0, 1, 0, 2], true, pointer(0x7f)),
        ("ExtendedMouseButtons", vec![5, 0x81, 0, 1, 0, 2, 3], true, pointer(0x181)),
        (
            "7.5.6 ClientCutText",
            vec![6, 9, 9, 9, 0, 0, 0, 2, 0xe9, 10],
            false,
            ClientMessage::CutText(vec![0xe9, 10]),
        ),
        ("ExtendedClipboard provide", provide, false, provided),
        ("ExtendedClipboard without text", nothing, false, no_text),
        ("ExtendedClipboard request", request, false, requested),
        ("ExtendedClipboard notify", notify, false, notified),
        ("ExtendedClipboard peek", peek, false, peeked),
        ("ExtendedClipboard caps", able, false, abilities),
        (
            "EnableContinuousUpdates",
            [&[150, 1][..], &AREA_BYTES].concat(),
            false,
            ClientMessage::ContinuousUpdates { enable: true, area: AREA },
        ),
        (
            "ClientFence",
            vec![248, 9, 9, 9, 0x80, 0, 0, 1, 2, 7, 8],
            false,
            ClientMessage::Fence { flags: 0x8000_0001, payload: vec![7, 8] },
        ),
        (
            "SetDesktopSize",
            [&[251, 9, 3, 32, 2, 88, 1, 9, 0, 0, 0, 5][..], &AREA_BYTES, &[0, 0, 0, 6]].concat(),
            false,
            ClientMessage::SetDesktopSize { size: Size::new(800, 600), screens },
        ),
        (
            "QEMU extended key",
            vec![255, 0, 0, 1, 0, 0, 0, 97, 0, 0, 0, 30],
            false,
            ClientMessage::Key { pressed: true, keysym: 97, scancode: 30 },
        ),
        ("QEMU audio on", vec![255, 1, 0, 0], false, ClientMessage::Audio(AudioRequest::Enable)),
        ("QEMU audio off", vec![255, 1, 0, 1], false, ClientMessage::Audio(AudioRequest::Disable)),
        (
            "QEMU audio format",
            vec![255, 1, 0, 2, 3, 2, 0, 0, 172, 68],
            false,
            ClientMessage::Audio(AudioRequest::Format(audio)),
        ),
    ]
}

#[test]
fn every_message_is_read_whole_and_only_whole() {
    for (name, bytes, extended, meant) in table() {
        let followed = [&bytes[..], &[7; 9]].concat();
        assert_eq!(ClientMessage::read(&followed, extended), Ok(Some((meant, bytes.len()))), "{name}");
        for end in 0..bytes.len() {
            assert_eq!(ClientMessage::read(&bytes[..end], extended), Ok(None), "{end} bytes of {name}");
        }
    }
}

#[test]
fn there_are_no_other_messages() {
    let known = table();
    for kind in 0..=255 {
        let is_known = known.iter().any(|(_, bytes, ..)| bytes[0] == kind);
        let read = ClientMessage::read(&[kind], false);
        assert_eq!(read, if is_known { Ok(None) } else { Err(RfbError::Message(kind)) });
    }
    assert_eq!(ClientMessage::read(&[255, 2], false), Err(RfbError::Submessage(2)));
}

#[test]
fn what_means_nothing_is_refused_before_it_is_there() {
    let long = |field, length, most| RfbError::Long { field, length, most };
    let minus = |length: i32| length.to_be_bytes();
    let compressed = |flags: u32, data: &[u8]| {
        let length = minus(-(4 + data.len() as i32));
        [&[6, 0, 0, 0][..], &length, &flags.to_be_bytes(), data].concat()
    };
    for (bytes, error) in [
        (vec![6, 0, 0, 0, 0x7f, 255, 255, 255], long("text", i32::MAX as u32, MAX_CUT_TEXT)),
        (vec![6, 0, 0, 0, 0x80, 0, 0, 0], long("text", 1 << 31, MAX_CUT_TEXT)),
        (
            [&[6, 0, 0, 0][..], &minus(-(MAX_CUT_TEXT as i32) - 1)].concat(),
            long("text", MAX_CUT_TEXT + 1, MAX_CUT_TEXT),
        ),
        (vec![248, 0, 0, 0, 0, 0, 0, 0, 65], long("fence", 65, 64)),
        (vec![251, 0, 0, 0, 2, 88, 1], RfbError::Value("size")),
        (vec![255, 1, 0, 3], RfbError::Value("audio operation")),
        (vec![255, 1, 0, 2, 6, 2, 0, 0, 172, 68], RfbError::Value("sample type")),
        (vec![255, 1, 0, 2, 3, 3, 0, 0, 172, 68], RfbError::Value("channels")),
        (vec![255, 1, 0, 2, 3, 1, 255, 255, 255, 255], RfbError::Value("sample rate")),
        ([&[0, 0, 0, 0, 24][..], &[0; 15]].concat(), RfbError::Value("pixel format")),
        (compressed(0, &[]), RfbError::Value("clipboard")),
        (compressed(1 << 28 | 1, &[1, 2, 3]), RfbError::Compressed),
        ([&[6, 0, 0, 0][..], &minus(-2), &[0, 0]].concat(), RfbError::Value("clipboard")),
    ] {
        assert_eq!(ClientMessage::read(&bytes, false), Err(error), "{bytes:02x?}");
    }
}

/// What is small as it travels must not become large.
#[test]
fn a_bomb_is_not_unpacked() {
    let packed = |length: u32, plain: usize| {
        let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut stream, &length.to_be_bytes()).unwrap();
        std::io::Write::write_all(&mut stream, &vec![b'a'; plain]).unwrap();
        let packed = stream.finish().unwrap();
        let length = -(4 + packed.len() as i32);
        [&[6, 0, 0, 0][..], &length.to_be_bytes(), &(1_u32 << 28 | 1).to_be_bytes(), &packed].concat()
    };
    let most = 16 * 1024 * 1024;
    let error = RfbError::Long { field: "clipboard", length: u32::MAX, most };
    assert_eq!(ClientMessage::read(&packed(u32::MAX, 100), false), Err(error));
    assert_eq!(ClientMessage::read(&packed(most, 100), false), Err(RfbError::Compressed));
    let few = ClientMessage::read(&packed(3, 50_000_000), false).unwrap().unwrap().0;
    assert_eq!(few, ClientMessage::Clipboard(ClipboardMessage::Provide(Some("aaa".to_owned()))));
}

proptest! {
    #[test]
    fn whatever_is_said_is_read_within_its_bounds(kind in prop::sample::select(vec![0_u8, 2, 3, 4, 5, 6, 150, 248, 251, 255]),
                                                  tail in prop::collection::vec(any::<u8>(), 0..64), extended: bool) {
        let bytes = [vec![kind], tail].concat();
        if let Ok(Some((_, length))) = ClientMessage::read(&bytes, extended) {
            prop_assert!(length > 0 && length <= bytes.len());
        }
    }

    #[test]
    fn texts_come_through_the_clipboard(text in "[^\r\0]{0,300}") {
        let mut bytes = ClipboardMessage::Provide(Some(text.clone())).encode();
        bytes[0] = 6;
        let message = ClientMessage::read(&bytes, false).unwrap().unwrap().0;
        prop_assert_eq!(message, ClientMessage::Clipboard(ClipboardMessage::Provide(Some(text))));
    }
}
