#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

const OPEN: Offer = Offer { open: true, password: false, tls: false, plain: false };
const PASSWORD: Offer = Offer { open: false, password: true, tls: false, plain: false };
const BOTH: Offer = Offer { open: false, password: true, tls: true, plain: false };

/// A conversation: what the viewer says, `!` before a verdict, `tls` when TLS begins; and what is heard.
fn talk(offer: Offer, said: &[&str]) -> String {
    let mut handshake = Handshake::new(offer, *b"0123456789abcdef");
    let mut heard = vec![hear(&mut handshake)];
    for said in said {
        match said.strip_prefix('!') {
            Some("ok") => handshake.judge(Ok(())),
            Some(why) => handshake.judge(Err(why)),
            None if *said == "tls" => handshake.secured(),
            None => match handshake.receive(&unescape(said)) {
                Ok(used) => assert_eq!(used, unescape(said).len(), "{said}"),
                Err(error) => heard.push(format!("{error:?}")),
            },
        }
        heard.push(hear(&mut handshake));
    }
    heard.retain(|heard| !heard.is_empty());
    heard.join(" | ")
}

fn hear(handshake: &mut Handshake) -> String {
    let steps = std::iter::from_fn(|| handshake.poll());
    let shown = steps.map(|step| match step {
        Step::Send(bytes) => bytes.escape_ascii().to_string(),
        Step::Judge(Proof::Response(bytes)) => format!("<response {}>", bytes.escape_ascii()),
        Step::Judge(proof) => format!("<{proof:?}>"),
        step => format!("<{step:?}>"),
    });
    shown.collect()
}

/// `\xNN` and `\n`, as `escape_ascii` writes them.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if let Some(digits) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(&digits[..2], 16).unwrap());
            rest = &digits[2..];
        } else if let Some(after) = rest.strip_prefix("\\n") {
            bytes.push(b'\n');
            rest = after;
        } else {
            bytes.push(sign as u8);
            rest = &rest[1..];
        }
    }
    bytes
}

fn check(offer: Offer, said: &[&str], heard: &str) {
    assert_eq!(talk(offer, said), heard, "{offer:?} {said:?}");
}

#[test]
fn viewers_of_every_version_come_in_without_a_password() {
    check(
        OPEN,
        &["RFB 003.008\\n", "\\x01", "!ok", "\\x01"],
        "RFB 003.008\\n | \\x01\\x01 | <None> | \\x00\\x00\\x00\\x00 | <Done { shared: true }>",
    );
    check(
        OPEN,
        &["RFB 003.007\\n", "\\x01", "\\x00"],
        "RFB 003.008\\n | \\x01\\x01 | <Done { shared: false }>",
    );
    for old in ["RFB 003.003\\n", "RFB 003.005\\n"] {
        check(OPEN, &[old, "\\x01"], "RFB 003.008\\n | \\x00\\x00\\x00\\x01 | <Done { shared: true }>");
    }
    check(OPEN, &["RFB 003.889\\n"], "RFB 003.008\\n | \\x01\\x01");
}

#[test]
fn the_challenge_is_answered_and_judged() {
    let answer = "ABCDEFGHIJKLMNOP";
    let judged = "0123456789abcdef | <response ABCDEFGHIJKLMNOP>";
    check(
        PASSWORD,
        &["RFB 003.008\\n", "\\x02", answer, "!ok", "\\x01"],
        &format!("RFB 003.008\\n | \\x01\\x02 | {judged} | \\x00\\x00\\x00\\x00 | <Done {{ shared: true }}>"),
    );
    check(
        PASSWORD,
        &["RFB 003.008\\n", "\\x02", answer, "!no"],
        &format!(
            "RFB 003.008\\n | \\x01\\x02 | {judged} | \\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x02no<Refused>"
        ),
    );
    check(
        PASSWORD,
        &["RFB 003.007\\n", "\\x02", answer, "!no"],
        &format!("RFB 003.008\\n | \\x01\\x02 | {judged} | \\x00\\x00\\x00\\x01<Refused>"),
    );
    check(
        PASSWORD,
        &["RFB 003.003\\n", answer, "!ok", "\\x00"],
        &format!(
            "RFB 003.008\\n | \\x00\\x00\\x00\\x02{judged} | \\x00\\x00\\x00\\x00 | <Done {{ shared: false }}>"
        ),
    );
}

