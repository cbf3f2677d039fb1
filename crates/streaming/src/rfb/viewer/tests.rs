#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_desktop::{Keysym, Point};
use cosmos_protocol::rfb::ClipboardFlags;

use super::*;

const SIZE: Size = Size::new(64, 32);
const EVERYTHING: [u8; 10] = [3, 0, 0, 0, 0, 0, 255, 255, 255, 255];
const CHANGES: [u8; 10] = [3, 1, 0, 0, 0, 0, 255, 255, 255, 255];

fn viewer(role: Role, encodings: &[i32]) -> Viewer {
    let mut viewer = Viewer::new(role, SIZE);
    viewer.receive(&set_encodings(encodings)).unwrap();
    viewer
}

fn set_encodings(encodings: &[i32]) -> Vec<u8> {
    let numbers: Vec<u8> = encodings.iter().flat_map(|number| number.to_be_bytes()).collect();
    [&[2, 0, 0, encodings.len() as u8][..], &numbers].concat()
}

fn pseudo(all: &[Pseudo]) -> Vec<i32> {
    all.iter().map(|pseudo| pseudo.number()).collect()
}

/// The picture changes at this pixel.
fn change(viewer: &mut Viewer, x: u16, y: u16) {
    viewer.look(|version, _, tiles| {
        tiles.mark_area(Rect { x, y, width: 1, height: 1 });
        version + 1
    });
}

fn rects(viewer: &mut Viewer) -> Option<Vec<Rect>> {
    viewer.job().map(|job| job.rects)
}

#[test]
fn an_update_comes_when_it_is_asked_for_and_there_is_something_new() {
    let mut viewer = viewer(Role::Viewer, &[0]);
    assert!(!viewer.looks() && rects(&mut viewer).is_none());
    viewer.receive(&CHANGES).unwrap();
    assert_eq!(rects(&mut viewer), Some(vec![SIZE.rect()]));
    assert!(!viewer.looks());
    change(&mut viewer, 20, 3);
    assert_eq!(rects(&mut viewer), None);
    viewer.receive(&CHANGES).unwrap();
    assert_eq!(rects(&mut viewer), Some(vec![Rect { x: 16, y: 0, width: 16, height: 16 }]));
    viewer.receive(&CHANGES).unwrap();
    assert!(viewer.looks());
    assert_eq!(rects(&mut viewer), None, "nothing is new");
    viewer.receive(&EVERYTHING).unwrap();
    assert_eq!(rects(&mut viewer), Some(vec![SIZE.rect()]));
}

#[test]
fn whoever_is_slow_gets_the_newest_of_all_that_changed() {
    let mut viewer = viewer(Role::Viewer, &[0]);
    viewer.receive(&CHANGES).unwrap();
    viewer.job().unwrap();
    for x in [0, 1, 2, 40] {
        change(&mut viewer, x, 0);
    }
    viewer.receive(&CHANGES).unwrap();
    let tile = |x| Rect { x, y: 0, width: 16, height: 16 };
    assert_eq!(rects(&mut viewer), Some(vec![tile(0), tile(32)]));
}

