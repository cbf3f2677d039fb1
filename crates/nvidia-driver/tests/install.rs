//! Installing a driver: what is put where, by whom it is loaded, and what is left of interrupted attempts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod install_support;
mod run_file_support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cosmos_nvidia_driver::Processor;
use cosmos_nvidia_driver::install::{InstallError, Installed, Options, Store, XDriver, XDriverProblem};
use cosmos_nvidia_driver::run_file::{Limits, RunFileError};
use install_support::*;
use run_file_support::*;
use tar::EntryType;

const FULL: Options = Options { compat32: true, vendor_neutral: true };

#[test]
fn the_userspace_and_nothing_else_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let installed = install(folder.path(), &run_file(driver(VERSION, 10, &[])), BARE).unwrap();
    let found = tree(installed.prefix());
    let files: Vec<&str> = found.iter().map(String::as_str).filter(|line| !line.ends_with('/')).collect();
    let expected = [
        "bin/nvidia-smi = 10",
        "lib/gbm/nvidia-drm_gbm.so -> ../libnvidia-allocator.so.1",
        "lib/libGLX_nvidia.so.0 -> libGLX_nvidia.so.470.82.01",
        "lib/libGLX_nvidia.so.470.82.01 = 10",
        "lib/libcuda.so -> libcuda.so.1",
        "lib/libcuda.so.1 -> libcuda.so.470.82.01",
        "lib/libcuda.so.470.82.01 = 10",
        "lib/libnvidia-allocator.so.1 -> libnvidia-allocator.so.470.82.01",
        "lib/libnvidia-allocator.so.470.82.01 = 10",
        "lib/libnvidia-glcore.so.470.82.01 = 10",
        "lib/libnvidia-tls.so.470.82.01 = 10",
        "lib/libvdpau_nvidia.so -> vdpau/libvdpau_nvidia.so.470.82.01",
        "lib/vdpau/libvdpau_nvidia.so.470.82.01 = 10",
        "lib/xorg/modules/drivers/nvidia_drv.so = 10",
        "lib/xorg/modules/extensions/libglxserver_nvidia.so -> libglxserver_nvidia.so.470.82.01",
        "lib/xorg/modules/extensions/libglxserver_nvidia.so.470.82.01 = 10",
        "share/egl/egl_external_platform.d/10_nvidia_wayland.json = 10",
        "share/glvnd/egl_vendor.d/10_nvidia.json = 10",
        "share/nvidia/nvoptix.bin = 10",
        "share/vulkan/icd.d/nvidia_icd.json = 10",
        "share/vulkan/implicit_layer.d/nvidia_layers.json = 10",
    ];
    let files: Vec<&str> = files.into_iter().filter(|line| !line.starts_with("driver.record")).collect();
    assert_eq!(files, expected);
    let icd = installed.prefix().join("share/vulkan/icd.d/nvidia_icd.json");
    assert_eq!(fs::read(&icd).unwrap(), contents("./nvidia_icd.json", 10));
    assert_eq!(installed.vulkan_icds(), [icd]);
    assert_eq!(installed.egl_vendors(), [installed.prefix().join("share/glvnd/egl_vendor.d/10_nvidia.json")]);
    assert_eq!(installed.xorg_module_path().unwrap(), installed.prefix().join("lib/xorg/modules"));
    assert_eq!(installed.ld_so_conf(), format!("{}\n", installed.prefix().join("lib").display()));
    assert_eq!(names(folder.path()), [".lock", &prefix_name(&installed)]);
}

#[test]
fn options_add_32_bit_and_neutral_libraries() {
    let folder = tempfile::tempdir().unwrap();
    let file = run_file(driver(VERSION, 10, &[]));
    let bare = install(folder.path(), &file, BARE).unwrap();
    let full = install(folder.path(), &file, FULL).unwrap();
    let bare_tree = tree(bare.prefix());
    let added: Vec<String> =
        tree(full.prefix()).into_iter().filter(|line| !bare_tree.contains(line)).collect();
    let added: Vec<&str> =
        added.iter().map(String::as_str).filter(|line| !line.starts_with("driver")).collect();
    let expected = [
        "lib/libGL.so.1 -> libGL.so.1.7.0",
        "lib/libGL.so.1.7.0 = 10",
        "lib/libGLX_indirect.so.0 -> libGLX_nvidia.so.470.82.01",
        "lib32/",
        "lib32/libcuda.so.1 -> libcuda.so.470.82.01",
        "lib32/libcuda.so.470.82.01 = 10",
    ];
    assert_eq!(added, expected);
    assert_eq!(full.library_dirs().len(), 2);
    assert_eq!(Store::new(folder.path()).find(full.version()).len(), 2);
}

