//! The WebRTC connection: what is offered is answered, and encoded frames find their track.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use cosmos_encoder::{AudioPacket, Codec, EncodedFrame, Sampling};
use str0m::{
    Rtc, RtcError,
    bwe::Bitrate,
    change::{SdpAnswer, SdpOffer},
    format::{self, PayloadParams},
    media::{Frequency, MediaAdded, MediaKind, MediaTime, Mid, Pt},
    rtp::{AbsCaptureTime, Extension},
};

use super::{Codecs, Reach, formats};

/// The rate at which the network is believed to be before anything is known about it, in kbit/s. Probes double
/// it within a few round trips; a slower network is flooded for less than a second.
pub(super) const START_KBPS: u32 = 2500;

/// How often the estimate of the network is looked at.
const ESTIMATE_EVERY: Duration = Duration::from_millis(250);

/// An answer to send to the page.
pub type Answer = SdpAnswer;

/// A connection that was offered and answered.
pub struct Offered {
    pub(super) rtc: Rtc,
    pub(super) decodes: Codecs,
    pub(super) tracks: Tracks,
    pub(super) adapts: bool,
}

impl Offered {
    /// What of that which may be encoded the browser decodes.
    pub fn decodes(&self) -> Codecs {
        self.decodes
    }
}

/// Why an offer is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// It is not a session description that can be answered.
    #[error("the offer cannot be answered")]
    Sdp(#[source] RtcError),
    /// An address of ours cannot be a candidate.
    #[error("{0} cannot be offered to a browser")]
    Candidate(SocketAddr),
    /// The browser decodes nothing of what can be encoded.
    #[error("this browser decodes none of {0}, which is what the server encodes; choose another encoder")]
    Codec(Codecs),
}

/// Makes the one cryptography provider the process default. To be called once, before the first [`answer`].
pub fn install_crypto() {
    str0m::crypto::from_feature_flags().install_process_default();
}

/// Answers an offer: `reach` has our addresses; `codecs` has what may be encoded as time goes on. The connection carries
/// each of them that the browser decodes, and goes from one to another without a word. The rate
/// follows the network.
///
/// # Errors
/// [`OfferError`] when the offer makes no sense or the browser has none of the codecs.
pub fn answer(
    offer: SdpOffer,
    reach: &Reach,
    codecs: Codecs,
    now: Instant,
) -> Result<(Offered, Answer), OfferError> {
    answer_at(offer, reach, codecs, true, now)
}

/// As [`answer`]; the rate follows the network, or nothing.
pub(crate) fn answer_at(
    offer: SdpOffer,
    reach: &Reach,
    codecs: Codecs,
    adapts: bool,
    now: Instant,
) -> Result<(Offered, Answer), OfferError> {
    let mut rtc = config(codecs, adapts).build(now);
    for candidate in reach.candidates()? {
        rtc.add_local_candidate(candidate);
    }
    let answer = rtc.sdp_api().accept_offer(offer).map_err(OfferError::Sdp)?;
    let decodes = formats::agreed(&answer.to_sdp_string(), codecs);
    if decodes.is_empty() {
        return Err(OfferError::Codec(codecs));
    }
    Ok((Offered { rtc, decodes, tracks: Tracks::default(), adapts }, answer))
}

/// The longest pause between two connectivity checks, and how many in a row may fail: a page that vanished is noticed
/// within about six seconds.
const STUN_PAUSE: Duration = Duration::from_secs(1);
const STUN_TRIES: usize = 7;

