//! Which desktop session to start: the descriptions display managers read (Desktop Entry Specification 1.5).

use std::{fs, path::PathBuf};

use crate::{config::Installed, error::HostError};

/// A session that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The name people know it by.
    pub name: String,
    /// The program, as a path, and its arguments.
    pub command: Vec<String>,
    /// `XDG_CURRENT_DESKTOP`, where the description has one.
    pub desktop_names: Option<String>,
    /// `DESKTOP_SESSION`: the name of the description.
    pub id: String,
}

impl Session {
    /// The session of this command, or the best one installed.
    ///
    /// # Errors
    /// [`HostError::BadSession`] for a command that cannot be started, [`HostError::NoSession`] when nothing is
    /// installed.
    pub fn choose(command: Option<&str>, installed: &Installed) -> Result<Self, HostError> {
        match command {
            Some(command) => Self::from_command(command, installed),
            None => Self::best(installed),
        }
    }

    fn from_command(command: &str, installed: &Installed) -> Result<Self, HostError> {
        let bad = |why: String| HostError::BadSession { command: command.to_owned(), why };
        let mut words = split(command).ok_or_else(|| bad("a quotation is not closed".to_owned()))?;
        let first = words.first().ok_or_else(|| bad("it is empty".to_owned()))?;
        let program =
            installed.program(first).ok_or_else(|| bad(format!("there is no program {first:?}")))?;
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        words[0] = program.to_string_lossy().into_owned();
        Ok(Self { id: name.clone(), name, command: words, desktop_names: None })
    }

    fn best(installed: &Installed) -> Result<Self, HostError> {
        let mut found = described(installed);
        found.sort_by_key(rank);
        let plain = || {
            ["openbox-session", "openbox", "xterm"]
                .iter()
                .find_map(|command| Self::from_command(command, installed).ok())
        };
        found.into_iter().next().or_else(plain).ok_or_else(|| {
            let list: Vec<String> =
                installed.xsessions.iter().map(|path| path.display().to_string()).collect();
            HostError::NoSession { looked_in: list.join(", ") }
        })
    }

    /// Reads a description; `None` for one that is hidden, incomplete, or whose program is missing.
    fn parse(id: &str, text: &str, installed: &Installed) -> Option<Self> {
        let value = |key: &str| entry_value(text, key);
        if value("Hidden") == Some("true") || value("NoDisplay") == Some("true") {
            return None;
        }
        if let Some(program) = value("TryExec") {
            installed.program(program)?;
        }
        let name = value("Name").unwrap_or(id);
        let mut command = exec_words(value("Exec")?, name)?;
        command[0] = installed.program(command.first()?)?.to_string_lossy().into_owned();
        let names = value("DesktopNames").map(|names| names.trim_end_matches(';').replace(';', ":"));
        Some(Self { name: name.to_owned(), command, desktop_names: names, id: id.to_owned() })
    }
}

/// The sessions that are described and can be started, in the order of their file names.
fn described(installed: &Installed) -> Vec<Session> {
    let entries =
        installed.xsessions.iter().flat_map(|directory| fs::read_dir(directory).into_iter().flatten());
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "desktop"));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).ok()?;
        Session::parse(path.file_stem()?.to_str()?, &text, installed)
    };
    paths.iter().filter_map(read).collect()
}

/// Complete desktops first; those that need a GPU, a login manager or a user's own configuration last.
fn rank(session: &Session) -> usize {
    const ORDER: [&str; 7] = ["mate", "xfce", "lxqt", "lxde", "cinnamon", "icewm", "openbox"];
    let id = session.id.to_lowercase();
    ORDER.iter().position(|known| id.starts_with(known)).unwrap_or(ORDER.len())
}

/// The value of a key in the main group, before any other group.
fn entry_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != "[Desktop Entry]").skip(1);
    let value = |line: &'a str| {
        let (name, value) = line.split_once('=')?;
        (name.trim_end() == key).then(|| value.trim_start())
    };
    lines.by_ref().take_while(|line| !line.starts_with('[')).find_map(value)
}

/// The words of `Exec`: string escapes first, then quotation, then field codes, of which a session has no file to
/// put in.
fn exec_words(exec: &str, name: &str) -> Option<Vec<String>> {
    let words = split(&unescape(exec))?;
    let expand = |word: String| match word.as_str() {
        "%f" | "%F" | "%u" | "%U" | "%i" | "%d" | "%D" | "%n" | "%N" | "%k" | "%v" | "%m" => None,
        "%c" => Some(name.to_owned()),
        _ => Some(word.replace("%%", "%")),
    };
    let words: Vec<String> = words.into_iter().filter_map(expand).collect();
    (!words.is_empty()).then_some(words)
}

