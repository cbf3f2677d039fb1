//! Why an encoder is not there or does not work, in words that help.

use std::fs;

use gstreamer as gst;

use crate::table::{Maker, Row, Versions};

/// The reason against an element that GStreamer does not offer.
pub(crate) fn not_there(row: &Row) -> (String, String) {
    let (package, minor) = (row.package, gst::version().1);
    let reason = match row.maker {
        _ if !row.versions.contain(minor) => {
            format!("not in GStreamer 1.{minor}: it is in {} (package {package})", row.versions)
        }
        Maker::Nvidia => format!(
            "not offered: it takes a GPU with NVENC, which an A100 or H100 has not, NVIDIA's libcuda.so.1 and \
             libnvidia-encode.so.1, and package {package}"
        ),
        Maker::VaApi => {
            format!(
                "not offered: it takes a GPU with a driver for VA-API, /dev/dri/renderD*, and package {package}"
            )
        }
        Maker::Cpu | Maker::SlowCpu => format!("not installed (package {package})"),
    };
    (row.element.into(), reason)
}

/// A failure with its cause, where that is known.
pub(crate) fn explained(row: &Row, reason: String) -> String {
    match (row.maker, row.element) {
        (Maker::Nvidia, _) => with_remedy(reason, gst::version().1, driver().as_deref()),
        (_, "svtav1enc") => format!("{reason}; {OLD_SVT}"),
        _ => reason,
    }
}

/// What is known of SVT-AV1 in Ubuntu 24.04.
const OLD_SVT: &str = "SVT-AV1 1.7 gives nothing while pictures come one by one: it takes a later one";

/// The first driver without the presets by which older releases of GStreamer ask NVENC for a configuration.
const WITHOUT_PRESETS: u32 = 590;
/// The first release of GStreamer that asks in another way.
const OTHER_WAY: Versions = Versions::from(24);

fn with_remedy(reason: String, minor: u32, driver: Option<&str>) -> String {
    let major = driver.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match (driver, major) {
        (Some(driver), Some(WITHOUT_PRESETS..)) if !OTHER_WAY.contain(minor) => format!(
            "{reason}; NVIDIA's driver {driver} refuses what GStreamer 1.{minor} asks of NVENC: take a driver before \
             {WITHOUT_PRESETS}, or GStreamer 1.24"
        ),
        _ => reason,
    }
}

/// The version of NVIDIA's kernel module, as 535.183.01.
fn driver() -> Option<String> {
    let version = fs::read_to_string("/sys/module/nvidia/version").ok()?;
    Some(version.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_that_is_too_new_for_gstreamer_is_named() {
        for (minor, driver, said) in [
            (22, Some("590.48.01"), true),
            (22, Some("600.1"), true),
            (20, Some("591"), true),
            (22, Some("580.95.05"), false),
            (24, Some("590.48.01"), false),
            (23, Some("590.48.01"), false),
            (22, Some("unknown"), false),
            (22, None, false),
        ] {
            let text = with_remedy("it failed".into(), minor, driver);
            let expected = driver.map_or_else(String::new, |driver| format!("driver {driver} refuses"));
            assert_eq!(text != "it failed" && text.contains(&expected), said, "1.{minor} {driver:?}: {text}");
        }
    }
}
