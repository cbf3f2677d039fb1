//! How a client is spoken to: datagrams, or messages in a stream (RFC 8656, section 3.1).

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::UdpSocket,
    sync::mpsc,
    time::timeout,
};

use crate::first::MAX_DATAGRAM;

/// What a client speaks over.
pub(super) enum Line {
    Datagrams { socket: Arc<UdpSocket>, remote: SocketAddr, inbox: mpsc::Receiver<Vec<u8>> },
    Stream { stream: Box<dyn Stream>, read: Vec<u8> },
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How long a client may take nothing of what is sent to it.
const STUCK: Duration = Duration::from_secs(10);

impl Line {
    /// The next message. Nothing is lost when this is not polled to its end.
    ///
    /// # Errors
    /// What the connection says, that it is closed, and what is no message.
    pub(super) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Datagrams { inbox, .. } => {
                inbox.recv().await.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            Self::Stream { stream, read } => loop {
                if let Some(message) = take(read)? {
                    return Ok(message);
                }
                if stream.read_buf(read).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            },
        }
    }

    /// Sends messages.
    pub(super) async fn send(&mut self, messages: &[Vec<u8>]) -> io::Result<()> {
        match self {
            // What the system has no room for is lost, as on any network.
            Self::Datagrams { socket, remote, .. } => {
                messages.iter().for_each(|message| drop(socket.try_send_to(message, *remote)));
                Ok(())
            }
            Self::Stream { stream, .. } => {
                let mut bytes = Vec::new();
                for message in messages {
                    bytes.extend_from_slice(message);
                    bytes.resize(bytes.len().next_multiple_of(4), 0);
                }
                timeout(STUCK, async {
                    stream.write_all(&bytes).await?;
                    stream.flush().await
                })
                .await?
            }
        }
    }
}

/// Takes the first message off, without the padding that channels have in streams (RFC 8656, section 12.5). Messages of
/// STUN have lengths that are whole fours.
///
/// # Errors
/// When it begins with no message, or with one that is longer than [`MAX_DATAGRAM`].
pub fn take(read: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    take_within(read, MAX_DATAGRAM)
}

/// The same where no message is longer than `longest` bytes.
///
/// # Errors
/// When it begins with no message, or with a longer one.
pub(crate) fn take_within(read: &mut Vec<u8>, longest: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(head) = read.first_chunk::<4>() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let length = match head[0] {
        0..=0x3f => 20 + length,
        0x40..=0x4f => 4 + length,
        first => return Err(io::Error::other(format!("no message of TURN begins with {first:#04x}"))),
    };
    if length > longest {
        return Err(io::Error::other(format!("a message of {length} bytes is too long")));
    }
    let padded = length.next_multiple_of(4);
    if read.len() < padded {
        return Ok(None);
    }
    let mut message: Vec<u8> = read.drain(..padded).collect();
    message.truncate(length);
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn messages_are_taken_out_of_a_stream_without_their_padding() {
        let stun = [&[0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42][..], &[0; 12], &[9; 4]].concat();
        let channel = [0x40, 1, 0, 5, 1, 2, 3, 4, 5];
        let written = [&stun[..], &channel, &[0; 3], &stun].concat();
        let mut read = Vec::new();
        let mut found = Vec::new();
        for byte in written {
            read.push(byte);
            found.extend(take(&mut read).unwrap());
        }
        assert_eq!(found, [stun.clone(), channel.to_vec(), stun]);
        assert!(read.is_empty());
    }

    #[test]
    fn what_is_no_message_ends_the_stream() {
        for bad in [&b"GET "[..], &[0x80, 0, 0, 0], &[0, 1, 0xff, 0xff], &[0x40, 0, 0x10, 0]] {
            assert!(take(&mut bad.to_vec()).is_err(), "{bad:?}");
        }
        for short in [&[][..], &[0, 1, 0], &[0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0]] {
            assert!(take(&mut short.to_vec()).unwrap().is_none(), "{short:?}");
        }
    }
}
