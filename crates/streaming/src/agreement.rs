//! Which codec is encoded, so that everybody sees the picture.

use cosmos_encoder::Codec;

use crate::session::Codecs;

/// What follows from what can be encoded and what the viewers decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// What is to be encoded.
    pub(crate) codec: Codec,
    /// What all decode who see the picture, whether or not it can be encoded; nothing at 4:4:4 where nobody sees it.
    pub(crate) common: Codecs,
    /// Who sees the picture, one after the other.
    pub(crate) sees: Vec<bool>,
}

/// Agrees upon a codec. `order` has what can be encoded, and begins with what is wanted; `running` is encoded so far;
/// `viewers` has what each of them decodes, in the order in which they came.
///
/// Whoever is there sees the picture for as long as there is a codec for it, whoever comes: one that has none in common
/// with those before it goes without. What is wanted is encoded as soon as all decode it. Else what is running stays,
/// and where not all decode that, the first that they do.
pub(crate) fn agree(order: &[Codec], running: Codec, viewers: &[Codecs]) -> Agreement {
    let encoded: Codecs = order.iter().copied().collect();
    let mut common = Codecs::ALL_IN_FULL;
    let mut see = |decodes: &Codecs| {
        let both = common.and(*decodes);
        let sees = !both.and(encoded).is_empty();
        if sees {
            common = both;
        }
        sees
    };
    let sees: Vec<bool> = viewers.iter().map(&mut see).collect();
    if !sees.contains(&true) {
        common = common.in_full(Codecs::NONE);
    }
    let wanted = order.first().copied().unwrap_or(running);
    let may = encoded.and(common);
    let codec = [wanted, running].into_iter().chain(order.iter().copied()).find(|codec| may.has(*codec));
    Agreement { codec: codec.unwrap_or(running), common, sees }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codecs(names: &str) -> Vec<Codec> {
        let one = |name: &str| Codecs::named(name).iter().next();
        names.split(',').filter_map(one).collect()
    }

    /// What can be encoded, what is running, what the viewers decode; what is encoded then, and who sees it.
    const TABLE: &str = "
        h264,vp8,vp9 | h264 |                            | h264 |
        h264,vp8,vp9 | vp8  |                            | h264 |
        h264,vp8,vp9 | h264 | h264,vp8                   | h264 | y
        h264,vp8,vp9 | h264 | h264,vp8 ; h264            | h264 | yy
        h264,vp8,vp9 | h264 | vp8,vp9                    | vp8  | y
        h264,vp8,vp9 | h264 | h264,vp8 ; vp8             | vp8  | yy
        h264,vp8,vp9 | vp9  | vp8,vp9  ; vp9,vp8         | vp9  | yy
        h264,vp8,vp9 | vp9  | vp8,vp9  ; vp8             | vp8  | yy
        h264,vp8,vp9 | vp8  | h264,vp8                   | h264 | y
        h264,vp8,vp9 | h264 | h264 ; vp8                 | h264 | yn
        h264,vp8,vp9 | vp8  | vp8  ; h264                | vp8  | yn
        h264,vp8,vp9 | h264 | h264 ; vp8 ; h264,vp8      | h264 | yny
        h264,vp8,vp9 | h264 | h264,vp8 ; vp8 ; h264      | vp8  | yyn
        h264,vp8,vp9 | h264 | av1                        | h264 | n
        h264,vp8,vp9 | vp8  | av1 ; h264                 | h264 | ny
        h264,vp8,vp9 | h264 | h264,vp8 ;                 | h264 | yn
        vp8          | vp8  | h264                       | vp8  | n
        vp8          | vp8  | h264 ; h264,vp8            | vp8  | ny
        av1,h264,vp8 | h264 | h264,vp8,av1 ; h264,av1    | av1  | yy
        av1,h264,vp8 | vp8  | h264,vp8,av1 ; h264,vp8    | vp8  | yy
        av1,h264,vp8 | av1  | h264,vp8,av1 ; h264        | h264 | yy";

    #[test]
    fn colours_are_whole_where_all_decode_them() {
        for (viewers, expected) in [
            ("", ""),
            ("h264,h264-444,vp9,vp9-444", "h264,vp9"),
            ("h264,h264-444,vp9,vp9-444 ; h264,vp9,vp9-444", "vp9"),
            ("h264,h264-444 ; h264", ""),
            ("h264 ; h264,h264-444", ""),
            // Who does not see the picture has no say.
            ("h264,h264-444 ; vp8", "h264"),
            ("av1,av1-444", ""),
        ] {
            let viewers: Vec<Codecs> = match viewers {
                "" => Vec::new(),
                viewers => viewers.split(';').map(|viewer| Codecs::named(viewer.trim())).collect(),
            };
            let common = agree(&codecs("h264,vp9"), Codec::H264, &viewers).common;
            assert_eq!(common.full(), Codecs::named(expected), "{viewers:?}");
        }
    }

    #[test]
    fn everybody_sees_the_picture_for_whom_there_is_a_codec() {
        for row in TABLE.lines().filter(|row| !row.trim().is_empty()) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let (order, running) = (codecs(cells[0]), codecs(cells[1])[0]);
            let named = |viewer: &str| Codecs::named(viewer.trim());
            let viewers: Vec<Codecs> = match cells[2] {
                "" => Vec::new(),
                viewers => viewers.split(';').map(named).collect(),
            };
            let found = agree(&order, running, &viewers);
            let sees: String = found.sees.iter().map(|sees| if *sees { 'y' } else { 'n' }).collect();
            assert_eq!(
                (Codecs::from(found.codec), sees.as_str()),
                (Codecs::named(cells[3]), cells[4]),
                "{row}"
            );
            for (viewer, sees) in viewers.iter().zip(&found.sees) {
                assert_eq!(*sees, viewer.has(found.codec), "{row}");
                assert!(!sees || found.common.and(*viewer) == found.common, "{row}");
            }
        }
    }
}
