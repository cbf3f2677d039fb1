//! Headers and files that say who somebody is: nothing makes their readers panic, and what is read is within its bounds.

#![no_main]

use cosmos_auth::{Accounts, Authorization, MAX_AUTHORIZATION, Networks, Rights};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, [u8; 16], Vec<&str>)| {
    let (text, peer, forwarded) = input;
    if let Some(Authorization::Basic { user, .. }) = Authorization::parse(text) {
        assert!(text.len() <= MAX_AUTHORIZATION && !user.contains(':'));
    }
    if let Ok(rights) = text.parse::<Rights>() {
        assert_eq!(rights.to_string().parse(), Ok(rights));
    }
    // Hashing costs too much here: only the shape of a file is read.
    let _users = Accounts::parse(text);
    let peer = std::net::Ipv6Addr::from(peer).into();
    let networks: Networks = text.parse().unwrap_or_default();
    let origin = networks.origin(peer, forwarded.into_iter());
    assert!(networks.contain(peer) || origin == peer.to_canonical());
});
