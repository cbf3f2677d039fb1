//! Fingerprints of OpenPGP keys, so that a repository's key is the one that its owner has published.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// The fingerprints of the primary keys in a file of keys, binary or in armour, in upper-case hexadecimal. Keys of
/// version 4, which is what repositories have, are known; anything else counts for nothing.
pub fn fingerprints(file: &[u8]) -> Vec<String> {
    let binary = match std::str::from_utf8(file).ok().filter(|text| text.contains(BEGIN)) {
        Some(text) => blocks(text),
        None => file.to_vec(),
    };
    let mut found = Vec::new();
    let mut rest = binary.as_slice();
    while let Some((tag, body, after)) = packet(rest) {
        if tag == PUBLIC_KEY && body.first() == Some(&4) {
            found.push(fingerprint(body));
        }
        rest = after;
    }
    found
}

/// The bytes of all blocks in armour, one after the other.
fn blocks(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let inside = block.split("-----END").next().unwrap_or_default();
        // Headers end with an empty line; the checksum begins with an equals sign.
        let data = inside.lines().skip_while(|line| !line.trim().is_empty());
        let data: String = data.map(str::trim).take_while(|line| !line.starts_with('=')).collect();
        bytes.extend(STANDARD.decode(data).unwrap_or_default());
    }
    bytes
}

/// The first packet: its tag, its body, and what follows. Partial lengths are for data only.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let number = |from: &[u8]| from.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    let (tag, length, rest) = if head & 0x40 == 0 {
        let size = 1 << (head & 3);
        (head >> 2 & 0x0f, number(rest.get(..size).filter(|_| size <= 4)?), rest.get(size..)?)
    } else {
        let first = usize::from(*rest.first()?);
        let (length, used) = match first {
            0..192 => (first, 1),
            192..224 => (((first - 192) << 8) + usize::from(*rest.get(1)?) + 192, 2),
            255 => (number(rest.get(1..5)?), 5),
            _ => return None,
        };
        (head & 0x3f, length, rest.get(used..)?)
    };
    let (body, after) = rest.split_at_checked(length).filter(|_| head & 0x80 != 0)?;
    Some((tag, body, after))
}

fn fingerprint(body: &[u8]) -> String {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut hash = Sha1::new();
    hash.update([0x99]);
    hash.update(length.to_be_bytes());
    hash.update(body);
    hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect()
}

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const PUBLIC_KEY: u8 = 6;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{fs, process::Command};

    use super::*;

    #[test]
    fn what_is_no_key_has_no_fingerprint() {
        for bytes in
            [&b""[..], b"x", b"<html>404</html>", &[0x99, 0xff], &[0xc6, 0xff, 0, 0, 0], &[0x98, 1, 4, 0]]
        {
            let found = fingerprints(bytes);
            assert!(found.iter().all(|print| print.len() == 40) && found.len() <= 1, "{bytes:?}");
        }
        assert!(fingerprints(format!("{BEGIN}\n\n!!!\n-----END").as_bytes()).is_empty());
    }

    #[test]
    fn the_fingerprints_are_those_of_gpg() {
        let home = tempfile::tempdir().unwrap();
        let gpg = |arguments: &[&str]| {
            Command::new("gpg")
                .arg("--homedir")
                .arg(home.path())
                .args(["--batch", "--passphrase", ""])
                .args(arguments)
                .output()
        };
        if gpg(&["--version"]).is_err() {
            eprintln!("SKIPPED gpg is not installed");
            return;
        }
        for (name, kind) in [("one", "ed25519"), ("two", "rsa1024")] {
            assert!(gpg(&["--quick-gen-key", name, kind, "sign", "never"]).unwrap().status.success());
        }
        let listed = gpg(&["--with-colons", "--fingerprint"]).unwrap().stdout;
        let listed = String::from_utf8(listed).unwrap();
        let prints = listed.lines().filter(|line| line.starts_with("fpr:"));
        let mut expected: Vec<&str> = prints.filter_map(|line| line.split(':').nth(9)).collect();
        expected.sort_unstable();
        for armour in [&["--export"][..], &["--armor", "--export"]] {
            let mut found = fingerprints(&gpg(armour).unwrap().stdout);
            found.sort();
            assert_eq!(found, expected, "{armour:?}");
        }
        let _ = Command::new("gpgconf").arg("--homedir").arg(home.path()).args(["--kill", "all"]).status();
        fs::remove_dir_all(home.path()).unwrap();
    }
}
