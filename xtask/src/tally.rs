//! What the test runners say, added up.

/// The outcome of one runner.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    /// The failed tests, as far as their runner named them.
    pub failures: Vec<Failed>,
    /// One reason each.
    pub skipped: Vec<String>,
}

/// A test that failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Failed {
    name: String,
    /// What its runner printed of the reason: the first lines of it.
    why: Vec<String>,
}

/// Lines of a reason that are told again at the end, where they are found: all of a message, and where it came from.
const WHY: usize = 8;

/// Reads what one runner prints, line by line.
#[derive(Default)]
pub struct Reader {
    tally: Tally,
    /// Whose output is being read, by its place among the failed.
    of: Option<usize>,
    /// Tests that told themselves that they cannot run, and that their runner takes for passed.
    announced: usize,
    /// What Node's lines say of skipped tests, until its total comes.
    reasons: Vec<String>,
}

impl Reader {
    /// Reads a line of `cargo test` or of `node --test --test-reporter=spec`, or one that begins with
    /// `SKIPPED `, which a test prints that cannot run on this machine.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        self.read_reason(line);
        if let Some(reason) = line.strip_prefix("SKIPPED ") {
            self.tally.skipped.push(reason.to_owned());
            self.announced += 1;
        } else if let Some(totals) = line.strip_prefix("test result: ") {
            self.read_cargo(totals);
        } else if let Some(total) = line.strip_prefix("ℹ ") {
            self.read_node(total);
        } else if let Some(test) = line.strip_prefix("﹣ ") {
            self.reasons.push(test.replacen(" # ", ": ", 1));
        } else if let Some(name) = failed_test(line).filter(|name| self.place(name).is_none()) {
            self.tally.failures.push(Failed { name, why: Vec::new() });
        }
    }

    fn place(&self, test: &str) -> Option<usize> {
        self.tally.failures.iter().position(|failed| failed.name == test)
    }

    /// Both runners name the failed tests first, and then once more with what they printed: cargo all of it, of which
    /// the reason is what the panic says, and Node the error.
    fn read_reason(&mut self, line: &str) {
        let cargo = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = cargo.map(str::to_owned).or_else(|| failed_test(line)) {
            self.of = self.place(&name);
        } else if HEADINGS.iter().any(|heading| line.starts_with(heading)) {
            self.of = None;
        } else if let Some(of) = self.of {
            let why = &mut self.tally.failures[of].why;
            if line.starts_with("thread '") && line.contains("panicked at") {
                why.clear();
            }
            if why.len() < WHY && !line.is_empty() {
                why.push(line.to_owned());
            }
        }
    }

    /// The outcome when the runner has ended: one that fails without a failed test, or that runs none, counts
    /// as one failure.
    pub fn finish(self, succeeded: bool) -> Tally {
        let mut tally = self.tally;
        tally.passed = tally.passed.saturating_sub(self.announced);
        let ran = tally.passed + tally.skipped.len() > 0;
        if tally.failed == 0 && !(succeeded && ran) {
            tally.failed = 1;
        }
        tally
    }

    fn read_cargo(&mut self, totals: &str) {
        let words: Vec<&str> = totals.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<usize>() else { continue };
            match pair[1] {
                "passed;" => self.tally.passed += count,
                "failed;" => self.tally.failed += count,
                "ignored;" => self.tally.skipped.extend(vec!["a test marked #[ignore]".to_owned(); count]),
                _ => {}
            }
        }
    }

    fn read_node(&mut self, total: &str) {
        let Some((name, Ok(count))) =
            total.split_once(' ').map(|(name, count)| (name, count.parse::<usize>()))
        else {
            return;
        };
        match name {
            "pass" => self.tally.passed += count,
            "fail" | "cancelled" => self.tally.failed += count,
            "skipped" => {
                self.reasons.resize(count, "a test that gives no reason".to_owned());
                self.tally.skipped.append(&mut self.reasons);
            }
            _ => {}
        }
    }
}

/// What ends the output of one test.
const HEADINGS: [&str; 5] = ["successes:", "failures:", "test ", "ℹ ", "✔ "];

/// The name in the line of a test that failed.
fn failed_test(line: &str) -> Option<String> {
    let cargo = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"));
    // Behind the name of a test of Node stands how long it ran, and its list of all failed tests has a heading.
    let node = || line.strip_prefix("✖ ")?.rsplit_once(" (").map(|(name, _)| name);
    cargo.or_else(node).map(str::to_owned)
}

/// The outcome of a runner that cannot run on this machine.
pub fn skipped(why: &str) -> Tally {
    println!("SKIPPED {why}");
    Tally { skipped: vec![why.to_owned()], ..Tally::default() }
}

