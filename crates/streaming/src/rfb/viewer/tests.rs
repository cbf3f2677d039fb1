#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cosmos_desktop::{Keysym, Point};
use cosmos_protocol::rfb::{ClipboardFlags, Encoding};

use super::*;

const SIZE: Size = Size::new(64, 32);
const EVERYTHING: [u8; 10] = [3, 0, 0, 0, 0, 0, 255, 255, 255, 255];
const CHANGES: [u8; 10] = [3, 1, 0, 0, 0, 0, 255, 255, 255, 255];

fn viewer(role: Role, encodings: &[i32]) -> Viewer {
    let mut viewer = Viewer::new(role, SIZE, true);
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
    viewer.job(Instant::now()).map(|job| job.rects)
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
    viewer.job(Instant::now()).unwrap();
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
    for _ in 0..2 {
        change(&mut viewer, 0, 0);
        assert!(viewer.job(Instant::now()).is_some());
        assert_eq!(viewer.closing_mark(), [248, 0, 0, 0, 0x80, 0, 0, 0, 0]);
    }
    change(&mut viewer, 0, 0);
    assert!(viewer.job(Instant::now()).is_none());
    assert!(!viewer.looks(), "nothing is captured for whoever cannot take it");
    viewer.receive(&answer).unwrap();
    assert!(viewer.looks());
    assert!(viewer.job(Instant::now()).is_some());
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
    viewer.job(Instant::now()).unwrap();
    let large = Size::new(128, 64);
    viewer.look(|version, size, tiles| {
        *size = large;
        *tiles = Tiles::new(large, true);
        version + 1
    });
    viewer.receive(&CHANGES).unwrap();
    let job = viewer.job(Instant::now()).unwrap();
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
        viewer.job(Instant::now()).unwrap().around.size
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
    viewer.job(Instant::now()).unwrap();
    let Size { width, height } = viewer.new_size;
    assert_eq!((width % 2, height % 2), (0, 0));
    let odd = [&[251, 0][..], &(width + 1).to_be_bytes(), &(height + 1).to_be_bytes(), &[0, 0]].concat();
    viewer.receive(&[&odd[..], &CHANGES].concat()).unwrap();
    let told = viewer.job(Instant::now()).unwrap().around.size;
    assert_eq!(told, Some((Size { width, height }, ResizeReason::ThisViewer, ResizeStatus::Invalid)));
    assert!(!viewer.is_resizing());
}

#[test]
fn whoever_knows_no_other_size_sees_what_fits_in_the_old_one() {
    let mut viewer = viewer(Role::Viewer, &[]);
    viewer.receive(&EVERYTHING).unwrap();
    viewer.job(Instant::now()).unwrap();
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
    let told = |viewer: &mut Viewer| {
        viewer.job(Instant::now()).unwrap().around.size.map(|(_, reason, status)| (reason, status))
    };
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
        assert_eq!(viewer.job(Instant::now()).unwrap().around.cursor.is_some(), drawn);
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
    let mut viewer = Viewer::new(Role::Owner, SIZE, true);
    assert_eq!(viewer.receive(&[9]), Err(RfbError::Message(9)));
    let empty = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    viewer.receive(&empty).unwrap();
    assert!(rects(&mut viewer).is_none(), "a request for no pixel is answered by no update");
}

const ENABLE: [u8; 4] = [255, 1, 0, 0];
const DISABLE: [u8; 4] = [255, 1, 0, 1];
/// Bytes with a sign, two channels, 48 kHz.
const BYTES: [u8; 10] = [255, 1, 0, 2, 1, 2, 0, 0, 0xbb, 0x80];

#[test]
fn sound_comes_while_it_is_wanted_and_in_the_form_that_is_wanted() {
    let mut viewer = viewer(Role::Viewer, &pseudo(&[Pseudo::Audio]));
    viewer.receive(&CHANGES).unwrap();
    assert_eq!(viewer.job(Instant::now()).unwrap().around.understood, [Pseudo::Audio]);
    let played = [0x1100, 0x2200, 0x3300, 0x4400];
    viewer.hear(&played, 0);
    assert!(!viewer.listens() && viewer.take_out().is_empty());
    viewer.receive(&[&BYTES[..], &ENABLE, &ENABLE].concat()).unwrap();
    assert!(viewer.listens());
    assert_eq!(viewer.take_out(), [255, 1, 0, 1], "it begins once");
    viewer.hear(&played, 0);
    assert_eq!(viewer.take_out(), [255, 1, 0, 2, 0, 0, 0, 4, 0, 0, 0x11, 0x22]);
    viewer.receive(&[&DISABLE[..], &DISABLE].concat()).unwrap();
    assert!(!viewer.listens());
    assert_eq!(viewer.take_out(), [255, 1, 0, 0], "it ends once");
}

