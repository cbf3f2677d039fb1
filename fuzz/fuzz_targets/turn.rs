//! What comes to our TURN server over a stream: messages that never grow beyond their bound, and nothing for those who have
//! no login.

#![no_main]

use std::sync::Arc;

use cosmos_auth::Secret;
use cosmos_streaming::{
    first::MAX_DATAGRAM,
    turn::{Act, Guest, Rules, take},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let ours = "192.0.2.1:8080".parse().expect("an address");
    let rules = Rules { secret: Secret::new("north"), ours: vec![ours] };
    let mut guest =
        Guest::new(Arc::new(rules), ours, "198.51.100.7:40000".parse().expect("an address"), 1_800_000_000);
    let mut read = bytes.to_vec();
    while let Ok(Some(message)) = take(&mut read) {
        assert!(message.len() <= MAX_DATAGRAM);
        let acts = guest.receive(&message, &mut |_| Some("192.0.2.1:50000".parse().expect("an address")));
        assert!(acts.iter().all(|act| matches!(act, Act::Reply(_))));
    }
    assert_eq!(guest.lent(), None);
    assert_eq!(guest.wrap(ours, bytes.to_vec()), None);
});
