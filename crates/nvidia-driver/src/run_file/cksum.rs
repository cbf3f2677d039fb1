//! The checksum of the POSIX utility `cksum`.

/// A running POSIX checksum: a CRC of polynomial 04C11DB7, most significant bit first, over the bytes and then over
/// their number, complemented (IEEE Std 1003.1, `cksum`).
///
/// ```
/// use cosmos_nvidia_driver::run_file::Cksum;
/// let mut sum = Cksum::default();
/// sum.update(b"1234");
/// sum.update(b"56789");
/// assert_eq!(sum.finish(), 930_766_865); // printf 123456789 | cksum
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Cksum {
    crc: u32,
    length: u64,
}

impl Cksum {
    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.crc = eight(self.crc, chunk);
        }
        self.crc = rest.iter().fold(self.crc, |crc, byte| step(crc, *byte));
    }

    /// The checksum of all bytes so far.
    pub fn finish(self) -> u32 {
        let (mut crc, mut length) = (self.crc, self.length);
        while length > 0 {
            crc = step(crc, length.to_le_bytes()[0]);
            length >>= 8;
        }
        !crc
    }
}

fn step(crc: u32, byte: u8) -> u32 {
    (crc << 8) ^ TABLES[0][usize::from(crc.to_be_bytes()[0] ^ byte)]
}

/// Eight bytes at once: the tables say what each contributes after the bytes behind it.
fn eight(crc: u32, bytes: &[u8; 8]) -> u32 {
    let head = crc.to_be_bytes();
    let byte = |at: usize| bytes[at] ^ head.get(at).copied().unwrap_or(0);
    (0..8).fold(0, |sum, at| sum ^ TABLES[7 - at][usize::from(byte(at))])
}

static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc << 1) ^ (if crc >> 31 == 1 { POLYNOMIAL } else { 0 });
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut at = 1;
    while at < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before: u32 = tables[at - 1][byte];
            tables[at][byte] = (before << 8) ^ tables[0][(before >> 24) as usize];
            byte += 1;
        }
        at += 1;
    }
    tables
}

const POLYNOMIAL: u32 = 0x04C1_1DB7;
