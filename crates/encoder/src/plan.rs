//! Which encoders may be opened for a choice, in which order, and what speaks against the others.

use crate::{
    Capabilities, Choice, Codec, EncodeError, EncoderConfig,
    table::{self, Maker, Row},
};

/// The encoders that a choice can lead to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Those that may be opened, best first.
    pub candidates: Vec<&'static Row>,
    /// How many of them are what was asked for. The others take over when these fail later on.
    pub asked: usize,
    /// Whether the others may be opened in the place of what was asked for.
    pub lenient: bool,
    /// Those that may not, with the reason.
    pub against: Vec<(String, String)>,
}

impl Plan {
    /// # Errors
    /// [`EncodeError::Unknown`] for a name that is none of an encoder.
    pub(crate) fn new(config: &EncoderConfig, capabilities: &Capabilities) -> Result<Self, EncodeError> {
        let family = Family::of(&config.choice)?;
        let mut rows = family.rows.clone();
        let mut others = table::rows().filter(|row| !rows.contains(row)).collect::<Vec<_>>();
        if let Some(first) = config.codecs.first() {
            rows.sort_by_key(|row| row.codec != *first);
        }
        // Not every viewer may decode another codec, but the cost would be too much for any.
        let codec = rows.first().map(|row| row.codec);
        others.sort_by_key(|row| (row.maker == Maker::SlowCpu, Some(row.codec) != codec));
        rows.extend(others);
        let mut plan =
            Self { candidates: Vec::new(), asked: 0, lenient: family.lenient, against: Vec::new() };
        for row in rows {
            match against(row, &config.codecs, capabilities) {
                Some(reason) => plan.against.push((row.element.into(), reason)),
                None => {
                    let full = row.in_full().filter(|row| config.full.contains(&row.codec));
                    // What cannot be coded at 4:4:4 after all is coded at 4:2:0.
                    let both = full.into_iter().chain([row]);
                    plan.asked += if family.rows.contains(&row) { both.clone().count() } else { 0 };
                    plan.candidates.extend(both);
                }
            }
        }
        Ok(plan)
    }

    /// Those that may be opened at first.
    pub(crate) fn first(&self) -> &[&'static Row] {
        if self.lenient { &self.candidates } else { &self.candidates[..self.asked] }
    }
}

/// What speaks against an encoder.
fn against(row: &Row, codecs: &[Codec], capabilities: &Capabilities) -> Option<String> {
    if !codecs.is_empty() && !codecs.contains(&row.codec) {
        return Some(format!("a viewer does not decode {}", row.codec));
    }
    capabilities.against(row.element)
}

/// The encoders that go by one name.
#[derive(Debug)]
pub(crate) struct Family {
    /// All of them, best first.
    pub rows: Vec<&'static Row>,
    /// Whether something else is better than nothing.
    pub lenient: bool,
}

/// H.264 by whatever does it best: the word of one of the products that came before.
pub(crate) const ANY_H264: &str = "h264enc";

impl Family {
    pub(crate) fn of(choice: &Choice) -> Result<Self, EncodeError> {
        let name = match choice {
            Choice::Auto => return Ok(Self { rows: table::rows().collect(), lenient: true }),
            Choice::Named(name) => name.as_str(),
        };
        if name == ANY_H264 {
            let rows = table::rows().filter(|row| row.codec == Codec::H264).collect();
            return Ok(Self { rows, lenient: true });
        }
        let row = table::row(name)?;
        if !row.hardware() {
            return Ok(Self { rows: vec![row], lenient: false });
        }
        // The name of one element stands for the circuit, whichever element of it works.
        let same = |other: &&Row| other.maker == row.maker && other.codec == row.codec;
        let mut rows = table::rows().filter(same).collect::<Vec<_>>();
        if !rows.contains(&row) {
            rows.push(row);
        }
        rows.sort_by_key(|other| other.element != name);
        Ok(Self { rows, lenient: true })
    }
}

/// The name of a choice, if it is one.
pub(crate) fn known(name: &str) -> Result<String, EncodeError> {
    if name == ANY_H264 { Ok(name.into()) } else { table::row(name).map(|row| row.element.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Working;

    #[test]
    fn what_is_coded_at_444_goes_on_at_420() {
        let working =
            |(element, codec): (&str, Codec)| Working { element: element.into(), codec, hardware: false };
        let works = [("x264enc", Codec::H264), ("vp8enc", Codec::Vp8), ("vp9enc", Codec::Vp9)];
        let capabilities = Capabilities { works: works.map(working).to_vec(), ..Capabilities::default() };
        let vp9 = Choice::Named("vp9enc".into());
        for (choice, full, asked, expected) in [
            (Choice::Auto, &[][..], 3, &["x264enc", "vp8enc", "vp9enc"][..]),
            (Choice::Auto, &[Codec::H264], 4, &["x264enc at 4:4:4", "x264enc", "vp8enc", "vp9enc"]),
            (Choice::Auto, &[Codec::Vp8, Codec::Vp9], 4, &["x264enc", "vp8enc", "vp9enc at 4:4:4", "vp9enc"]),
            (vp9.clone(), &[Codec::Vp9], 2, &["vp9enc at 4:4:4", "vp9enc", "x264enc", "vp8enc"]),
            (vp9, &[Codec::H264], 1, &["vp9enc", "x264enc at 4:4:4", "x264enc", "vp8enc"]),
        ] {
            let config = EncoderConfig { choice, full: full.to_vec(), ..EncoderConfig::default() };
            let plan = Plan::new(&config, &capabilities).unwrap();
            let candidates = plan.candidates.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!((plan.asked, candidates.join(", ")), (asked, expected.join(", ")), "{config:?}");
        }
    }
}
