//! One picture through a session: into RTP packets, encrypted, paced, out as datagrams, and the page's reports about
//! them taken in. The page is a peer in the same process, the clock virtual, so what is timed is the session's part only.
#![allow(missing_docs, reason = "criterion's macros make functions of their own")]

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use cosmos_auth::{Rights, Role};
use cosmos_desktop::Size;
use cosmos_encoder::{Codec, EncodedFrame, Sampling};
use cosmos_streaming::session::{
    Datagram, Output, Packed, Reach, Session, SessionEvent, Viewer, answer, install_crypto,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use str0m::{
    Candidate, Input, Rtc,
    media::{Direction, MediaKind},
    net::{Protocol, Receive},
};

/// Bytes of a picture: typing, scrolling, the first one of a page of text.
const SIZES: [usize; 3] = [1_000, 17_000, 120_000];
/// Room on the wire for the largest of them, so that no picture is skipped.
const INTERVAL: Duration = Duration::from_millis(400);
const STEP: Duration = Duration::from_millis(1);

/// A session, a page, and a network without delay or loss between them.
struct Link {
    now: Instant,
    session: Session,
    page: Rtc,
    server_at: SocketAddr,
    page_at: SocketAddr,
    /// Datagrams of the session that the page has not seen.
    sent: Vec<Vec<u8>>,
    /// When the session is to be woken.
    wake: Instant,
    ready: bool,
}

impl Link {
    fn connected() -> Self {
        install_crypto();
        let now = Instant::now();
        let (server_at, page_at) =
            ("10.0.0.1:8080".parse().expect("valid"), "10.0.0.2:5000".parse().expect("valid"));
        let mut page = Rtc::builder().build(now);
        page.add_local_candidate(Candidate::host(page_at, "udp").expect("an address"));
        let mut changes = page.sdp_api();
        changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        changes.add_channel("input".into());
        changes.add_channel("control".into());
        let (offer, pending) = changes.apply().expect("there are changes");
        let (offered, reply) =
            answer(offer, &Reach::new(vec![server_at]), Codec::Vp8.into(), now).expect("a fit offer");
        page.sdp_api().accept_answer(pending, reply).expect("a fit answer");
        let viewer =
            Viewer { user: "ada".into(), rights: Rights::of(Role::Controller), link: None, ends: None };
        let session = Session::new(offered, viewer, now);
        let mut link =
            Self { now, session, page, server_at, page_at, sent: Vec::new(), wake: now, ready: false };
        for _ in 0..5000 {
            link.run(STEP);
        }
        assert!(link.ready, "the session is connected");
        link.session.desire(100_000);
        link
    }

    /// Lets time pass for both.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            self.wake();
            self.page.handle_input(Input::Timeout(self.now)).expect("the page lives");
            self.exchange();
        }
    }

    /// What the page and the session have to tell each other.
    fn exchange(&mut self) {
        for bytes in std::mem::take(&mut self.sent) {
            let receive =
                Receive::new(Protocol::Udp, self.server_at, self.page_at, &bytes).expect("a datagram");
            self.page.handle_input(Input::Receive(self.now, receive)).expect("the page lives");
        }
        loop {
            match self.page.poll_output().expect("the page lives") {
                str0m::Output::Timeout(_) => return,
                str0m::Output::Event(_) => {}
                str0m::Output::Transmit(transmit) => {
                    let datagram = Datagram {
                        tcp: false,
                        from: self.page_at,
                        to: self.server_at,
                        bytes: &transmit.contents,
                    };
                    self.session.receive(&datagram, self.now);
                    self.drain_session();
                }
            }
        }
    }

    fn drain_session(&mut self) {
        loop {
            match self.session.poll(self.now) {
                Output::Send(transmit) => self.sent.push(transmit.contents.into()),
                Output::Event(SessionEvent::Ready) => self.ready = true,
                Output::Event(SessionEvent::Closed(reason)) => panic!("the session ended: {reason}"),
                Output::Event(_) | Output::Message(_) => {}
                Output::Wait(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    /// Wakes the session if it is time, as a server does.
    fn wake(&mut self) {
        if self.wake <= self.now {
            self.session.tick(self.now);
            self.drain_session();
        }
    }

    /// The time that the session takes for one picture and for what follows from it.
    fn send(&mut self, frame: &EncodedFrame) -> Duration {
        let begin = Instant::now();
        self.session.video(&Packed::new(frame), self.now);
        self.drain_session();
        let mut taken = begin.elapsed();
        for _ in 0..INTERVAL.as_millis() {
            self.page.handle_input(Input::Timeout(self.now)).expect("the page lives");
            self.exchange();
            self.now += STEP;
            let begin = Instant::now();
            self.wake();
            taken += begin.elapsed();
        }
        taken
    }
}

fn packetise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packetise");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for bytes in SIZES {
        let mut link = Link::connected();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(bytes), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| link.send(&frame(bytes, link.now))).sum());
        });
    }
}

/// A VP8 keyframe, as far as the packetiser looks (RFC 6386, section 9.1).
fn frame(bytes: usize, now: Instant) -> EncodedFrame {
    let mut data = vec![0; bytes];
    data[..10].copy_from_slice(&[0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0]);
    EncodedFrame {
        codec: Codec::Vp8,
        sampling: Sampling::Half,
        keyframe: true,
        size: Size::new(64, 64),
        data: Arc::from(data),
        captured: now,
        convert: Duration::ZERO,
        encode: Duration::ZERO,
    }
}

criterion_group!(benches, packetise);
criterion_main!(benches);
