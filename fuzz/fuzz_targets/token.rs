//! Session tokens: any text is refused unless this key signed it, and what it signed is read back.

#![no_main]

use cosmos_auth::{Claims, MAX_USER, Role, SessionKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (String, u8, u64, u64)| {
    let (text, role, issued, expires) = input;
    let key = SessionKey::from_bytes([7; 32]);
    assert!(key.verify(&text, 0).is_err());
    if text.len() <= MAX_USER && expires > 0 {
        let role = Role::ALL[usize::from(role) % Role::ALL.len()];
        let claims = Claims { user: text, role, issued, expires };
        assert_eq!(key.verify(&key.issue(&claims), expires - 1), Ok(claims));
    }
});
