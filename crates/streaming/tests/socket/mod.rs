//! A page behind a WebSocket (RFC 6455), byte by byte.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Instant,
};

use cosmos_protocol::{ClientMessage, ServerMessage};

use crate::LIMIT;

pub struct Socket {
    stream: TcpStream,
    received: u32,
    pub messages: Vec<ServerMessage>,
}

pub const BINARY: u8 = 0x82;
pub const TEXT: u8 = 0x81;

impl Socket {
    /// Asks for a WebSocket; the answer when there is none.
    pub fn open(address: SocketAddr, headers: &str) -> Result<Self, String> {
        Self::open_at(address, "/api/socket", headers)
    }

    /// As [`open`](Self::open), with this path.
    pub fn open_at(address: SocketAddr, path: &str, headers: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).unwrap();
        if !answer.starts_with("HTTP/1.1 101") {
            return Err(answer);
        }
        // The answer to the key of the example in RFC 6455, section 1.3.
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        Ok(Self { stream, received: 0, messages: Vec::new() })
    }

    pub fn say(&mut self, message: &ClientMessage) {
        self.send(BINARY, &message.encode());
    }

    /// One masked frame; the mask is zero.
    pub fn send(&mut self, kind: u8, bytes: &[u8]) {
        let mut frame = vec![kind];
        match bytes.len() {
            length @ ..126 => frame.push(0x80 | length as u8),
            length @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(bytes);
        // The server may have hung up.
        let _gone = self.stream.write_all(&frame);
    }

    /// Reads until there is such a message, and acknowledges as a page does.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        let limit = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.messages.iter().position(&wanted) {
                return self.messages.remove(at);
            }
            assert!(Instant::now() < limit, "waited in vain for {what}; heard {:?}", self.messages.len());
            let bytes = self.read().unwrap_or_else(|| panic!("the server hung up before {what}"));
            self.received += bytes.len() as u32;
            if bytes.len() >= 1000 {
                self.say(&ClientMessage::Received(self.received));
            }
            self.messages.push(ServerMessage::decode(&bytes).unwrap());
        }
    }

    /// The next binary message; `None` when the server has hung up.
    pub fn read(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        let mut length = u64::from(head[1]);
        if length == 126 {
            let mut bytes = [0; 2];
            self.stream.read_exact(&mut bytes).ok()?;
            length = u16::from_be_bytes(bytes).into();
        } else if length == 127 {
            let mut bytes = [0; 8];
            self.stream.read_exact(&mut bytes).ok()?;
            length = u64::from_be_bytes(bytes);
        }
        let mut bytes = vec![0; length as usize];
        self.stream.read_exact(&mut bytes).ok()?;
        (head[0] == BINARY).then_some(bytes)
    }
}
