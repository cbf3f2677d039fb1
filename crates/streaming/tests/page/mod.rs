//! A page without a browser: it offers, connects over UDP or TCP, and keeps what it is sent.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use cosmos_protocol::{ClientMessage, ServerMessage};
use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcConfig,
    change::{SdpAnswer, SdpPendingOffer},
    channel::ChannelId,
    media::{Direction, MediaKind},
    net::{Protocol, Receive, TcpType},
};

use super::LIMIT;

pub struct Page {
    rtc: Rtc,
    link: Link,
    pending: Option<SdpPendingOffer>,
    input: ChannelId,
    control: ChannelId,
    open: usize,
    pub frames: Vec<Vec<u8>>,
    pub messages: Vec<ServerMessage>,
    pub closed: bool,
}

enum Link {
    Udp(UdpSocket),
    /// The stream is opened when the first packet is to be sent.
    Tcp {
        local: SocketAddr,
        stream: Option<(TcpStream, Vec<u8>)>,
    },
}

impl Page {
    /// A page and its offer, as JSON.
    pub fn offer(tcp: bool) -> (Self, String) {
        Self::offer_with(tcp, Rtc::builder())
    }

    /// As [`offer`](Self::offer), of a browser that decodes other things.
    pub fn offer_with(tcp: bool, config: RtcConfig) -> (Self, String) {
        cosmos_streaming::session::install_crypto();
        let mut rtc = config.build(Instant::now());
        let link = if tcp {
            let local: SocketAddr = "127.0.0.1:9".parse().unwrap();
            let candidate = Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build().unwrap();
            rtc.add_local_candidate(candidate);
            Link::Tcp { local, stream: None }
        } else {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
            socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
            Link::Udp(socket)
        };
        let mut changes = rtc.sdp_api();
        changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let input = changes.add_channel("input".into());
        let control = changes.add_channel("control".into());
        let (offer, pending) = changes.apply().unwrap();
        let (frames, messages) = Default::default();
        let page = Self {
            rtc,
            link,
            pending: Some(pending),
            input,
            control,
            open: 0,
            frames,
            messages,
            closed: false,
        };
        (page, serde_json::to_string(&offer).unwrap())
    }

    pub fn answer(&mut self, body: &str) {
        let answer: SdpAnswer = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    pub fn is_open(&self) -> bool {
        self.open == 2
    }

    pub fn input(&mut self, message: &ClientMessage) {
        self.say(self.input, message);
    }

    pub fn control(&mut self, message: &ClientMessage) {
        self.say(self.control, message);
    }

    fn say(&mut self, channel: ChannelId, message: &ClientMessage) {
        let mut channel = self.rtc.channel(channel).expect("the channel is open");
        assert!(channel.write(true, &message.encode()).unwrap());
    }

    /// Runs the page until `done`.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let limit = Instant::now() + LIMIT;
        while !done(self) {
            assert!(Instant::now() < limit, "waited in vain for {what}: {:?}", self.messages);
            self.step();
        }
    }

    /// Runs the page until something comes out of `heard`.
    pub fn wait_for<T>(&mut self, heard: &Receiver<T>) -> T {
        let mut found = None;
        self.until("what the desktop heard", |_| {
            found = heard.try_recv().ok();
            found.is_some()
        });
        found.unwrap()
    }

    fn step(&mut self) {
        self.drain();
        let mut buffer = [0; 4096];
        let received = match self.link.receive(&mut buffer) {
            Some((proto, source, destination, length)) => {
                let receive = Receive::new(proto, source, destination, &buffer[..length]).unwrap();
                self.rtc.handle_input(Input::Receive(Instant::now(), receive))
            }
            None => self.rtc.handle_input(Input::Timeout(Instant::now())),
        };
        received.unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Transmit(transmit) => self.link.send(transmit.destination, &transmit.contents),
                Output::Event(Event::ChannelOpen(..)) => self.open += 1,
                Output::Event(Event::ChannelData(data)) => {
                    self.messages.push(ServerMessage::decode(&data.data).unwrap());
                }
                Output::Event(Event::MediaData(data)) => self.frames.push(data.data.to_vec()),
                Output::Event(Event::Closed) => self.closed = true,
                Output::Event(_) => {}
                Output::Timeout(_) => return,
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _closed = self.rtc.close();
        while let Ok(Output::Transmit(transmit)) = self.rtc.poll_output() {
            self.link.send(transmit.destination, &transmit.contents);
        }
    }
}

impl Link {
    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        match self {
            Self::Udp(socket) => drop(socket.send_to(bytes, to)),
            Self::Tcp { stream, .. } => {
                let (stream, _) = stream.get_or_insert_with(|| {
                    let stream = TcpStream::connect(to).unwrap();
                    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
                    (stream, Vec::new())
                });
                let frame = [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
                // The server may have hung up already when the page says goodbye.
                let _gone = stream.write_all(&frame);
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(Protocol, SocketAddr, SocketAddr, usize)> {
        match self {
            Self::Udp(socket) => {
                let (length, from) = socket.recv_from(buffer).ok()?;
                Some((Protocol::Udp, from, socket.local_addr().unwrap(), length))
            }
            Self::Tcp { local, stream } => {
                let (stream, pending) = stream.as_mut()?;
                let frame = next_frame(stream, pending)?;
                buffer[..frame.len()].copy_from_slice(&frame);
                Some((Protocol::Tcp, stream.peer_addr().ok()?, *local, frame.len()))
            }
        }
    }
}

fn next_frame(stream: &mut TcpStream, pending: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some((length, rest)) = pending.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            if rest.len() >= length {
                let frame = rest[..length].to_vec();
                pending.drain(..length + 2);
                return Some(frame);
            }
        }
        let mut bytes = [0; 8192];
        match stream.read(&mut bytes) {
            Ok(0) => return None,
            Ok(length) => pending.extend_from_slice(&bytes[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => return None,
        }
    }
}
