//! Leases between processes, and between containers that share a directory.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::{
        fs::{PermissionsExt, symlink},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cosmos_host::{Holder, Lease, LeaseError};
use cosmos_nvidia_driver::PciAddress;
use rustix::process::{Pid, Signal, kill_process};

const GPU: &str = "0000:3b:00.0";
/// What makes this program the other process.
const DIRECTORY: &str = "COSMOS_TEST_LEASES";

/// Not a test of its own: the process that holds a lease for the other tests.
#[test]
fn holder() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let lease = Lease::take(Path::new(&directory), gpu(), &Holder::this_process("display :20"));
    println!("\nanswer: {}", lease.as_ref().map_or_else(ToString::to_string, |_| "taken".to_owned()));
    // Until somebody ends this process, or the test itself ends.
    std::io::stdin().lock().lines().for_each(drop);
}

struct Other {
    child: Child,
    answer: String,
}

impl Other {
    /// This program in `wrapper`, with that directory.
    fn start(wrapper: &[&str], directory: &Path) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut words: Vec<&str> = wrapper.to_vec();
        words.extend([program.to_str().unwrap(), "--exact", "holder", "--nocapture"]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env(DIRECTORY, directory);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let answer =
            lines.map_while(Result::ok).find_map(|line| line.strip_prefix("answer: ").map(str::to_owned));
        Self { child, answer: answer.expect("the other process answers") }
    }

