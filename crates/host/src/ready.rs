//! What the stream says when it serves: a small JSON file, so that nobody has to read its log.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::gpu::GraphicsReport;

/// The schema of the file.
pub const SCHEMA: &str = "cosmos.ready/1";

/// Where the stream is served and who may enter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StreamReady {
    /// [`SCHEMA`].
    pub schema: String,
    /// The address to open in a browser.
    pub url: String,
    /// The user name to enter; none where everybody may come in.
    pub user: Option<String>,
    /// Where the password came from, in words. Never the password.
    pub password_source: String,
    /// The file that holds the password, if one does.
    pub password_file: Option<PathBuf>,
    /// Whether the password was made in this start, so that nobody can know it yet.
    #[serde(default)]
    pub password_made: bool,
    /// How the desktop is drawn; the host adds it.
    #[serde(default)]
    pub graphics: Option<GraphicsReport>,
}

impl StreamReady {
    /// Reads the file; `None` while there is none, or it is not complete.
    pub fn read(path: &Path) -> Option<Self> {
        let ready: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (ready.schema == SCHEMA).then_some(ready)
    }

    /// Writes the file so that a reader sees all of it or nothing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec(self)?)?;
        fs::rename(draft, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ready.json");
        assert_eq!(StreamReady::read(&path), None);
        let ready = StreamReady {
            schema: SCHEMA.to_owned(),
            url: "http://127.0.0.1:8080/".to_owned(),
            user: Some("user".to_owned()),
            password_source: "from PASSWD".to_owned(),
            password_file: None,
            password_made: false,
            graphics: None,
        };
        ready.write(&path).unwrap();
        assert_eq!(StreamReady::read(&path).as_ref(), Some(&ready));
        let open =
            r#"{"schema":"cosmos.ready/1","url":"u","user":null,"password_source":"s","password_file":null}"#;
        fs::write(&path, open).unwrap();
        assert!(StreamReady::read(&path).is_some_and(|ready| ready.user.is_none() && !ready.password_made));
        let whole = serde_json::to_string(&ready).unwrap();
        for broken in [&whole[..whole.len() - 1], &whole.replace("ready/1", "ready/2"), ""] {
            fs::write(&path, broken).unwrap();
            assert_eq!(StreamReady::read(&path), None, "{broken}");
        }
    }
}
