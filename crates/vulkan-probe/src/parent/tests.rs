use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Facts {
    devices: u32,
}

fn judge(text: &str, status: i32) -> (Option<u32>, Option<Failure>) {
    let told = Told::<Facts>::read(text);
    let end = End::Status(ExitStatus::from_raw(status));
    let failure = failure(&end, &told, Duration::from_millis(7));
    (told.facts.map(|facts| facts.devices), failure)
}

#[test]
fn a_child_is_judged_by_its_words_and_its_end() {
    let all = "doing open\nfacts {\"devices\":1}\ndoing look\nfacts {\"devices\":2}\nend \n";
    let doing = "look".to_owned();
    let died =
        |signal: i32, name: &str| Failure::Died { signal, name: name.to_owned(), doing: doing.clone() };
    let cut = all.trim_end_matches("end \n");
    assert_eq!(judge(all, 0), (Some(2), None));
    assert_eq!(judge(all, 11), (Some(2), Some(died(11, "SIGSEGV"))), "a crash at the very end counts");
    assert_eq!(judge(cut, 6), (Some(2), Some(died(6, "SIGABRT"))));
    assert_eq!(judge(cut, 3 << 8), (Some(2), Some(Failure::Exited { code: 3, doing: doing.clone() })));
    assert_eq!(judge(cut, 0), (Some(2), Some(Failure::Garbage { text: String::new() })), "no end");
    assert_eq!(judge("", 0), (None, Some(Failure::Garbage { text: String::new() })));
    let (facts, failure) = judge(&format!("\u{1}\u{2}hello\n{all}"), 0);
    assert_eq!((facts, failure), (Some(2), Some(Failure::Garbage { text: "\u{1}\u{2}hello".to_owned() })));
    let halves = "facts {\"devices\":1}\nfacts {\"dev";
    assert_eq!(judge(halves, 9).0, Some(1), "a line cut off does not take the one before with it");
}

#[test]
fn logs_are_short_and_fit_for_a_terminal() {
    let log = (0..100).map(|line| format!("line {line}\u{1b}[31m\n\n")).collect::<String>();
    let lines = log_lines(log.as_bytes());
    assert_eq!(lines.len(), MOST_LINES);
    assert_eq!(lines.last().map(String::as_str), Some("line 99[31m"));
}
