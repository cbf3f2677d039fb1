//! Where the `.run` file of a driver can be had. Nothing is fetched here: the feature `download` does that.

use std::fmt;

use crate::DriverVersion;

/// One `.run` file: a version for a processor.
///
/// ```
/// use cosmos_nvidia_driver::{Processor, RunFileName};
/// let file = RunFileName::new("535.183.06".parse()?, Processor::X86_64);
/// assert_eq!(file.to_string(), "NVIDIA-Linux-x86_64-535.183.06.run");
/// let urls = file.urls(&["https://mirror.example/nvidia/"]);
/// assert_eq!(
///     urls[0],
///     "https://us.download.nvidia.com/XFree86/Linux-x86_64/535.183.06/NVIDIA-Linux-x86_64-535.183.06.run"
/// );
/// assert_eq!(urls[4], "https://mirror.example/nvidia/NVIDIA-Linux-x86_64-535.183.06.run");
/// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
/// ```
///
/// Drivers for vGPU guests (GRID) and for WSL are not public, and some builds are only in NVIDIA's package
/// repositories: no list of addresses finds those.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RunFileName {
    /// The version, whose text with its leading zeros is part of the name.
    pub version: DriverVersion,
    /// The processor.
    pub processor: Processor,
    /// Whether it has the 32-bit libraries, which only the x86_64 files have.
    pub compat32: bool,
}

impl RunFileName {
    /// The usual file: with 32-bit libraries where there are any.
    pub const fn new(version: DriverVersion, processor: Processor) -> Self {
        Self { version, processor, compat32: true }
    }

    /// Addresses in the order in which to try them: the drivers for everybody, on both of NVIDIA's hosts; then those
    /// that were published for data centres only; then the mirrors, which hold the files without folders.
    ///
    /// A mirror that is not `http://` or `https://` is left out.
    pub fn urls(&self, mirrors: &[&str]) -> Vec<String> {
        let name = self.to_string();
        let mut urls = Vec::new();
        for folder in self.processor.folders() {
            urls.extend(HOSTS.map(|host| format!("https://{host}/XFree86/{folder}/{}/{name}", self.version)));
        }
        urls.extend(HOSTS.map(|host| format!("https://{host}/tesla/{}/{name}", self.version)));
        let mirrors = mirrors.iter().filter(|mirror| is_web(mirror));
        urls.extend(mirrors.map(|mirror| format!("{}/{name}", mirror.trim_end_matches('/'))));
        urls
    }

    /// Where the SHA-256 of a file lies: beside it, for newer ones.
    ///
    /// ```
    /// # use cosmos_nvidia_driver::RunFileName;
    /// assert_eq!(RunFileName::checksum_url("https://h/x.run"), "https://h/x.run.sha256sum");
    /// ```
    pub fn checksum_url(url: &str) -> String {
        format!("{url}.sha256sum")
    }

    /// The SHA-256 of this file in the text that lies there: lines of 64 hexadecimal digits and a name, as the
    /// program sha256sum writes them.
    ///
    /// ```
    /// use cosmos_nvidia_driver::{Processor, RunFileName};
    /// let file = RunFileName::new("580.95.05".parse()?, Processor::X86_64);
    /// let text = format!("{}  NVIDIA-Linux-x86_64-580.95.05.run\n", "0a".repeat(32));
    /// assert_eq!(file.sha256_in(&text), Some([0x0a; 32]));
    /// # Ok::<(), cosmos_nvidia_driver::VersionError>(())
    /// ```
    pub fn sha256_in(&self, text: &str) -> Option<[u8; 32]> {
        let name = self.to_string();
        text.lines().find_map(|line| {
            let (digits, path) = line.trim().split_once([' ', '\t'])?;
            let path = path.trim_start().trim_start_matches('*');
            (path.rsplit('/').next() == Some(name.as_str())).then(|| bytes(digits))?
        })
    }
}

/// The name of the file.
impl fmt::Display for RunFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let less = !self.compat32 && self.processor == Processor::X86_64;
        let suffix = if less { "-no-compat32" } else { "" };
        write!(f, "NVIDIA-Linux-{}-{}{suffix}.run", self.processor.as_str(), self.version)
    }
}

