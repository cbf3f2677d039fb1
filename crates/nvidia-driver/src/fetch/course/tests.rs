#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::fetch::client::{ContentRange, validator};

const A: &str = "http://a/f";
const B: &str = "http://b/f";
const TAG: &str = "\"1\"";

fn course(done: u64) -> Course {
    let part = Part { url: A.into(), validator: Some(TAG.into()), total: Some(10), done };
    let bounds = Bounds { length: None, limit: 100 };
    Course::new(vec![A.into(), B.into()], Some(part), bounds, 1)
}

fn head(status: u16, length: Option<u64>, range: Option<&str>, tag: &str) -> Head {
    let validator = Some(tag.to_owned()).filter(|tag| !tag.is_empty());
    Head { status, length, range: range.map(|range| range.parse().unwrap()), validator }
}

#[test]
fn every_answer_has_its_consequence() {
    // What is there, the answer, what is done, and the next request.
    for (done, head, then, url, from) in [
        (0, head(200, Some(10), None, TAG), Then::Write, A, 0),
        (0, head(200, Some(101), None, TAG), Then::Ask, B, 0),
        (0, head(206, Some(10), Some("bytes 0-9/10"), TAG), Then::Ask, B, 0),
        (0, head(404, Some(10), None, ""), Then::Ask, B, 0),
        (0, head(403, None, None, ""), Then::Ask, B, 0),
        (0, head(500, None, None, ""), Then::AskLater, A, 0),
        (0, head(429, None, None, ""), Then::AskLater, A, 0),
        (4, head(206, Some(6), Some("bytes 4-9/10"), TAG), Then::Write, A, 4),
        (4, head(206, Some(6), Some("bytes 4-9/*"), ""), Then::Write, A, 4),
        (4, head(206, Some(6), Some("bytes 4-9/10"), "\"2\""), Then::Ask, A, 0),
        (4, head(206, Some(6), Some("bytes 4-9/11"), TAG), Then::Ask, A, 0),
        (4, head(206, Some(5), Some("bytes 5-9/10"), TAG), Then::Ask, A, 0),
        (4, head(206, Some(6), None, TAG), Then::Ask, A, 0),
        (4, head(200, Some(12), None, "\"2\""), Then::Write, A, 0),
        (4, head(416, None, Some("bytes */10"), TAG), Then::Ask, A, 0),
        (4, head(416, None, None, ""), Then::Ask, A, 0),
        (4, head(503, None, None, ""), Then::AskLater, A, 4),
        (4, head(404, None, None, ""), Then::Ask, B, 0),
        (10, head(416, None, Some("bytes */10"), TAG), Then::Verify, A, 10),
        (10, head(416, None, Some("bytes */11"), TAG), Then::Ask, A, 0),
    ] {
        let mut course = course(done);
        assert_eq!(course.answered(&head), then, "{done} {head:?}");
        let request = course.request().unwrap();
        assert_eq!((request.url, request.from), (url, from), "{done} {head:?}");
    }
}

#[test]
fn without_a_validator_nothing_is_resumed() {
    let mut course = course(0);
    assert_eq!(course.answered(&head(200, Some(10), None, "")), Then::Write);
    assert_eq!(course.received(4), None);
    assert_eq!(course.ended(None), Then::AskLater);
    assert_eq!(course.request(), Some(Request { url: A, from: 0, if_range: None }));
}

#[test]
fn a_body_that_is_too_long_ends_the_address() {
    for (length, bytes, then) in [
        (Some(10), 10, None),
        (Some(10), 11, Some(Then::Ask)),
        (None, 100, None),
        (None, 101, Some(Then::Ask)),
    ] {
        let mut course = course(0);
        course.answered(&head(200, length, None, TAG));
        assert_eq!(course.received(bytes), then, "{length:?} {bytes}");
        assert_eq!(course.request().unwrap().url, if then.is_some() { B } else { A });
    }
}

#[test]
fn failures_are_forgiven_as_often_as_was_said() {
    let mut course = course(0);
    let mut asked = Vec::new();
    while let Some(request) = course.request() {
        asked.push(request.url.to_owned());
        course.unanswered(io::Error::from(io::ErrorKind::TimedOut).into());
    }
    assert_eq!(asked, [A, A, B, B]);
    assert_eq!(course.failures.len(), 4);
}

