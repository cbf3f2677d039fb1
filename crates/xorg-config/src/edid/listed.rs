//! All timings of an EDID in one list.

use super::base::{BaseBlock, ScreenSize};
use super::cta::DataBlock;
use super::descriptor::Descriptor;
use super::displayid::DisplayIdBlock;
use super::document::Extension;
use super::modes;
use crate::timing::Timing;

/// A timing that an EDID lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedTiming {
    /// The timing.
    pub timing: Timing,
    /// Where it stands.
    pub source: TimingSource,
    /// Whether it stands where the preferred timing stands: first of the base block, or marked by DisplayID.
    pub preferred: bool,
}

/// Where an EDID lists a timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimingSource {
    /// A bit of Established Timings, I, II or III.
    Established,
    /// A code of Standard Timings, with its two bytes.
    Standard([u8; 2]),
    /// A detailed timing descriptor of this block, counted from 0, the base block.
    Detailed {
        /// The block.
        block: usize,
    },
    /// A video identification code of CTA-861.
    Vic(u8),
    /// A number of the DMT standard.
    Dmt(u8),
    /// In full in the DisplayID section of this block.
    DisplayId {
        /// The block.
        block: usize,
    },
}

/// The timings of a base block and its extensions, in the order of the bytes.
pub(super) fn timings(base: &BaseBlock, extensions: &[Extension]) -> Vec<ListedTiming> {
    let mut list = of_base(base);
    for (extension, block) in extensions.iter().zip(1..) {
        match extension {
            Extension::Cta(cta) => {
                list.extend(cta.data_blocks.iter().flat_map(of_cta));
                let detailed = cta.timings.iter().map(|descriptor| descriptor.timing);
                list.extend(detailed.map(|timing| listed(timing, TimingSource::Detailed { block })));
            }
            Extension::DisplayId(section) => {
                list.extend(section.data_blocks.iter().flat_map(|data| of_displayid(data, block)));
            }
            _ => {}
        }
    }
    list
}

/// The preferred one of such a list.
pub(super) fn preferred(list: &[ListedTiming]) -> Option<Timing> {
    let of = |displayid: bool| {
        let here =
            |listed: &&ListedTiming| matches!(listed.source, TimingSource::DisplayId { .. }) == displayid;
        list.iter().filter(here).find(|listed| listed.preferred).map(|listed| listed.timing)
    };
    of(true).or_else(|| of(false))
}

pub(super) fn physical_size_mm(base: &BaseBlock) -> Option<(u16, u16)> {
    let image = base.descriptors.iter().find_map(|descriptor| match descriptor {
        Descriptor::Timing(timing) => Some(timing.image_mm),
        _ => None,
    });
    let millimetres = match base.size {
        ScreenSize::Centimetres(width, height) => Some((u16::from(width) * 10, u16::from(height) * 10)),
        _ => None,
    };
    image.filter(|(width, height)| *width > 0 && *height > 0).or(millimetres)
}

fn listed(timing: Timing, source: TimingSource) -> ListedTiming {
    ListedTiming { timing, source, preferred: false }
}

/// The first descriptor is the preferred timing of every EDID that has one there.
fn of_base(base: &BaseBlock) -> Vec<ListedTiming> {
    let established = modes::established(base.established).into_iter();
    let mut list: Vec<_> = established.map(|timing| listed(timing, TimingSource::Established)).collect();
    list.extend(base.standard.iter().filter_map(|code| of_standard(*code, base)));
    for (descriptor, at) in base.descriptors.iter().zip(0..) {
        match descriptor {
            Descriptor::Timing(detailed) => {
                let source = TimingSource::Detailed { block: 0 };
                list.push(ListedTiming { timing: detailed.timing, source, preferred: at == 0 });
            }
            Descriptor::StandardTimings(codes) => {
                list.extend(codes.iter().filter_map(|code| of_standard(*code, base)));
            }
            Descriptor::EstablishedTimings(bits) => {
                let timings = modes::established_3(*bits).into_iter();
                list.extend(timings.map(|timing| listed(timing, TimingSource::Established)));
            }
            _ => {}
        }
    }
    list
}

fn of_standard(code: [u8; 2], base: &BaseBlock) -> Option<ListedTiming> {
    let knows = |descriptor: &Descriptor| matches!(descriptor, Descriptor::RangeLimits(limits) if limits.formula == 4);
    let cvt = base.revision >= 4 && base.descriptors.iter().any(knows);
    modes::standard(code, base.revision, cvt).map(|timing| listed(timing, TimingSource::Standard(code)))
}

fn of_cta(block: &DataBlock) -> Vec<ListedTiming> {
    match block {
        DataBlock::Video(codes) | DataBlock::Ycbcr420Video(codes) => {
            let known = codes.iter().filter_map(|code| Some((modes::of_vic(code.vic)?, code.vic)));
            known.map(|(timing, vic)| listed(timing, TimingSource::Vic(vic))).collect()
        }
        _ => Vec::new(),
    }
}

fn of_displayid(data: &DisplayIdBlock, block: usize) -> Vec<ListedTiming> {
    match data {
        DisplayIdBlock::Timings(timings) => {
            let source = TimingSource::DisplayId { block };
            let list = timings.iter();
            list.map(|stated| ListedTiming { timing: stated.timing, source, preferred: stated.preferred })
                .collect()
        }
        DisplayIdBlock::Codes { of, codes } => {
            codes.iter().filter_map(|code| of_code(*of, u8::try_from(*code).ok()?)).collect()
        }
        DisplayIdBlock::Cta(blocks) => blocks.iter().flat_map(of_cta).collect(),
        _ => Vec::new(),
    }
}

fn of_code(of: u8, code: u8) -> Option<ListedTiming> {
    match of {
        0 => modes::of_dmt(code).map(|timing| listed(timing, TimingSource::Dmt(code))),
        1 => modes::of_vic(code).map(|timing| listed(timing, TimingSource::Vic(code))),
        _ => None,
    }
}