#[test]
fn programs_never_run_as_another_user() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let installed = install(folder.path(), &run_file(driver(VERSION, 10, &[])), FULL).unwrap();
    for file in installed.files() {
        let mode = file.metadata().unwrap().permissions().mode() & 0o7777;
        assert!(mode == 0o755 || mode == 0o644, "{}: {mode:o}", file.display());
    }
}

#[test]
fn a_whole_installation_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = run_file(driver(VERSION, 100_000, &[]));
    let mut read = 0;
    let mut progress = |progress: cosmos_nvidia_driver::install::Progress| read = progress.read;
    let first = Store::new(folder.path()).install(&file[..], BARE, &mut progress).unwrap();
    assert_eq!(read, file.len() as u64);
    // The header alone is enough, since nothing behind it is needed.
    assert_eq!(install(folder.path(), &file[..4096], BARE).unwrap(), first);
    let library = first.prefix().join("lib/libcuda.so.470.82.01");
    fs::write(&library, b"cut short").unwrap();
    assert!(Installed::open(first.prefix()).is_err());
    assert!(install(folder.path(), &file[..4096], BARE).is_err());
    assert_eq!(install(folder.path(), &file, BARE).unwrap(), first);
    assert_eq!(fs::read(library).unwrap(), contents("./libcuda.so.470.82.01", 100_000));
    assert_eq!(names(folder.path()), [".lock", &prefix_name(&first)]);
}

/// Machines of several processors may share a store.
#[test]
fn an_installation_for_another_processor_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let install_for = |machine: u8| {
        let mut header = [0; 64];
        header[..4].copy_from_slice(b"\x7fELF");
        header[18] = machine;
        let file = run_file(driver(VERSION, 10, &[("libnvidia-tls.so.470.82.01", &header)]));
        store.install(&file[..], BARE, &mut |_| {}).unwrap()
    };
    let find = || store.find(&VERSION.parse().unwrap());
    let (own, other) = if cfg!(target_arch = "aarch64") { (183, 62) } else { (62, 183) };
    assert_ne!(install_for(other).processor(), Processor::here());
    assert_eq!(find(), []);
    let installed = install_for(own);
    assert_eq!(installed.processor(), Processor::here());
    assert_eq!(find(), [installed]);
}

#[test]
fn failures_leave_nothing_behind() {
    let good = || driver(VERSION, 10, &[]);
    let hostile: BTreeMap<&str, Archive> = BTreeMap::from([
        ("parent", good().file("../evil", b"evil")),
        ("absolute", good().file("/tmp/cosmos-evil", b"evil")),
        ("link", good().entry("out", EntryType::Symlink, "../..", b"").file("out/evil", b"evil")),
        ("hard link", good().entry("out", EntryType::Link, "nothing", b"")),
        ("twice", good().file("libcuda.so.470.82.01", b"again")),
        ("file as folder", good().file("libcuda.so.470.82.01/evil", b"evil")),
        ("not a driver", Archive::default().file("a", b"a")),
        ("another version", driver("470.82.02", 10, &[])),
        ("an endless manifest", Archive::default().file(".manifest", &vec![b'\n'; (4 << 20) + 1])),
        (
            "an endless template",
            Archive::default()
                .file("a.json.template", &vec![b' '; (4 << 20) + 1])
                .file(".manifest", &lines(&["a.json.template 0644 VULKAN_ICD_JSON MODULE:opengl"])),
        ),
        ("a file missing", Archive::default().file(".manifest", manifest(VERSION).as_bytes())),
    ]);
    for (name, archive) in hostile {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("deep/store");
        let error = install(&store, &run_file(archive), BARE).unwrap_err();
        assert!(!matches!(error, InstallError::RunFile(RunFileError::Crc { .. })), "{name}: {error}");
        assert_eq!(tree(folder.path()), ["deep/", "deep/store/", "deep/store/.lock = 0"], "{name}: {error}");
    }
    assert!(!Path::new("/tmp/cosmos-evil").exists() && !Path::new("/tmp/executed").exists());
}

