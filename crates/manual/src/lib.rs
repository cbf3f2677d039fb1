//! Man pages and shell completions of a program, made from its own arguments, so that they cannot say anything else
//! than its help does.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::Path,
    process::ExitCode,
};

use clap::Command;
use clap_complete::{Generator, generate_to, shells};

/// What comes first on the command line of whoever packs the program. Its help is silent about it.
const FLAG: &str = "--generate-manual";

/// Writes both when the first argument is `--generate-manual`, and tells how the program is to end then.
///
/// The second argument is a directory. It gets `man1` with a page for the program and each of its commands, and `bash`,
/// `zsh` and `fish` with a file that the shell of this name loads.
pub fn asked(command: Command, arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    let name = arguments.next()?;
    if arguments.next()? != FLAG {
        return None;
    }
    let Some(directory) = arguments.next() else {
        eprintln!("{}: {FLAG} lacks its directory", file_name(&name));
        return Some(ExitCode::from(64));
    };
    Some(match write(command, Path::new(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {}: {error}", file_name(&name), directory.display());
            ExitCode::from(2)
        }
    })
}

fn write(mut command: Command, directory: &Path) -> io::Result<()> {
    let name = command.get_name().to_owned();
    // Pages need none that tells how to get another one.
    let pages = command.clone().disable_help_subcommand(true);
    let below = |folder: &str| {
        let path = directory.join(folder);
        fs::create_dir_all(&path).map(|()| path)
    };
    complete(shells::Bash, &mut command, &name, &below("bash")?)?;
    complete(shells::Zsh, &mut command, &name, &below("zsh")?)?;
    complete(shells::Fish, &mut command, &name, &below("fish")?)?;
    clap_mangen::generate_to(pages, below("man1")?)
}

fn complete(shell: impl Generator, command: &mut Command, name: &str, directory: &Path) -> io::Result<()> {
    generate_to(shell, command, name, directory).map(drop)
}

fn file_name(program: &OsStr) -> std::path::Display<'_> {
    Path::new(Path::new(program).file_name().unwrap_or(program)).display()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use clap::Arg;

    use super::*;

    fn command() -> Command {
        let hidden = Command::new("inner").hide(true);
        let lint = Command::new("lint").about("Say what is wrong").arg(Arg::new("json").long("json"));
        Command::new("cosmos-x").version("1.2").about("Does it").subcommand(lint).subcommand(hidden)
    }

    fn asked(arguments: &[&str]) -> Option<ExitCode> {
        super::asked(command(), arguments.iter().map(OsString::from))
    }

    #[test]
    fn pages_and_completions_are_written_for_each_command_that_is_told_of() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("a/b");
        assert_eq!(asked(&["x", FLAG, place.to_str().unwrap()]), Some(ExitCode::SUCCESS));
        let read = |file: &str| fs::read_to_string(place.join(file)).unwrap();
        assert!(read("man1/cosmos-x.1").contains("Does it"));
        assert!(read("man1/cosmos-x-lint.1").contains("\\-\\-json"));
        assert_eq!(fs::read_dir(place.join("man1")).unwrap().count(), 2);
        for file in ["bash/cosmos-x.bash", "zsh/_cosmos-x", "fish/cosmos-x.fish"] {
            assert!(read(file).contains("lint"), "{file}");
        }
    }

    #[test]
    fn everything_else_is_the_programs_own() {
        for arguments in [&[][..], &["x"], &["x", "lint"], &["x", "lint", FLAG, "/"]] {
            assert_eq!(asked(arguments), None, "{arguments:?}");
        }
        assert_eq!(asked(&["x", FLAG]), Some(ExitCode::from(64)));
        assert_eq!(asked(&["x", FLAG, "/dev/null/x"]), Some(ExitCode::from(2)));
    }
}
