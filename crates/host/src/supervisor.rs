//! The rules of supervision, without processes and without a clock: events and the time go in, actions come out.

use std::time::{Duration, Instant};

use crate::service::{Comeback, Exit, ServiceId, Spec, Tie};

/// Everything that can wake the supervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The process of a service ended.
    Exited {
        /// Which.
        service: ServiceId,
        /// How.
        how: Exit,
    },
    /// A service that was started serves now.
    Ready {
        /// Which.
        service: ServiceId,
    },
    /// A service that starts needs so much longer than its rules say, for something that has a bound of its own.
    Extended {
        /// Which.
        service: ServiceId,
        /// How much longer.
        by: Duration,
    },
    /// A person asked for the end. The first time asks for an orderly one, the second time for a quick one.
    Signal,
    /// Time passed.
    Tick,
}

/// What the supervisor wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the service.
    Start(ServiceId),
    /// Ask the service to stop.
    Terminate(ServiceId),
    /// End the service at once.
    Kill(ServiceId),
    /// Forget what the services were told about each other; everything is stopped and starts from nothing.
    Reset,
    /// Tell people.
    Report(Notice),
    /// Everything is stopped: leave with this outcome.
    Finish(Outcome),
}

/// What people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A service serves, so long after it was started.
    Up(ServiceId, Duration),
    /// A service ended, or was not ready in time (`None`), and is started again after this delay.
    Again(ServiceId, Option<Exit>, Duration),
    /// A service that the desktop can do without is given up.
    Without(ServiceId),
}

/// Why the supervisor leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to.
    Asked,
    /// A required service cannot be started; `None`: it was not ready in time.
    GaveUp(ServiceId, Option<Exit>),
}

/// The state of all services, and the rules.
#[derive(Debug)]
pub struct Supervisor {
    slots: Vec<Slot>,
    ending: Option<Outcome>,
    resetting: bool,
    finished: bool,
}

#[derive(Debug)]
struct Slot {
    spec: Spec,
    state: State,
    /// How much longer this start may take.
    extension: Duration,
    /// Failures in a row, for the back-off.
    failures: u32,
    /// Failed starts in a row, for giving up.
    failed_starts: u32,
    been_up: bool,
    given_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not running; starts as soon as what it needs serves.
    Idle,
    /// Not running before this time.
    Delayed(Instant),
    Starting(Instant),
    Up(Instant),
    /// Was asked to stop; is killed at the time, then rests until `again`.
    Stopping {
        kill_at: Option<Instant>,
        again: Option<Instant>,
    },
    /// Given up.
    Off,
}

impl State {
    const fn runs(self) -> bool {
        matches!(self, Self::Starting(_) | Self::Up(_) | Self::Stopping { .. })
    }
}

impl Supervisor {
    /// A supervisor of these services, none of which runs. The first [`Event::Tick`] starts them.
    ///
    /// # Panics
    /// When a service needs one that does not come before it in the table.
    pub fn new(table: Vec<Spec>) -> Self {
        for (place, spec) in table.iter().enumerate() {
            assert!(spec.needs.iter().all(|(need, _)| need.0 < place), "{} needs a later service", spec.name);
        }
        let slots = table.into_iter().map(Slot::new).collect();
        Self { slots, ending: None, resetting: false, finished: false }
    }

