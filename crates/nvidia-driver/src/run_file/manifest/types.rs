//! The types of files in a `.manifest`.

/// What a file of a driver is. Libraries of one place and their links share a variant where nothing else tells them
/// apart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileType {
    /// A library that belongs among the libraries: OpenGL, EGL and Vulkan, CUDA, OpenCL, NVENC, NVDEC, NvFBC, NVML.
    Library,
    /// A link among the libraries.
    LibraryLink,
    /// A library that libglvnd or the OpenCL loader provides: libGL, libEGL, libOpenCL.
    NeutralLibrary,
    /// A link to one of those.
    NeutralLink,
    /// The library for thread-local storage.
    TlsLibrary,
    /// A link to it.
    TlsLink,
    /// A module of the X server.
    XModule,
    /// A link among the modules of the X server.
    XModuleLink,
    /// A backend of GBM.
    GbmBackend,
    /// A link that makes a library a backend of GBM.
    GbmBackendLink,
    /// A library for Windows programs under Wine.
    WineLibrary,
    /// Something that other libraries of the driver start or load.
    Internal,
    /// A program.
    Program,
    /// A second name of a program.
    ProgramLink,
    /// Vulkan's drivers and layers.
    VulkanJson,
    /// Those of Vulkan SC.
    VulkanScJson,
    /// EGL's vendors.
    EglVendorJson,
    /// EGL's platforms, as Wayland.
    EglPlatformJson,
    /// OpenCL's drivers.
    OpenClIcd,
    /// Settings for applications.
    ApplicationProfile,
    /// Data of the OpenGL driver and OptiX.
    Data,
    /// The list of files for sandboxes.
    SandboxList,
    /// `OutputClass` for the X server.
    OutputClass,
    /// Sources and objects of kernel modules, firmware, systemd units, the set-user program that loads modules, the
    /// installer: what belongs to the host or to nobody.
    Host,
    /// Documentation, manual pages, icons, menus, headers.
    Documentation,
    /// A type that is not known here.
    Other(String),
}

impl FileType {
    /// The type that a word of a manifest names.
    pub fn from_name(name: &str) -> Self {
        let known = NAMES.iter().find(|(names, _)| names.contains(&name));
        known.map_or_else(|| Self::Other(name.chars().take(80).collect()), |(_, kind)| kind.clone())
    }

    /// Whether lines of this type name a target.
    pub fn is_link(&self) -> bool {
        use FileType as T;
        matches!(
            self,
            T::LibraryLink
                | T::NeutralLink
                | T::TlsLink
                | T::XModuleLink
                | T::GbmBackendLink
                | T::ProgramLink
        )
    }
}

const NAMES: &[(&[&str], FileType)] = &[
    (
        &[
            "OPENGL_LIB",
            "CUDA_LIB",
            "OPENCL_LIB",
            "UTILITY_LIB",
            "VDPAU_LIB",
            "NVCUVID_LIB",
            "ENCODEAPI_LIB",
            "NVIFR_LIB",
            "VGX_LIB",
            "GRID_LIB",
            "FLEXERA_LIB",
        ],
        FileType::Library,
    ),
    (
        &[
            "OPENGL_SYMLINK",
            "CUDA_SYMLINK",
            "OPENCL_LIB_SYMLINK",
            "UTILITY_LIB_SYMLINK",
            "VDPAU_SYMLINK",
            "NVCUVID_LIB_SYMLINK",
            "ENCODEAPI_LIB_SYMLINK",
            "NVIFR_LIB_SYMLINK",
            "VGX_LIB_SYMLINK",
            "GRID_LIB_SYMLINK",
            "FLEXERA_LIB_SYMLINK",
        ],
        FileType::LibraryLink,
    ),
    (
        &["GLVND_LIB", "GLX_CLIENT_LIB", "EGL_CLIENT_LIB", "OPENCL_WRAPPER_LIB", "VDPAU_WRAPPER_LIB"],
        FileType::NeutralLibrary,
    ),
    (
        &[
            "GLVND_SYMLINK",
            "GLX_CLIENT_SYMLINK",
            "EGL_CLIENT_SYMLINK",
            "OPENCL_WRAPPER_SYMLINK",
            "VDPAU_WRAPPER_SYMLINK",
        ],
        FileType::NeutralLink,
    ),
    (&["TLS_LIB"], FileType::TlsLibrary),
    (&["TLS_SYMLINK"], FileType::TlsLink),
    (&["XMODULE_SHARED_LIB", "GLX_MODULE_SHARED_LIB"], FileType::XModule),
    (&["XMODULE_SYMLINK", "GLX_MODULE_SYMLINK"], FileType::XModuleLink),
    (&["GBM_BACKEND_LIB"], FileType::GbmBackend),
    (&["GBM_BACKEND_LIB_SYMLINK"], FileType::GbmBackendLink),
    (&["WINE_LIB"], FileType::WineLibrary),
    (&["INTERNAL_UTILITY_BINARY", "INTERNAL_UTILITY_LIB", "INTERNAL_UTILITY_DATA"], FileType::Internal),
    (&["UTILITY_BINARY"], FileType::Program),
    (&["UTILITY_BIN_SYMLINK"], FileType::ProgramLink),
    (&["VULKAN_ICD_JSON"], FileType::VulkanJson),
    (&["VULKANSC_ICD_JSON"], FileType::VulkanScJson),
    (&["GLVND_EGL_ICD_JSON"], FileType::EglVendorJson),
    (&["EGL_EXTERNAL_PLATFORM_JSON"], FileType::EglPlatformJson),
    (&["CUDA_ICD"], FileType::OpenClIcd),
    (&["APPLICATION_PROFILE"], FileType::ApplicationProfile),
    (&["OPENGL_DATA"], FileType::Data),
    (&["SANDBOXUTILS_FILELIST_JSON"], FileType::SandboxList),
    (&["XORG_OUTPUTCLASS_CONFIG"], FileType::OutputClass),
    (
        &[
            "KERNEL_MODULE_SRC",
            "KERNEL_MODULE",
            "UVM_MODULE_SRC",
            "DKMS_CONF",
            "MODULE_SIGNING_KEY",
            "FIRMWARE",
            "SYSTEMD_UNIT",
            "SYSTEMD_UNIT_SYMLINK",
            "SYSTEMD_SLEEP_SCRIPT",
            "NVIDIA_MODPROBE",
            "NVIDIA_MODPROBE_MANPAGE",
            "INSTALLER_BINARY",
            "EXPLICIT_PATH",
            "XMODULE_NEWSYM",
        ],
        FileType::Host,
    ),
    (
        &["DOCUMENTATION", "MANPAGE", "DOT_DESKTOP", "ICON", "OPENGL_HEADER", "LIBGL_LA"],
        FileType::Documentation,
    ),
];