/// The processor a driver is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Processor {
    /// 64-bit PCs.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM, up to branch 390.
    Arm32,
}

impl Processor {
    /// As the names of the files have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Arm32 => "armv7l-gnueabihf",
        }
    }

    /// The processor of this program; `None` where NVIDIA has no driver for it.
    pub const fn here() -> Option<Self> {
        match () {
            () if cfg!(target_arch = "x86_64") => Some(Self::X86_64),
            () if cfg!(target_arch = "aarch64") => Some(Self::Aarch64),
            () if cfg!(target_arch = "arm") => Some(Self::Arm32),
            () => None,
        }
    }

    /// The folders on NVIDIA's hosts. That of 64-bit ARM has had two names.
    const fn folders(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &["Linux-x86_64"],
            Self::Aarch64 => &["aarch64", "Linux-aarch64"],
            Self::Arm32 => &["Linux-32bit-ARM"],
        }
    }
}

fn bytes(digits: &str) -> Option<[u8; 32]> {
    let plain = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut sum = [0; 32];
    for (at, byte) in sum.iter_mut().enumerate().filter(|_| plain) {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    plain.then_some(sum)
}

fn is_web(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && !host.contains(|sign: char| sign.is_whitespace() || sign.is_control())
    })
}

const HOSTS: [&str; 2] = ["us.download.nvidia.com", "international.download.nvidia.com"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn file(version: &str, processor: Processor) -> RunFileName {
        RunFileName::new(version.parse().unwrap(), processor)
    }

    #[test]
    fn the_order_is_everybody_data_centre_mirror() {
        let urls =
            file("470.82.01", Processor::X86_64).urls(&["http://cache.example", "ftp://x", "", "https://"]);
        let name = "470.82.01/NVIDIA-Linux-x86_64-470.82.01.run";
        let expected = [
            format!("https://us.download.nvidia.com/XFree86/Linux-x86_64/{name}"),
            format!("https://international.download.nvidia.com/XFree86/Linux-x86_64/{name}"),
            format!("https://us.download.nvidia.com/tesla/{name}"),
            format!("https://international.download.nvidia.com/tesla/{name}"),
            "http://cache.example/NVIDIA-Linux-x86_64-470.82.01.run".to_owned(),
        ];
        assert_eq!(urls, expected);
    }

    #[test]
    fn names_differ_by_processor_and_libraries() {
        let arm = file("580.95.05", Processor::Aarch64);
        assert_eq!(
            arm.urls(&[])[0],
            "https://us.download.nvidia.com/XFree86/aarch64/580.95.05/NVIDIA-Linux-aarch64-580.95.05.run"
        );
        assert_eq!(arm.urls(&[]).len(), 6);
        let small = RunFileName { compat32: false, ..file("440.33", Processor::X86_64) };
        assert_eq!(small.to_string(), "NVIDIA-Linux-x86_64-440.33-no-compat32.run");
        assert_eq!(RunFileName { compat32: false, ..arm }.to_string(), "NVIDIA-Linux-aarch64-580.95.05.run");
    }

    #[test]
    fn checksums_are_found_by_name() {
        let file = file("580.95.05", Processor::X86_64);
        let sum = "0123456789abcdef".repeat(4);
        let expected = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].repeat(4);
        for (line, found) in [
            (format!("{sum}  {file}"), true),
            (format!("{} *{file}\r", sum.to_uppercase()), true),
            (format!("{}  other.run\n{sum}  ./580.95.05/{file}", "f".repeat(64)), true),
            (format!("{sum}  other.run"), false),
            (sum.clone(), false),
            (format!("{}  {file}", &sum[1..]), false),
            (format!("é{}  {file}", &sum[2..]), false),
            (format!("+{}  {file}", &sum[1..]), false),
            (String::new(), false),
        ] {
            assert_eq!(file.sha256_in(&line).map(Vec::from), found.then(|| expected.clone()), "{line}");
        }
    }
}