#[test]
fn sound_that_would_be_late_is_left_out() {
    let mut viewer = viewer(Role::Viewer, &pseudo(&[Pseudo::Audio]));
    viewer.receive(&[&BYTES[..], &ENABLE].concat()).unwrap();
    viewer.take_out();
    let quarter = 2 * 48_000 / 4;
    for (waiting, heard) in [(quarter + 1, false), (quarter, true)] {
        viewer.hear(&[1; 20], waiting);
        assert_eq!(!viewer.take_out().is_empty(), heard, "{waiting}");
    }
}

#[test]
fn a_desktop_without_sound_is_not_told_to_have_any() {
    let mut viewer = Viewer::new(Role::Owner, SIZE, false);
    viewer.receive(&set_encodings(&pseudo(&[Pseudo::Audio]))).unwrap();
    viewer.receive(&[&ENABLE[..], &CHANGES].concat()).unwrap();
    assert!(viewer.job(Instant::now()).unwrap().around.understood.is_empty());
    assert!(!viewer.listens() && viewer.take_out().is_empty());
}

/// A frame of this size.
fn frame(size: Size, keyframe: bool) -> Option<Arc<cosmos_encoder::EncodedFrame>> {
    let (zero, captured) = (std::time::Duration::ZERO, Instant::now());
    let (codec, data) = (cosmos_encoder::Codec::H264, Arc::new([7]));
    let (sampling, convert, encode) = (cosmos_encoder::Sampling::Half, zero, zero);
    Some(Arc::new(cosmos_encoder::EncodedFrame {
        codec,
        sampling,
        keyframe,
        size,
        data,
        captured,
        convert,
        encode,
    }))
}

static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

/// These seconds pass, in each of which so many bytes were written.
fn write(viewer: &mut Viewer, seconds: std::ops::RangeInclusive<u64>, bytes: usize) {
    seconds.for_each(|second| viewer.wrote(bytes, true, *START + std::time::Duration::from_secs(second)));
}

/// One who prefers H.264, and sees it.
fn watcher(others: &[i32]) -> Viewer {
    let mut viewer = viewer(Role::Viewer, &[&[50, 16][..], others].concat());
    viewer.offer_film(true);
    write(&mut viewer, 0..=3, 1_000_000);
    assert!(viewer.watches());
    viewer
}

#[test]
fn only_what_moves_is_shown_as_h264_and_only_where_there_is_some() {
    let mut viewer = viewer(Role::Viewer, &[50, 16]);
    write(&mut viewer, 0..=3, 1_000_000);
    assert!(!viewer.watches(), "none is offered");
    viewer.offer_film(true);
    assert!(viewer.watches());
    viewer.offer_film(false);
    assert_eq!((viewer.watches(), viewer.wishes.encoding.number()), (false, 16));
    let mut still = watcher(&[]);
    write(&mut still, 4..=8, 1000);
    assert!(!still.watches());
    let mut other = self::viewer(Role::Viewer, &[16]);
    other.offer_film(true);
    write(&mut other, 0..=3, 1_000_000);
    assert!(!other.watches(), "it does not understand it");
}

#[test]
fn frames_come_when_they_are_asked_for_and_from_a_keyframe_on() {
    let mut viewer = watcher(&[]);
    assert_eq!(viewer.needs_keyframe(), Some(false));
    viewer.receive(&CHANGES).unwrap();
    viewer.frame(frame(SIZE, false));
    assert!(viewer.job(Instant::now()).is_none());
    viewer.frame(frame(SIZE, true));
    let job = viewer.job(Instant::now()).unwrap();
    assert!(job.frame.is_some_and(|frame| frame.keyframe) && job.rects.is_empty());
    viewer.frame(frame(SIZE, false));
    assert!(viewer.job(Instant::now()).is_none(), "nobody asked");
    viewer.receive(&CHANGES).unwrap();
    assert!(viewer.job(Instant::now()).unwrap().frame.is_some());
    viewer.receive(&EVERYTHING).unwrap();
    assert_eq!(viewer.needs_keyframe(), Some(false), "it lost what it had");
    viewer.frame(None);
    assert_eq!(viewer.needs_keyframe(), Some(true));
    viewer.offer_film(false);
    let job = viewer.job(Instant::now()).unwrap();
    assert!(job.fresh && job.rects == [SIZE.rect()], "all of it, as pixels");
}