    /// Takes in what happened and says what is to be done, in this order.
    pub fn step(&mut self, event: Event, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Exited { service, how } => self.exited(service, how, now, &mut actions),
            Event::Ready { service } => self.ready(service, now, &mut actions),
            Event::Extended { service, by } => self.slots[service.0].extension += by,
            Event::Signal => self.signal(&mut actions),
            Event::Tick => {}
        }
        self.pass_deadlines(now, &mut actions);
        if self.ending.is_some() || self.resetting {
            self.wind_down(now, &mut actions);
        }
        if self.ending.is_none() && !self.resetting {
            self.start_what_can(now, &mut actions);
        }
        actions
    }

    /// When [`Event::Tick`] is due, if nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        self.slots.iter().filter_map(Slot::deadline).min()
    }

    /// Whether the service was started and is not ready yet.
    pub fn is_starting(&self, service: ServiceId) -> bool {
        matches!(self.slots[service.0].state, State::Starting(_))
    }

    /// Whether every service that is not given up serves.
    pub fn is_complete(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot.state, State::Up(_) | State::Off))
    }

    /// The name of a service.
    pub fn name(&self, service: ServiceId) -> &'static str {
        self.slots[service.0].spec.name
    }

    fn ready(&mut self, service: ServiceId, now: Instant, actions: &mut Vec<Action>) {
        let slot = &mut self.slots[service.0];
        if let State::Starting(since) = slot.state {
            slot.state = State::Up(now);
            slot.failed_starts = 0;
            slot.been_up = true;
            actions.push(Action::Report(Notice::Up(service, now.duration_since(since))));
        }
    }

    fn signal(&mut self, actions: &mut Vec<Action>) {
        if self.ending.is_none() {
            self.ending = Some(Outcome::Asked);
            return;
        }
        for (place, slot) in self.slots.iter_mut().enumerate().filter(|(_, slot)| slot.state.runs()) {
            slot.state = State::Stopping { kill_at: None, again: None };
            actions.push(Action::Kill(ServiceId(place)));
        }
    }

    fn exited(&mut self, service: ServiceId, how: Exit, now: Instant, actions: &mut Vec<Action>) {
        let slot = &mut self.slots[service.0];
        match slot.state {
            State::Stopping { .. } if slot.given_up => slot.state = State::Off,
            State::Stopping { again, .. } => slot.state = again.map_or(State::Idle, State::Delayed),
            State::Starting(_) => {
                slot.state = State::Idle;
                self.failed_start(service, Some(how), now, actions);
            }
            State::Up(since) => {
                let delay = slot.delay_after(&how, now.duration_since(since));
                slot.state = State::Delayed(now + delay);
                actions.push(Action::Report(Notice::Again(service, Some(how), delay)));
                self.stop_followers(service, now, actions);
            }
            State::Idle | State::Delayed(_) | State::Off => {}
        }
    }

    /// Decides about a start that failed; the state is already the one without the start.
    fn failed_start(&mut self, id: ServiceId, how: Option<Exit>, now: Instant, actions: &mut Vec<Action>) {
        let slot = &mut self.slots[id.0];
        slot.failures += 1;
        slot.failed_starts += 1;
        if slot.is_hopeless(how.as_ref()) {
            return self.give_up(id, how, actions);
        }
        let delay = back_off(slot.failures);
        match &mut slot.state {
            State::Stopping { again, .. } => *again = Some(now + delay),
            state => *state = State::Delayed(now + delay),
        }
        self.resetting |= slot.must_reset(how.as_ref());
        actions.push(Action::Report(Notice::Again(id, how, delay)));
    }

    fn give_up(&mut self, id: ServiceId, how: Option<Exit>, actions: &mut Vec<Action>) {
        let slot = &mut self.slots[id.0];
        if slot.spec.required {
            self.ending.get_or_insert(Outcome::GaveUp(id, how));
        } else if self.ending.is_none() {
            slot.given_up = true;
            if !slot.state.runs() {
                slot.state = State::Off;
            }
            actions.push(Action::Report(Notice::Without(id)));
        }
    }

    fn stop_followers(&mut self, died: ServiceId, now: Instant, actions: &mut Vec<Action>) {
        let mut gone = vec![died];
        for place in died.0 + 1..self.slots.len() {
            let needs = &self.slots[place].spec.needs;
            if needs.iter().any(|(need, tie)| *tie == Tie::With && gone.contains(need)) {
                gone.push(ServiceId(place));
                self.terminate(ServiceId(place), now, actions);
            }
        }
    }

    fn terminate(&mut self, id: ServiceId, now: Instant, actions: &mut Vec<Action>) {
        let slot = &mut self.slots[id.0];
        if matches!(slot.state, State::Starting(_) | State::Up(_)) {
            slot.state = State::Stopping { kill_at: Some(now + slot.spec.stop_bound), again: None };
            actions.push(Action::Terminate(id));
        }
    }

    fn pass_deadlines(&mut self, now: Instant, actions: &mut Vec<Action>) {
        for place in 0..self.slots.len() {
            let id = ServiceId(place);
            let slot = &mut self.slots[place];
            if slot.deadline().is_none_or(|deadline| now < deadline) {
                continue;
            }
            match slot.state {
                State::Delayed(_) => slot.state = State::Idle,
                State::Starting(_) => {
                    self.terminate(id, now, actions);
                    self.failed_start(id, None, now, actions);
                }
                State::Stopping { again, .. } => {
                    slot.state = State::Stopping { kill_at: None, again };
                    actions.push(Action::Kill(id));
                }
                State::Idle | State::Up(_) | State::Off => {}
            }
        }
    }

    /// Stops what nothing that runs stands on; ends, or starts again, when nothing runs.
    fn wind_down(&mut self, now: Instant, actions: &mut Vec<Action>) {
        for place in (0..self.slots.len()).rev() {
            if !self.has_running_dependants(ServiceId(place)) {
                self.terminate(ServiceId(place), now, actions);
            }
        }
        if self.slots.iter().any(|slot| slot.state.runs()) || self.finished {
            return;
        }
        match &self.ending {
            Some(outcome) => {
                self.finished = true;
                actions.push(Action::Finish(outcome.clone()));
            }
            None => {
                self.resetting = false;
                actions.push(Action::Reset);
            }
        }
    }

    fn has_running_dependants(&self, id: ServiceId) -> bool {
        self.slots.iter().any(|slot| slot.state.runs() && slot.spec.needs.iter().any(|(need, _)| *need == id))
    }

    fn start_what_can(&mut self, now: Instant, actions: &mut Vec<Action>) {
        for place in 0..self.slots.len() {
            if self.slots[place].state == State::Idle && self.needs_are_met(place) {
                self.slots[place].state = State::Starting(now);
                self.slots[place].extension = Duration::ZERO;
                actions.push(Action::Start(ServiceId(place)));
            }
        }
    }

    fn needs_are_met(&self, place: usize) -> bool {
        let serves = |id: &ServiceId| matches!(self.slots[id.0].state, State::Up(_) | State::Off);
        self.slots[place].spec.needs.iter().all(|(need, _)| serves(need))
    }
}

