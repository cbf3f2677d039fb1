//! What carries a session: the one port through which it speaks to its page.

use std::{cell::OnceCell, time::Instant};

use bytes::Bytes;
use cosmos_encoder::{AudioPacket, Codec, EncodedFrame};
use cosmos_protocol::{VideoCodec, video_message};
use str0m::{Candidate, net::Transmit};

use super::Datagram;

/// What a link wants, or has to tell.
pub(super) enum LinkOutput {
    /// This datagram is to be sent.
    Send(Transmit),
    /// This message is to be sent.
    Message(Bytes),
    /// Nothing until this time, unless something goes in.
    Wait(Instant),
    /// The page can be spoken to.
    Open,
    /// The page said this.
    Said(Vec<u8>),
    /// The page cannot go on without a keyframe.
    Keyframe,
    /// What the network is thought to carry may have changed.
    Estimate,
    /// It is over.
    Closed(&'static str),
}

/// What carries a session. After every call that changes something, [`poll`](Self::poll) is called until it answers
/// [`LinkOutput::Wait`].
pub(super) trait Link {
    /// Whether the page can be spoken to.
    fn is_open(&self) -> bool;
    /// What the network is thought to carry, in kbit/s; 0 while unknown.
    fn estimate_kbps(&self) -> u32;
    /// Whether there is room for another frame at a rate of `kbps`.
    fn admits(&mut self, now: Instant, kbps: u32, keyframe: bool) -> bool;
    /// The next picture, for which there is room.
    fn video(&mut self, frame: &Packed<'_>, kbps: u32, now: Instant);
    /// The next packet of sound.
    fn audio(&mut self, packet: &AudioPacket, now: Instant);
    /// A message for the page, which waits until there is room.
    fn push(&mut self, message: Vec<u8>);
    /// Drops what is left of a text that a newer one supersedes.
    fn forget_clipboard(&mut self);
    /// The page has received so many bytes, modulo 2^32.
    fn received(&mut self, _total: u32, _now: Instant) {}
    /// How much bandwidth the encoder could use, in kbit/s.
    fn desire(&mut self, kbps: u32);
    /// Bytes sent since the last call.
    fn take_sent(&mut self) -> u64;
    /// The time that was waited for has come.
    fn tick(&mut self, now: Instant);
    /// Whether a datagram belongs here.
    fn accepts(&self, _datagram: &Datagram<'_>, _now: Instant) -> bool {
        false
    }
    /// A datagram arrived.
    fn receive(&mut self, _datagram: &Datagram<'_>, _now: Instant) {}
    /// The page found these addresses of itself.
    fn found(&mut self, _candidates: Vec<Candidate>) {}
    /// A message arrived.
    fn said(&mut self, _message: Vec<u8>, _now: Instant) {}
    /// Tells the page that this is the end.
    fn goodbye(&mut self);
    /// Ends it.
    fn close(&mut self, reason: &'static str);
    /// What comes next.
    fn poll(&mut self, now: Instant) -> LinkOutput;
}

/// A picture on its way to several viewers: what some of them need is made once.
pub struct Packed<'a> {
    frame: &'a EncodedFrame,
    message: OnceCell<Bytes>,
}

impl<'a> Packed<'a> {
    /// A picture for as many viewers as there are.
    pub fn new(frame: &'a EncodedFrame) -> Self {
        Self { frame, message: OnceCell::new() }
    }

    /// The picture.
    pub fn frame(&self) -> &'a EncodedFrame {
        self.frame
    }

    /// The picture as a message.
    pub(super) fn message(&self) -> Bytes {
        let make = || {
            let captured = crate::clock::system_us(self.frame.captured);
            video_message(self.frame.keyframe, codec(self.frame.codec), captured, &self.frame.data).into()
        };
        self.message.get_or_init(make).clone()
    }
}

fn codec(codec: Codec) -> VideoCodec {
    match codec {
        Codec::H265 => VideoCodec::H265,
        Codec::Vp8 => VideoCodec::Vp8,
        Codec::Vp9 => VideoCodec::Vp9,
        Codec::Av1 => VideoCodec::Av1,
        _ => VideoCodec::H264,
    }
}
