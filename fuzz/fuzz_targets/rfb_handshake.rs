//! What a VNC viewer says before it is in: nobody comes in without a proof that was judged to be right.

#![no_main]

use cosmos_protocol::rfb::{Handshake, Offer, Proof, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ([bool; 4], bool, Vec<Vec<u8>>)| {
    let ([open, password, tls, plain], right, parts) = input;
    let offer = Offer { open, password, tls, plain };
    let mut handshake = Handshake::new(offer, [7; 16]);
    let (mut kept, mut let_in) = (Vec::new(), false);
    for part in parts {
        kept.extend_from_slice(&part);
        let Ok(used) = handshake.receive(&kept) else { return };
        kept.drain(..used);
        while let Some(step) = handshake.poll() {
            match step {
                Step::Judge(proof) => {
                    assert!(open || proof != Proof::None, "nothing is proved");
                    let_in |= right;
                    handshake.judge(if right { Ok(()) } else { Err("no") });
                }
                Step::StartTls => {
                    assert!(tls, "TLS was not offered");
                    handshake.secured();
                }
                // Older versions let everybody in without being asked.
                Step::Done { .. } => assert!(let_in || open),
                Step::Send(_) => {}
                Step::Refused => return,
            }
        }
    }
});