/// The report of all runners. Its last line is for programs: `N passed, N failed, N skipped`.
pub fn report(runners: &[(&str, Tally)]) -> String {
    let mut text = String::from("\n");
    for (name, tally) in runners {
        text += &format!("{name:<24} {}\n", totals(std::slice::from_ref(&tally)));
    }
    let all: Vec<&Tally> = runners.iter().map(|(_, tally)| tally).collect();
    let mut reasons: Vec<&String> = all.iter().flat_map(|tally| &tally.skipped).collect();
    reasons.sort();
    if !reasons.is_empty() {
        text += &format!("{} skipped:\n", reasons.len());
    }
    for same in reasons.chunk_by(|a, b| a == b) {
        let times = if same.len() > 1 { format!(" ({} times)", same.len()) } else { String::new() };
        text += &format!("  {}{times}\n", same[0]);
    }
    for failed in all.iter().flat_map(|tally| &tally.failures) {
        text += &format!("FAILED {}\n", failed.name);
        failed.why.iter().for_each(|line| text += &format!("  {line}\n"));
    }
    text + &totals(&all) + "\n"
}

fn totals(tallies: &[&Tally]) -> String {
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(|tally| count(tally)).sum::<usize>();
    let (passed, failed, skipped) = (sum(|t| t.passed), sum(|t| t.failed), sum(|t| t.skipped.len()));
    format!("{passed} passed, {failed} failed, {skipped} skipped")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str, succeeded: bool) -> Tally {
        let mut reader = Reader::default();
        output.lines().for_each(|line| reader.read(line));
        reader.finish(succeeded)
    }

    fn expected(passed: usize, failures: &[&str], skipped: &[&str]) -> Tally {
        let named = |name: &&str| Failed { name: (*name).to_owned(), why: Vec::new() };
        let skipped = skipped.iter().copied().map(str::to_owned).collect();
        Tally { passed, failed: failures.len(), failures: failures.iter().map(named).collect(), skipped }
    }

    fn with_reason(mut tally: Tally, test: usize, why: &[&str]) -> Tally {
        tally.failures[test].why = why.iter().copied().map(str::to_owned).collect();
        tally
    }

    #[test]
    fn cargo_test_is_added_up() {
        let output = "\
running 3 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s

test b::c ... FAILED

successes:

---- screen stdout ----
SKIPPED screen: no Xvfb here

failures:

---- b::c stdout ----
told before

thread 'b::c' panicked at src/b.rs:7:9:
assertion failed: c
note: run with `RUST_BACKTRACE=1`

failures:
    b::c

test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";
        let skipped = ["a test marked #[ignore]", "screen: no Xvfb here"];
        let why = [
            "thread 'b::c' panicked at src/b.rs:7:9:",
            "assertion failed: c",
            "note: run with `RUST_BACKTRACE=1`",
        ];
        assert_eq!(tally(output, false), with_reason(expected(5, &["b::c"], &skipped), 0, &why));
    }

    #[test]
    fn node_test_is_added_up() {
        let output = "\
✔ adds (1.1ms)
SKIPPED opens the page: no Chromium here
﹣ waits (0.1ms) # too slow
✖ fails (as it does) (1.2ms)
✖ hangs (60s)
ℹ tests 4
ℹ suites 0
ℹ pass 2
ℹ fail 1
ℹ cancelled 1
ℹ skipped 2
ℹ todo 0
ℹ duration_ms 71.2

✖ failing tests:

test at a.test.js:7:1
✖ fails (as it does) (1.2ms)
  Error: the picture is there: not within 30 s
      at until (file:///a.js:33:11)

test at a.test.js:9:1
✖ hangs (60s)
  'test timed out after 60000ms'
";
        let skipped =
            ["opens the page: no Chromium here", "waits (0.1ms): too slow", "a test that gives no reason"];
        let failed = expected(1, &["fails (as it does)", "hangs"], &skipped);
        let why = ["Error: the picture is there: not within 30 s", "at until (file:///a.js:33:11)"];
        let failed = with_reason(failed, 0, &why);
        assert_eq!(tally(output, false), with_reason(failed, 1, &["'test timed out after 60000ms'"]));
    }

    #[test]
    fn a_runner_that_ran_nothing_or_broke_has_failed() {
        let one = "test result: ok. 1 passed; 0 failed; 0 ignored;";
        let skip = "SKIPPED it: why\ntest result: ok. 1 passed; 0 failed; 0 ignored;";
        for (output, succeeded, failed) in
            [("", true, 1), ("", false, 1), (one, true, 0), (one, false, 1), (skip, true, 0)]
        {
            assert_eq!(tally(output, succeeded).failed, failed, "{output:?} {succeeded}");
        }
    }

    #[test]
    fn the_report_ends_with_one_exact_line() {
        let runners = [
            ("cargo test", expected(5, &[], &["b", "a", "b"])),
            ("end to end", with_reason(expected(2, &["typing"], &[]), 0, &["Error: q"])),
        ];
        let text = report(&runners);
        assert!(text.contains("cargo test               5 passed, 0 failed, 3 skipped\n"), "{text}");
        assert!(text.contains("3 skipped:\n  a\n  b (2 times)\n"), "{text}");
        assert!(text.contains("  b (2 times)\nFAILED typing\n  Error: q\n"), "{text}");
        assert_eq!(text.lines().last(), Some("7 passed, 1 failed, 3 skipped"));
    }
}
