//! What people read while a desktop comes up.

use std::{
    error::Error,
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use cosmos_host::{HostError, Report, StreamReady};

/// Lines on standard output; on a terminal the last one tells what is being started.
pub struct Progress {
    terminal: bool,
    starting: Vec<&'static str>,
}

impl Progress {
    /// Writes to standard output.
    pub fn on_stdout() -> Self {
        Self { terminal: io::stdout().is_terminal(), starting: Vec::new() }
    }

    /// Takes in what happened.
    pub fn tell(&mut self, report: &Report) {
        match report {
            Report::Starting(service) => self.starting.push(service),
            Report::Up { service, detail, took } => {
                self.starting.retain(|name| name != service);
                self.line(&format!("{service}: {detail} ({:.1} s)", took.as_secs_f32()));
            }
            Report::Down(service) => self.starting.retain(|name| name != service),
            Report::Graphics(graphics) => self.line(&format!("graphics: {graphics}")),
            Report::Warning(text) => self.warn(text),
            Report::Serving { ready, new_password } => {
                let password = new_password.as_deref().filter(|_| self.terminal);
                self.line(&serving(ready, password));
            }
            Report::Stopping => {
                self.starting.clear();
                self.line("stopping");
            }
            _ => {}
        }
        self.show_starting();
    }

    /// Tells of something that does not work as it should.
    pub fn warn(&mut self, text: &str) {
        self.line(&format!("warning: {text}"));
    }

    /// Tells why there is no desktop.
    pub fn fail(&mut self, error: &HostError) {
        self.starting.clear();
        self.line("");
        eprintln!("cosmos-launch: {error}{}", causes(error));
    }

    /// A closed pipe is no reason to take the desktop down.
    fn line(&self, text: &str) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        let end = if text.is_empty() { "" } else { "\n" };
        let _ = write!(io::stdout().lock(), "{clear}{text}{end}");
        let _ = io::stdout().flush();
    }

    fn show_starting(&self) {
        if self.terminal && !self.starting.is_empty() {
            let _ = write!(io::stdout().lock(), "\r\x1b[K{} ...", self.starting.join(", "));
            let _ = io::stdout().flush();
        }
    }
}

fn serving(ready: &StreamReady, password: Option<&str>) -> String {
    let source = &ready.password_source;
    let mut lines = vec![String::new(), format!("  address   {}", ready.url)];
    lines.extend(ready.user.as_ref().map(|user| format!("  user      {user}")));
    lines.push(match password {
        Some(password) => format!("  password  {password}  ({source})"),
        None => format!("  password  {source}"),
    });
    lines.join("\n") + "\n"
}

fn causes(error: &HostError) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, ": {error}").expect("writing to a String");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_names_the_password_only_when_it_is_told() {
        let ready = StreamReady {
            schema: cosmos_host::READY_SCHEMA.to_owned(),
            url: "http://127.0.0.1:8080/".to_owned(),
            user: Some("user".to_owned()),
            password_source: "random, kept in /x".to_owned(),
            password_file: Some("/x".into()),
            password_made: true,
            graphics: None,
        };
        let block =
            "\n  address   http://127.0.0.1:8080/\n  user      user\n  password  random, kept in /x\n";
        assert_eq!(serving(&ready, None), block);
        let open = StreamReady { user: None, password_source: "none".to_owned(), ..ready.clone() };
        assert_eq!(serving(&open, None), "\n  address   http://127.0.0.1:8080/\n  password  none\n");
        assert!(serving(&ready, Some("s3cret")).contains("password  s3cret  (random, kept in /x)"));
    }
}
