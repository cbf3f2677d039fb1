//! The bytes of a CTA-861 extension, revision 3.

use super::detailed::DetailedTiming;
use super::layout::Layout;
use super::modes;
use super::spec::{EdidSpec, LinkProfile};

pub(super) fn block(spec: &EdidSpec, layout: &Layout) -> [u8; 128] {
    let mut bytes = vec![0x02, 3, 0, flags(spec, layout)];
    for (tag, payload) in data_blocks(spec, layout) {
        bytes.push(tag << 5 | payload.len() as u8);
        bytes.extend(payload);
    }
    bytes[2] = bytes.len() as u8;
    let detailed = layout.detailed.iter().filter_map(|timing| DetailedTiming::encode(timing, spec.size_mm));
    bytes.extend(detailed.flatten());
    let mut block = [0; 128];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    block
}

fn flags(spec: &EdidSpec, layout: &Layout) -> u8 {
    let audio = if spec.audio { 0x40 } else { 0 };
    UNDERSCAN | audio | u8::from(layout.is_native(spec))
}

/// Tags and contents. Those of HDMI must be neighbours.
fn data_blocks(spec: &EdidSpec, layout: &Layout) -> Vec<(u8, Vec<u8>)> {
    let mut blocks = Vec::new();
    if !layout.vics.is_empty() {
        blocks.push((VIDEO, layout.vics.clone()));
    }
    if spec.audio {
        blocks.push((AUDIO, PCM_STEREO.to_vec()));
        blocks.push((SPEAKERS, FRONT_LEFT_RIGHT.to_vec()));
    }
    if spec.profile == LinkProfile::Hdmi {
        let fixed_rate = if layout.limits.mhz > 600 { FOUR_LANES_OF_12_GBIT } else { 0 };
        blocks.push((VENDOR, [&HDMI_1_0_0_0[..], &[0, (340 / 5) as u8]].concat()));
        blocks.push((VENDOR, [&HDMI_FORUM[..], &[1, (600 / 5) as u8, SCDC, fixed_rate]].concat()));
    }
    blocks.push((EXTENDED, vec![VIDEO_CAPABILITY, QUANTIZATION_UNDERSCAN]));
    blocks.extend(preference(spec, layout).map(|reference| (EXTENDED, vec![FORMAT_PREFERENCE, reference])));
    blocks
}

/// The first video code counts as a preferred format, too. Where it is larger than the first detailed timing, or
/// that one is not native, the preference must be told.
fn preference(spec: &EdidSpec, layout: &Layout) -> Option<u8> {
    let size = |timing: crate::Timing| (timing.vertical.active, timing.horizontal.active);
    let larger = layout.vics.first().and_then(|vic| modes::of_vic(*vic)).map(size) > Some(size(layout.first));
    let code = modes::vic_of(&spec.preferred).unwrap_or(FIRST_DETAILED);
    match (layout.is_native(spec), larger) {
        (false, _) => Some(code),
        (true, true) => Some(FIRST_DETAILED),
        (true, false) => None,
    }
}

const UNDERSCAN: u8 = 0x80;
const AUDIO: u8 = 1;
const VIDEO: u8 = 2;
const VENDOR: u8 = 3;
const SPEAKERS: u8 = 4;
const EXTENDED: u8 = 7;
/// Linear PCM, two channels, 32 to 48 kHz, 16 to 24 bits.
const PCM_STEREO: [u8; 3] = [1 << 3 | 1, 0x07, 0x07];
const FRONT_LEFT_RIGHT: [u8; 3] = [1, 0, 0];
/// The identifier, low byte first, and the physical address.
const HDMI_1_0_0_0: [u8; 5] = [0x03, 0x0c, 0x00, 0x10, 0x00];
const HDMI_FORUM: [u8; 3] = [0xd8, 0x5d, 0xc4];
const SCDC: u8 = 0x80;
const FOUR_LANES_OF_12_GBIT: u8 = 6 << 4;
const VIDEO_CAPABILITY: u8 = 0;
/// Quantization selectable for RGB and YCbCr, IT and CE formats underscanned.
const QUANTIZATION_UNDERSCAN: u8 = 0xca;
const FORMAT_PREFERENCE: u8 = 13;
/// The short video reference of the first detailed timing descriptor.
const FIRST_DETAILED: u8 = 129;
