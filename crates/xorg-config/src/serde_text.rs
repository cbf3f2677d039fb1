//! With the feature `serde`: what has a spelling is that text, a pixel clock is its hertz, and the rest are their fields.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{BusId, Modeline, PixelClock, RefreshRate, VideoPort, VideoPorts};

macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        from_text!($type);
    )+};
}

macro_rules! from_text {
    ($type:ty) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

as_text!(BusId, Modeline, VideoPort, VideoPorts);
from_text!(RefreshRate);

/// Exactly: `60`, or `60000/1001`.
impl Serialize for RefreshRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.fraction() {
            (numerator, 1) => serializer.collect_str(&numerator),
            (numerator, denominator) => serializer.collect_str(&format_args!("{numerator}/{denominator}")),
        }
    }
}

impl Serialize for PixelClock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.hz())
    }
}

impl<'de> Deserialize<'de> for PixelClock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from_hz)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::Timing;

    fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str) {
        assert_eq!(serde_json::to_string(value).unwrap(), json);
        assert_eq!(&serde_json::from_str::<T>(json).unwrap(), value);
    }

    #[test]
    fn values_are_what_people_write() {
        same(&"0000:01:00.0".parse::<BusId>().unwrap(), r#""PCI:1@0:0:0""#);
        same(&"DP-1".parse::<VideoPort>().unwrap(), r#""DP-1""#);
        same(&"none".parse::<VideoPorts>().unwrap(), r#""none""#);
        same(&RefreshRate::new(60_000, 1001).unwrap(), r#""60000/1001""#);
        same(&RefreshRate::from_hz(75).unwrap(), r#""75""#);
        same(&PixelClock::from_khz(138_500), "138500000");
        assert!(serde_json::from_str::<BusId>(r#""PCI:x""#).unwrap_err().to_string().contains("PCI:x"));
    }

    #[test]
    fn a_modeline_is_its_line_and_a_timing_its_fields() {
        let line = r#"Modeline "vga" 25.175 640 656 752 800 480 490 492 525 -hsync -vsync"#;
        let mode: Modeline = line.parse().unwrap();
        let json = serde_json::to_string(&mode).unwrap();
        assert_eq!(serde_json::from_str::<Modeline>(&json).unwrap(), mode);
        let json = serde_json::to_value(mode.timing()).unwrap();
        assert_eq!((&json["clock"], &json["horizontal"]["total"]), (&25_175_000.into(), &800.into()));
        assert_eq!(serde_json::from_value::<Timing>(json).unwrap(), mode.timing());
    }
}
