//! EDIDs as text: what `edid-decode`, `xrandr --props`, the X server's log and C sources show.

use super::error::{EdidError, cut};

/// The bytes that a text shows in hexadecimal digits.
///
/// They begin behind a heading `EDID (hex):`, `edid-decode (hex):`, `EDID_DATA:` or `EDID:`, or with the first
/// line; they end before the first line that is no such digits. Blanks, commas, `0x`, braces, prefixes of a log and
/// offsets that end with a colon do not count.
///
/// ```
/// use cosmos_xorg_config::edid::bytes_from_hex;
/// let xrandr = "DP-1 connected\n\tEDID:\n\t\t00ffffff\n\t\t0a0b\n\tBorder: 0\n";
/// assert_eq!(bytes_from_hex(xrandr), Ok(vec![0, 0xff, 0xff, 0xff, 0x0a, 0x0b]));
/// assert_eq!(bytes_from_hex("0x00, 0xff"), Ok(vec![0, 0xff]));
/// assert_eq!(bytes_from_hex("00000000: 00ff ffff  ...."), Ok(vec![0, 0xff, 0xff, 0xff]));
/// assert!(bytes_from_hex("no display").is_err());
/// ```
///
/// # Errors
/// [`EdidError::NotHex`] where no digits begin.
pub fn bytes_from_hex(text: &str) -> Result<Vec<u8>, EdidError> {
    let (skipped, dump) = body_of(text);
    let mut bytes = Vec::new();
    for (line, number) in dump.lines().zip(skipped + 1..) {
        match bytes_of(line) {
            Some(more) => bytes.extend(more),
            None if bytes.is_empty() => {
                return Err(EdidError::NotHex { line: number, found: cut(line.trim()) });
            }
            None => break,
        }
    }
    match bytes.is_empty() {
        true => Err(EdidError::NotHex { line: skipped + 1, found: String::new() }),
        false => Ok(bytes),
    }
}

/// What follows the heading, and how many lines lie before it.
fn body_of(text: &str) -> (usize, &str) {
    let behind = |heading: &str| text.find(heading).map(|at| at + heading.len());
    let start = HEADINGS.iter().find_map(|heading| behind(heading)).unwrap_or(0);
    (text[..start].matches('\n').count(), &text[start..])
}

/// The bytes of a line, none where it is blank; `None` where it holds something else.
fn bytes_of(line: &str) -> Option<Vec<u8>> {
    let line =
        line.rsplit_once("): ").or_else(|| line.rsplit_once("(II)")).map_or(line, |(_, digits)| digits);
    let digits = match line.split_once(": ") {
        // Behind two blanks stand the same bytes as characters.
        Some((offset, rest)) if digits_only(offset.trim()) => rest.split("  ").next().unwrap_or(rest),
        _ => line,
    };
    let words = digits.split([' ', '\t', ',', ';', ':', '{', '}']).filter(|word| !word.is_empty());
    let bytes = words.map(bytes_of_word).collect::<Option<Vec<_>>>()?;
    Some(bytes.concat())
}

fn bytes_of_word(word: &str) -> Option<Vec<u8>> {
    let bare = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let digits = bare.unwrap_or(word);
    if !digits_only(digits) || (bare.is_none() && !digits.len().is_multiple_of(2)) {
        return None;
    }
    let pairs = digits.as_bytes().rchunks(2).rev();
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn digits_only(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const HEADINGS: [&str; 5] = ["edid-decode (hex):", "EDID (hex):", "EDID (in hex):", "EDID_DATA:", "EDID:"];
