//! Makes `.run` files of both layouts, and drivers to put into them.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;

use cosmos_nvidia_driver::run_file::{Cksum, Compression};
use md5::{Digest, Md5};

pub const VERSION: &str = "470.82.01";

/// A tar archive in the making.
#[derive(Default)]
pub struct Archive(Vec<u8>);

impl Archive {
    pub fn file(self, path: &str, contents: &[u8]) -> Self {
        self.entry(path, tar::EntryType::Regular, "", contents)
    }

    pub fn entry(mut self, path: &str, kind: tar::EntryType, link: &str, contents: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        // The setters refuse what hostile archives hold.
        let fields = header.as_gnu_mut().unwrap();
        fields.name[..path.len().min(100)].copy_from_slice(&path.as_bytes()[..path.len().min(100)]);
        fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(contents);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// A member whose name stands in a member before it, as GNU tar writes those of more than 100 bytes.
    pub fn long_name(self, path: &str, contents: &[u8]) -> Self {
        let name = format!("{path}\0");
        self.entry("././@LongLink", tar::EntryType::GNULongName, "", name.as_bytes()).file("short", contents)
    }

    pub fn pax(self, records: &[(&str, &str)], path: &str, contents: &[u8]) -> Self {
        let mut body = String::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let length = (1..).find(|length| length - length.to_string().len() == rest).unwrap();
            body += &format!("{length} {key}={value}\n");
        }
        self.entry("pax", tar::EntryType::XHeader, "", body.as_bytes()).file(path, contents)
    }

