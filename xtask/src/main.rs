//! The commands of this repository. Nothing here needs more than Rust's own library, so that it builds where
//! nothing is installed yet.

mod checks;
mod dist;
mod image;
mod node;
mod packages;
mod start;
mod step;
mod tally;

use std::env;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use step::{Failure, Workspace};

fn main() -> ExitCode {
    match run(env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(mut args: Vec<String>) -> Result<(), Failure> {
    if args.is_empty() || args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h")
    {
        print!("{HELP}");
        return if args.is_empty() { Err(Failure::Usage("a command is missing".into())) } else { Ok(()) };
    }
    let command = args.remove(0);
    let ask = take_flag(&mut args, "--yes").is_none() && io::stdin().is_terminal();
    let workspace = Workspace::find()?;
    match command.as_str() {
        "run" => start::desktop(&workspace, ask, &args),
        "bench" => checks::bench(&workspace, ask, &args),
        "image" => image::build(&workspace, &args),
        "dist" => dist::build(&workspace, &args),
        "test" => no_more(&args).and_then(|()| checks::test(&workspace, ask)),
        "sweep" => no_more(&args).and_then(|()| checks::sweep(&workspace, ask)),
        "ci" => no_more(&args).and_then(|()| checks::ci(&workspace, ask)),
        other => Err(Failure::Usage(format!("there is no command {other:?}"))),
    }
}

/// Takes the flag out, so that the rest can go to another program.
fn take_flag(args: &mut Vec<String>, flag: &str) -> Option<String> {
    let at = args.iter().take_while(|arg| *arg != "--").position(|arg| arg == flag)?;
    Some(args.remove(at))
}

fn no_more(args: &[String]) -> Result<(), Failure> {
    match args.first() {
        Some(arg) => Err(Failure::Usage(format!("{arg:?} means nothing here"))),
        None => Ok(()),
    }
}

const HELP: &str = "\
usage: cargo xtask COMMAND [--yes] [ARGUMENT...]

  run    install what is missing, build, and start a desktop without a GPU;
         further arguments go to `cosmos-launch desktop --software`
  test   install what is missing and run all tests: Rust, page, end to end
  ci     formatting, lints and documentation, then `cargo xtask test`
  bench  run all benchmarks and draw the curves in benches/curves, in half an
         hour and as root; with arguments run `cargo bench` with them
  image  build the container image, see below
  dist   build packages for Debian and Ubuntu, an archive, and what they are
         made of, into target/dist or --out FOLDER; --programs FOLDER takes
         programs that are built already
  sweep  compare 10^8 modelines with the X server's library, which takes too
         long for `test`

  --yes  install packages without asking; without a terminal nothing is asked
  --help print this

`image` takes
  --distro NAME       ubuntu:24.04 (default), ubuntu:22.04, debian:12, debian:13
  --base IMAGE        an image that is one of these under another name
  --base-rootfs TAR   the same from an archive of its files
  --from-debootstrap  the same from the distribution's packages, for a machine
                      without a registry; takes root and debootstrap
  --programs FOLDER   put these built programs in instead of building them
  --tag NAME          what to call it [default: cosmos:24.04 and the like]
  --arg NAME=VALUE    an argument of deploy/Dockerfile
  --builder COMMAND   such as 'podman --runtime runc'; by default podman,
                      docker or buildah, the first that is there
and gives what follows `--` to the builder.

Exit status: 0 it worked, 1 something failed, 2 something is missing that
cannot be installed here, 64 usage.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_after_two_dashes_belong_to_others() {
        let args = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (given, rest, found) in [
            ("--yes --port 1", "--port 1", true),
            ("--port 1 --yes", "--port 1", true),
            ("--port 1", "--port 1", false),
            ("-- --yes", "-- --yes", false),
        ] {
            let mut left = args(given);
            assert_eq!(take_flag(&mut left, "--yes").is_some(), found, "{given}");
            assert_eq!(left, args(rest));
        }
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for args in [&[][..], &["walk"], &["test", "--fast"], &["ci", "now"]] {
            let failure = run(args.iter().copied().map(str::to_owned).collect()).unwrap_err();
            assert_eq!(failure.exit_code(), 64, "{args:?}: {failure}");
        }
        assert!(run(vec!["run".into(), "--help".into()]).is_ok());
    }
}
