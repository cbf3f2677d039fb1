//! Which files of a driver go where: a pure function of its manifest.

use std::collections::BTreeMap;

use super::Options;
use crate::run_file::{
    Arch, Entry, FileType, Glvnd, Manifest, ManifestError, PathProblem, RelativePath, Tls,
};

/// What an installation will consist of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What is put in place, by its path below the prefix.
    pub items: BTreeMap<RelativePath, Item>,
    /// What is not, in the order of the manifest.
    pub skipped: Vec<Skipped>,
}

/// One path of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A file from the archive.
    File {
        /// Its name in the archive.
        source: RelativePath,
        /// Its permission bits: never more than 0o755.
        mode: u32,
        /// The line of the manifest, from 1.
        line: u32,
    },
    /// A symbolic link to another path of the installation.
    Link {
        /// What the link says.
        target: String,
    },
}

/// A file that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its name in the archive.
    pub file: RelativePath,
    /// Why.
    pub why: SkipReason,
}

/// Why a file is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It belongs to the host: kernel modules, firmware, services, set-user programs, the installer.
    Host,
    /// It documents.
    Documentation,
    /// It is for 32-bit programs, and they were not asked for.
    Compat32,
    /// The distribution's libglvnd or OpenCL loader provides it, and the driver's was not asked for.
    VendorNeutral,
    /// It is for a system without libglvnd.
    NonGlvnd,
    /// It is for the thread-local storage of before 2003.
    ClassicTls,
    /// Its type is not known here.
    UnknownType(String),
    /// It is a link to something that is left out.
    Dangling,
    /// Another file has its place already.
    Duplicate,
}

impl Plan {
    /// Decides for each file of the manifest.
    ///
    /// # Errors
    /// A link that leads out of the prefix.
    pub fn new(manifest: &Manifest, options: Options) -> Result<Self, ManifestError> {
        let mut plan = Self::default();
        for entry in &manifest.entries {
            match reason_to_skip(entry, options) {
                Some(why) => plan.skip(entry, why),
                None => plan.add(entry)?,
            }
        }
        plan.drop_dangling();
        Ok(plan)
    }

    fn skip(&mut self, entry: &Entry, why: SkipReason) {
        self.skipped.push(Skipped { file: entry.file.clone(), why });
    }

    fn add(&mut self, entry: &Entry) -> Result<(), ManifestError> {
        let refused = |problem| ManifestError::Path {
            line: entry.line,
            value: entry.target.clone().unwrap_or_else(|| entry.file.to_string()),
            problem,
        };
        let path = destination(entry).map_err(refused)?;
        let item = match (&entry.target, &entry.kind) {
            (Some(target), FileType::GbmBackendLink) => Item::Link { target: format!("../{target}") },
            (Some(target), _) => Item::Link { target: target.clone() },
            (None, _) => Item::File { source: entry.file.clone(), mode: mode(entry.mode), line: entry.line },
        };
        if let Item::Link { target } = &item {
            path.leads_to(target).map_err(refused)?;
        }
        match self.items.contains_key(&path) {
            true => self.skip(entry, SkipReason::Duplicate),
            false => drop(self.items.insert(path, item)),
        }
        Ok(())
    }

    /// A link whose target was left out goes too, and with it the links to that link.
    fn drop_dangling(&mut self) {
        loop {
            let dangling = |(path, item): (&RelativePath, &Item)| match item {
                Item::Link { target } => {
                    let to = path.leads_to(target).ok();
                    (!to.is_some_and(|to| to != *path && self.items.contains_key(&to))).then(|| path.clone())
                }
                Item::File { .. } => None,
            };
            let dangling: Vec<RelativePath> = self.items.iter().filter_map(dangling).collect();
            if dangling.is_empty() {
                return;
            }
            for path in dangling {
                self.items.remove(&path);
                self.skipped.push(Skipped { file: path, why: SkipReason::Dangling });
            }
        }
    }
}

fn reason_to_skip(entry: &Entry, options: Options) -> Option<SkipReason> {
    match &entry.kind {
        FileType::Host => return Some(SkipReason::Host),
        FileType::Documentation => return Some(SkipReason::Documentation),
        FileType::Other(name) => return Some(SkipReason::UnknownType(name.clone())),
        FileType::NeutralLibrary | FileType::NeutralLink if !options.vendor_neutral => {
            return Some(SkipReason::VendorNeutral);
        }
        _ => {}
    }
    // The name under which libglvnd finds a default for servers that name no vendor: the distribution's to give.
    let indirect = entry.file.file_name().starts_with("libGLX_indirect.");
    match entry {
        Entry { arch: Some(Arch::Compat32), .. } if !options.compat32 => Some(SkipReason::Compat32),
        Entry { glvnd: Some(Glvnd::NonGlvnd), .. } => Some(SkipReason::NonGlvnd),
        Entry { tls: Some(Tls::Classic), .. } => Some(SkipReason::ClassicTls),
        _ => (indirect && !options.vendor_neutral).then_some(SkipReason::VendorNeutral),
    }
}

/// The place of a file below the prefix.
fn destination(entry: &Entry) -> Result<RelativePath, PathProblem> {
    use FileType as T;
    let library = if entry.arch == Some(Arch::Compat32) { LIBRARIES_32 } else { LIBRARIES };
    let folder = entry.folder.as_ref().map_or("", RelativePath::as_str);
    let vulkan = if entry.file.file_name().contains("layers") { "implicit_layer.d" } else { "icd.d" };
    let name = entry.file.file_name();
    let name = name.strip_suffix(TEMPLATE).unwrap_or(name);
    let or = |default| if folder.is_empty() { default } else { folder };
    RelativePath::new(&match &entry.kind {
        T::TlsLibrary | T::TlsLink => format!("{library}/{name}"),
        T::XModule | T::XModuleLink => format!("{X_MODULES}/{folder}/{name}"),
        T::GbmBackend | T::GbmBackendLink => format!("{library}/gbm/{name}"),
        T::WineLibrary => format!("{library}/nvidia/wine/{name}"),
        T::Internal => format!("{library}/nvidia/{name}"),
        T::Program | T::ProgramLink => format!("bin/{name}"),
        T::VulkanJson => format!("{VULKAN}/{}/{name}", or(vulkan)),
        T::VulkanScJson => format!("share/vulkansc/{}/{name}", or(vulkan)),
        T::EglVendorJson => format!("{EGL_VENDORS}/{name}"),
        T::EglPlatformJson => format!("{EGL_PLATFORMS}/{name}"),
        T::OpenClIcd => format!("etc/OpenCL/vendors/{name}"),
        T::ApplicationProfile | T::Data => format!("share/nvidia/{name}"),
        T::SandboxList => format!("share/nvidia/files.d/{name}"),
        T::OutputClass => format!("share/X11/xorg.conf.d/{name}"),
        _ => format!("{library}/{folder}/{name}"),
    })
}

fn mode(mode: u32) -> u32 {
    (mode & 0o755) | 0o444
}

pub(super) const LIBRARIES: &str = "lib";
pub(super) const LIBRARIES_32: &str = "lib32";
pub(super) const X_MODULES: &str = "lib/xorg/modules";
pub(super) const VULKAN: &str = "share/vulkan";
pub(super) const EGL_VENDORS: &str = "share/glvnd/egl_vendor.d";
pub(super) const EGL_PLATFORMS: &str = "share/egl/egl_external_platform.d";
pub(super) const TEMPLATE: &str = ".template";