#[test]
fn a_frame_of_another_size_comes_behind_that_size_or_not_at_all() {
    let other = Size::new(32, 32);
    let mut knows = watcher(&pseudo(&[Pseudo::DesktopSize]));
    knows.receive(&CHANGES).unwrap();
    knows.frame(frame(other, true));
    let job = knows.job(Instant::now()).unwrap();
    assert!(job.frame.is_none() && job.around.size.is_some_and(|(size, ..)| size == other));
    knows.receive(&CHANGES).unwrap();
    assert_eq!(knows.job(Instant::now()).unwrap().frame.unwrap().size, other);
    let mut knows_not = watcher(&[]);
    knows_not.frame(frame(other, true));
    assert!(!knows_not.watches());
}

#[test]
fn behind_a_film_nothing_comes_before_the_picture_is_that_of_now_and_then_all_of_it() {
    let mut viewer = watcher(&pseudo(&[Pseudo::Cursor]));
    viewer.receive(&CHANGES).unwrap();
    viewer.frame(frame(SIZE, true));
    assert!(viewer.job(Instant::now()).unwrap().frame.is_some());
    write(&mut viewer, 4..=8, 1000);
    assert!(!viewer.watches());
    viewer.receive(&CHANGES).unwrap();
    // Nobody looked at pixels during the film.
    viewer.set_stale(true);
    assert!(
        viewer.job(Instant::now()).is_none() && viewer.looks(),
        "what was there before it would be seen again"
    );
    viewer.cursor(CursorImage { size: Size::new(1, 1), hot: Point { x: 0, y: 0 }, rgba: Arc::new([0; 4]) });
    let job = viewer.job(Instant::now()).unwrap();
    assert!(job.rects.is_empty() && job.around.cursor.is_some(), "the pointer need not wait");
    viewer.receive(&CHANGES).unwrap();
    change(&mut viewer, 3, 3);
    viewer.set_stale(false);
    let job = viewer.job(Instant::now()).unwrap();
    assert!(
        job.fresh && job.rects == [SIZE.rect()],
        "all that the film covered, and not only what changed since"
    );
}

#[test]
fn each_part_that_is_asked_for_behind_a_film_is_written_anew() {
    let mut viewer = watcher(&[]);
    viewer.offer_film(false);
    for x in [0, 32] {
        viewer.receive(&[3, 1, 0, x, 0, 0, 0, 32, 0, 32]).unwrap();
        let job = viewer.job(Instant::now()).unwrap();
        let part = Rect { x: x.into(), y: 0, width: 32, height: 32 };
        assert!(job.fresh && job.rects == [part], "what was there before the film is not there any more");
    }
    change(&mut viewer, 0, 0);
    viewer.receive(&CHANGES).unwrap();
    assert!(!viewer.job(Instant::now()).unwrap().fresh);
}

#[test]
fn nothing_is_encoded_for_a_viewer_that_no_longer_asks() {
    let mut viewer = watcher(&[]);
    let at = |ms| *START + std::time::Duration::from_millis(ms);
    viewer.receive(&CHANGES).unwrap();
    assert!(viewer.follows(at(0)) && viewer.idle_from().is_none());
    viewer.frame(frame(SIZE, true));
    viewer.job(Instant::now()).unwrap();
    assert!(viewer.follows(at(1000)) && viewer.follows(at(2900)));
    viewer.frame(frame(SIZE, false));
    assert_eq!(viewer.idle_from(), Some(at(3000)));
    assert!(!viewer.follows(at(3000)) && viewer.watches());
    viewer.receive(&CHANGES).unwrap();
    assert!(viewer.follows(at(9000)) && viewer.job(Instant::now()).is_none());
    assert_eq!(viewer.needs_keyframe(), Some(false), "it missed some");
}