#[test]
fn who_is_not_trusted_is_asked_once() {
    for error in [ClientError::Insecure, ClientError::Untrusted { reason: "self-signed".into() }] {
        let mut course = course(4);
        assert_eq!(course.unanswered(error), Then::Ask);
        assert_eq!(course.request().unwrap().url, B);
        assert_eq!(course.part().done, 4, "what is there stays");
    }
}

#[test]
fn what_comes_too_slowly_is_asked_for_again_from_there() {
    let mut course = course(0);
    course.answered(&head(200, Some(10), None, TAG));
    course.received(4);
    assert_eq!(course.too_slow(Pace::default()), Then::AskLater);
    assert_eq!(course.request(), Some(Request { url: A, from: 4, if_range: Some(TAG) }));
    assert_eq!(course.too_slow(Pace::default()), Then::Ask);
    assert_eq!(course.request().unwrap().url, B);
    let mut whole = self::course(0);
    whole.answered(&head(200, Some(10), None, TAG));
    whole.received(10);
    assert_eq!(whole.too_slow(Pace::default()), Then::Verify);
}

#[test]
fn what_was_put_together_wrongly_is_had_in_one_piece_once() {
    let mut course = course(4);
    course.answered(&head(206, Some(6), Some("bytes 4-9/10"), TAG));
    assert_eq!(course.spoiled(Problem::Status(0)), Then::Ask);
    assert_eq!(course.request(), Some(Request { url: A, from: 0, if_range: None }));
    course.answered(&head(200, Some(10), None, TAG));
    course.spoiled(Problem::Status(0));
    assert_eq!(course.request().unwrap().url, B);
}

#[test]
fn the_address_of_the_part_is_asked_first() {
    let part = Part { url: B.into(), validator: Some(TAG.into()), total: None, done: 3 };
    let bounds = Bounds { length: None, limit: 100 };
    let course = Course::new(vec![A.into(), B.into()], Some(part), bounds, 0);
    assert_eq!(course.request(), Some(Request { url: B, from: 3, if_range: Some(TAG) }));
}

#[test]
fn passwords_are_sent_and_neither_told_nor_kept() {
    let secret = "http://user:p@ss@a/f";
    let bounds = Bounds { length: None, limit: 100 };
    let mut course = Course::new(vec![secret.into()], None, bounds, 1);
    course.answered(&head(200, Some(10), None, TAG));
    course.received(4);
    course.ended(None);
    assert_eq!((course.part().url.as_str(), course.failures[0].url.as_str()), (A, A));
    assert_eq!(course.request(), Some(Request { url: secret, from: 4, if_range: Some(TAG) }));
    let next = Course::new(vec![secret.into()], Some(course.part().clone()), bounds, 1);
    assert_eq!(next.request(), Some(Request { url: secret, from: 4, if_range: Some(TAG) }));
    for (url, shown) in [
        ("https://h:1/a@b?c=d@e", "https://h:1/a@b?c=d@e"),
        ("https://u@h?x@y", "https://h?x@y"),
        ("u:p@h:3128", "h:3128"),
        ("", ""),
    ] {
        assert_eq!(without_password(url), shown);
    }
}

#[test]
fn content_ranges_and_validators() {
    for (text, start, total) in
        [("bytes 5-9/10", Some(5), Some(10)), ("bytes 5-9/*", Some(5), None), ("bytes */10", None, Some(10))]
    {
        assert_eq!(text.parse(), Ok(ContentRange { start, total }), "{text}");
    }
    for text in ["", "bytes", "bytes 5", "items 0-1/2", "bytes -1-2/3", "bytes 1-2/x", "bytes a-b/3"] {
        assert_eq!(text.parse::<ContentRange>(), Err(()), "{text}");
    }
    let date = "Tue, 01 Sep 2026 00:00:00 GMT";
    for (tag, modified, expected) in [
        (Some(TAG), Some(date), Some(TAG)),
        (Some("W/\"1\""), Some(date), Some(date)),
        (Some("W/\"1\""), None, None),
        (Some("\"\""), None, None),
        (None, None, None),
    ] {
        assert_eq!(validator(tag, modified).as_deref(), expected);
    }
}
