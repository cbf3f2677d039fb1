//! What a TCP connection begins with: one meaning for each first byte, and frames that never grow beyond their bound.

#![no_main]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use cosmos_streaming::first::{MAX_DATAGRAM, Spoken, is_stun, read_frame, spoken};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(first) = bytes.first() else { return };
    if spoken(*first) != Spoken::WebRtc {
        return;
    }
    let (mut reader, mut frame, mut read) = (bytes, Vec::new(), 0);
    // What lies in memory is never waited for.
    while {
        let reading = pin!(read_frame(&mut reader, &mut frame));
        matches!(reading.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(())))
    } {
        read += 2 + frame.len();
        assert!(frame.len() <= MAX_DATAGRAM && read <= bytes.len());
        let _ = is_stun(&frame);
    }
});
