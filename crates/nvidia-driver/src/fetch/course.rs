//! Which address is asked next and from which byte, and what its answer means. Neither sockets nor files here.

use std::io;

use super::client::{ClientError, Head, Request, without_password};
use super::error::{Failure, Problem};
use super::pace::Pace;

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Make the next request, if there is one.
    Ask,
    /// The same after a pause.
    AskLater,
    /// Write the body behind the first [`Part::done`] bytes.
    Write,
    /// All bytes are there: compare the sums.
    Verify,
}

/// What is there of a file, and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Where it comes from, without a password: this is kept in a file.
    pub url: String,
    /// By which the server tells whether it still has the same file.
    pub validator: Option<String>,
    /// The length of the whole.
    pub total: Option<u64>,
    /// How many bytes are there.
    pub done: u64,
}

/// What the file must be like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub length: Option<u64>,
    pub limit: u64,
}

/// The state of one download.
pub(super) struct Course {
    urls: Vec<String>,
    part: Part,
    bounds: Bounds,
    /// How many failures an address is forgiven, and how many of those the present one has left.
    retries: u32,
    left: u32,
    /// Whether bytes of an earlier answer are kept.
    resumed: bool,
    pub failures: Vec<Failure>,
}

impl Course {
    /// The address that a part came from is asked first.
    pub fn new(mut urls: Vec<String>, part: Option<Part>, bounds: Bounds, retries: u32) -> Self {
        let at = |part: &Part| urls.iter().position(|url| without_password(url) == part.url);
        let known = part.and_then(|part| Some((at(&part)?, part)));
        let part = known.map_or_else(Part::default, |(at, part)| {
            urls[..=at].rotate_right(1);
            part
        });
        urls.reverse();
        Self { urls, part, bounds, retries, left: retries, resumed: false, failures: Vec::new() }
    }

    /// The next request; none when no address is left.
    pub fn request(&self) -> Option<Request<'_>> {
        let url = self.urls.last()?;
        let part = Some(&self.part).filter(|part| part.done > 0 && part.url == without_password(url));
        let if_range = part.and_then(|part| part.validator.as_deref());
        Some(Request { url, from: if_range.map_or(0, |_| self.part.done), if_range })
    }

    pub fn part(&self) -> &Part {
        &self.part
    }

    /// Makes of an answer what is to be done.
    pub fn answered(&mut self, head: &Head) -> Then {
        let from = self.request().map_or(0, |request| request.from);
        let range = head.range.filter(|_| from > 0);
        match (head.status, range) {
            (200, _) => self.begin(head),
            (206, Some(range)) if range.start == Some(from) && self.continues(head) => {
                self.resumed = true;
                self.part.total = self.part.total.or(range.total);
                self.acceptable(self.part.total).map_or(Then::Write, |problem| self.next(problem))
            }
            (416, Some(range)) if range.total == Some(from) && self.continues(head) => {
                self.resumed = true;
                Then::Verify
            }
            (206 | 416, _) if from > 0 => self.start_over(),
            (408 | 425 | 429 | 500..=599, _) => self.retry(Problem::Status(head.status)),
            (status, _) => self.next(Problem::Status(status)),
        }
    }

    /// That no answer came.
    pub fn unanswered(&mut self, error: ClientError) -> Then {
        match error {
            ClientError::NoAnswer(_) => self.retry(error.into()),
            ClientError::Untrusted { .. } | ClientError::Insecure => self.next(error.into()),
        }
    }

    /// That so many more bytes are there; what comes instead of writing on if they are too many.
    pub fn received(&mut self, bytes: usize) -> Option<Then> {
        self.part.done = self.part.done.saturating_add(bytes as u64);
        let done = self.part.done;
        let expected = self.part.total.or(self.bounds.length).filter(|total| done > *total);
        let problem = match expected {
            Some(expected) => Problem::Length { expected, found: done },
            None if done > self.bounds.limit => Problem::TooLarge { limit: self.bounds.limit },
            None => return None,
        };
        Some(self.next(problem))
    }

    /// That a body ended, well or not.
    pub fn ended(&mut self, error: Option<io::Error>) -> Then {
        match self.part.total.or(self.bounds.length) {
            Some(total) if total == self.part.done => Then::Verify,
            None if error.is_none() => Then::Verify,
            _ => self.retry(Problem::Cut { done: self.part.done, source: error }),
        }
    }

    /// That a body is not worth waiting for.
    pub fn too_slow(&mut self, pace: Pace) -> Then {
        match self.part.total {
            Some(total) if total == self.part.done => Then::Verify,
            _ => self.retry(Problem::Slow { done: self.part.done, pace }),
        }
    }

    /// That what is there is not the file. Where it was put together, it is had once more in one piece.
    pub fn spoiled(&mut self, problem: Problem) -> Then {
        match self.resumed {
            true => self.start_over(),
            false => self.next(problem),
        }
    }

    fn begin(&mut self, head: &Head) -> Then {
        let url = self.url();
        self.resumed = false;
        self.part = Part { url, validator: head.validator.clone(), total: head.length, done: 0 };
        self.acceptable(head.length).map_or(Then::Write, |problem| self.next(problem))
    }

    /// What is wrong with a file of that length.
    fn acceptable(&self, total: Option<u64>) -> Option<Problem> {
        let (total, limit) = (total?, self.bounds.limit);
        match self.bounds.length.filter(|expected| *expected != total) {
            Some(expected) => Some(Problem::Length { expected, found: total }),
            None => (total > limit).then_some(Problem::TooLarge { limit }),
        }
    }

    /// Whether the server speaks of the file that a part is there of.
    fn continues(&self, head: &Head) -> bool {
        let same = head.validator.is_none() || head.validator == self.part.validator;
        let (known, said) = (self.part.total, head.range.and_then(|range| range.total));
        same && (known.is_none() || said.is_none() || known == said)
    }

    fn start_over(&mut self) -> Then {
        self.part = Part::default();
        self.resumed = false;
        Then::Ask
    }

    fn retry(&mut self, problem: Problem) -> Then {
        if self.left == 0 {
            return self.next(problem);
        }
        self.left -= 1;
        self.fail(problem);
        Then::AskLater
    }

    /// On to the next address. What is there of this one's file stays, for the case that no other has it.
    fn next(&mut self, problem: Problem) -> Then {
        use Problem::{Client, Cut, Slow, Status};
        if !matches!(problem, Client(_) | Cut { .. } | Slow { .. } | Status(_)) {
            self.part = Part::default();
        }
        self.fail(problem);
        self.urls.pop();
        self.left = self.retries;
        Then::Ask
    }

    fn fail(&mut self, problem: Problem) {
        let url = self.url();
        self.failures.push(Failure { url, problem });
    }

    /// The present address, fit for eyes and files.
    fn url(&self) -> String {
        self.urls.last().map(|url| without_password(url)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
