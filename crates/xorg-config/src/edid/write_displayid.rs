//! The bytes of DisplayID 2.0 extensions.

use super::displayid::DisplayIdSection;
use super::displayid_timing::DisplayIdTiming;
use super::document::checksum;
use super::layout::Layout;
use super::spec::EdidSpec;

/// As many blocks as the timings need; none where there are none.
pub(super) fn blocks(spec: &EdidSpec, layout: &Layout) -> Vec<[u8; 128]> {
    if layout.displayid.is_empty() {
        return Vec::new();
    }
    let head = [product(spec), parameters(spec)].concat();
    let features = interface_features(spec);
    let room = (DisplayIdSection::MAX_DATA - head.len() - features.len() - HEADER) / TIMING;
    let (first, more) = layout.displayid.split_at(room.min(layout.displayid.len()));
    let more = more.chunks((DisplayIdSection::MAX_DATA - HEADER) / TIMING);
    let first = section(DESKTOP, more.len() as u8, &[head, timings(first), features].concat());
    [first].into_iter().chain(more.map(|chunk| section(0, 0, &timings(chunk)))).collect()
}

fn section(purpose: u8, extensions: u8, data: &[u8]) -> [u8; 128] {
    let mut block = [0; 128];
    let end = 5 + data.len();
    block[..5].copy_from_slice(&[0x70, 0x20, data.len() as u8, purpose, extensions]);
    block[5..end].copy_from_slice(data);
    block[end] = checksum(&block[1..end]);
    block
}

fn product(spec: &EdidSpec) -> Vec<u8> {
    let (week, year) = spec.date.encode();
    let payload = [
        &VESA[..],
        &spec.product.to_le_bytes(),
        &spec.serial.number().to_le_bytes(),
        &[week, (year - 2000) as u8, spec.name.len() as u8],
        spec.name.as_bytes(),
    ];
    data_block(0x20, &payload.concat())
}

fn parameters(spec: &EdidSpec) -> Vec<u8> {
    let (width, height) = spec.size_mm;
    let pixels = [spec.preferred.horizontal.active, spec.preferred.vertical.active];
    let numbers = [width * 10, height * 10, to_u16(pixels[0]), to_u16(pixels[1])];
    let scan = if spec.audio { 0 } else { NO_SPEAKERS };
    let payload =
        [&numbers.map(u16::to_le_bytes).concat()[..], &[scan], &PRIMARIES, &LUMINANCES, &[EIGHT_BITS, GAMMA]];
    data_block(0x21, &payload.concat())
}

fn interface_features(spec: &EdidSpec) -> Vec<u8> {
    let audio = if spec.audio { PCM_32_44_48 } else { 0 };
    data_block(0x26, &[RGB_8_BITS, 0, 0, 0, 0, audio, SRGB, 0, 0])
}

fn timings(timings: &[DisplayIdTiming]) -> Vec<u8> {
    let bytes = timings.iter().filter_map(DisplayIdTiming::encode).flatten();
    data_block(0x22, &bytes.collect::<Vec<_>>())
}

fn data_block(tag: u8, payload: &[u8]) -> Vec<u8> {
    [&[tag, 0, payload.len() as u8], payload].concat()
}

fn to_u16(pixels: u32) -> u16 {
    pixels.min(u32::from(u16::MAX)) as u16
}

/// Bytes before the contents of a data block.
const HEADER: usize = 3;
const TIMING: usize = 20;
const DESKTOP: u8 = 4;
/// The maker of a display that does not exist: VESA's own identifier.
const VESA: [u8; 3] = [0x3a, 0x02, 0x92];
const NO_SPEAKERS: u8 = 0x80;
/// sRGB in parts of 4096, twelve bits each.
const PRIMARIES: [u8; 12] = [0x3d, 0x8a, 0x54, 0xcd, 0xa4, 0x99, 0x66, 0x62, 0x0f, 0x01, 0x45, 0x54];
/// Not stated: half-precision numbers that mean "do not use".
const LUMINANCES: [u8; 6] = [0x00, 0x80, 0x00, 0x80, 0x00, 0x80];
const EIGHT_BITS: u8 = 2;
const GAMMA: u8 = 120;
const RGB_8_BITS: u8 = 2;
const PCM_32_44_48: u8 = 0xe0;
const SRGB: u8 = 1;
