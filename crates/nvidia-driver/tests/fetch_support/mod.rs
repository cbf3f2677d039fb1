//! A small HTTP/1.1 server that does what it is told, encrypted or not, and notes what it was asked.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One answer.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub tag: Option<&'static str>,
    /// Whether ranges are honoured.
    pub ranges: bool,
    pub body: Vec<u8>,
    /// What `Content-Length` says, where that is wrong; none is said where the answer ends with the connection.
    pub length: Option<Option<usize>>,
    /// After how many bytes of the body the connection ends.
    pub cut: Option<usize>,
    /// Whether there is silence at that point instead.
    pub stall: bool,
    pub location: Option<String>,
    pub endless: bool,
    /// Whether the head, or the body, comes byte by byte with pauses between.
    pub trickle: Option<Trickle>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trickle {
    Head,
    Body,
}

impl Reply {
    pub fn file(body: &[u8]) -> Self {
        let (tag, body) = (Some("\"one\""), body.to_vec());
        let (length, cut, location, trickle) = (None, None, None, None);
        let (status, ranges, stall, endless) = (200, true, false, false);
        Self { status, tag, ranges, body, length, cut, stall, location, endless, trickle }
    }

    pub fn status(status: u16) -> Self {
        Self { status, tag: None, ..Self::file(b"what is wrong") }
    }

    pub fn cut(self, bytes: usize) -> Self {
        Self { cut: Some(bytes), ..self }
    }
}

/// One request: its path, the first byte that is wanted, and by which validator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub from: usize,
    pub if_range: Option<String>,
}

/// The server. The last reply is repeated.
pub struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Ends the silence of stalled answers when it is dropped.
    _awake: mpsc::Sender<()>,
}

/// What the threads of a server share.
struct Shared {
    replies: Vec<Reply>,
    asked: Arc<Mutex<Vec<Asked>>>,
    sleeping: Mutex<mpsc::Receiver<()>>,
    tls: Option<Arc<ServerConfig>>,
}

impl Server {
    pub fn new(replies: Vec<Reply>) -> Self {
        Self::start(replies, None)
    }

    pub fn encrypted(replies: Vec<Reply>, tls: Arc<ServerConfig>) -> Self {
        Self::start(replies, Some(tls))
    }

    fn start(replies: Vec<Reply>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (awake, sleeping) = mpsc::channel();
        let shared =
            Arc::new(Shared { replies, asked: Arc::clone(&asked), sleeping: Mutex::new(sleeping), tls });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let _ = shared.accept(stream);
                });
            }
        });
        Self { address, asked, _awake: awake }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The first byte of each request.
    pub fn froms(&self) -> Vec<usize> {
        self.asked().into_iter().map(|asked| asked.from).collect()
    }
}

impl Shared {
    fn accept(&self, stream: TcpStream) -> std::io::Result<()> {
        let Some(tls) = &self.tls else { return self.serve(&stream) };
        let connection = ServerConnection::new(Arc::clone(tls)).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        self.serve(&mut stream)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    fn serve(&self, mut stream: impl Read + Write) -> std::io::Result<()> {
        let asked = request(&mut stream)?;
        let reply = {
            let mut notes = self.asked.lock().unwrap();
            notes.push(asked.clone());
            self.replies[(notes.len() - 1).min(self.replies.len() - 1)].clone()
        };
        let same = asked.if_range.as_deref().is_none_or(|tag| Some(tag) == reply.tag);
        let from = if reply.ranges && same && reply.status == 200 { asked.from } else { 0 };
        let body = reply.body.get(from..).unwrap_or_default();
        send(&mut stream, head(&reply, from, body.len()).as_bytes(), reply.trickle == Some(Trickle::Head))?;
        let length = reply.cut.unwrap_or(body.len()).min(body.len());
        send(&mut stream, &body[..length], reply.trickle == Some(Trickle::Body))?;
        if reply.stall {
            let _ = self.sleeping.lock().unwrap().recv_timeout(Duration::from_secs(60));
        }
        if reply.endless {
            while stream.write_all(&[b'x'; 1024]).is_ok() {}
        }
        Ok(())
    }
}

fn send(stream: &mut impl Write, bytes: &[u8], trickle: bool) -> std::io::Result<()> {
    for piece in bytes.chunks(if trickle { 1 } else { bytes.len().max(1) }) {
        stream.write_all(piece)?;
        if trickle {
            stream.flush()?;
            thread::sleep(Duration::from_millis(10));
        }
    }
    stream.flush()
}

fn head(reply: &Reply, from: usize, length: usize) -> String {
    let total = reply.body.len();
    let mut text = match (reply.status, from) {
        (200, 1..) if from >= total => format!("HTTP/1.1 416 x\r\nContent-Range: bytes */{total}\r\n"),
        (200, 1..) => {
            format!("HTTP/1.1 206 x\r\nContent-Range: bytes {from}-{}/{total}\r\n", total - 1)
        }
        (status, _) => format!("HTTP/1.1 {status} x\r\n"),
    };
    if let Some(length) = reply.length.unwrap_or(Some(length)).filter(|_| !reply.endless) {
        text += &format!("Content-Length: {length}\r\n");
    }
    text += &reply.tag.map(|tag| format!("ETag: {tag}\r\n")).unwrap_or_default();
    text += &reply.location.as_ref().map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    text + "Connection: close\r\n\r\n"
}

fn request(stream: &mut impl Read) -> std::io::Result<Asked> {
    let mut asked = Asked::default();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let lower = line.to_ascii_lowercase();
        if let Some(from) = lower.strip_prefix("range: bytes=") {
            asked.from = from.trim_end_matches('-').parse().unwrap();
        } else if lower.starts_with("if-range: ") {
            asked.if_range = Some(line["if-range: ".len()..].to_owned());
        } else if asked.path.is_empty() {
            asked.path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        } else if line.is_empty() {
            break;
        }
    }
    Ok(asked)
}
