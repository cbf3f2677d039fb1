//! Text that must not be seen.

use std::fmt;

use subtle::ConstantTimeEq;

/// A password or another text that must never reach a log, an error or an answer.
///
/// `Debug` and `Display` print `***`. It cannot be cloned, compares in a time that depends on the lengths
/// alone, and overwrites its bytes when dropped.
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every call is a place to look at when secrets leak.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Without a reader the optimiser is free to leave the store out.
        std::hint::black_box(&bytes);
    }
}

/// A new password of 99 bits, in four groups of five: `k7mqx-2bnrd-w9hfa-tz4ce`.
///
/// Lower-case letters and digits only, without `i`, `l`, `o`, `0` and `1`, so that it can be read aloud and
/// typed from a screen.
///
/// # Panics
///
/// If the operating system gives no random bytes, as nothing secret can be made then.
pub fn random_password() -> Secret {
    let mut text = String::with_capacity(GROUPS * (GROUP + 1));
    for group in 0..GROUPS {
        if group > 0 {
            text.push('-');
        }
        text.extend((0..GROUP).map(|_| random_symbol()));
    }
    Secret(text)
}

/// Fills an array from the operating system's generator.
///
/// # Panics
///
/// If there is none.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random generator");
    bytes
}

/// Draws until the number fits, as a remainder would favour the first symbols.
fn random_symbol() -> char {
    loop {
        let [byte] = random_bytes();
        if let Some(&symbol) = SYMBOLS.get(usize::from(byte & 31)) {
            return char::from(symbol);
        }
    }
}

const SYMBOLS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_secret_prints_as_stars_and_compares_by_its_text() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret, Secret::new("hunter2"));
        for other in ["", "hunter", "hunter3", "hunter22"] {
            assert_ne!(secret, Secret::new(other));
        }
    }

    #[test]
    fn random_passwords_are_long_easy_to_type_and_differ() {
        let bits = (GROUPS * GROUP) as f64 * (SYMBOLS.len() as f64).log2();
        assert!(bits >= 96.0, "{bits}");
        let mut seen = HashSet::new();
        let mut symbols = HashSet::new();
        for _ in 0..200 {
            let password = random_password();
            let groups: Vec<&str> = password.expose().split('-').collect();
            assert_eq!(groups.iter().map(|g| g.len()).collect::<Vec<_>>(), [GROUP; GROUPS]);
            symbols.extend(groups.concat().into_bytes());
            assert!(seen.insert(password.expose().to_owned()));
        }
        assert_eq!(symbols, SYMBOLS.iter().copied().collect());
    }
}