    fn kill(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn take(directory: &Path) -> Result<Lease, LeaseError> {
    Lease::take(directory, gpu(), &Holder::this_process("display :21"))
}

fn gpu() -> PciAddress {
    GPU.parse().unwrap()
}

/// A directory that is trusted, whatever the mask of whoever runs the tests.
fn leases() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn the_second_is_told_who_holds_the_gpu_and_gets_it_once_the_holder_is_killed() {
    let directory = leases();
    let mut other = Other::start(&["env"], directory.path());
    assert_eq!(other.answer, "taken");
    let Err(LeaseError::Held { gpu: held, holder: Some(holder), .. }) = take(directory.path()) else {
        panic!("two processes have one GPU");
    };
    assert_eq!((held, holder.pid, holder.purpose.as_str()), (gpu(), other.child.id(), "display :20"));
    let host = rustix::system::uname().nodename().to_str().unwrap().to_owned();
    assert_eq!(holder.host, host);
    let words = take(directory.path()).unwrap_err().to_string();
    let expected = format!(
        "GPU {GPU} is driven by another X server: display :20 in {host}, process {} there",
        holder.pid
    );
    assert!(words.starts_with(&expected), "{words}");
    other.kill();
    let lease = take(directory.path()).unwrap();
    assert!(fs::read_to_string(lease.path()).unwrap().contains("display :21"), "the stale text is gone");
}

/// An X server that outlives whoever started it.
#[test]
fn it_lasts_as_long_as_a_process_that_it_was_shared_with() {
    let directory = leases();
    let lease = take(directory.path()).unwrap();
    let mut server = Command::new("sleep").arg("600").stdin(lease.share().unwrap()).spawn().unwrap();
    drop(lease);
    let second = take(directory.path());
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(matches!(second, Err(LeaseError::Held { .. })), "two X servers drive one GPU");
    take(directory.path()).unwrap();
}

#[test]
fn another_gpu_and_a_lease_that_was_given_back_are_free() {
    let directory = leases();
    let first = take(directory.path()).unwrap();
    let next = "0000:3c:00.0".parse().unwrap();
    let other = Lease::take(directory.path(), next, &Holder::this_process("display :22")).unwrap();
    assert!(take(directory.path()).is_err());
    assert_ne!(first.path(), other.path());
    let path = first.path().to_owned();
    drop(first);
    assert_eq!(fs::read_to_string(path).unwrap(), "");
    let again = take(directory.path()).unwrap();
    assert!(
        again.path().ends_with("0000:3b:00.0.lease"),
        "as the kernel writes addresses: {}",
        again.path().display()
    );
}

#[test]
fn text_that_was_left_behind_never_counts() {
    let directory = leases();
    let lease = take(directory.path()).unwrap();
    let (path, text) = (lease.path().to_owned(), fs::read_to_string(lease.path()).unwrap());
    drop(lease);
    for left in [text.as_str(), "garbage", &text.repeat(1000)] {
        fs::write(&path, left).unwrap();
        drop(take(directory.path()).unwrap());
    }
    let _held = take(directory.path()).unwrap();
    fs::write(&path, "garbage").unwrap();
    let error = take(directory.path()).unwrap_err();
    assert!(matches!(error, LeaseError::Held { holder: None, .. }), "{error}");
}

#[test]
fn a_file_that_was_removed_under_its_holder_is_not_locked_by_mistake() {
    let directory = leases();
    let first = take(directory.path()).unwrap();
    fs::remove_file(first.path()).unwrap();
    let second = take(directory.path()).unwrap();
    assert!(second.path().exists());
    assert!(matches!(take(directory.path()), Err(LeaseError::Held { .. })));
}

/// Two containers of one host: other mounts, other process numbers, another name of the machine and of the directory.
#[test]
fn it_holds_between_containers_and_ends_with_the_container() {
    let namespaces = ["unshare", "-m", "-p", "-u", "--fork", "--kill-child"];
    if !Command::new("unshare")
        .args(&namespaces[1..])
        .arg("true")
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("SKIPPED making namespaces needs root and unshare");
        return;
    }
    let (directory, elsewhere) = (leases(), leases());
    let enter = format!(
        "hostname other-container && mount --bind {} {} && exec \"$@\"",
        directory.path().display(),
        elsewhere.path().display()
    );
    let inside = [&namespaces[..], &["sh", "-c", &enter, "sh"]].concat();
    let mut other = Other::start(&inside, elsewhere.path());
    assert_eq!(other.answer, "taken");
    let error = take(directory.path()).unwrap_err();
    let LeaseError::Held { holder: Some(holder), .. } = &error else { panic!("{error}") };
    assert_eq!(
        (holder.host.as_str(), holder.pid),
        ("other-container", 1),
        "as it is called and counted there"
    );
    let third = Other::start(&inside, elsewhere.path());
    assert!(third.answer.contains("display :20 in other-container, process 1 there"), "{}", third.answer);
    drop(third);
    other.kill();
    // The kernel ends the processes inside once their parent is gone.
    let (started, bound) = (Instant::now(), Duration::from_secs(60));
    while take(directory.path()).is_err() {
        assert!(started.elapsed() < bound, "the lease outlived its container");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn users_share_leases_without_any_right_to_each_others_files() {
    if !is_root() {
        eprintln!("SKIPPED becoming another user needs root");
        return;
    }
    let directory = leases();
    let shared = directory.path().join("leases");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    Lease::make_directory(&shared).unwrap();
    Lease::make_directory(&shared).expect("one that is there is no error");
    assert_eq!(shared.metadata().unwrap().permissions().mode() & 0o7777, 0o1777);
    let answer_of = |user: u32| {
        // The path of this program may lead through folders that others may not enter.
        let mut command = Command::new("/proc/self/exe");
        command.args(["--exact", "holder", "--nocapture"]).env(DIRECTORY, &shared).uid(user).gid(user);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find_map(|line| line.strip_prefix("answer: ").map(str::to_owned)).unwrap()
    };
    assert_eq!(answer_of(12345), "taken");
    assert_eq!(answer_of(23456), "taken", "the first one's file is left there");
    let lease = take(&shared).unwrap();
    assert!(answer_of(12345).contains("display :21"));
    drop(lease);
    fs::set_permissions(shared.join(format!("{GPU}.lease")), Permissions::from_mode(0o644)).unwrap();
    assert!(answer_of(23456).starts_with("user 23456 may not write"));
    fs::remove_dir_all(&shared).unwrap();
    fs::create_dir(&shared).unwrap();
    assert!(answer_of(12345).contains("give the directory of leases mode 1777"));
}

#[test]
fn what_is_wrong_with_the_directory_is_said() {
    let directory = leases();
    let missing = take(&directory.path().join("none")).unwrap_err();
    assert!(matches!(missing, LeaseError::Missing { .. }), "{missing}");
    let path = directory.path().join(format!("{GPU}.lease"));
    symlink("/etc/hostname", &path).unwrap();
    let link = take(directory.path()).unwrap_err();
    assert!(matches!(link, LeaseError::NotAFile { .. }), "{link}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(take(directory.path()), Err(LeaseError::NotAFile { .. })));
}

#[test]
fn a_directory_in_which_others_could_tamper_is_not_trusted() {
    let directory = leases();
    let [real, link] = ["real", "link"].map(|name| directory.path().join(name));
    Lease::make_directory(&real).unwrap();
    symlink(&real, &link).unwrap();
    let refused = |path: &Path| match take(path) {
        Err(LeaseError::Unsafe { why, .. }) => Some(why),
        _ => None,
    };
    assert_eq!(refused(&real), None);
    assert_eq!(refused(&link).as_deref(), Some("is a link"));
    assert_eq!(refused(&link.join("..").join("real")), None, "a link on the way is root's business");
    for (mode, is_refused) in [(0o777, true), (0o1777, false), (0o775, true), (0o1775, false), (0o755, false)]
    {
        fs::set_permissions(&real, Permissions::from_mode(mode)).unwrap();
        assert_eq!(refused(&real).is_some(), is_refused, "{mode:o}");
    }
    if !is_root() {
        eprintln!("SKIPPED giving a directory away needs root");
        return;
    }
    for (owner, is_refused) in [(12345, true), (65534, true), (0, false)] {
        std::os::unix::fs::chown(&real, Some(owner), None).unwrap();
        assert_eq!(refused(&real).is_some(), is_refused, "{owner}");
    }
}

#[test]
fn a_directory_on_a_read_only_mount_is_told_from_a_missing_right() {
    let directory = leases();
    let at = directory.path().display();
    let enter = format!("mount --bind {at} {at} && mount -o remount,ro,bind {at} && exec \"$@\"");
    let wrapper = ["unshare", "-m", "sh", "-c", &enter, "sh"];
    let works = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").status();
    if !works.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED mounting read-only needs root and unshare");
        return;
    }
    let answer = Other::start(&wrapper, directory.path()).answer.clone();
    assert!(answer.ends_with("is mounted read-only: mount it writable"), "{answer}");
}