#[test]
fn updates_come_by_themselves_where_that_is_wanted_and_no_faster_than_they_are_answered() {
    let mut viewer = viewer(Role::Viewer, &pseudo(&[Pseudo::ContinuousUpdates, Pseudo::Fence]));
    assert_eq!(viewer.take_out(), [&[150][..], &[248, 0, 0, 0, 0x80, 0, 0, 0, 0]].concat());
    let answer = [248, 0, 0, 0, 0, 0, 0, 0, 0];
    viewer.receive(&answer).unwrap();
    viewer.receive(&[150, 1, 0, 0, 0, 0, 255, 255, 255, 255]).unwrap();
    assert!(viewer.looks());
    for _ in 0..ON_THE_WAY {
        change(&mut viewer, 0, 0);
        assert!(viewer.job().is_some());
        assert_eq!(viewer.closing_mark(), [248, 0, 0, 0, 0x80, 0, 0, 0, 0]);
    }
    change(&mut viewer, 0, 0);
    assert!(viewer.job().is_none());
    viewer.receive(&answer).unwrap();
    assert!(viewer.job().is_some());
    viewer.receive(&[150, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(viewer.take_out(), [150]);
    assert!(!viewer.looks());
}

#[test]
fn marks_of_the_viewer_are_answered_with_what_is_understood_of_them() {
    let mut viewer = viewer(Role::Viewer, &[]);
    viewer.receive(&[248, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 2, 7, 8]).unwrap();
    assert_eq!(viewer.take_out(), [248, 0, 0, 0, 0, 0, 0, 7, 2, 7, 8]);
}

/// What each role gets through, as what is wanted of the desktop.
#[test]
fn only_those_who_may_control_do() {
    let key = [4, 1, 0, 0, 0, 0, 0, 0x61];
    let click = [5, 1, 0, 3, 0, 4];
    let text = [6, 0, 0, 0, 0, 0, 0, 2, 0xe9, b'a'];
    let resize = [251, 0, 0, 100, 0, 50, 0, 0];
    let all = [&key[..], &click, &text, &resize].concat();
    let wants = |role| {
        let mut viewer = viewer(role, &[]);
        viewer.receive(&all).unwrap();
        viewer.take_wants()
    };
    assert_eq!(wants(Role::Viewer), []);
    let expected = [
        Want::Input(InputEvent::Key { keysym: Keysym(0x61), pressed: true }),
        Want::Input(InputEvent::PointerTo(Point { x: 3, y: 4 })),
        Want::Input(InputEvent::Button { button: cosmos_desktop::Button::Left, pressed: true }),
        Want::Clipboard("éa".to_owned()),
        Want::Resize(Size::new(100, 50)),
    ];
    assert_eq!(wants(Role::Controller), expected);
    assert_eq!(wants(Role::Owner), expected);
}

#[test]
fn the_clipboard_is_told_of_and_given_when_asked_for() {
    let text: Arc<str> = "漢\n".into();
    let mut plain = viewer(Role::Controller, &[]);
    plain.desktop_copied(&text);
    assert_eq!(plain.take_out(), [3, 0, 0, 0, 0, 0, 0, 2, b'?', b'\n']);

    let mut extended = viewer(Role::Controller, &pseudo(&[Pseudo::ExtendedClipboard]));
    assert_eq!(extended.take_out(), ClipboardMessage::understood().encode());
    extended.desktop_copied(&text);
    assert_eq!(extended.take_out(), ClipboardMessage::Notify(ClipboardFlags::TEXT).encode());
    let from_viewer = |message: ClipboardMessage| {
        let mut bytes = message.encode();
        bytes[0] = 6;
        bytes
    };
    let request = from_viewer(ClipboardMessage::Request(ClipboardFlags::TEXT));
    extended.receive(&[&request[..], &request].concat()).unwrap();
    let provided = ClipboardMessage::Provide(Some(text.to_string())).encode();
    assert_eq!(extended.take_out(), provided, "once, however often it was asked for");
    extended.receive(&from_viewer(ClipboardMessage::Notify(ClipboardFlags::TEXT))).unwrap();
    assert_eq!(extended.take_out(), ClipboardMessage::Request(ClipboardFlags::TEXT).encode());
    extended.receive(&from_viewer(ClipboardMessage::Provide(Some("x\ny".into())))).unwrap();
    assert_eq!(extended.take_wants(), [Want::Clipboard("x\ny".into())]);

    let mut looking = viewer(Role::Viewer, &pseudo(&[Pseudo::ExtendedClipboard]));
    looking.desktop_copied(&text);
    looking.receive(&request).unwrap();
    assert!(looking.take_out().is_empty());
    let long: Arc<str> = "x".repeat(MAX_TEXT + 1).into();
    plain.desktop_copied(&long);
    assert!(plain.take_out().is_empty());
}

#[test]
fn another_size_comes_alone_and_then_the_whole_picture() {
    let mut viewer = viewer(Role::Viewer, &pseudo(&[Pseudo::DesktopSize]));
    viewer.receive(&EVERYTHING).unwrap();
    viewer.job().unwrap();
    let large = Size::new(128, 64);
    viewer.look(|version, size, tiles| {
        *size = large;
        *tiles = Tiles::new(large, true);
        version + 1
    });
    viewer.receive(&CHANGES).unwrap();
    let job = viewer.job().unwrap();
    assert_eq!(
        (job.around.size, job.rects),
        (Some((large, ResizeReason::Server, ResizeStatus::Done)), vec![])
    );
    viewer.receive(&CHANGES).unwrap();
    assert_eq!(rects(&mut viewer), Some(vec![large.rect()]));
}

/// Some viewers ask for no size again before they were answered, by a size that names them as the reason.
#[test]
fn whoever_asked_for_a_size_is_answered() {
    let mut viewer = viewer(Role::Owner, &pseudo(&[Pseudo::ExtendedDesktopSize]));
    let told = |viewer: &mut Viewer| {
        viewer.receive(&CHANGES).unwrap();
        viewer.job().unwrap().around.size
    };
    told(&mut viewer);
    let wanted = Size::new(100, 50);
    viewer.receive(&[251, 0, 0, 100, 0, 50, 0, 0]).unwrap();
    assert_eq!(viewer.take_wants(), [Want::Resize(wanted)]);
    assert!(viewer.is_resizing());
    viewer.look(|version, size, tiles| {
        *size = wanted;
        *tiles = Tiles::new(wanted, true);
        version + 1
    });
    assert_eq!(told(&mut viewer), Some((wanted, ResizeReason::ThisViewer, ResizeStatus::Done)));
    assert!(!viewer.is_resizing());
    viewer.receive(&[251, 0, 255, 255, 255, 255, 0, 0]).unwrap();
    viewer.resize_failed();
    assert_eq!(told(&mut viewer), Some((wanted, ResizeReason::ThisViewer, ResizeStatus::OutOfResources)));
    viewer.receive(&[251, 0, 0, 100, 0, 50, 0, 0]).unwrap();
    assert_eq!(
        told(&mut viewer),
        Some((wanted, ResizeReason::ThisViewer, ResizeStatus::Done)),
        "it is that large"
    );
    let whole = [3, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    viewer.receive(&[&[251, 0, 0, 100, 0, 50, 0, 0][..], &whole].concat()).unwrap();
    assert_eq!(
        told(&mut viewer),
        Some((wanted, ResizeReason::ThisViewer, ResizeStatus::Done)),
        "what else is told of the size does not take the place of an answer"
    );
}

#[test]
fn an_odd_size_that_is_as_near_as_it_goes_is_refused_at_once() {
    let mut viewer = viewer(Role::Controller, &pseudo(&[Pseudo::ExtendedDesktopSize]));
    viewer.receive(&CHANGES).unwrap();
    viewer.job().unwrap();
    let Size { width, height } = viewer.new_size;
    assert_eq!((width % 2, height % 2), (0, 0));
    let odd = [&[251, 0][..], &(width + 1).to_be_bytes(), &(height + 1).to_be_bytes(), &[0, 0]].concat();
    viewer.receive(&[&odd[..], &CHANGES].concat()).unwrap();
    let told = viewer.job().unwrap().around.size;
    assert_eq!(told, Some((Size { width, height }, ResizeReason::ThisViewer, ResizeStatus::Invalid)));
    assert!(!viewer.is_resizing());
}

#[test]
fn whoever_knows_no_other_size_sees_what_fits_in_the_old_one() {
    let mut viewer = viewer(Role::Viewer, &[]);
    viewer.receive(&EVERYTHING).unwrap();
    viewer.job().unwrap();
    let other = Size::new(16, 300);
    viewer.look(|version, size, tiles| {
        *size = other;
        *tiles = Tiles::new(other, true);
        version + 1
    });
    viewer.receive(&CHANGES).unwrap();
    assert_eq!(rects(&mut viewer), Some(vec![Rect { x: 0, y: 0, width: 16, height: 32 }]));
}

#[test]
fn whoever_may_not_resize_is_told_so() {
    let extended = pseudo(&[Pseudo::ExtendedDesktopSize]);
    let mut viewer = viewer(Role::Viewer, &extended);
    viewer.receive(&CHANGES).unwrap();
    let told =
        |viewer: &mut Viewer| viewer.job().unwrap().around.size.map(|(_, reason, status)| (reason, status));
    assert_eq!(told(&mut viewer), Some((ResizeReason::Server, ResizeStatus::Done)));
    viewer.receive(&[&[251, 0, 0, 100, 0, 50, 0, 0][..], &CHANGES].concat()).unwrap();
    assert_eq!(told(&mut viewer), Some((ResizeReason::ThisViewer, ResizeStatus::Prohibited)));
}

#[test]
fn the_pointer_goes_to_those_who_draw_it() {
    let image = CursorImage { size: Size::new(1, 1), hot: Point::default(), rgba: Arc::from([1, 2, 3, 255]) };
    for (encodings, drawn) in [(vec![], false), (pseudo(&[Pseudo::Cursor]), true)] {
        let mut viewer = viewer(Role::Viewer, &encodings);
        viewer.cursor(image.clone());
        viewer.receive(&CHANGES).unwrap();
        assert_eq!(viewer.job().unwrap().around.cursor.is_some(), drawn);
    }
}

#[test]
fn whoever_wants_a_colour_map_gets_one() {
    let mut viewer = viewer(Role::Viewer, &[]);
    let format = PixelFormat { bits: 8, depth: 8, true_colour: false, ..PixelFormat::BGRX };
    viewer.receive(&[&[0, 0, 0, 0][..], &format.encode()].concat()).unwrap();
    assert_eq!(viewer.take_out(), colour_map());
}

#[test]
fn what_was_never_offered_is_not_used_and_what_is_no_message_ends_it() {
    let viewer = viewer(Role::Viewer, &[-77, 50, 12345]);
    assert_eq!(viewer.wishes.encoding, Encoding::Raw);
    let mut viewer = Viewer::new(Role::Owner, SIZE);
    assert_eq!(viewer.receive(&[9]), Err(RfbError::Message(9)));
    let empty = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    viewer.receive(&empty).unwrap();
    assert!(rects(&mut viewer).is_none(), "a request for no pixel is answered by no update");
}
