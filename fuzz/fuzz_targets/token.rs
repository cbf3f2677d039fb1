//! Session tokens: any text is refused unless this key signed it, and what it signed is read back.

#![no_main]

use cosmos_auth::{Claims, Grants, LinkId, MAX_USER, Rights, Role, SessionKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (String, u8, u8, u64, u64, Option<[u8; 8]>)| {
    let (text, role, grants, issued, expires, link) = input;
    let key = SessionKey::from_bytes([7; 32]);
    assert!(key.verify(&text, 0).is_err() && key.verify_link(&text).is_err());
    let link = link.map(LinkId::from_bytes);
    assert!(link.is_none_or(|link| key.verify_link(&key.issue_link(link)) == Ok(link)));
    if text.len() <= MAX_USER && expires > 0 {
        let grants = Grants::from_bits(grants & Grants::ALL.bits()).expect("only known bits");
        let role = Role::ALL[usize::from(role) % Role::ALL.len()];
        let claims = Claims { user: text, rights: Rights { role, grants }, issued, expires, link };
        assert_eq!(key.verify(&key.issue(&claims), expires - 1), Ok(claims));
    }
});
