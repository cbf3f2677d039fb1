//! The cookie that lets clients in, and the file that holds it (Xau library, `Xauthority` format).

use std::{fs::OpenOptions, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use rustix::rand::{GetRandomFlags, getrandom};

/// The secret of MIT-MAGIC-COOKIE-1.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie(pub [u8; 16]);

/// The name of the protocol that uses it.
pub const COOKIE_PROTOCOL: &str = "MIT-MAGIC-COOKIE-1";

impl Cookie {
    /// A new one from the kernel's random source.
    ///
    /// # Errors
    /// What the kernel says when it has no random bytes.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        let filled = getrandom(&mut bytes, GetRandomFlags::empty())?;
        if filled == bytes.len() { Ok(Self(bytes)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// The one entry of an Xauthority file that lets clients of this display in, from whatever host name they
    /// believe to be on.
    pub fn entry(&self, display: u16) -> Vec<u8> {
        const FAMILY_WILD: u16 = 0xffff;
        let mut entry = FAMILY_WILD.to_be_bytes().to_vec();
        for field in [b"".as_slice(), display.to_string().as_bytes(), COOKIE_PROTOCOL.as_bytes(), &self.0] {
            entry.extend_from_slice(&(field.len() as u16).to_be_bytes());
            entry.extend_from_slice(field);
        }
        entry
    }

    /// Writes the entry to a file that only its owner can read.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path, display: u16) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(&self.entry(display))
    }
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookie(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_what_xauth_writes() {
        let mut expected = vec![0xff, 0xff, 0, 0, 0, 2, b'2', b'0', 0, 18];
        expected.extend_from_slice(b"MIT-MAGIC-COOKIE-1\0\x10");
        expected.extend_from_slice(&[7; 16]);
        assert_eq!(Cookie([7; 16]).entry(20), expected);
    }

    #[test]
    fn cookies_differ_and_do_not_show() {
        let (one, other) = (Cookie::random().unwrap(), Cookie::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(format!("{one:?}"), "Cookie(***)");
    }

    #[test]
    fn the_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("Xauthority");
        Cookie([1; 16]).write(&path, 3).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
