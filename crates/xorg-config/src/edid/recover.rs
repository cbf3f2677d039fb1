//! From an EDID back to the description of its monitor.

use super::base::Date;
use super::cta::DataBlock;
use super::descriptor::Descriptor;
use super::document::Edid;
use super::error::EdidSpecError;
use super::listed::{self, ListedTiming, TimingSource};
use super::spec::{EdidSpec, LinkProfile, Serial};

pub(super) fn spec_of(edid: &Edid) -> Result<EdidSpec, EdidSpecError> {
    let (base, list) = (edid.base(), edid.timings());
    let preferred = listed::preferred(&list).ok_or(EdidSpecError::Absent { field: "preferred timing" })?;
    let hdmi = edid.cta_blocks().iter().any(|block| matches!(block, DataBlock::Hdmi(_)));
    let profile = if hdmi { LinkProfile::Hdmi } else { LinkProfile::DisplayPort };
    let (width, height) = listed::physical_size_mm(&base).unwrap_or((0, 0));
    let (week, year) = match base.date {
        Date::Made { week, year } => (week, year),
        Date::Model { year } => (None, year),
    };
    let text = base.descriptors.iter().find_map(|descriptor| match descriptor {
        Descriptor::Serial(text) => Some(Serial::Text(text.clone())),
        _ => None,
    });
    let name = edid.name().ok_or(EdidSpecError::Absent { field: "name" })?;
    let spec = EdidSpec::new(profile, preferred)?
        .manufacturer(&base.manufacturer.to_string())?
        .product(base.product)
        .serial(text.unwrap_or(Serial::Number(base.serial)))?
        .name(&name)?
        .size_mm(width, height)?
        .made(week, year)?
        .audio(edid.audio());
    others(&list).map(|listed| listed.timing).try_fold(spec, EdidSpec::timing)
}

/// Not the codes of the base block, which are there for old readers, and not its first timing, which is the preferred
/// one or stands for it.
fn others(list: &[ListedTiming]) -> impl Iterator<Item = &ListedTiming> {
    list.iter().filter(|listed| match listed.source {
        TimingSource::Established | TimingSource::Standard(_) => false,
        TimingSource::Detailed { block: 0 } => !listed.preferred,
        _ => true,
    })
}
