//! The second encode: who is shown it, and that it is made for nobody else.

use super::*;

const FAST: u64 = 30_000;

/// Three fast viewers, and one on a line of this rate.
fn with_slow(kbps: u64) -> (World, usize) {
    let mut world = World::new();
    for n in 0..3 {
        world.enter(&format!("fast {n}"), Role::Viewer, FAST, 0);
    }
    let slow = world.enter("slow", Role::Viewer, kbps, 0);
    (world, slow)
}

/// Films, and tells the mean rate of the first encode and how many pictures of it there were.
fn anew(world: &mut World, seconds: u64) -> (u64, usize) {
    world.pages.iter_mut().for_each(|page| page.pictures = 0);
    (world.keyframes, world.seconds) = (0, 0);
    let filmed = world.film(Duration::from_secs(seconds));
    world.run(Duration::from_millis(300));
    filmed
}

#[test]
fn a_slow_viewer_is_shown_an_encode_of_its_own_and_slows_nobody_down() {
    // On the first line it would be passed over nearly always, on the second it would drag the others down.
    for kbps in [700, 2500] {
        let (mut world, slow) = with_slow(kbps);
        world.film(Duration::from_secs(30));
        let (rate, frames) = anew(&mut world, 20);
        assert!(rate > 7000, "{kbps}: the others are left {rate} kbit/s");
        for page in &world.pages[..slow] {
            assert!(page.pictures * 100 >= frames * 98, "{kbps}: {} of {frames}", page.pictures);
        }
        let shown = world.pages[slow].pictures;
        assert!(shown * 10 >= frames * 4, "{kbps}: {shown} of {} pictures were shown", world.seconds);
        assert!(world.keyframes <= 3, "{kbps}: {} keyframes cost all the others", world.keyframes);
        let second = u64::from(world.demand.second().rate());
        assert!((kbps * 3 / 10..=kbps * 6 / 5).contains(&second), "{second} kbit/s go over a line of {kbps}");
    }
}

#[test]
fn nothing_is_encoded_twice_while_nobody_needs_it() {
    let (mut world, _) = with_slow(FAST);
    anew(&mut world, 20);
    assert_eq!((world.seconds, world.demand.second().is_wanted()), (0, false));
    let mut world = World::new();
    world.enter("slow, and alone", Role::Viewer, 700, 0);
    anew(&mut world, 20);
    assert_eq!(world.seconds, 0);
    let (mut world, slow) = with_slow(700);
    world.hub.config.adapts = false;
    anew(&mut world, 20);
    assert_eq!(world.seconds, 0, "a rate that is fixed is the same for everybody");
    assert!(world.pages[slow].pictures > 0);
}

#[test]
fn it_ends_when_the_line_is_good_again_or_those_before_have_left() {
    let (mut world, slow) = with_slow(700);
    world.film(Duration::from_secs(20));
    assert!(world.demand.second().is_wanted());
    world.pages[slow].line_kbps = FAST;
    world.film(Duration::from_secs(60));
    assert!(!world.demand.second().is_wanted(), "its line is as good as theirs");
    let (_, frames) = anew(&mut world, 5);
    assert!(world.pages[slow].pictures * 100 >= frames * 95);

    let (mut world, slow) = with_slow(700);
    world.film(Duration::from_secs(20));
    assert!(world.demand.second().is_wanted());
    for page in 0..slow {
        let id = world.pages[page].id;
        world.handle(Event::Gone { id });
    }
    assert!(!world.demand.second().is_wanted(), "who is left is shown the first");
    world.film(Duration::from_secs(10));
    let (rate, _) = anew(&mut world, 10);
    assert!(rate <= 800 && world.pages[slow].pictures > 100, "{rate} {}", world.pages[slow].pictures);
}

#[test]
fn whoever_hides_the_page_leaves_the_others_with_the_first() {
    let (mut world, slow) = with_slow(700);
    world.film(Duration::from_secs(20));
    for page in 0..slow {
        world.say(page, &ClientMessage::Video(false));
    }
    world.run(Duration::from_secs(2));
    assert!(!world.demand.second().is_wanted());
}

#[test]
fn where_it_cannot_be_made_everybody_is_shown_the_first_for_a_while() {
    let (mut world, _) = with_slow(700);
    world.film(Duration::from_secs(20));
    assert!(world.demand.second().is_wanted());
    world.handle(Event::NoSecond("it has no room".to_owned()));
    assert!(!world.demand.second().is_wanted());
    anew(&mut world, 40);
    assert_eq!(world.seconds, 0);
    world.film(Duration::from_secs(30));
    assert!(world.demand.second().is_wanted(), "it is tried again");
}

#[test]
fn those_who_watch_by_vnc_keep_the_first_for_themselves_and_leave_no_encode_behind() {
    let mut world = World::new();
    let rfb = world.hub.rfb.clone();
    let watch = rfb.watch();
    world.handle(Event::Film);
    world.enter("slow", Role::Viewer, 700, 0);
    world.film(Duration::from_secs(20));
    assert!(world.demand.second().is_wanted(), "it does not slow down those who watch by VNC");
    let (rate, _) = anew(&mut world, 10);
    assert!(rate > 7000, "they are left {rate} kbit/s");
    drop(watch);
    world.handle(Event::Film);
    assert!(!world.demand.second().is_wanted(), "who is left is shown the first");
    let (rate, _) = anew(&mut world, 20);
    assert!((world.seconds, rate <= 800) == (0, true), "{} of {rate} kbit/s", world.seconds);
}