#[test]
fn a_name_and_a_password_come_through_tls() {
    let begin = ["RFB 003.008\\n", "\\x13", "\\x00\\x02", "\\x00\\x00\\x01\\x06"];
    let plain = "\\x00\\x00\\x00\\x03\\x00\\x00\\x00\\x02adapw";
    let begun = "RFB 003.008\\n | \\x02\\x13\\x02 | \\x00\\x02 | \
                 \\x00\\x02\\x00\\x00\\x01\\x06\\x00\\x00\\x01\\x05 | \\x01<StartTls>";
    check(
        BOTH,
        &[&begin[..], &["tls", plain, "!ok", "\\x01"]].concat(),
        &format!(
            "{begun} | <Plain(Plain {{ user: \"ada\", password: \"***\" }})> | \\x00\\x00\\x00\\x00 | \
             <Done {{ shared: true }}>"
        ),
    );
    check(BOTH, &[&begin[..], &[plain]].concat(), &format!("{begun} | BeforeTls"));
    let long = "\\x00\\x00\\x00\\x03\\xff\\xff\\xff\\xff";
    let error = "Long { field: \"password\", length: 4294967295, most: 1024 }";
    check(BOTH, &[&begin[..], &["tls", long]].concat(), &format!("{begun} | {error}"));
    check(
        BOTH,
        &["RFB 003.008\\n", "\\x13", "\\x00\\x02", "\\x00\\x00\\x01\\x05", "tls"],
        &format!("{begun} | 0123456789abcdef"),
    );
}

#[test]
fn a_stream_that_nobody_else_reads_carries_a_password_as_it_is() {
    let offer = Offer { plain: true, ..Offer::default() };
    let plain = "\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x01ab";
    check(
        offer,
        &["RFB 003.008\\n", "\\x13", "\\x00\\x02", "\\x00\\x00\\x01\\x00", plain],
        "RFB 003.008\\n | \\x01\\x13 | \\x00\\x02 | \\x00\\x01\\x00\\x00\\x01\\x00 | \
         <Plain(Plain { user: \"a\", password: \"***\" })>",
    );
}

#[test]
fn what_was_not_offered_is_refused() {
    check(OPEN, &["RFB 003.008\\n", "\\x02"], "RFB 003.008\\n | \\x01\\x01 | Security(2)");
    check(PASSWORD, &["RFB 003.008\\n", "\\x01"], "RFB 003.008\\n | \\x01\\x02 | Security(1)");
    check(PASSWORD, &["RFB 003.008\\n", "\\x13"], "RFB 003.008\\n | \\x01\\x02 | Security(19)");
    for bad in ["GET / HTTP/1", "RFB 003.0a8\\n", "RFB 004.008\\n", "RFB 003.0080"] {
        check(OPEN, &[bad], "RFB 003.008\\n | Version");
    }
    let vencrypt = ["RFB 003.008\\n", "\\x13", "\\x00\\x01"];
    check(BOTH, &vencrypt, "RFB 003.008\\n | \\x02\\x13\\x02 | \\x00\\x02 | VeNCrypt(0, 1)");
    let subtype = ["RFB 003.008\\n", "\\x13", "\\x00\\x02", "\\x00\\x00\\x01\\x00"];
    assert!(talk(BOTH, &subtype).ends_with("Security(256)"));
}

#[test]
fn whoever_knows_no_tls_is_told_so() {
    let tls = Offer { open: false, password: false, tls: true, plain: false };
    let said = talk(tls, &["RFB 003.003\\n"]);
    assert!(said.ends_with("3.3 does not know<Refused>"), "{said}");
    let none = talk(Offer::default(), &["RFB 003.008\\n"]);
    assert!(none.ends_with("there is no way in<Refused>"), "{none}");
}

#[test]
fn bytes_may_come_one_by_one() {
    let mut handshake = Handshake::new(PASSWORD, [7; 16]);
    let mut kept = Vec::new();
    let mut steps = Vec::new();
    for byte in [&b"RFB 003.008\n\x02"[..], &[9; 16]].concat() {
        kept.push(byte);
        let used = handshake.receive(&kept).unwrap();
        kept.drain(..used);
        steps.extend(std::iter::from_fn(|| handshake.poll()));
    }
    assert_eq!(steps.last(), Some(&Step::Judge(Proof::Response([9; 16]))));
}
