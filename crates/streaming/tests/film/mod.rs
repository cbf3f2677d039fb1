//! H.264 for viewers that understand it.

use std::time::Instant;

use super::*;

impl Viewer {
    /// Asks for updates while the screen changes, or does not, until the first rectangle of one is written like this.
    fn until_written(&mut self, encoding: i32, script: &Script, changes: bool) -> (u32, Vec<u8>) {
        let ends = Instant::now() + LIMIT;
        while Instant::now() < ends {
            self.request(true);
            if changes {
                script.change();
            }
            let [_, _, high, low] = self.read();
            for _ in 0..u16::from_be_bytes([high, low]) {
                let header: [u8; 12] = self.read();
                let side = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
                let found = i32::from_be_bytes([header[8], header[9], header[10], header[11]]);
                let (flags, bytes) = match found {
                    50 => {
                        let [length, flags] = [self.read(), self.read()].map(u32::from_be_bytes);
                        (flags, self.take(length as usize))
                    }
                    _ => (0, self.take(4 * side(4) * side(6))),
                };
                assert!(
                    found != 50 || Size::new(side(4) as u16, side(6) as u16) == SIZE,
                    "all of the screen"
                );
                if found == encoding {
                    return (flags, bytes);
                }
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("nothing was written by {encoding}");
    }
}

#[test]
fn what_moves_comes_as_h264_for_those_who_understand_it() {
    let installed = Capabilities::installed().unwrap();
    let Some(encoder) = ["x264enc", "openh264enc"]
        .into_iter()
        .find(|name| installed.works.iter().any(|found| found.element == *name))
    else {
        println!("SKIPPED: nothing here encodes H.264");
        return;
    };
    let server = Server::encoding(&[], NoVnc::default(), encoder, Codec::H264);
    let mut viewer = server.connected(None);
    viewer.send(&[2, 0, 0, 2, 0, 0, 0, 50, 0, 0, 0, 0]);
    let (flags, unit) = viewer.until_written(50, &server.script, true);
    assert_eq!((flags, &unit[..4]), (1, &[0, 0, 0, 1][..]), "a keyframe, in Annex B");
    // A still screen is shown as it is again: the frames that it is reminded by are small.
    assert_eq!(viewer.until_written(0, &server.script, false).0, 0);
}

#[test]
fn where_another_codec_is_encoded_pixels_come() {
    let server = Server::start(&[]);
    let mut viewer = server.connected(None);
    viewer.send(&[2, 0, 0, 2, 0, 0, 0, 50, 0, 0, 0, 0]);
    let ends = Instant::now() + Duration::from_secs(4);
    while Instant::now() < ends {
        viewer.request(false);
        server.script.change();
        assert_eq!(viewer.update().1, SIZE.area(), "in raw rectangles");
    }
}
