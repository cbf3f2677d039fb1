//! The password of the container's account, which the first launch scripts set at each start.

use std::{
    fs,
    io::{self, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{getpid, getuid};

use crate::settings::Hidden;

/// Gives the account this password where that is ours to do: as root, and as process number 1, so that it is the
/// account of a container and not of somebody's machine. Otherwise, and where it fails, the answer says why not.
pub fn set(password: &Hidden) -> Option<String> {
    if !getuid().is_root() || !getpid().is_init() {
        return Some(format!(
            "the password of the account lets people log in here; the account {ACCOUNT} itself is left as it is, as \
             only root may change it, as process number 1 of a container"
        ));
    }
    if !has_account(&fs::read_to_string("/etc/passwd").unwrap_or_default()) {
        return Some(format!(
            "there is no account {ACCOUNT} that could be given the password of the account"
        ));
    }
    change(password).err().map(|why| format!("the account {ACCOUNT} keeps its password: {why}"))
}

fn has_account(accounts: &str) -> bool {
    accounts.lines().any(|line| line.split(':').next() == Some(ACCOUNT))
}

/// The password goes through a pipe, as arguments can be read by everybody.
fn change(password: &Hidden) -> io::Result<()> {
    let line = format!("{ACCOUNT}:{}\n", password.expose());
    if password.expose().contains(['\n', '\r']) {
        return Err(io::Error::other("it has more than one line"));
    }
    let mut command = Command::new("/usr/sbin/chpasswd");
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(line.as_bytes())?;
    }
    let status = wait(&mut child)?;
    let mut said = String::new();
    if let Some(errors) = child.stderr.take() {
        let _ = errors.take(500).read_to_string(&mut said);
    }
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("chpasswd: {}", said.trim()))),
    }
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The account of the image, and the name that the first containers had.
const ACCOUNT: &str = "user";
/// For a hash that takes its time.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_known_by_its_whole_name() {
        for (accounts, found) in [
            ("root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/bash\n", true),
            ("users:x:1000:1000::/:/bin/sh\n", false),
            ("", false),
        ] {
            assert_eq!(has_account(accounts), found, "{accounts}");
        }
    }

    /// Tests are no process number 1.
    #[test]
    fn the_accounts_of_a_machine_are_left_alone() {
        let told = set(&Hidden::new("hunter2")).unwrap_or_default();
        assert!(
            told.contains("the account user itself is left as it is") && !told.contains("hunter2"),
            "{told}"
        );
    }
}