#[test]
fn links_inside_the_archive_are_followed_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::default()
        .file("real/lib", b"the library")
        .entry("libcuda.so.1", EntryType::Symlink, "./real/lib", b"")
        .entry("libcuda.so.2", EntryType::Link, "real/lib", b"")
        .file(
            ".manifest",
            &lines(&["libcuda.so.1 0755 CUDA_LIB NATIVE /", "libcuda.so.2 0755 CUDA_LIB NATIVE /"]),
        );
    let installed = install(folder.path(), &run_file(archive), BARE).unwrap();
    for name in ["lib/libcuda.so.1", "lib/libcuda.so.2"] {
        let path = installed.prefix().join(name);
        assert!(path.symlink_metadata().unwrap().is_file());
        assert_eq!(fs::read(path).unwrap(), b"the library");
    }
}

#[test]
fn second_names_count_towards_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::default().file("one", &[7; 60_000]);
    let archive = (0..30).fold(archive, |all, n| all.entry(&format!("n{n}"), EntryType::Link, "one", b""));
    let store = Store::new(folder.path()).with_limits(Limits { bytes: 1 << 20, members: 100 });
    let error = store.install(&run_file(archive)[..], BARE, &mut |_| {}).unwrap_err();
    assert!(matches!(error, InstallError::RunFile(RunFileError::TooLarge { .. })), "{error}");
}

#[test]
fn templates_of_old_drivers_are_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::default()
        .file("nvidia_icd.json.template", b"{\"ICD\": {\"library_path\": \"__NV_VK_ICD__\"}}")
        .file("tls/libnvidia-tls.so.1", b"new")
        .file("libnvidia-tls.so.1", b"classic")
        .file("libGL.so.1", b"glvnd")
        .file("old/libGL.so.1", b"old")
        .file(
            ".manifest",
            &lines(&[
                "nvidia_icd.json.template 0644 VULKAN_ICD_JSON MODULE:opengl",
                "libnvidia-tls.so.1 0755 TLS_LIB NATIVE CLASSIC / MODULE:opengl",
                "tls/libnvidia-tls.so.1 0755 TLS_LIB NATIVE NEW tls/ MODULE:opengl",
                "old/libGL.so.1 0755 GLX_CLIENT_LIB NATIVE NON_GLVND MODULE:opengl",
                "libGL.so.1 0755 GLX_CLIENT_LIB NATIVE GLVND MODULE:opengl",
            ]),
        );
    let installed = install(folder.path(), &run_file(archive), FULL).unwrap();
    let text = |name: &str| fs::read_to_string(installed.prefix().join(name)).unwrap();
    assert!(text("share/vulkan/icd.d/nvidia_icd.json").contains("\"libGLX_nvidia.so.0\""));
    assert_eq!(text("lib/libnvidia-tls.so.1"), "new");
    assert_eq!(text("lib/libGL.so.1"), "glvnd");
}

#[test]
fn a_lock_that_leads_elsewhere_is_refused_and_one_that_holds_text_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, other) = (folder.path().join("store"), folder.path().join("other"));
    fs::create_dir(&store).unwrap();
    fs::write(&other, "precious").unwrap();
    let file = run_file(driver(VERSION, 10, &[]));
    std::os::unix::fs::symlink(&other, store.join(".lock")).unwrap();
    let error = install(&store, &file, BARE).unwrap_err();
    assert!(matches!(error, InstallError::Write { .. }), "{error}");
    fs::remove_file(store.join(".lock")).unwrap();
    fs::hard_link(&other, store.join(".lock")).unwrap();
    install(&store, &file, BARE).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
}

#[test]
fn the_loader_loads_from_the_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library.so");
    let code = "int cosmos_answer(void) { return 42; }\n";
    if !compile(code, &library, &["-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"]) {
        return eprintln!("SKIPPED there is no C compiler");
    }
    let bytes = fs::read(&library).unwrap();
    let archive = driver(VERSION, 10, &[("libcuda.so.470.82.01", &bytes)]);
    let installed = install(&folder.path().join("store"), &run_file(archive), BARE).unwrap();
    let program = folder.path().join("program");
    let main = "int cosmos_answer(void); int main(void) { return cosmos_answer(); }\n";
    let search = format!("-L{}", installed.library_dirs()[0].display());
    assert!(compile(main, &program, &[&search, "-lcuda"]));
    let run = |path: &Path| Command::new(&program).env("LD_LIBRARY_PATH", path).output().unwrap();
    assert_eq!(run(&installed.library_dirs()[0]).status.code(), Some(42));
    assert_eq!(run(folder.path()).status.code(), Some(127), "nothing else provides the library");

    let conf = folder.path().join("nvidia.conf");
    fs::write(&conf, installed.ld_so_conf()).unwrap();
    let cache = folder.path().join("cache");
    let ldconfig = |last: &str| {
        let command = format!("PATH=$PATH:/sbin:/usr/sbin ldconfig -X -f \"$0\" -C \"$1\" {last}");
        Command::new("sh").arg("-c").arg(command).args([&conf, &cache]).output().unwrap()
    };
    assert!(ldconfig("").status.success());
    let listed = String::from_utf8(ldconfig("-p").stdout).unwrap();
    let place = installed.prefix().join("lib/libcuda.so.1").display().to_string();
    assert!(listed.lines().any(|line| line.contains("libcuda.so.1 ") && line.ends_with(&place)), "{listed}");
}

