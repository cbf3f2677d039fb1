//! Answers of a STUN server: an address or nothing, and only for what was asked.

#![no_main]

use std::{net::SocketAddr, time::Instant};

use cosmos_streaming::stun::{Mapper, Transaction};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let number = [7; 12];
    let answer = Transaction::new(number).answer(bytes);
    assert!(answer.is_none() || bytes.len() > 20 && bytes[8..20] == number);
    let (server, ours): (SocketAddr, SocketAddr) =
        ("192.0.2.9:3478".parse().expect("an address"), "10.0.0.2:8080".parse().expect("an address"));
    let mut mapper = Mapper::new(vec![server]);
    mapper.ask(&[ours], Instant::now(), || number);
    assert_eq!(mapper.receive(server, ours, bytes).map(|mapped| mapped.outer), answer);
    assert_eq!(mapper.receive(ours, server, bytes), None);
});
