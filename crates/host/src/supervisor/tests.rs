//! Stories told to the supervisor with a virtual clock: each line is an event and what comes of it.

use super::*;

const X: ServiceId = ServiceId(0);
const BUS: ServiceId = ServiceId(1);
const SOUND: ServiceId = ServiceId(2);
const SESSION: ServiceId = ServiceId(3);
const STREAM: ServiceId = ServiceId(4);

/// A supervisor, a clock, and the words of both.
struct Story {
    supervisor: Supervisor,
    now: Instant,
}

impl Story {
    fn new() -> Self {
        Self { supervisor: Supervisor::new(crate::roles::table(None)), now: Instant::now() }
    }

    /// A desktop that is up.
    fn up() -> Self {
        let mut story = Self::new();
        story.tell(Event::Tick);
        for service in [X, SOUND, BUS, STREAM, SESSION] {
            story.ready(service);
        }
        assert!(story.supervisor.is_complete());
        story
    }

    fn tell(&mut self, event: Event) -> String {
        let actions = self.supervisor.step(event, self.now);
        actions.iter().map(|action| self.word(action)).collect::<Vec<_>>().join(", ")
    }

    fn ready(&mut self, service: ServiceId) -> String {
        self.tell(Event::Ready { service })
    }

    fn exit(&mut self, service: ServiceId, code: i32) -> String {
        self.tell(Event::Exited { service, how: Exit::Code(code) })
    }

    fn pass(&mut self, seconds: f64) -> String {
        self.now += Duration::from_secs_f64(seconds);
        self.tell(Event::Tick)
    }

    fn word(&self, action: &Action) -> String {
        let name = |service: &ServiceId| self.supervisor.name(*service);
        match action {
            Action::Start(service) => format!("start {}", name(service)),
            Action::Terminate(service) => format!("stop {}", name(service)),
            Action::Kill(service) => format!("kill {}", name(service)),
            Action::Reset => "reset".to_owned(),
            Action::Report(Notice::Up(service, took)) => format!("({} up {took:?})", name(service)),
            Action::Report(Notice::Again(service, _, delay)) => format!("({} in {delay:?})", name(service)),
            Action::Report(Notice::Without(service)) => format!("(without {})", name(service)),
            Action::Finish(Outcome::Asked) => "done".to_owned(),
            Action::Finish(Outcome::GaveUp(service, how)) => {
                format!(
                    "failed {} {}",
                    name(service),
                    how.as_ref().map_or("late".into(), ToString::to_string)
                )
            }
        }
    }
}

#[test]
fn services_start_when_what_they_need_serves() {
    let mut story = Story::new();
    assert_eq!(story.tell(Event::Tick), "start X server, start sound");
    assert_eq!(story.pass(0.5), "");
    assert_eq!(story.ready(X), "(X server up 500ms), start session bus");
    assert_eq!(story.ready(BUS), "(session bus up 0ns)");
    assert_eq!(story.ready(SOUND), "(sound up 500ms), start session, start stream");
    assert!(!story.supervisor.is_complete());
    assert_eq!(story.ready(STREAM), "(stream up 0ns)");
    assert_eq!(story.ready(SESSION), "(session up 0ns)");
    assert!(story.supervisor.is_complete());
    assert_eq!(story.ready(SESSION), "", "twice is once");
}

#[test]
fn a_start_may_be_given_more_time_and_the_next_one_has_the_usual() {
    let mut story = Story::new();
    story.tell(Event::Tick);
    story.ready(SOUND);
    assert_eq!(story.pass(19.0), "");
    assert_eq!(story.tell(Event::Extended { service: X, by: Duration::from_secs(9) }), "");
    assert_eq!(story.pass(9.5), "");
    assert_eq!(story.pass(1.0), "stop X server, (X server in 1s)");
    story.exit(X, 0);
    story.pass(1.1);
    assert!(story.supervisor.is_starting(X));
    assert!(story.pass(20.5).starts_with("stop X server"));
}

#[test]
fn the_end_comes_in_reverse_order() {
    let mut story = Story::up();
    assert_eq!(story.tell(Event::Signal), "stop stream, stop session");
    assert_eq!(story.exit(SESSION, 0), "stop session bus");
    assert_eq!(story.exit(BUS, 0), "");
    assert_eq!(story.exit(STREAM, 0), "stop sound, stop X server");
    assert_eq!(story.exit(SOUND, 0), "");
    assert_eq!(story.exit(X, 0), "done");
    assert_eq!(story.pass(100.0), "", "the end comes once");
}

