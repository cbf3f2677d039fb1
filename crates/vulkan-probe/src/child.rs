//! The side of a child: gathers the facts of one area, and tells of each step.

use std::{env, ffi::OsString, fs::File, io::Write, path::PathBuf, process::exit};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit, setsid};
use serde::Serialize;

use crate::{Area, egl, gl, nvenc, vulkan};

/// The first argument of a child, followed by the name of the area and by manifests to look at.
pub const ARGUMENT: &str = "--child";

/// Gathers the facts of one area and exits, if this process was started for that; returns at once otherwise. To be
/// called first thing in `main`.
pub fn main() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        return;
    }
    let area = arguments.next().unwrap_or_default();
    match area.to_string_lossy().parse() {
        Ok(area) => gather(area, arguments),
        Err(error) => eprintln!("{error}"),
    }
    exit(USAGE);
}

/// Does a task of this program's own and exits, if this process was started for it by [`ask`](crate::ask); returns at
/// once otherwise. To be called in `main` before [`main`], which knows the names of areas only.
///
/// ```no_run
/// use cosmos_vulkan_probe::{Config, ask, child};
/// child::task("count", |teller| {
///     teller.doing("counting in a library that may crash");
///     teller.facts(&3);
/// });
/// let config = Config::new(std::env::current_exe()?);
/// assert_eq!(ask::<u32>(&config, "count").facts, Some(3));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn task(name: &str, gather: impl FnOnce(&mut Teller)) {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT)
        || arguments.next().is_none_or(|task| task != name)
    {
        return;
    }
    let Some(mut teller) = detach() else {
        exit(CANNOT_TELL);
    };
    gather(&mut teller);
    teller.line(END, "");
    exit(0);
}

/// Where a child tells what it does and has found. Whatever was told last is what the parent goes by.
pub struct Teller {
    output: File,
}

fn gather(area: Area, arguments: impl Iterator<Item = OsString>) {
    let manifests = arguments.map(PathBuf::from).collect::<Vec<_>>();
    let Some(mut teller) = detach() else {
        exit(CANNOT_TELL);
    };
    match area {
        Area::Vulkan => vulkan::gather(&manifests, &mut teller),
        Area::Gl => gl::gather(&mut teller),
        Area::Egl => egl::gather(&manifests, &mut teller),
        Area::Nvenc => nvenc::gather(&mut teller),
        Area::Present => vulkan::present::gather(&mut teller),
    }
    teller.line(END, "");
    exit(0);
}

/// Leaves the parent's session, and keeps standard output for itself: what libraries print there goes to the error
/// output.
fn detach() -> Option<Teller> {
    // A leader of a session already is one; the other two are courtesies to the machine.
    let _ = setsid();
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let output = File::from(rustix::io::dup(std::io::stdout()).ok()?);
    rustix::io::fcntl_setfd(&output, rustix::io::FdFlags::CLOEXEC).ok()?;
    rustix::stdio::dup2_stdout(std::io::stderr()).ok()?;
    Some(Teller { output })
}

impl Teller {
    /// Tells which step begins.
    pub fn doing(&mut self, step: &str) {
        self.line(DOING, step);
    }

    /// Tells everything found so far, in place of what was told before.
    ///
    /// # Panics
    ///
    /// Where a map of the facts has keys that are no strings.
    pub fn facts(&mut self, facts: &impl Serialize) {
        let text = serde_json::to_string(facts).expect("facts have string keys only");
        self.line(FACTS, &text);
    }

    fn line(&mut self, kind: &str, text: &str) {
        let line = format!("{kind} {}\n", text.replace(['\n', '\r'], " "));
        // A parent that has gone needs no answer.
        if self.output.write_all(line.as_bytes()).is_err() {
            exit(CANNOT_TELL);
        }
    }
}

/// Begins a line that names a step.
pub(crate) const DOING: &str = "doing";
/// Begins a line that holds facts as JSON.
pub(crate) const FACTS: &str = "facts";
/// The last line.
pub(crate) const END: &str = "end";

const CANNOT_TELL: i32 = 3;
const USAGE: i32 = 64;
