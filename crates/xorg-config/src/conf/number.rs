//! Numbers as the server's C library reads them: what stands before the first unfit character counts.

/// The whole number in a token: decimal, octal behind `0`, hexadecimal behind `0x`; cut to 32 bits as the server
/// keeps it.
pub(super) fn whole(token: &str) -> u32 {
    let (digits, radix) = match token.as_bytes() {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
            (&token[2..], 16)
        }
        [b'0', ..] => (token, 8),
        _ => (token, 10),
    };
    let digits = digits.chars().map_while(|c| c.to_digit(radix));
    let value = digits.fold(0_u64, |value, digit| {
        let next = value.checked_mul(u64::from(radix));
        next.and_then(|value| value.checked_add(u64::from(digit))).unwrap_or(u64::MAX)
    });
    value as u32
}

/// The same token where the server wants a fraction. Octal does not exist here.
pub(super) fn real(token: &str) -> f64 {
    let value = match token.get(..2) {
        Some("0x" | "0X") => hexadecimal(&token[2..]),
        _ => decimal(token),
    };
    value.min(f64::MAX)
}

/// Megahertz as whole kilohertz, rounded to the nearest.
pub(super) fn kilohertz(token: &str) -> u32 {
    (real(token) * 1000.0 + 0.5) as u32
}

/// Whether the token is written in octal, as the mode of a `DRI` section must be.
pub(super) fn is_octal(token: &str) -> bool {
    token.starts_with('0') && !token[1..].starts_with(['x', 'X'])
}

fn decimal(token: &str) -> f64 {
    let fits = |c: char| c.is_ascii_digit() || c == '.';
    let end = token.find(|c| !fits(c)).unwrap_or(token.len());
    let mut dots = token[..end].match_indices('.').map(|(at, _)| at);
    let end = dots.nth(1).unwrap_or(end);
    token[..end].parse().unwrap_or(0.0)
}

fn hexadecimal(digits: &str) -> f64 {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let read = |digits: &str| -> Vec<u32> { digits.chars().map_while(|c| c.to_digit(16)).collect() };
    let value = read(whole).iter().fold(0.0, |value, &digit| value * 16.0 + f64::from(digit));
    let complete = whole.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fraction = if complete { read(fraction) } else { Vec::new() };
    value + fraction.iter().rev().fold(0.0, |value, &digit| (value + f64::from(digit)) / 16.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_strtoul_and_atof_do() {
        for (token, number, fraction) in [
            ("0", 0, 0.0),
            ("24", 24, 24.0),
            ("0666", 0o666, 666.0),
            ("08", 0, 8.0),
            ("0x1F", 31, 31.0),
            ("0x", 0, 0.0),
            ("0x1.8", 1, 1.5),
            ("1097.25", 1097, 1097.25),
            ("1.5.9", 1, 1.5),
            ("9x9", 9, 9.0),
            ("5.", 5, 5.0),
            ("4294967297", 1, 4_294_967_297.0),
            ("99999999999999999999999", u32::MAX, 1e23),
        ] {
            assert_eq!((whole(token), real(token)), (number, fraction), "{token}");
        }
        assert_eq!(kilohertz("1097.25"), 1_097_250);
        assert!(real(&"9".repeat(400)).is_finite());
    }
}
