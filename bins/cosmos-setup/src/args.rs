//! What was typed, and what it means.

use std::{env, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use cosmos_host::setup::{Profile, Wish};

/// Make a fresh machine one whose GPU draws desktops: driver, Docker, container toolkit
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub struct Args {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The root of the machine to set up
    #[arg(long, global = true, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit status:
   0  all of it is in force
   1  something is to be done, waits for a reboot, or was changed since
   2  it cannot be done, or a step failed
   3  the machine or its journal cannot be read
  64  the arguments make no sense

Examples:
  cosmos-setup plan                      what would be done here, and why
  sudo cosmos-setup apply                do it; reboots where the driver needs it, and goes on
  sudo cosmos-setup apply --yes --no-reboot --profile minimal
  cosmos-setup status                    what is done, and what was changed since
  sudo cosmos-setup undo all             put everything back";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what this machine is, as far as set-up depends on it; schema cosmos.setup-facts/1
    Facts,
    /// Say what would be done, and change nothing; schema cosmos.setup-plan/1
    Plan(Wanted),
    /// Do it
    Apply {
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        way: Way,
        /// Do this step alone
        #[arg(long, value_name = "STEP")]
        only: Option<String>,
    },
    /// Go on with what was begun: after a reboot, or when the cause of a failure is gone
    Resume {
        #[command(flatten)]
        way: Way,
    },
    /// Say what is done, and what of it was changed since; schema cosmos.setup-status/1
    Status,
    /// Put back what was changed; what you have changed since stays yours
    Undo {
        /// The step, or all
        step: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// What is wanted.
#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// Which versions, and how much
    #[arg(long, value_enum, default_value = "recommended")]
    profile: Versions,
    /// Who may use Docker without being root [default: who called sudo]
    #[arg(long, value_name = "NAME", value_parser = user)]
    user: Option<String>,
    /// Docker of this version, as 28.3.2 [default: that of the profile]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    docker: Option<String>,
    /// Another key that may sign repositories, for a mirror that signs anew; can be repeated
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    accept_key: Vec<String>,
}

/// How it is done.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Way {
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Leave the reboot to somebody else
    #[arg(long)]
    pub no_reboot: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Versions {
    /// Driver 470, CUDA 11.4 and Docker 20.10.11, where the machine allows it
    Seed,
    /// What is maintained today
    Recommended,
    /// What a container with a desktop needs, and nothing else
    Minimal,
}

impl Args {
    /// Whether it is this machine that is set up.
    pub fn is_here(&self) -> bool {
        self.root == std::path::Path::new("/")
    }
}

impl Wanted {
    /// The wish. On another root this program is expected where its package puts it.
    pub fn wish(self, is_here: bool) -> Wish {
        let own = env::current_exe().ok().filter(|_| is_here);
        let program = own.and_then(|path| path.into_os_string().into_string().ok());
        let sudo = env::var("SUDO_USER").ok().filter(|name| is_here && name != "root" && user(name).is_ok());
        let profile = match self.profile {
            Versions::Seed => Profile::Seed,
            Versions::Recommended => Profile::Recommended,
            Versions::Minimal => Profile::Minimal,
        };
        Wish {
            profile,
            user: self.user.or(sudo),
            docker: self.docker,
            accepted_keys: self.accept_key,
            program: program.unwrap_or_else(|| "/usr/bin/cosmos-setup".to_owned()),
        }
    }
}

fn user(text: &str) -> Result<String, String> {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
    match text.chars().all(plain) && !text.starts_with('-') && (1..=32).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err("is no name of a user: letters, digits, points, dashes and underscores".to_owned()),
    }
}

fn version(text: &str) -> Result<String, String> {
    let numbers = || {
        text.split('.').all(|number| !number.is_empty() && number.bytes().all(|sign| sign.is_ascii_digit()))
    };
    match text.split('.').count() == 3 && numbers() {
        true => Ok(text.to_owned()),
        false => Err("is no version such as 28.3.2".to_owned()),
    }
}

fn fingerprint(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    match digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        true => Ok(digits.to_ascii_uppercase()),
        false => Err("is no fingerprint of 40 hexadecimal digits".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_looked_at() {
        let good = |line: &str| Args::try_parse_from(format!("cosmos-setup {line}").split(' ')).is_ok();
        for (line, expected) in [
            ("plan --profile seed --json --root /mnt", true),
            ("plan --profile latest", false),
            ("apply --yes --no-reboot --only docker --user ann --docker 28.3.2", true),
            ("apply --docker 28", false),
            ("apply --docker 28.3.2;reboot", false),
            ("apply --user -x", false),
            ("apply --user a;b", false),
            ("plan --accept-key 02182E60104FCDC26EAE1B8597A5D4CB8793F200", true),
            ("plan --accept-key 8793F200", false),
            ("undo", false),
            ("undo all --yes", true),
            ("undo driver", true),
            ("dance", false),
        ] {
            assert_eq!(good(line), expected, "{line}");
        }
    }

    #[test]
    fn another_root_has_its_own_program() {
        let wanted = || Wanted { profile: Versions::Seed, user: None, docker: None, accept_key: Vec::new() };
        assert_eq!(wanted().wish(false).program, "/usr/bin/cosmos-setup");
        assert!(wanted().wish(true).program.starts_with('/'));
    }
}
