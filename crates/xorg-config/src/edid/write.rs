//! The bytes of an EDID: its blocks in order, their number and their checksums.

use super::descriptor::{DUMMY, RangeLimits, text_descriptor};
use super::detailed::DetailedTiming;
use super::document::{Edid, HEADER, checksum};
use super::layout::{Layout, Limits};
use super::spec::{EdidSpec, LinkProfile, Serial};
use super::{write_cta, write_displayid};

pub(super) fn edid(spec: &EdidSpec, layout: &Layout) -> Edid {
    let mut extensions = vec![write_cta::block(spec, layout)];
    extensions.extend(write_displayid::blocks(spec, layout));
    if spec.profile == LinkProfile::Hdmi && extensions.len() > 1 {
        extensions.insert(0, block_map(&extensions));
    }
    let mut base = base(spec, layout);
    base[126] = extensions.len() as u8;
    let blocks = [base].into_iter().chain(extensions).map(summed);
    Edid::of_blocks(blocks.flatten().collect())
}

/// EDID 1.3 wants a list of what follows where more than one extension does.
fn block_map(extensions: &[[u8; 128]]) -> [u8; 128] {
    let mut block = [0; 128];
    block[0] = 0xf0;
    block[1..127].iter_mut().zip(extensions).for_each(|(tag, extension)| *tag = extension[0]);
    block
}

fn base(spec: &EdidSpec, layout: &Layout) -> [u8; 128] {
    let mut block = [0; 128];
    let (week, year) = spec.date.encode();
    let (revision, input, features) = match spec.profile {
        LinkProfile::DisplayPort => (4, EIGHT_BITS_DISPLAYPORT, SRGB_PREFERRED),
        LinkProfile::Hdmi => (3, DIGITAL, SRGB_PREFERRED | RGB_COLOR),
    };
    let limits = range_limits(spec, &layout.limits);
    let continuous = u8::from(limits.is_some() && spec.profile == LinkProfile::DisplayPort);
    let native = spec.profile == LinkProfile::Hdmi || layout.is_native(spec);
    let centimetres = |millimetres: u16| ((millimetres + 5) / 10).min(255) as u8;
    block[..8].copy_from_slice(&HEADER);
    block[8..10].copy_from_slice(&spec.manufacturer.0);
    block[10..12].copy_from_slice(&spec.product.to_le_bytes());
    block[12..16].copy_from_slice(&spec.serial.number().to_le_bytes());
    block[16..21].copy_from_slice(&[week, (year - 1990) as u8, 1, revision, input]);
    block[21..23].copy_from_slice(&[centimetres(spec.size_mm.0), centimetres(spec.size_mm.1)]);
    block[23] = GAMMA_2_2;
    block[24] = features & if native { 0xff } else { !PREFERRED } | continuous;
    block[25..35].copy_from_slice(&SRGB_PRIMARIES);
    block[35] = VGA_60_HZ;
    block[38..54].fill(1);
    let first = DetailedTiming::encode(&layout.first, spec.size_mm).expect("the layout chose one that fits");
    let serial = match &spec.serial {
        Serial::Text(text) => text_descriptor(0xff, text),
        _ => DUMMY,
    };
    let descriptors = [first, limits.unwrap_or(DUMMY), text_descriptor(0xfc, &spec.name), serial];
    block[54..126].copy_from_slice(descriptors.as_flattened());
    block
}

/// `None` where EDID 1.4 cannot state them: it need not. EDID 1.3 must, and ends at 255.
fn range_limits(spec: &EdidSpec, limits: &Limits) -> Option<[u8; 18]> {
    let new = spec.profile == LinkProfile::DisplayPort;
    let most = if new { u64::from(u16::MAX) } else { 255 };
    let pair = |(low, high): (u64, u64)| (low.clamp(1, most) as u16, high.clamp(1, most) as u16);
    let clock_mhz = match limits.mhz.div_ceil(10) * 10 {
        mhz if mhz > 2550 && !new => 0,
        mhz => mhz.min(u64::from(u16::MAX)) as u16,
    };
    let formula = u8::from(new);
    let parameters = *b"\n      ";
    let (vertical_hz, horizontal_khz) = (pair(limits.hz), pair(limits.khz));
    RangeLimits { vertical_hz, horizontal_khz, clock_mhz, formula, parameters }.encode(new)
}

/// The block with its last byte set.
fn summed(mut block: [u8; 128]) -> [u8; 128] {
    block[127] = checksum(&block[..127]);
    block
}

const DIGITAL: u8 = 0x80;
const EIGHT_BITS_DISPLAYPORT: u8 = DIGITAL | 2 << 4 | 5;
const PREFERRED: u8 = 0x02;
const SRGB_PREFERRED: u8 = 0x04 | PREFERRED;
const RGB_COLOR: u8 = 0x08;
const GAMMA_2_2: u8 = 120;
/// Red 0.640, 0.330; green 0.300, 0.600; blue 0.150, 0.060; white 0.3127, 0.3290.
const SRGB_PRIMARIES: [u8; 10] = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];
const VGA_60_HZ: u8 = 0x20;
