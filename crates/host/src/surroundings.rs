//! What a desktop finds around it and nobody can give it later: shared memory, time zones, locales.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use rustix::fs::StatVfs;

use crate::ffi;

/// What does not work as the settings in this environment have it, each with its remedy.
pub fn warnings(environment: &[(OsString, OsString)]) -> Vec<String> {
    let value = |name: &str| {
        let found = environment.iter().rev().find(|(given, _)| given == name);
        found.and_then(|(_, value)| value.to_str()).filter(|value| !value.is_empty())
    };
    let zones = value("TZDIR").map_or_else(|| ZONES.into(), PathBuf::from);
    let zone = value("TZ").and_then(|zone| time_zone(zone, &zones));
    let memory = memory("/dev/shm", rustix::fs::statvfs("/dev/shm").ok());
    memory.into_iter().chain(zone).chain(locales(environment, ffi::is_locale)).collect()
}

/// Browsers draw through it, and end where it is full.
fn memory(at: &str, found: Option<StatVfs>) -> Option<String> {
    let Some(found) = found else {
        return Some(format!(
            "{at} is not there: browsers and X clients need it; start the container with {SHM}"
        ));
    };
    let megabytes = found.f_blocks.saturating_mul(found.f_frsize) >> 20;
    (megabytes < LEAST_MEGABYTES).then(|| {
        format!("{at} has {megabytes} MB, and browsers end where it is full: start the container with {SHM}")
    })
}

/// Programs take a zone that they do not know for UTC, and say nothing.
fn time_zone(zone: &str, zones: &Path) -> Option<String> {
    let name = zone.trim_start_matches(':');
    // A rule in place of a name, as EST5EDT, see tzset(3).
    let is_rule = || name.contains(|sign: char| sign.is_ascii_digit() || sign == '<') && !name.contains('/');
    if name.is_empty() || name == "UTC" || zones.join(name).is_file() || is_rule() {
        return None;
    }
    let remedy = match zones.is_dir() {
        true => "name one as Europe/Berlin",
        false => "install tzdata",
    };
    Some(format!("TZ={zone} is no time zone in {}, so programs show UTC: {remedy}", zones.display()))
}

/// Programs take `C` for a locale that is not installed, and show no letters but those of English.
fn locales(environment: &[(OsString, OsString)], is_locale: fn(&str) -> bool) -> Vec<String> {
    let is_one = |name: &&OsString| {
        name.as_os_str() == "LANG" || name.to_str().is_some_and(|name| name.starts_with("LC_"))
    };
    let mut named: BTreeMap<&str, Vec<&OsStr>> = BTreeMap::new();
    for (name, value) in environment.iter().filter(|(name, _)| is_one(&name)) {
        if let Some(value) = value.to_str().filter(|value| !value.is_empty() && !is_locale(value)) {
            named.entry(value).or_default().push(name);
        }
    }
    let told = |(value, names): (&str, Vec<&OsStr>)| {
        let names: Vec<String> = names.iter().map(|name| name.display().to_string()).collect();
        let names = names.join(" and ");
        format!(
            "the locale {value} of {names} is not installed, so programs speak English in plain ASCII: \
             install the package locales and run \"localedef -i {} -f UTF-8 {value}\", or take C.UTF-8",
            value.split(['.', '@']).next().unwrap_or(value)
        )
    };
    named.into_iter().map(told).collect()
}

const SHM: &str = "--shm-size 1g";
const ZONES: &str = "/usr/share/zoneinfo";
/// Docker gives 64, and a page of video alone takes more.
const LEAST_MEGABYTES: u64 = 256;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs;

    use super::*;

    #[test]
    fn time_zones_are_known_by_file_or_rule() {
        let zones = tempfile::tempdir().unwrap();
        fs::create_dir(zones.path().join("Asia")).unwrap();
        fs::write(zones.path().join("Asia/Seoul"), "TZif").unwrap();
        for (zone, told) in [
            ("UTC", false),
            ("", false),
            ("Asia/Seoul", false),
            (":Asia/Seoul", false),
            ("EST5EDT,M3.2.0,M11.1.0", false),
            ("<+03>-3", false),
            ("Asia", true),
            ("Asia/Soul", true),
            ("Etc/GMT+99", true),
            ("Seoul", true),
        ] {
            let warning = time_zone(zone, zones.path());
            assert_eq!(warning.is_some(), told, "{zone}: {warning:?}");
        }
        let missing = time_zone("Asia/Seoul", Path::new("/nonexistent")).unwrap();
        assert!(missing.ends_with("install tzdata"), "{missing}");
    }

    #[test]
    fn each_locale_that_is_missing_is_told_of_once() {
        let pairs = [
            ("LANG", "ko_KR.UTF-8"),
            ("LC_ALL", "ko_KR.UTF-8"),
            ("LC_TIME", "C"),
            ("LC_CTYPE", ""),
            ("LANGUAGE", "xx"),
        ];
        let environment = pairs.map(|(name, value)| (name.into(), value.into()));
        let told = locales(&environment, |name| name == "C");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("ko_KR.UTF-8 of LANG and LC_ALL") && told[0].contains("-i ko_KR "),
            "{told:?}"
        );
        assert!(locales(&environment, |_| true).is_empty());
    }

    #[test]
    fn the_c_library_knows_its_own_locales_and_none_of_ours() {
        assert!(ffi::is_locale("C") && ffi::is_locale("POSIX"));
        assert!(!ffi::is_locale("xx_XX.none") && !ffi::is_locale("nul\0"));
    }

    #[test]
    fn little_shared_memory_is_told_of_with_the_remedy() {
        let of =
            |blocks: u64| StatVfs { f_blocks: blocks, f_frsize: 4096, ..rustix::fs::statvfs("/").unwrap() };
        let docker = memory("/dev/shm", Some(of(16384))).unwrap();
        assert!(docker.starts_with("/dev/shm has 64 MB") && docker.ends_with("--shm-size 1g"), "{docker}");
        assert!(memory("/dev/shm", None).unwrap().ends_with("--shm-size 1g"));
        assert_eq!(memory("/dev/shm", Some(of(65536))), None);
    }
}
