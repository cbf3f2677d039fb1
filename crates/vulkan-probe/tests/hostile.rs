//! Drivers that sleep, crash, abort and write garbage: the report comes in time and tells of them, and other areas
//! are not harmed. The libraries are compiled here; this program is its own child.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use cosmos_vulkan_probe::{Area, Config, Failure, Report, child, probe};

fn main() {
    child::main();
    let compiler = Command::new("cc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !compiler.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED hostile drivers: there is no cc");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hostile = Hostile { folder: folder.path().to_owned() };
    hostile.icd_that_sleeps();
    hostile.icd_that_ignores_signals();
    hostile.icds_that_die();
    hostile.icd_that_leaves();
    hostile.icd_that_prints();
    hostile.icd_of_garbage();
    hostile.gl_that_hangs();
    hostile.xcb_that_hangs();
    hostile.program_that_is_no_child();
    println!("hostile drivers: ok");
}

struct Hostile {
    folder: PathBuf,
}

impl Hostile {
    fn icd_that_sleeps(&self) {
        let icd = self.icd("sleeps", "for (;;) pause();");
        let (report, elapsed) = self.timed(&[Area::Vulkan, Area::Nvenc], &icd, &[]);
        assert!(elapsed < TIMEOUT + Duration::from_secs(1), "{elapsed:?}");
        let vulkan = report.vulkan.unwrap();
        let Some(Failure::Hung { doing, .. }) = &vulkan.failure else { panic!("{vulkan:?}") };
        assert!(doing.contains("sleeps.json"), "the step that hung is named: {doing}");
        assert_eq!(vulkan.facts.unwrap().manifests.len(), 1, "what was found before is told");
        assert!(report.nvenc.unwrap().is_complete(), "other areas are not harmed");
    }

    fn icd_that_ignores_signals(&self) {
        let icd = self.icd("stubborn", "signal(SIGTERM, SIG_IGN); for (;;) pause();");
        let (report, elapsed) = self.timed(&[Area::Vulkan], &icd, &[]);
        assert!(elapsed < TIMEOUT + Duration::from_secs(1), "{elapsed:?}");
        assert!(matches!(report.vulkan.unwrap().failure, Some(Failure::Hung { .. })));
    }

    fn icds_that_die(&self) {
        for (name, code, wanted) in [
            ("crashes", "*(volatile int *)0 = 1;", 11),
            ("aborts", "abort();", 6),
            ("divides", "raise(SIGFPE);", 8),
        ] {
            let icd = self.icd(name, code);
            let (report, _) = self.timed(&[Area::Vulkan, Area::Nvenc], &icd, &[]);
            let Some(Failure::Died { signal, .. }) = report.vulkan.unwrap().failure else { panic!("{name}") };
            assert_eq!(signal, wanted, "{name}");
            assert!(report.nvenc.unwrap().is_complete(), "other areas are not harmed");
        }
    }

    fn icd_that_leaves(&self) {
        let icd = self.icd("leaves", "_exit(0);");
        let failure = self.timed(&[Area::Vulkan], &icd, &[]).0.vulkan.unwrap().failure;
        assert!(matches!(failure, Some(Failure::Garbage { .. })), "an early end is no success: {failure:?}");
        let icd = self.icd("leaves5", "_exit(5);");
        let failure = self.timed(&[Area::Vulkan], &icd, &[]).0.vulkan.unwrap().failure;
        assert!(matches!(failure, Some(Failure::Exited { code: 5, .. })), "{failure:?}");
    }

