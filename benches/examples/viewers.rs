//! People who watch over WebRTC, without a browser and without decoding, so that what they take of the machine is little
//! beside what the server does for them.
//!
//! `viewers ADDRESS:PORT COUNT`: prints once a second, as one line of JSON, what each of them was sent in it. The server
//! lets everybody in. Built and run by `viewers.py` beside this folder.

use std::{
    env,
    error::Error,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use cosmos_streaming::session::install_crypto;
use serde_json::json;
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::SdpAnswer,
    media::{Direction, MediaKind},
    net::{Protocol, Receive},
};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [server, count] = &words[..] else { return Err("give ADDRESS:PORT and COUNT".into()) };
    let (server, count): (SocketAddr, usize) = (server.parse()?, count.parse()?);
    install_crypto();
    let viewers: Vec<Arc<Sent>> = (0..count).map(|_| Arc::default()).collect();
    for sent in viewers.iter().cloned() {
        let viewer = Viewer::connect(server, sent)?;
        thread::spawn(move || {
            // One that is gone would make the others look cheap.
            if let Err(error) = viewer.watch() {
                eprintln!("a viewer is gone: {error}");
                std::process::exit(1);
            }
        });
    }
    loop {
        thread::sleep(Duration::from_secs(1));
        let second: Vec<_> = viewers.iter().map(|sent| sent.take()).collect();
        println!("{}", json!(second));
    }
}

/// What a viewer was sent since it was last asked.
#[derive(Default)]
struct Sent {
    pictures: AtomicU64,
    bytes: AtomicU64,
}

impl Sent {
    fn take(&self) -> serde_json::Value {
        json!({ "pictures": self.pictures.swap(0, Relaxed), "bytes": self.bytes.swap(0, Relaxed) })
    }
}

struct Viewer {
    rtc: Rtc,
    socket: UdpSocket,
    sent: Arc<Sent>,
}

impl Viewer {
    fn connect(server: SocketAddr, sent: Arc<Sent>) -> Result<Self, Failure> {
        let socket = UdpSocket::bind((server.ip(), 0))?;
        let mut rtc = Rtc::builder().build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr()?, "udp")?);
        let mut changes = rtc.sdp_api();
        changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        changes.add_channel("input".into());
        changes.add_channel("control".into());
        let (offer, pending) = changes.apply().ok_or("there is nothing to offer")?;
        let answer = ask(server, &serde_json::to_string(&offer)?)?;
        rtc.sdp_api().accept_answer(pending, answer)?;
        Ok(Self { rtc, socket, sent })
    }

    fn watch(mut self) -> Result<(), Failure> {
        let here = self.socket.local_addr()?;
        let mut buffer = [0; 4096];
        loop {
            let Some(until) = self.drain()? else { return Err("the server closed it".into()) };
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left))?;
            let input = match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    self.sent.bytes.fetch_add(length as u64, Relaxed);
                    Input::Receive(
                        Instant::now(),
                        Receive::new(Protocol::Udp, from, here, &buffer[..length])?,
                    )
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    Input::Timeout(Instant::now())
                }
                Err(error) => return Err(error.into()),
            };
            self.rtc.handle_input(input)?;
        }
    }

    /// Sends what is to be sent; until when nothing is due, or `None` once the connection is over.
    fn drain(&mut self) -> Result<Option<Instant>, Failure> {
        loop {
            match self.rtc.poll_output()? {
                Output::Transmit(transmit) => {
                    drop(self.socket.send_to(&transmit.contents, transmit.destination));
                }
                Output::Event(Event::MediaData(_)) => {
                    self.sent.pictures.fetch_add(1, Relaxed);
                }
                Output::Event(Event::Closed) => return Ok(None),
                Output::Event(_) => {}
                Output::Timeout(until) => return Ok(self.rtc.is_alive().then_some(until)),
            }
        }
    }
}

/// Sends the offer.
fn ask(server: SocketAddr, offer: &str) -> Result<SdpAnswer, Failure> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /api/offer HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{offer}",
        offer.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the server gave no answer")?;
    serde_json::from_str(body).map_err(|error| format!("{error}: {head}").into())
}
