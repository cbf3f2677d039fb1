//! The laws of session tokens.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use cosmos_auth::{
    Claims, Grants, LinkId, MAX_TOKEN, MAX_USER, Rights, Role, Secret, SessionKey, TokenError,
};
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;

fn claims(user: &str) -> Claims {
    Claims {
        user: user.into(),
        rights: Rights::of(Role::Controller),
        issued: NOW,
        expires: NOW + 60,
        link: None,
    }
}

fn any_claims() -> impl Strategy<Value = Claims> {
    let user = "\\PC{0,64}".prop_filter("too long", |user| user.len() <= MAX_USER);
    let link = proptest::option::of(any::<[u8; 8]>().prop_map(LinkId::from_bytes));
    (user, any_rights(), any::<u64>(), 1_u64.., link)
        .prop_map(|(user, rights, issued, expires, link)| Claims { user, rights, issued, expires, link })
}

fn any_rights() -> impl Strategy<Value = Rights> {
    let grants = (0..=Grants::ALL.bits()).prop_filter_map("a bit that means nothing", Grants::from_bits);
    (proptest::sample::select(&Role::ALL[..]), grants).prop_map(|(role, grants)| Rights { role, grants })
}

proptest! {
    #[test]
    fn what_was_issued_is_read_back(claims in any_claims(), key: [u8; 32]) {
        let key = SessionKey::from_bytes(key);
        let token = key.issue(&claims);
        prop_assert!(token.len() <= MAX_TOKEN);
        prop_assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{}", token);
        prop_assert_eq!(key.verify(&token, claims.expires - 1), Ok(claims.clone()));
        prop_assert_eq!(
            key.verify(&token, claims.expires),
            Err(TokenError::Expired { since: claims.expires })
        );
    }

    #[test]
    fn another_key_refuses_it(claims in any_claims(), keys: [[u8; 32]; 2]) {
        prop_assume!(keys[0] != keys[1]);
        let token = SessionKey::from_bytes(keys[0]).issue(&claims);
        prop_assert_eq!(SessionKey::from_bytes(keys[1]).verify(&token, 0), Err(TokenError::Forged));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,300}", tokenish in "[A-Za-z0-9_-]{0,120}\\.[A-Za-z0-9_-]{43}") {
        let key = SessionKey::random();
        prop_assert!(key.verify(&text, 0).is_err());
        prop_assert!(key.verify(&tokenish, 0).is_err());
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = SessionKey::random();
    let token = key.issue(&claims("ada"));
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(key.verify(&changed, NOW).is_err(), "byte {at}, bit {bit}: {changed}");
        }
    }
}

#[test]
fn each_refusal_is_named() {
    let key = SessionKey::from_bytes([7; 32]);
    let token = key.issue(&claims("ada"));
    let (payload, tag) = token.split_once('.').unwrap();
    let owner = {
        let mut payload = BASE64.decode(payload).unwrap();
        payload[1] = 2;
        BASE64.encode(payload)
    };
    let cases = [
        (String::new(), TokenError::Malformed),
        (payload.to_owned(), TokenError::Malformed),
        (format!("{token}="), TokenError::Malformed),
        (format!("{token}."), TokenError::Malformed),
        (format!(" {token}"), TokenError::Malformed),
        ("A".repeat(MAX_TOKEN + 1), TokenError::Malformed),
        (format!("{}.{tag}", "A".repeat(MAX_TOKEN)), TokenError::Malformed),
        (format!("{payload}."), TokenError::Forged),
        (format!(".{tag}"), TokenError::Forged),
        (format!("{payload}.{}", &tag[..40]), TokenError::Forged),
        (format!("{owner}.{tag}"), TokenError::Forged),
        (key.issue(&claims(&"x".repeat(MAX_USER + 1))), TokenError::Malformed),
    ];
    for (token, expected) in cases {
        assert_eq!(key.verify(&token, NOW), Err(expected), "{token}");
    }
}

#[test]
fn another_password_ends_all_sessions() {
    let kept = SessionKey::from_bytes([7; 32]);
    let bound = |password: &str| kept.bound_to(&Secret::new(password));
    let token = bound("old").issue(&claims("ada"));
    assert_eq!(bound("old").verify(&token, NOW), Ok(claims("ada")));
    assert_eq!(bound("new").verify(&token, NOW), Err(TokenError::Forged));
    assert_eq!(kept.verify(&token, NOW), Err(TokenError::Forged));
}

/// A session survives an update of the server, so the bytes of a token are a promise.
#[test]
fn the_format_stays() {
    let narrowed = Claims { rights: "viewer+sound".parse().unwrap(), ..claims("ada") };
    let token = SessionKey::from_bytes([7; 32]).issue(&narrowed);
    assert!(token.starts_with("AgACAAAAAGtJ0gAAAAAAa0nSPGFkYQ."), "{token}");
    let token = SessionKey::from_bytes([7; 32]).issue(&claims("ada"));
    assert_eq!(token, "AQEAAAAAa0nSAAAAAABrSdI8YWRh.Njs5RDcZIEBpnXxH0KMXLFzdWbXzbcyCOqrvH9_YBnQ");
}

#[test]
fn a_link_is_signed_and_stands_for_no_session() {
    let (key, id) = (SessionKey::from_bytes([7; 32]), LinkId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]));
    let token = key.issue_link(id);
    assert_eq!(key.verify_link(&token), Ok(id));
    assert_eq!(key.verify(&token, NOW), Err(TokenError::Forged));
    assert_eq!(key.verify_link(&key.issue(&claims("ada"))), Err(TokenError::Forged));
    assert_eq!(SessionKey::from_bytes([8; 32]).verify_link(&token), Err(TokenError::Forged));
    let tag = token.split_once('.').unwrap().1;
    let other = format!("{}.{tag}", LinkId::from_bytes([1, 2, 3, 4, 5, 6, 7, 9]));
    assert_eq!(key.verify_link(&other), Err(TokenError::Forged));
    for text in ["", ".", "AQIDBAUGBwg", &"A".repeat(300)] {
        assert!(key.verify_link(text).is_err(), "{text}");
    }
}