impl Slot {
    const fn new(spec: Spec) -> Self {
        Self {
            spec,
            state: State::Idle,
            extension: Duration::ZERO,
            failures: 0,
            failed_starts: 0,
            been_up: false,
            given_up: false,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Delayed(until) => Some(until),
            State::Starting(since) => Some(since + self.spec.start_bound + self.extension),
            State::Stopping { kill_at, .. } => kill_at,
            State::Idle | State::Up(_) | State::Off => None,
        }
    }

    /// How long to wait after a service that served has ended. A person who logs out has not failed.
    fn delay_after(&mut self, how: &Exit, lasted: Duration) -> Duration {
        if lasted >= STEADY {
            self.failures = 0;
        }
        if *how == Exit::Code(0) && lasted >= ON_PURPOSE {
            return back_off(1);
        }
        self.failures += 1;
        back_off(self.failures)
    }

    fn must_reset(&self, how: Option<&Exit>) -> bool {
        let refused = matches!(how, Some(Exit::NotStarted(_)));
        self.has_comeback() && (refused || self.failed_starts == 2)
    }

    fn has_comeback(&self) -> bool {
        self.been_up && self.spec.comeback == Comeback::RestartAll
    }

    fn is_hopeless(&self, how: Option<&Exit>) -> bool {
        match how {
            Some(Exit::NotStarted(_)) if !self.has_comeback() => true,
            Some(Exit::Code(code)) if self.spec.final_codes.contains(code) => true,
            _ => self.failed_starts >= if self.been_up { COMEBACK_TRIES } else { FIRST_TRIES },
        }
    }
}

/// 1, 2, 4, 8, 16, then 30 s.
fn back_off(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(5)).min(LONGEST_DELAY)
}

const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A service that served so long starts with a clean record.
const STEADY: Duration = Duration::from_secs(60);
/// A clean exit after less than this is no log-out.
const ON_PURPOSE: Duration = Duration::from_secs(5);
const FIRST_TRIES: u32 = 3;
const COMEBACK_TRIES: u32 = 6;

#[cfg(test)]
mod tests;
