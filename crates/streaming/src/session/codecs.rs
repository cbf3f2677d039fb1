//! Sets of codecs: what a browser decodes, what a machine encodes.

use std::fmt;

use cosmos_encoder::{Codec, EncodedFrame, Sampling};

/// Some of the codecs, and which of them at 4:4:4 as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codecs {
    any: u8,
    full: u8,
}

impl Codecs {
    /// None of them.
    pub const NONE: Self = Self { any: 0, full: 0 };
    /// Each of them, at 4:2:0 only.
    pub const ALL: Self = Self { any: EACH, full: 0 };
    /// Each of them, also at 4:4:4.
    pub const ALL_IN_FULL: Self = Self { any: EACH, full: EACH };

    /// Whether this one is among them.
    pub fn has(self, codec: Codec) -> bool {
        self.any & Self::from(codec).any != 0
    }

    /// Whether this one is among them, also at 4:4:4.
    pub fn has_full(self, codec: Codec) -> bool {
        self.full().has(codec)
    }

    /// Those that are here at 4:4:4 as well.
    #[must_use]
    pub fn full(self) -> Self {
        Self { any: self.any & self.full, full: 0 }
    }

    /// Whether a picture is coded with one of them.
    pub fn take(self, frame: &EncodedFrame) -> bool {
        match frame.sampling {
            Sampling::Half => self.has(frame.codec),
            Sampling::Full => self.has_full(frame.codec),
        }
    }

    /// The same, those among `full` also at 4:4:4.
    #[must_use]
    pub fn in_full(self, full: Self) -> Self {
        Self { full: full.any, ..self }
    }

    /// Those that are here as well as there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { any: self.any & other.any, full: self.full & other.full }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.any == 0
    }

    /// Each of them, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Codec> {
        Codec::ALL.into_iter().filter(move |codec| self.has(*codec))
    }

    /// What a page names, parted by commas, in the words of `web/js/protocol.js`; `h264-444` is H.264 at 4:4:4. Unknown
    /// ones are left out.
    pub fn named(names: &str) -> Self {
        let find = |name: &str| Codec::ALL.into_iter().find(|codec| name_of(*codec) == name);
        let any: Self = names.split(',').filter_map(find).collect();
        any.in_full(names.split(',').filter_map(|name| find(name.strip_suffix(FULL)?)).collect())
    }
}

impl From<Codec> for Codecs {
    fn from(codec: Codec) -> Self {
        let any = Codec::ALL.into_iter().position(|other| other == codec).map_or(0, |at| 1 << at);
        Self { any, full: 0 }
    }
}

impl FromIterator<Codec> for Codecs {
    fn from_iter<T: IntoIterator<Item = Codec>>(codecs: T) -> Self {
        codecs.into_iter().fold(Self::NONE, |all, codec| Self { any: all.any | Self::from(codec).any, ..all })
    }
}

impl fmt::Display for Codecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|codec| codec.to_string()).collect();
        f.write_str(if names.is_empty() { "no codec" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

const EACH: u8 = (1 << Codec::ALL.len()) - 1;
const FULL: &str = "-444";

fn name_of(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "h264",
        Codec::H265 => "h265",
        Codec::Vp8 => "vp8",
        Codec::Vp9 => "vp9",
        Codec::Av1 => "av1",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_names_is_read_and_told() {
        for (names, expected) in [
            ("", "no codec"),
            ("h264", "H.264"),
            ("av1,vp8,h265", "H.265, VP8, AV1"),
            ("h264,vp8,vp9,av1,h265", "H.264, H.265, VP8, VP9, AV1"),
            ("theora,vp9,,VP8, av1", "VP9"),
        ] {
            assert_eq!(Codecs::named(names).to_string(), expected, "{names:?}");
        }
        assert_eq!(Codecs::named("h264,h265,vp8,vp9,av1"), Codecs::ALL);
        assert_eq!(Codec::ALL.into_iter().collect::<Codecs>(), Codecs::ALL);
        let (here, there) = (Codecs::named("h264,vp8"), Codecs::named("vp8,av1"));
        assert_eq!(here.and(there), Codec::Vp8.into());
        assert!(here.has(Codec::H264) && !here.has(Codec::Av1) && Codecs::NONE.is_empty());
    }

    #[test]
    fn what_is_decoded_at_444_is_known_apart() {
        for (names, expected) in [
            ("h264,vp9", ""),
            ("h264,h264-444,vp9,av1-444", "h264"),
            ("vp9-444,vp9,h264-444,h264,vp8-4444", "h264,vp9"),
        ] {
            assert_eq!(Codecs::named(names).full(), Codecs::named(expected), "{names:?}");
        }
        let (here, there) = (Codecs::named("h264,h264-444,vp9,vp9-444"), Codecs::named("h264,vp9,vp9-444"));
        assert_eq!(here.and(there), there);
        assert!(Codecs::named("h264-444").is_empty());
        assert_eq!(Codecs::ALL.full(), Codecs::NONE);
        assert_eq!(Codecs::ALL_IN_FULL.full(), Codecs::ALL);
    }
}
