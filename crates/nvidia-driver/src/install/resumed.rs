//! A file that an interrupted run may have written already: what is right of it stays.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// A file that compares what is written to it with what it holds, and writes from the first difference on.
pub(super) struct Resumed {
    file: File,
    /// How many bytes of an earlier run are still to be compared.
    left: u64,
    /// How many bytes are right so far.
    at: u64,
    held: Vec<u8>,
}

impl Resumed {
    /// The file of that name, which is made where it is missing, and made anew where it is anything but a plain file
    /// of one name: what else has the name may be in use. Its owner alone may read a new one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let is_ours = path.symlink_metadata().is_ok_and(|data| data.is_file() && data.nlink() == 1);
        if !is_ours {
            remove(path)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(!is_ours).mode(0o600).custom_flags(flags);
        let file = options.open(path)?;
        let left = file.metadata()?.len();
        Ok(Self { file, left, at: 0, held: Vec::new() })
    }

    /// Cuts off what was there beyond what was written.
    pub fn finish(self) -> io::Result<()> {
        match self.left {
            0 => Ok(()),
            _ => self.file.set_len(self.at),
        }
    }

    /// Whether the next bytes of the file are these.
    fn holds(&mut self, bytes: &[u8]) -> io::Result<bool> {
        if self.left < bytes.len() as u64 {
            return Ok(false);
        }
        self.held.resize(bytes.len(), 0);
        self.file.read_exact(&mut self.held)?;
        Ok(self.held == bytes)
    }
}

impl Write for Resumed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left > 0 {
            if self.holds(bytes)? {
                self.left -= bytes.len() as u64;
                self.at += bytes.len() as u64;
                return Ok(bytes.len());
            }
            self.left = 0;
            self.file.set_len(self.at)?;
            self.file.seek(SeekFrom::Start(self.at))?;
        }
        let written = self.file.write(bytes)?;
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes a file, or a folder with all that is in it; a missing one is well.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        _ => fs::remove_file(path),
    };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file holds after a run that writes `text` in pieces, and where the run began to write.
    fn resumed(before: &str, text: &str, piece: usize) -> (String, u64) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, before).unwrap();
        let mut file = Resumed::open(&path).unwrap();
        let mut began = None;
        for piece in text.as_bytes().chunks(piece) {
            let at = file.at;
            file.write_all(piece).unwrap();
            if file.left == 0 && began.is_none() && file.held != piece {
                began = Some(at);
            }
        }
        file.finish().unwrap();
        (fs::read_to_string(&path).unwrap(), began.unwrap_or(text.len() as u64))
    }

    #[test]
    fn what_is_right_stays_and_the_rest_is_written() {
        for (before, text, began) in [
            ("", "abcdef", 0),
            ("abc", "abcdef", 2),
            ("abcdef", "abcdef", 6),
            ("abcdefgh", "abcdef", 6),
            ("abXdef", "abcdef", 2),
            ("XXXXXXXX", "abcdef", 0),
            ("abc", "", 0),
        ] {
            let outcome = resumed(before, text, 2);
            assert_eq!(outcome, (text.to_owned(), began), "{before:?} becomes {text:?}");
        }
    }

    #[test]
    fn what_has_another_name_or_is_no_file_is_left_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        let write = || Resumed::open(&path).and_then(|mut file| file.write_all(b"new"));
        fs::write(&other, "precious").unwrap();
        fs::hard_link(&other, &path).unwrap();
        write().unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        write().unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        write().unwrap();
        let contents = [&path, &other].map(|path| fs::read_to_string(path).unwrap());
        assert_eq!(contents, ["new", "precious"]);
    }
}
