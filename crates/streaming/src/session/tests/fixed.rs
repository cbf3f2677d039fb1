//! A rate that follows nothing but the person.

use super::*;

/// A picture leaves at once, whatever is known of the network, and losses change nothing.
#[test]
fn a_fixed_rate_follows_the_person_alone() {
    for adapts in [true, false] {
        let mut world = World::which(adapts, Role::Owner).ready();
        world.frame(true, 120_000);
        let left = world.link.len();
        assert_eq!(left >= 100, !adapts, "{left} packets of the first picture left at once");
        world.loss_percent = 30;
        for _ in 0..100 {
            world.run(Duration::from_millis(33));
            let keyframe = world.session.wish(world.now).keyframe;
            world.frame(keyframe, 8000);
        }
        let rate = world.session.wish(world.now).max_kbps;
        assert_eq!(rate == u32::MAX, !adapts, "{rate} kbit/s");
        world.loss_percent = 0;
        world.run(Duration::from_millis(500));
        let control = world.page.control;
        world.page.say(control, &ClientMessage::Quality { max_kbps: 300, max_fps: 0 });
        world.run(Duration::from_millis(500));
        let rate = world.session.wish(world.now).max_kbps;
        assert!(rate <= 300 && (adapts || rate == 300), "{rate} kbit/s");
    }
}