#[test]
fn who_does_not_stop_in_time_is_killed_and_a_second_signal_hurries() {
    let mut story = Story::up();
    story.tell(Event::Signal);
    assert_eq!(story.pass(0.9), "");
    assert_eq!(story.pass(0.2), "kill session, kill stream");
    story.exit(SESSION, 0);
    story.exit(STREAM, 0);
    assert_eq!(story.tell(Event::Signal), "kill X server, kill session bus, kill sound");
    for service in [X, BUS] {
        assert_eq!(story.exit(service, 0), "");
    }
    assert_eq!(story.exit(SOUND, 0), "done");
}

#[test]
fn what_lives_on_the_x_server_is_started_again_with_it_and_the_stream_is_left_alone() {
    let mut story = Story::up();
    assert_eq!(story.exit(X, 1), "(X server in 1s), stop session bus, stop session");
    assert_eq!(story.exit(SESSION, 1), "");
    assert_eq!(story.exit(BUS, 1), "", "they wait for the X server");
    assert_eq!(story.pass(1.0), "start X server");
    assert_eq!(story.ready(X), "(X server up 0ns), start session bus");
    assert_eq!(story.ready(BUS), "(session bus up 0ns), start session");
}

#[test]
fn sound_comes_back_alone() {
    let mut story = Story::up();
    assert_eq!(story.exit(SOUND, 1), "(sound in 1s)");
    assert_eq!(story.pass(1.0), "start sound");
}

#[test]
fn the_delay_doubles_to_thirty_seconds_and_a_steady_life_clears_it() {
    let mut story = Story::up();
    for delay in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(story.exit(STREAM, 1), format!("(stream in {delay}s)"));
        assert_eq!(story.pass(f64::from(delay) - 0.1), "");
        assert_eq!(story.pass(0.1), "start stream");
        story.ready(STREAM);
    }
    story.pass(60.0);
    assert_eq!(story.exit(STREAM, 1), "(stream in 1s)");
}

#[test]
fn a_person_who_logs_out_gets_a_new_session_without_a_growing_delay() {
    let mut story = Story::up();
    for _ in 0..5 {
        story.pass(6.0);
        assert_eq!(story.exit(SESSION, 0), "(session in 1s)");
        assert_eq!(story.pass(1.0), "start session");
        story.ready(SESSION);
    }
    assert_eq!(story.exit(SESSION, 0), "(session in 1s)");
    story.pass(1.0);
    story.ready(SESSION);
    assert_eq!(story.exit(SESSION, 0), "(session in 2s)", "an exit at once is a failure");
}

#[test]
fn a_required_service_that_never_starts_ends_the_desktop() {
    let mut story = Story::new();
    story.tell(Event::Tick);
    assert_eq!(story.exit(X, 1), "(X server in 1s)");
    assert_eq!(story.pass(1.0), "start X server");
    assert_eq!(story.exit(X, 1), "(X server in 2s)");
    story.pass(2.0);
    assert_eq!(story.exit(X, 1), "stop sound");
    assert_eq!(story.exit(SOUND, 0), "failed X server exited with code 1");
}

#[test]
fn some_failures_need_no_second_try() {
    for how in [Exit::NotStarted("no".into()), Exit::Code(2), Exit::Code(64)] {
        let mut story = Story::new();
        story.tell(Event::Tick);
        story.ready(X);
        story.ready(SOUND);
        let told = story.tell(Event::Exited { service: STREAM, how: how.clone() });
        assert_eq!(told, "stop sound, stop session bus");
        story.exit(BUS, 0);
        story.exit(SOUND, 0);
        assert_eq!(story.exit(X, 0), format!("failed stream {how}"));
    }
}

#[test]
fn a_service_that_is_never_ready_is_stopped_killed_and_tried_again() {
    let mut story = Story::new();
    story.tell(Event::Tick);
    story.ready(SOUND);
    for (delay, next) in [(1.0, "start X server"), (2.0, "start X server")] {
        assert_eq!(story.pass(20.0), format!("stop X server, (X server in {delay}s)"));
        assert_eq!(story.pass(0.5), "");
        assert_eq!(story.pass(0.5), "kill X server");
        assert!(!story.exit(X, 9).contains("done"));
        let rest = delay - 1.0;
        if rest > 0.0 {
            assert_eq!(story.pass(rest), next);
        } else {
            assert!(!story.supervisor.is_complete());
        }
    }
    assert_eq!(story.pass(20.0), "stop X server, stop sound");
    story.exit(SOUND, 0);
    assert_eq!(story.exit(X, 0), "failed X server late");
}

