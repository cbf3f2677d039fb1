//! A small HTTP/1.1 server that does what it is told, and notes what it was asked.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

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
}

impl Reply {
    pub fn file(body: &[u8]) -> Self {
        let (tag, body) = (Some("\"one\""), body.to_vec());
        let (length, cut, location) = (None, None, None);
        Self { status: 200, tag, ranges: true, body, length, cut, stall: false, location, endless: false }
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

impl Server {
    pub fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (awake, sleeping) = mpsc::channel();
        let sleeping = Arc::new(Mutex::new(sleeping));
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (replies, notes, sleeping) = (replies.clone(), Arc::clone(&notes), Arc::clone(&sleeping));
                thread::spawn(move || {
                    let _ = serve(&stream, &replies, &notes, &sleeping);
                });
            }
        });
        Self { address, asked, _awake: awake }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The first byte of each request.
    pub fn froms(&self) -> Vec<usize> {
        self.asked().into_iter().map(|asked| asked.from).collect()
    }
}

fn serve(
    mut stream: &TcpStream,
    replies: &[Reply],
    notes: &Mutex<Vec<Asked>>,
    sleeping: &Mutex<mpsc::Receiver<()>>,
) -> std::io::Result<()> {
    let asked = request(stream)?;
    let reply = {
        let mut notes = notes.lock().unwrap();
        notes.push(asked.clone());
        replies[(notes.len() - 1).min(replies.len() - 1)].clone()
    };
    let same = asked.if_range.as_deref().is_none_or(|tag| Some(tag) == reply.tag);
    let from = if reply.ranges && same && reply.status == 200 { asked.from } else { 0 };
    let body = reply.body.get(from..).unwrap_or_default();
    stream.write_all(head(&reply, from, body.len()).as_bytes())?;
    stream.write_all(&body[..reply.cut.unwrap_or(body.len()).min(body.len())])?;
    if reply.stall {
        let _ = sleeping.lock().unwrap().recv_timeout(Duration::from_secs(60));
    }
    if reply.endless {
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    }
    Ok(())
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

fn request(stream: &TcpStream) -> std::io::Result<Asked> {
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
