//! Sets of codecs: what a browser decodes, what a machine encodes.

use std::fmt;

use cosmos_encoder::Codec;

/// Some of the codecs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codecs(u8);

impl Codecs {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Each of them.
    pub const ALL: Self = Self((1 << Codec::ALL.len()) - 1);

    /// Whether this one is among them.
    pub fn has(self, codec: Codec) -> bool {
        self.0 & Self::from(codec).0 != 0
    }

    /// Those that are here as well as there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Each of them, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Codec> {
        Codec::ALL.into_iter().filter(move |codec| self.has(*codec))
    }

    /// What a page names, parted by commas, in the words of `web/js/protocol.js`. Unknown ones are left out.
    pub fn named(names: &str) -> Self {
        names
            .split(',')
            .filter_map(|name| Codec::ALL.into_iter().find(|codec| name_of(*codec) == name))
            .collect()
    }
}

impl From<Codec> for Codecs {
    fn from(codec: Codec) -> Self {
        Self(Codec::ALL.into_iter().position(|other| other == codec).map_or(0, |at| 1 << at))
    }
}

impl FromIterator<Codec> for Codecs {
    fn from_iter<T: IntoIterator<Item = Codec>>(codecs: T) -> Self {
        codecs.into_iter().fold(Self::NONE, |all, codec| Self(all.0 | Self::from(codec).0))
    }
}

impl fmt::Display for Codecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|codec| codec.to_string()).collect();
        f.write_str(if names.is_empty() { "no codec" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

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
}
