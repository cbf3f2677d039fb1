//! What the desktop plays, as samples of the form that a viewer asked for.

use super::{AudioFormat, SampleType};

/// Samples per second and channel of what goes in.
const RATE: u64 = 48_000;

/// Writes sound for one viewer: it goes on where the last part ended. Between two samples that went in lies a straight
/// line, which is exact at 48 kHz and good enough near it.
#[derive(Clone, Debug)]
pub struct Samples {
    format: AudioFormat,
    /// The last frame that went in.
    last: [i16; 2],
    /// How far behind that frame the next one to be written lies: the distance of two that went in is `format.rate`.
    at: u64,
}

impl Samples {
    /// A beginning.
    pub fn new(format: AudioFormat) -> Self {
        Self { format, last: [0; 2], at: 0 }
    }

    /// The form that is written.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Writes a message with what was `played`: at 48 kHz, left and right in turns. One that would be empty is left out.
    pub fn write(&mut self, played: &[i16], out: &mut Vec<u8>) {
        let begins = out.len();
        out.extend_from_slice(&[255, 1, 0, 2, 0, 0, 0, 0]);
        for next in played.as_chunks::<2>().0 {
            self.up_to(*next, out);
        }
        let length = out.len() - begins - 8;
        match length {
            0 => out.truncate(begins),
            _ => out[begins + 4..begins + 8].copy_from_slice(&(length as u32).to_be_bytes()),
        }
    }

    /// Writes all that lies before the next frame.
    fn up_to(&mut self, next: [i16; 2], out: &mut Vec<u8>) {
        let rate = u64::from(self.format.rate.max(1));
        while self.at < rate {
            let part = |from: i16, to: i16| {
                let way = (i64::from(to) - i64::from(from)) * self.at as i64 / rate as i64;
                (i64::from(from) + way) as i16
            };
            self.put([0, 1].map(|side| part(self.last[side], next[side])), out);
            self.at += RATE;
        }
        self.at -= rate;
        self.last = next;
    }

    fn put(&self, [left, right]: [i16; 2], out: &mut Vec<u8>) {
        match self.format.channels {
            1 => self.sample(i16::midpoint(left, right), out),
            _ => [left, right].into_iter().for_each(|value| self.sample(value, out)),
        }
    }

    fn sample(&self, value: i16, out: &mut Vec<u8>) {
        let unsigned = value.cast_unsigned() ^ 0x8000;
        match self.format.sample {
            SampleType::U8 => out.push((unsigned >> 8) as u8),
            SampleType::I8 => out.push((value >> 8).cast_unsigned() as u8),
            SampleType::U16 => out.extend_from_slice(&unsigned.to_le_bytes()),
            SampleType::I16 => out.extend_from_slice(&value.to_le_bytes()),
            SampleType::U32 => out.extend_from_slice(&(u32::from(unsigned) << 16).to_le_bytes()),
            SampleType::I32 => out.extend_from_slice(&(i32::from(value) << 16).to_le_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(sample: SampleType, channels: u8, rate: u32) -> AudioFormat {
        AudioFormat { sample, channels, rate }
    }

    /// What follows the header, which is looked at.
    fn written(samples: &mut Samples, played: &[i16]) -> Vec<u8> {
        let mut out = vec![7];
        samples.write(played, &mut out);
        if out.len() == 1 {
            return Vec::new();
        }
        let (header, body) = out[1..].split_at(8);
        assert_eq!((out[0], &header[..4]), (7, &[255, 1, 0, 2][..]));
        assert_eq!(header[4..], (body.len() as u32).to_be_bytes());
        body.to_vec()
    }

    #[test]
    fn every_type_of_sample_holds_the_same_sound() {
        let played = [0x1234, -0x1234, 0, i16::MIN];
        for (sample, channels, expected) in [
            (SampleType::U8, 2, &[128, 128, 0x92, 0x6d][..]),
            (SampleType::I8, 2, &[0, 0, 0x12, 0xed]),
            (SampleType::U16, 2, &[0, 0x80, 0, 0x80, 0x34, 0x92, 0xcc, 0x6d]),
            (SampleType::I16, 2, &[0, 0, 0, 0, 0x34, 0x12, 0xcc, 0xed]),
            (SampleType::U32, 1, &[0, 0, 0, 0x80, 0, 0, 0, 0x80]),
            (SampleType::I32, 2, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12, 0, 0, 0xcc, 0xed]),
        ] {
            let mut samples = Samples::new(form(sample, channels, 48_000));
            assert_eq!(written(&mut samples, &played), expected, "{sample:?}");
        }
    }

    #[test]
    fn other_rates_have_as_many_samples_as_time_has_passed_however_the_sound_is_cut() {
        let ramp: Vec<i16> = (0..48_000).flat_map(|at| [at / 2; 2].map(|value: i32| value as i16)).collect();
        for rate in [1, 8000, 11_025, 44_100, 48_000, 96_000, 192_000] {
            let format = form(SampleType::I16, 1, rate);
            let whole = written(&mut Samples::new(format), &ramp);
            assert_eq!(whole.len(), 2 * rate as usize);
            let mut samples = Samples::new(format);
            let cut: Vec<u8> = ramp.chunks(314).flat_map(|part| written(&mut samples, part)).collect();
            assert!(cut == whole, "{rate}");
            let values: Vec<i16> =
                whole.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
            assert!(values.is_sorted(), "{rate}: a line that rises is written as one that does not");
        }
    }

    #[test]
    fn nothing_played_is_no_message() {
        let mut samples = Samples::new(form(SampleType::I16, 2, 8000));
        assert!(written(&mut samples, &[]).is_empty());
        assert!(!written(&mut samples, &[1, 1]).is_empty(), "the first of six");
        assert!(written(&mut samples, &[1, 1]).is_empty());
    }
}