/// The escapes every string value may hold.
fn unescape(value: &str) -> String {
    let mut result = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next() {
            Some('s') => result.push(' '),
            Some('n') => result.push('\n'),
            Some('t') => result.push('\t'),
            Some('r') => result.push('\r'),
            Some('\\') | None => result.push('\\'),
            Some(other) => result.extend(['\\', other]),
        }
    }
    result
}

/// Splits at blanks outside double quotes; a backslash in quotes makes the next character plain. `None` for a
/// quotation that is not closed.
fn split(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => word.get_or_insert_default().push(characters.next()?),
            blank if blank.is_ascii_whitespace() && !quoted => words.extend(word.take()),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, path::Path};

    use super::*;

    #[test]
    fn exec_lines_are_split_as_the_specification_says() {
        for (exec, expected) in [
            ("startxfce4", Some(vec!["startxfce4"])),
            (r#""/opt/my desk/run" --a=b %U"#, Some(vec!["/opt/my desk/run", "--a=b"])),
            (r#"a "b \\"c\\" \\$d""#, Some(vec!["a", "b \"c\" $d"])),
            (r"a\sb  c", Some(vec!["a", "b", "c"])),
            ("a 100%% %c", Some(vec!["a", "100%", "Name"])),
            (r#"a """#, Some(vec!["a", ""])),
            (r#"a "b"#, None),
            ("%f", None),
            ("", None),
        ] {
            let words = exec_words(exec, "Name");
            assert_eq!(words, expected.map(|words| words.into_iter().map(str::to_owned).collect()), "{exec}");
        }
    }

    #[test]
    fn the_best_session_whose_program_is_here_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let mut installed = installed_in(dir.path(), &["mate-session", "startxfce4", "kde"]);
        let session = |installed: &Installed| Session::choose(None, installed).map(|session| session.id).ok();
        assert_eq!(session(&installed), None);
        describe(dir.path(), "kde", "Name=KDE\nExec=kde\n");
        assert_eq!(session(&installed).as_deref(), Some("kde"));
        describe(dir.path(), "xfce", "Name=Xfce\nExec=startxfce4\nDesktopNames=XFCE;GTK;\n");
        assert_eq!(session(&installed).as_deref(), Some("xfce"));
        describe(dir.path(), "mate", "Name=MATE\nExec=mate-session\nTryExec=/gone/mate-session\n");
        assert_eq!(session(&installed).as_deref(), Some("xfce"), "TryExec names a program that is missing");
        describe(dir.path(), "mate", "Exec=mate-session\n[Desktop Action x]\nHidden=true\n");
        assert_eq!(session(&installed).as_deref(), Some("mate"));
        describe(dir.path(), "mate", "Exec=mate-session\nHidden=true\n");
        let xfce = Session::choose(None, &installed).unwrap();
        assert_eq!(xfce.desktop_names.as_deref(), Some("XFCE:GTK"));
        assert_eq!(xfce.command, [dir.path().join("startxfce4").to_str().unwrap()]);
        installed.path = "".into();
        assert_eq!(session(&installed), None);
    }

    #[test]
    fn a_command_names_a_program_that_exists() {
        let installed = Installed::usual("/usr/bin:/bin".into());
        for (command, why) in [
            ("", "it is empty"),
            ("no-such-program -x", "there is no program \"no-such-program\""),
            ("sh \"-c", "a quotation is not closed"),
        ] {
            let error = Session::choose(Some(command), &installed).unwrap_err().to_string();
            assert!(error.ends_with(why), "{error}");
        }
        let session = Session::choose(Some("sh -c \"sleep 1\""), &installed).unwrap();
        assert_eq!(
            (&*session.name, &session.command[1..]),
            ("sh", &["-c".to_owned(), "sleep 1".to_owned()][..])
        );
    }

    fn installed_in(directory: &Path, programs: &[&str]) -> Installed {
        for name in programs {
            let path = directory.join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut installed = Installed::usual(directory.into());
        installed.xsessions = vec![directory.into()];
        installed
    }

    fn describe(directory: &Path, id: &str, entry: &str) {
        let path = directory.join(format!("{id}.desktop"));
        fs::write(path, format!("# comment\n[Desktop Entry]\n{entry}")).unwrap();
    }
}