#[test]
fn what_is_not_required_is_left_out_and_does_not_hold_the_others_up() {
    let mut story = Story::new();
    story.tell(Event::Tick);
    story.ready(X);
    story.ready(BUS);
    let told = story.tell(Event::Exited { service: SOUND, how: Exit::NotStarted("no".into()) });
    assert_eq!(told, "(without sound), start session, start stream");
    story.ready(SESSION);
    story.ready(STREAM);
    assert!(story.supervisor.is_complete());
    assert_eq!(story.pass(1000.0), "", "it stays out");
}

#[test]
fn a_sound_server_that_hangs_is_left_out_for_good() {
    let mut story = Story::new();
    story.tell(Event::Tick);
    for _ in 0..2 {
        story.pass(10.0);
        story.exit(SOUND, 1);
        story.pass(2.0);
    }
    assert!(story.pass(10.0).contains("(without sound)"));
    assert!(!story.exit(SOUND, 1).contains("start sound"));
    assert!(!story.pass(1000.0).contains("start sound"));
}

#[test]
fn an_x_server_that_does_not_come_back_makes_everything_start_from_nothing() {
    let mut story = Story::up();
    story.exit(X, 1);
    story.exit(SESSION, 1);
    story.exit(BUS, 1);
    story.pass(1.0);
    assert_eq!(story.exit(X, 1), "(X server in 2s)");
    story.pass(2.0);
    assert_eq!(story.exit(X, 1), "(X server in 4s), stop stream");
    assert_eq!(story.exit(STREAM, 0), "stop sound");
    assert_eq!(story.exit(SOUND, 0), "reset, start sound");
    story.ready(SOUND);
    assert_eq!(story.pass(4.0), "start X server");
    assert_eq!(story.ready(X), "(X server up 0ns), start session bus, start stream");
}

#[test]
fn a_number_that_someone_else_took_makes_everything_start_from_nothing_at_once() {
    let mut story = Story::up();
    story.exit(X, 1);
    story.exit(SESSION, 1);
    story.exit(BUS, 1);
    story.pass(1.0);
    let told = story.tell(Event::Exited { service: X, how: Exit::NotStarted("taken".into()) });
    assert_eq!(told, "(X server in 2s), stop stream");
    story.exit(STREAM, 0);
    assert_eq!(story.exit(SOUND, 0), "reset, start sound");
}

/// Whatever happens in whatever order: no service is started twice, none is started before what it needs, and the
/// end that was asked for comes.
#[test]
fn any_story_keeps_the_rules_and_can_be_ended() {
    let mut random = 0x9e37_79b9_u32;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random as usize % below
    };
    for _ in 0..200 {
        let mut story = Story::new();
        let mut world = World::default();
        for _ in 0..100 {
            let service = ServiceId(next(5));
            let event = match next(4) {
                0 if world.running[service.0] => Event::Exited { service, how: Exit::Code(next(3) as i32) },
                1 if world.running[service.0] => Event::Ready { service },
                _ => Event::Tick,
            };
            story.now += Duration::from_millis(next(3000) as u64);
            world.take(&mut story.supervisor, event, story.now);
        }
        world.take(&mut story.supervisor, Event::Signal, story.now);
        for _ in 0..50 {
            let running = (0..5).find(|place| world.running[*place]);
            let event = running
                .map_or(Event::Tick, |place| Event::Exited { service: ServiceId(place), how: Exit::Code(0) });
            world.take(&mut story.supervisor, event, story.now);
        }
        assert!(world.finished, "{:?}", story.supervisor);
    }
}

#[derive(Default)]
struct World {
    running: [bool; 5],
    finished: bool,
}

impl World {
    fn take(&mut self, supervisor: &mut Supervisor, event: Event, now: Instant) {
        if let Event::Exited { service, .. } = &event {
            self.running[service.0] = false;
        }
        for action in supervisor.step(event, now) {
            match action {
                Action::Start(service) => {
                    assert!(!self.running[service.0] && !self.finished);
                    self.running[service.0] = true;
                }
                Action::Terminate(service) | Action::Kill(service) => assert!(self.running[service.0]),
                Action::Finish(_) => {
                    assert!(!self.finished && self.running == [false; 5]);
                    self.finished = true;
                }
                Action::Reset => assert_eq!(self.running, [false; 5]),
                Action::Report(_) => {}
            }
        }
    }
}
