//! What a provider has signed: believed only where every check of OpenID Connect Core, section 3.1.3.7, holds.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors, jwk};
use serde_json::{Map, Value};

use super::person::Claims;

/// Why a token proves nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadToken {
    /// It is no token, or one of its claims is wrong.
    #[error("the token is malformed, forged, too old, or for somebody else")]
    Invalid(#[from] errors::Error),
    /// Anything else could be forged by whoever knows a public key, or is not spoken by our providers.
    #[error("the token is signed by {0:?}, and only RS256 and ES256 are taken")]
    Algorithm(Algorithm),
    /// The provider has no such key.
    #[error("none of the provider's keys has signed the token")]
    Key,
    /// It comes from somebody else.
    #[error("the token is not that of the provider")]
    Issuer,
    /// It belongs to another attempt.
    #[error("the token is that of another attempt")]
    Nonce,
    /// It was given to another client.
    #[error("the token was given to another client")]
    Party,
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
}

/// The claims of a token that holds now.
pub(super) fn verify(token: &str, keys: &[jwk::Jwk], expected: &Expected<'_>) -> Result<Claims, BadToken> {
    let header = decode_header(token)?;
    let algorithm = header.alg;
    if ![Algorithm::RS256, Algorithm::ES256].contains(&algorithm) {
        return Err(BadToken::Algorithm(algorithm));
    }
    let rules = rules(algorithm, expected);
    let mut failure = BadToken::Key;
    for key in keys.iter().filter(|key| fits(key, algorithm, header.kid.as_deref())).take(MAX_TRIED) {
        match DecodingKey::from_jwk(key).and_then(|key| decode::<Map<String, Value>>(token, &key, &rules)) {
            Ok(read) => return belongs(read.claims, expected),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

fn rules(algorithm: Algorithm, expected: &Expected<'_>) -> Validation {
    let mut rules = Validation::new(algorithm);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[expected.issuer]);
    rules.set_audience(&[expected.client]);
    rules.validate_nbf = true;
    rules
}

/// Whether a key may have signed by this algorithm.
fn fits(key: &jwk::Jwk, algorithm: Algorithm, id: Option<&str>) -> bool {
    let kind = match &key.algorithm {
        jwk::AlgorithmParameters::RSA(_) => algorithm == Algorithm::RS256,
        jwk::AlgorithmParameters::EllipticCurve(curve) => {
            algorithm == Algorithm::ES256 && curve.curve == jwk::EllipticCurve::P256
        }
        _ => false,
    };
    let signs = key.common.public_key_use.as_ref().is_none_or(|is| *is == jwk::PublicKeyUse::Signature);
    let named = id.is_none_or(|id| key.common.key_id.as_deref() == Some(id));
    kind && signs && named
}

/// What the library does not look at.
fn belongs(claims: Claims, expected: &Expected<'_>) -> Result<Claims, BadToken> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // A list of issuers, one of which fits, is none.
    if text("iss") != Some(expected.issuer) {
        return Err(BadToken::Issuer);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(BadToken::Nonce);
    }
    let for_several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
    let party = claims.get("azp");
    if (for_several || party.is_some()) && party.and_then(Value::as_str) != Some(expected.client) {
        return Err(BadToken::Party);
    }
    Ok(claims)
}

/// Providers have a few keys.
const MAX_TRIED: usize = 8;