    fn icd_that_prints(&self) {
        let icd = self.icd("prints", r#"puts("end of the world\nfacts {}\nend "); fflush(stdout);"#);
        let vulkan = self.timed(&[Area::Vulkan], &icd, &[]).0.vulkan.unwrap();
        assert!(vulkan.is_complete(), "its words do not mix with those of the child: {vulkan:?}");
        assert!(vulkan.log.iter().any(|line| line == "end of the world"), "but are told: {:?}", vulkan.log);
    }

    fn icd_of_garbage(&self) {
        fs::write(self.folder.join("libgarbage.so"), [0x5a; 4096]).unwrap();
        let icd = self.manifest("garbage", &self.folder.join("libgarbage.so"));
        let vulkan = self.timed(&[Area::Vulkan], &icd, &[]).0.vulkan.unwrap();
        let manifest = &vulkan.facts.unwrap().manifests[0];
        assert_eq!(manifest.opens, Some(false));
        assert!(manifest.error.is_some());
    }

    fn gl_that_hangs(&self) {
        let folder = self.folder.join("gl");
        fs::create_dir_all(&folder).unwrap();
        self.compile("libX11.so.6", &folder, "");
        self.compile("libGL.so.1", &folder, "for (;;) pause();");
        let path = ("LD_LIBRARY_PATH".to_owned(), folder.to_string_lossy().into_owned());
        let (report, elapsed) = self.timed(&[Area::Gl, Area::Nvenc], Path::new("/none"), &[path]);
        assert!(elapsed < TIMEOUT + Duration::from_secs(1), "{elapsed:?}");
        let Some(Failure::Hung { doing, .. }) = report.gl.unwrap().failure else { panic!("GLX must hang") };
        assert_eq!(doing, "opening libGL.so.1");
        assert!(report.nvenc.unwrap().is_complete(), "other areas are not harmed");
    }

    /// What hangs where there is a display harms only what is asked there.
    fn xcb_that_hangs(&self) {
        let folder = self.folder.join("xcb");
        fs::create_dir_all(&folder).unwrap();
        self.compile("libxcb.so.1", &folder, "for (;;) pause();");
        let path = ("LD_LIBRARY_PATH".to_owned(), folder.to_string_lossy().into_owned());
        let (report, elapsed) = self.timed(&[Area::Nvenc, Area::Present], Path::new("/none"), &[path]);
        assert!(elapsed < TIMEOUT + Duration::from_secs(1), "{elapsed:?}");
        let Some(Failure::Hung { doing, .. }) = report.present.unwrap().failure else {
            panic!("it must hang")
        };
        assert!(doing.contains("libxcb.so.1"), "{doing}");
        assert!(report.nvenc.unwrap().is_complete(), "other areas are not harmed");
    }

    fn program_that_is_no_child(&self) {
        let report = probe(&Config::new("/bin/true".into()), &[Area::Egl]);
        assert!(matches!(report.egl.unwrap().failure, Some(Failure::Garbage { .. })));
        let report = probe(&Config::new("/none/such".into()), &[Area::Egl]);
        assert!(matches!(report.egl.unwrap().failure, Some(Failure::NotStarted { .. })));
    }

    fn timed(&self, areas: &[Area], icd: &Path, environment: &[(String, String)]) -> (Report, Duration) {
        let mut config = Config::new(std::env::current_exe().unwrap());
        config.timeout = TIMEOUT;
        config.vulkan_manifests = vec![icd.to_owned()];
        config.environment = environment.to_vec();
        // The loader must see the same drivers.
        config.environment.push(("VK_ICD_FILENAMES".to_owned(), icd.to_string_lossy().into_owned()));
        config.environment.push(("VK_DRIVER_FILES".to_owned(), icd.to_string_lossy().into_owned()));
        let started = Instant::now();
        let report = probe(&config, areas);
        (report, started.elapsed())
    }

    /// A driver that runs some C when it is opened.
    fn icd(&self, name: &str, code: &str) -> PathBuf {
        let library = self.compile(&format!("lib{name}.so"), &self.folder, code);
        self.manifest(name, &library)
    }

    fn manifest(&self, name: &str, library: &Path) -> PathBuf {
        let path = self.folder.join(format!("{name}.json"));
        let library = library.display();
        let text = format!(
            r#"{{"file_format_version":"1.0.0","ICD":{{"library_path":"{library}","api_version":"1.3.0"}}}}"#
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn compile(&self, name: &str, folder: &Path, code: &str) -> PathBuf {
        let source = self.folder.join("driver.c");
        let headers = "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n";
        fs::write(
            &source,
            format!("{headers}__attribute__((constructor)) static void go(void) {{ {code} }}\n"),
        )
        .unwrap();
        let library = folder.join(name);
        let status =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status().unwrap();
        assert!(status.success(), "cc compiles {name}");
        library
    }
}

/// Long enough for a child to come to the hostile step on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(3);