fn config(codecs: Codecs, adapts: bool) -> str0m::RtcConfig {
    let mut config = Rtc::builder();
    config.set_max_stun_rto(STUN_PAUSE);
    config.set_max_stun_retransmits(STUN_TRIES);
    config = config
        .clear_codecs()
        .enable_opus(true, false)
        .enable_h264(codecs.has(Codec::H264))
        .enable_h265(codecs.has(Codec::H265))
        .enable_vp8(codecs.has(Codec::Vp8))
        .enable_vp9(codecs.has(Codec::Vp9))
        .enable_av1(codecs.has(Codec::Av1))
        .set_extension(5, Extension::PlayoutDelay)
        .set_extension(6, Extension::AbsoluteCaptureTime)
        // Without an estimate nothing is held back to suit it.
        .enable_bwe(adapts.then(|| Bitrate::kbps(START_KBPS.into())))
        .set_stats_interval(Some(ESTIMATE_EVERY))
        // Room for a second of the dearest picture, so that what is lost can be sent again.
        .set_send_buffer_video(2000);
    formats::add_full(config.codec_config(), codecs);
    config
}

/// Where frames and sound go.
#[derive(Default)]
pub(super) struct Tracks {
    pub(super) video: Option<Mid>,
    pub(super) audio: Option<(Mid, Pt)>,
    /// By which payload type pictures of each codec and sampling travel.
    pictures: Vec<(Codec, Sampling, Pt)>,
}

impl Tracks {
    pub(super) fn added(&mut self, rtc: &mut Rtc, added: &MediaAdded) {
        let Some(writer) = rtc.writer(added.mid) else { return };
        let best = |codec: format::Codec, sampling: Sampling| {
            let spec = |params: &&PayloadParams| {
                params.spec().codec == codec && formats::sampling(codec, &params.spec().format) == sampling
            };
            let params = writer.payload_params().filter(spec);
            let best = params.max_by_key(|params| {
                let format = params.spec().format;
                // Constrained baseline in packetization mode 1 is what every browser decodes; of VP9 it is profile 0.
                let h264 =
                    (format.packetization_mode == Some(1), format.profile_level_id == Some(0x42_e0_1f));
                (h264, format.profile_id.is_none_or(|profile| profile == 0))
            });
            best.map(|params| params.pt())
        };
        match added.kind {
            MediaKind::Video => {
                let both = |codec| [(codec, Sampling::Half), (codec, Sampling::Full)];
                let found =
                    |(codec, sampling)| best(formats::of(codec), sampling).map(|pt| (codec, sampling, pt));
                self.pictures = Codec::ALL.into_iter().flat_map(both).filter_map(found).collect();
                self.video = Some(added.mid);
            }
            MediaKind::Audio => {
                self.audio = best(format::Codec::Opus, Sampling::Half).map(|pt| (added.mid, pt));
            }
        }
    }

    pub(super) fn write_video(
        &self,
        rtc: &mut Rtc,
        frame: &EncodedFrame,
        start: Instant,
    ) -> Result<(), RtcError> {
        let is_it = |(codec, sampling, _): &&(Codec, Sampling, Pt)| {
            (*codec, *sampling) == (frame.codec, frame.sampling)
        };
        let pictures = self.pictures.iter().find(is_it);
        let (Some(mid), Some((.., pt))) = (self.video, pictures) else { return Ok(()) };
        let Some(writer) = rtc.writer(mid) else { return Ok(()) };
        let age = frame.captured.saturating_duration_since(start).as_micros() as u64;
        let time = MediaTime::new(age * 9 / 100, Frequency::NINETY_KHZ);
        let capture_time =
            AbsCaptureTime { capture_time: crate::clock::system(frame.captured), clock_offset: None };
        writer
            // Both ends of the range at zero tell the browser to show each frame as soon as it is decoded.
            .playout_delay(MediaTime::ZERO, MediaTime::ZERO)
            .abs_capture_time(capture_time)
            .write(*pt, frame.captured, time, frame.data.clone())
    }

    pub(super) fn write_audio(
        &self,
        rtc: &mut Rtc,
        packet: &AudioPacket,
        now: Instant,
    ) -> Result<(), RtcError> {
        let Some((mid, pt)) = self.audio else { return Ok(()) };
        let Some(writer) = rtc.writer(mid) else { return Ok(()) };
        writer.write(pt, now, MediaTime::new(packet.pts, Frequency::FORTY_EIGHT_KHZ), packet.data.clone())
    }
}