#[test]
fn the_x_server_loads_from_the_module_path() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("module.so");
    if !compile(X_MODULE, &module, &["-shared", "-fPIC"]) {
        return eprintln!("SKIPPED there is no C compiler");
    }
    if !Path::new("/usr/lib/xorg/Xorg").exists() {
        return eprintln!("SKIPPED the X server Xorg is not installed");
    }
    let bytes = fs::read(&module).unwrap();
    let archive = driver(VERSION, 10, &[("nvidia_drv.so", &bytes)]);
    let installed = install(&folder.path().join("store"), &run_file(archive), BARE).unwrap();
    let conf = folder.path().join("xorg.conf");
    let sections = "Section \"Device\"\nIdentifier \"gpu\"\nDriver \"nvidia\"\nEndSection\n";
    fs::write(&conf, sections).unwrap();
    let log = folder.path().join("log");
    let modules = installed.xorg_module_path().unwrap();
    let mut server = Command::new("/usr/lib/xorg/Xorg")
        .args([":977", "-noreset", "-nolisten", "unix", "-sharevts", "-config"])
        .arg(&conf)
        .arg("-logfile")
        .arg(&log)
        .arg("-modulepath")
        .arg(format!("{},/usr/lib/xorg/modules", modules.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Without a screen it ends by itself.
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.try_wait().unwrap().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = server.kill();
    server.wait().unwrap();
    let log = fs::read_to_string(&log).unwrap_or_default();
    if !log.contains("(II) LoadModule: ") {
        return eprintln!("SKIPPED the X server does not start here");
    }
    let loading = format!("(II) Loading {}/drivers/nvidia_drv.so", modules.display());
    assert!(log.contains(&loading) && log.contains("vendor=\"COSMOS\""), "{log}");
}

/// The record by which an X server knows a module, and an entry point that does nothing.
const X_MODULE: &str = "
struct version {
    const char *name, *vendor;
    unsigned int info1, info2, xorg;
    unsigned char major, minor;
    unsigned short patch;
    const char *abi;
    unsigned int abi_version;
    const char *class;
    unsigned int checksum[4];
};
static struct version version = {
    \"nvidia\", \"COSMOS\", 0, 0, 12101007, 1, 0, 0, 0, 0, 0, {0}
};
static void *setup(void *module, void *options, int *major, int *minor) { return module; }
struct data { struct version *version; void *(*setup)(void *, void *, int *, int *); void (*teardown)(void *); };
struct data nvidiaModuleData = { &version, setup, 0 };
";

#[test]
fn presence_is_told_by_modules_and_their_version() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = XDriver::find([folder.path()]);
    let kernel = VERSION.parse().unwrap();
    assert_eq!(nothing.fits(&kernel), Err(XDriverProblem::NoDriver));
    let installed = install(folder.path(), &run_file(driver(VERSION, 10, &[])), BARE).unwrap();
    let modules = installed.xorg_module_path().unwrap();
    let found = XDriver::find([folder.path(), &modules]);
    assert_eq!(found.fits(&kernel), Ok(()));
    let other = "470.103.01".parse().unwrap();
    let expected = XDriverProblem::Version { found: kernel.clone(), expected: other };
    assert_eq!(found.fits(&"470.103.01".parse().unwrap()), Err(expected));
    fs::remove_file(modules.join("extensions/libglxserver_nvidia.so.470.82.01")).unwrap();
    assert_eq!(XDriver::find([&modules]).fits(&kernel), Err(XDriverProblem::NoGlx { expected: kernel }));
}

fn compile(code: &str, out: &Path, arguments: &[&str]) -> bool {
    let source = out.with_extension("c");
    fs::write(&source, code).unwrap();
    Command::new("cc").arg("-o").arg(out).arg(&source).args(arguments).status().is_ok_and(|s| s.success())
}

fn lines(files: &[&str]) -> Vec<u8> {
    let header = manifest(VERSION).lines().take(8).map(|line| format!("{line}\n")).collect::<String>();
    format!("{header}{}\n", files.join("\n")).into_bytes()
}
