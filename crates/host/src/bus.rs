//! The session bus, also for a user without an account.
//!
//! dbus-daemon looks up whoever proves a user number to it and turns away who has no account, its own user included,
//! as a container that runs under an arbitrary number does. Such a user's bus asks for no proof: its socket lies in
//! a directory that only this user can enter.

use std::{ffi::OsString, fs, io, path::Path};

use rustix::process::getuid;

/// The arguments of `dbus-daemon` that make it serve on `socket`; files it needs go to `runtime`.
///
/// # Errors
/// What the file system says.
pub fn arguments(runtime: &Path, socket: &Path) -> io::Result<Vec<OsString>> {
    let fixed = ["--nofork", "--nopidfile", "--nosyslog", "--print-address=1"];
    let mut arguments: Vec<OsString> = fixed.map(OsString::from).to_vec();
    if has_account() {
        arguments.push("--session".into());
    } else {
        let conf = runtime.join("bus.conf");
        fs::write(&conf, OPEN_BUS)?;
        arguments.extend(["--config-file".into(), conf.into()]);
    }
    arguments.push(format!("--address=unix:path={}", socket.display()).into());
    Ok(arguments)
}

/// Whether the user of this process is listed. One that only a directory service knows counts as none: the bus
/// works for it either way.
pub fn has_account() -> bool {
    let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
    lists(&list, getuid().as_raw())
}

fn lists(passwd: &str, uid: u32) -> bool {
    passwd.lines().any(|line| line.split(':').nth(2).is_some_and(|field| field.parse() == Ok(uid)))
}

/// What `--session` means, with another way in. `--address` stands in for where it listens.
const OPEN_BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>ANONYMOUS</auth>
  <allow_anonymous/>
  <standard_session_servicedirs/>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_incomplete_connections">10000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_number() {
        let list = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\n";
        for (uid, listed) in [(0, true), (1000, true), (100, false), (12345, false)] {
            assert_eq!(lists(list, uid), listed, "{uid}");
        }
    }
}