    pub fn bytes(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// A file in NVIDIA's layout around that payload, with right sums.
pub fn nvidia(payload: &[u8]) -> Vec<u8> {
    nvidia_with(payload, VERSION, b"")
}

/// As [`nvidia`], with a decompressor between the script and the payload.
pub fn nvidia_with(payload: &[u8], version: &str, decompressor: &[u8]) -> Vec<u8> {
    let mut embedded = decompressor.to_vec();
    embedded.extend((!decompressor.is_empty()).then_some(b'\n'));
    let embedded_lines = embedded.iter().filter(|byte| **byte == b'\n').count();
    let script = |skip: usize| {
        format!(
            "skip={skip}\nskip_decompress={start}\nsize_decompress={embedded_lines}\n\
             label=\"NVIDIA Accelerated Graphics Driver for Linux-x86_64 {version}\"\nversion_string={version}\n\
             pkg_version=1\nscript=./nvidia-installer\ntargetdir=NVIDIA-Linux-x86_64-{version}\nscriptargs=\"\"\n\
             keep=n\nTMPROOT=${{TMPDIR:=/tmp}}\nTARGET_OS=\"Linux\"\nTARGET_ARCH=\"x86_64\"\n\ntouch /tmp/executed\n\
             exit 1\n",
            start = skip - embedded_lines,
        )
    };
    let lines = 4 + script(embedded_lines).lines().count() + embedded_lines;
    let mut summed = script(lines).into_bytes();
    summed.extend_from_slice(&embedded);
    summed.extend_from_slice(payload);
    let mut file = format!("#! /bin/sh\nCRCsum={}\nMD5={}\n", crc(&summed), md5(&summed)).into_bytes();
    file.extend_from_slice(&summed);
    file
}

pub fn crc(bytes: &[u8]) -> u32 {
    let mut sum = Cksum::default();
    sum.update(bytes);
    sum.finish()
}

pub fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub const COMPRESSIONS: &[Compression] =
    &[Compression::Xz, Compression::Gzip, Compression::Bzip2, Compression::Zstd, Compression::None];

pub fn compress(bytes: &[u8], how: Compression) -> Vec<u8> {
    match how {
        Compression::Xz => {
            let mut options = lzma_rust2::XzOptions::with_preset(1);
            options.set_check_sum_type(lzma_rust2::CheckType::None);
            let mut out = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        Compression::Gzip => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        }
        Compression::Zstd => {
            ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
        }
        _ => bytes.to_vec(),
    }
}

/// The manifest of a small driver in the words of a real one.
pub fn manifest(version: &str) -> String {
    format!(
        "NVIDIA Accelerated Graphics Driver for Linux-x86_64\n{version}\n \nnvidia nvidia-uvm nvidia-modeset \
         nvidia-drm \n \n \n./kernel/\n./kernel/precompiled/\n\
         kernel/nvidia/nv.c 0644 KERNEL_MODULE_SRC INHERIT_PATH_DEPTH:1 MODULE:resman\n\
         firmware/gsp.bin 0644 FIRMWARE INHERIT_PATH_DEPTH:1 MODULE:gsp\n\
         libnvidia-glcore.so.{version} 0755 OPENGL_LIB NATIVE MODULE:opengl\n\
         libGLX_nvidia.so.{version} 0755 OPENGL_LIB NATIVE MODULE:opengl\n\
         libGLX_nvidia.so.0 0000 OPENGL_SYMLINK NATIVE libGLX_nvidia.so.{version} MODULE:opengl\n\
         libGLX_indirect.so.0 0000 OPENGL_SYMLINK NATIVE libGLX_nvidia.so.{version} MODULE:opengl\n\
         libnvidia-tls.so.{version} 0755 TLS_LIB NATIVE / MODULE:opengl\n\
         libGL.so.1.7.0 0755 GLX_CLIENT_LIB NATIVE MODULE:opengl\n\
         libGL.so.1 0000 GLX_CLIENT_SYMLINK NATIVE libGL.so.1.7.0 MODULE:opengl\n\
         libcuda.so.{version} 0755 CUDA_LIB NATIVE / MODULE:gpgpu\n\
         libcuda.so.1 0000 CUDA_SYMLINK NATIVE / libcuda.so.{version} MODULE:gpgpu\n\
         libcuda.so 0000 CUDA_SYMLINK NATIVE / libcuda.so.1 MODULE:gpgpu\n\
         libvdpau_nvidia.so.{version} 0755 VDPAU_LIB NATIVE vdpau/ MODULE:vdpau\n\
         libvdpau_nvidia.so 0000 VDPAU_SYMLINK NATIVE / vdpau/libvdpau_nvidia.so.{version} MODULE:vdpau\n\
         libnvidia-allocator.so.{version} 0755 UTILITY_LIB NATIVE MODULE:nvalloc\n\
         libnvidia-allocator.so.1 0000 UTILITY_LIB_SYMLINK NATIVE libnvidia-allocator.so.{version} MODULE:nvalloc\n\
         nvidia-drm_gbm.so 0000 GBM_BACKEND_LIB_SYMLINK NATIVE libnvidia-allocator.so.1 MODULE:nvalloc\n\
         nvidia_drv.so 0755 XMODULE_SHARED_LIB drivers/ MODULE:xdriver\n\
         libglxserver_nvidia.so.{version} 0755 GLX_MODULE_SHARED_LIB extensions MODULE:opengl\n\
         libglxserver_nvidia.so 0000 GLX_MODULE_SYMLINK extensions/ libglxserver_nvidia.so.{version} MODULE:opengl\n\
         nvidia_icd.json 0644 VULKAN_ICD_JSON icd.d/ MODULE:opengl\n\
         nvidia_layers.json 0644 VULKAN_ICD_JSON implicit_layer.d/ MODULE:opengl\n\
         10_nvidia.json 0644 GLVND_EGL_ICD_JSON MODULE:opengl\n\
         10_nvidia_wayland.json 0644 EGL_EXTERNAL_PLATFORM_JSON MODULE:opengl\n\
         nvoptix.bin 0644 OPENGL_DATA /usr/share/nvidia MODULE:optix\n\
         nvidia-smi 0755 UTILITY_BINARY MODULE:nvml\n\
         nvidia-uninstall 0000 UTILITY_BIN_SYMLINK nvidia-installer MODULE:installer\n\
         nvidia-installer 0755 INSTALLER_BINARY MODULE:installer\n\
         nvidia-modprobe 04755 NVIDIA_MODPROBE /usr/bin/ MODULE:installer\n\
         nvidia.future 0644 TYPE_OF_2030 NATIVE a b c MODULE:future\n\
         README.txt 0444 DOCUMENTATION NVIDIA_GLX-1.0/ MODULE:installer\n\
         ./32/libcuda.so.{version} 0755 CUDA_LIB COMPAT32 / MODULE:gpgpu\n\
         libcuda.so.1 0000 CUDA_SYMLINK COMPAT32 / libcuda.so.{version} MODULE:gpgpu\n"
    )
}

/// Contents that compress badly, the same for each name.
pub fn contents(name: &str, length: usize) -> Vec<u8> {
    let mut state =
        name.bytes().fold(0x9e37_79b9_7f4a_7c15_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(31))
            | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// An archive with every file of the manifest, each of that many bytes, except those that `own` gives.
pub fn driver(version: &str, length: usize, own: &[(&str, &[u8])]) -> Archive {
    let manifest = manifest(version);
    let mut archive = Archive::default().entry("./", tar::EntryType::Directory, "", b"");
    for line in manifest.lines().skip(8).filter(|line| !line.contains("_SYMLINK") && !line.contains("LINK "))
    {
        let name = line.split(' ').next().unwrap();
        let name = format!("./{}", name.trim_start_matches("./"));
        let own = own.iter().find(|(path, _)| name == format!("./{path}"));
        let contents = own.map_or_else(|| contents(&name, length), |(_, bytes)| bytes.to_vec());
        archive = archive.file(&name, &contents);
    }
    archive.file("./.manifest", manifest.as_bytes())
}
