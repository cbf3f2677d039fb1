//! What was set for all pages: what they may do and are told, when it begins, how far keyframes lie apart.

use std::{sync::mpsc::TrySendError, time::Instant};

use cosmos_desktop::{DesktopEvent, InputEvent};
use cosmos_protocol::{DesktopState, ServerMessage};
use serde_json::json;
use str0m::net::Transmit;

use super::{Hub, Refusal, messages::cursor_message, wishes::KEYFRAME_EVERY};
use crate::{Policy, choices::Choices, session::SessionEvent};

/// The network is probed for this many times the bitrate: a frame is spread over the time that it takes at the rate
/// the network is known to carry, so what is known beyond the need is latency saved.
const HEADROOM: u32 = 2;

const MAX_SESSIONS: usize = 64;

impl Hub {
    pub(super) fn room(&self) -> Result<(), Refusal> {
        if self.sessions.len() < MAX_SESSIONS { Ok(()) } else { Err(Refusal::Full(MAX_SESSIONS)) }
    }

    /// Does what somebody did with keyboard or pointer, once there is something to see.
    pub(super) fn input(&self, event: InputEvent) {
        if self.config.waits_for.is_some() {
            return;
        }
        if let Err(TrySendError::Full(event)) = self.input.try_send(event) {
            tracing::warn!(?event, "the desktop takes no input: an event was dropped");
        }
    }

    /// Whether what a person does reaches the desktop.
    pub(super) fn lets(&self, event: &SessionEvent) -> bool {
        let Policy { resize, clipboard_in, .. } = self.config.policy;
        let begun = self.config.waits_for.is_none();
        match event {
            SessionEvent::Clipboard(_) => begun && clipboard_in,
            SessionEvent::Resize(_) => resize,
            _ => true,
        }
    }

    /// How the desktop stands, for pages.
    pub(super) fn desktop_state(&self) -> (DesktopState, String) {
        match &self.config.waits_for {
            Some(why) if self.known.state.0 == DesktopState::Up => (DesktopState::Lost, why.clone()),
            _ => self.known.state.clone(),
        }
    }

    pub(super) fn desktop_message(&self) -> ServerMessage {
        let (state, message) = self.desktop_state();
        ServerMessage::Desktop { state, message }
    }

    /// The most that one viewer's picture may take, in kbit/s.
    pub(super) fn max_kbps(&self) -> u32 {
        self.config.chosen.video_bitrate.unwrap_or(self.config.max_kbps)
    }

    /// The most pictures per second.
    pub(super) fn max_fps(&self) -> u32 {
        self.config.chosen.framerate.unwrap_or(self.config.fps)
    }

    /// How far the network to a page is probed, in kbit/s.
    pub(super) fn desired(&self) -> u32 {
        self.max_kbps().saturating_mul(HEADROOM)
    }

    /// A person chose this for everybody.
    pub(super) fn chosen(&mut self, choices: Choices, now: Instant, send: &mut dyn FnMut(Transmit)) {
        let encoder = self.config.chosen.encoder != choices.encoder;
        self.config.chosen = choices;
        if encoder {
            self.chose_encoder(now);
        }
        let desired = self.desired();
        self.each(now, send, |session| session.desire(desired));
        self.update_demand(now);
    }

    /// Whether the texts of the desktop's clipboard are told.
    pub(super) fn lets_out(&self) -> bool {
        self.config.policy.clipboard_out && self.config.waits_for.is_none()
    }

    /// Tells whether somebody looks at what the encoder makes.
    pub(super) fn looked_at(&mut self, video: bool, now: Instant) {
        self.demand.want_encoded(video);
        match (video, self.keyframe_due) {
            (true, None) => self.expect_keyframe(now),
            (true, Some(_)) => {}
            (false, _) => self.keyframe_due = None,
        }
    }

    /// Sets when the next keyframe is due, where that was set.
    pub(super) fn expect_keyframe(&mut self, now: Instant) {
        self.keyframe_due = self.config.keyframe_every.map(|every| now + every.max(KEYFRAME_EVERY));
    }

    /// The application that the desktop is for is ready.
    pub(super) fn app_ready(&mut self, now: Instant, send: &mut dyn FnMut(Transmit)) {
        if self.config.waits_for.take().is_some() {
            tracing::info!("the application is ready");
            self.rfb.begin();
            self.offer_film();
            self.say(&self.desktop_message(), now, send);
            self.update_demand(now);
        }
    }

    /// Something happened around the picture.
    pub(super) fn around(&mut self, event: DesktopEvent, now: Instant, send: &mut dyn FnMut(Transmit)) {
        let policy = self.config.policy;
        if matches!(event, DesktopEvent::Clipboard(_)) && !self.lets_out() {
            return;
        }
        self.rfb.around(&event);
        match event {
            DesktopEvent::Cursor(_) if !policy.cursors => {}
            DesktopEvent::Cursor(cursor) => {
                let message = cursor_message(&cursor);
                self.known.cursor = Some(cursor);
                self.say(&message, now, send);
            }
            DesktopEvent::Clipboard(text) => self.each(now, send, |session| session.copy(&text)),
            DesktopEvent::Resized(size) => {
                self.known.size = Some(size);
                self.happen("size", || json!(size.to_string()));
                self.say(&ServerMessage::Resized(size), now, send);
            }
        }
    }
}
