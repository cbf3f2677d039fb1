use cosmos_nvidia_driver::NvmlLibrary;
use cosmos_vulkan_probe::{
    Answer, EglFacts, EglPlatform, Failure, GlFacts, NvencCodec, NvencDevice, NvencFacts, Verdict,
};

use super::*;
use crate::{driver::DriverFacts, encoders::Encoder, xorg::XorgFacts};

fn answer<F>(facts: F) -> Option<Answer<F>> {
    Some(Answer { facts: Some(facts), failure: None, log: Vec::new(), elapsed_ms: 1 })
}

/// A machine on which everything works.
fn complete() -> Machine {
    let driver = Some(DriverFacts {
        kernel_version: Some("580.159.04".to_owned()),
        user_versions: vec!["580.159.04".to_owned()],
        modules: vec!["nvidia".to_owned(), "nvidia_modeset".to_owned()],
        ..DriverFacts::default()
    });
    let xorg = Some(XorgFacts {
        xorg: Some("/usr/lib/xorg/Xorg".to_owned()),
        nvidia_drv: Some("/x/nvidia_drv.so".to_owned()),
        glx_server: Some("/x/libglxserver_nvidia.so.580.159.04".to_owned()),
        modeset_device: true,
        ..XorgFacts::default()
    });
    let mut machine = Machine { driver, xorg, ..Machine::default() };
    let platform = EglPlatform { verdict: Verdict::Hardware, ..EglPlatform::default() };
    machine.report.egl = answer(EglFacts { platforms: vec![platform], ..EglFacts::default() });
    let codec = NvencCodec { name: "h264".to_owned(), ..NvencCodec::default() };
    let device = NvencDevice { codecs: vec![codec], ..NvencDevice::default() };
    machine.report.nvenc = answer(NvencFacts { devices: vec![device], ..NvencFacts::default() });
    machine
}

#[test]
fn the_best_that_is_possible_is_taken() {
    let mut machine = complete();
    assert_eq!(best(&machine).to_string(), "an X server on the GPU; video by nvh264enc, which was not tried");
    assert!(best(&machine).video.hardware);
    machine.report.nvenc = None;
    machine.xorg.iter_mut().for_each(|xorg| xorg.nvidia_drv = None);
    assert_eq!(
        best(&machine).to_string(),
        "GPU rendering in a software X server; video by x264enc, which was not tried"
    );
    assert!(!best(&machine).video.hardware);
    machine.report.egl = None;
    assert_eq!(best(&machine).mode, Mode::Software);
    machine.xorg.iter_mut().for_each(|xorg| xorg.xorg = None);
    assert_eq!(best(&machine).mode, Mode::None);
}

#[test]
fn each_reason_alone_rules_the_x_driver_out() {
    let spoil: [fn(&mut DriverFacts, &mut XorgFacts); 7] = [
        |driver, _| driver.kernel_version = None,
        |driver, _| driver.wsl = true,
        |_, xorg| xorg.xorg = None,
        |_, xorg| xorg.nvidia_drv = None,
        |_, xorg| xorg.glx_server = None,
        |_, xorg| xorg.modeset_device = false,
        |driver, _| driver.modules.clear(),
    ];
    for spoil in spoil {
        let mut machine = complete();
        assert!(why_no_x_driver(&machine).is_empty());
        if let (Some(driver), Some(xorg)) = (&mut machine.driver, &mut machine.xorg) {
            spoil(driver, xorg);
        }
        assert_eq!(why_no_x_driver(&machine).len(), 1);
    }
}

#[test]
fn an_x_server_whose_gl_draws_on_the_gpu_is_gpu_rendering() {
    let root = tempfile::tempdir().expect("a folder can be made");
    for (path, text) in [
        (
            "proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.159.04  Release\n",
        ),
        ("sys/module/nvidia/version", "580.159.04\n"),
        ("usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04", ""),
        ("usr/lib/aarch64-linux-gnu/libcuda.so.580.159.04", ""),
        ("usr/bin/Xvfb", ""),
    ] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }
    let driver = Some(DriverFacts::read(root.path(), NvmlLibrary::Off));
    let xorg = Some(XorgFacts::read(root.path()));
    let mut machine = Machine { driver, xorg, ..Machine::default() };
    for (renderer, mode, words) in [
        ("NVIDIA H200/PCIe/SSE2", Mode::GpuRendering, "GPU rendering in a software X server"),
        ("llvmpipe (LLVM 15.0.6, 256 bits)", Mode::Software, "software rendering in a software X server"),
    ] {
        machine.report.gl = answer(GlFacts { renderer: Some(renderer.to_owned()), ..GlFacts::default() });
        let best = best(&machine);
        assert_eq!((best.mode, best.mode.words()), (mode, words), "{renderer}");
    }
}

#[test]
fn an_encoder_that_was_tried_counts_more_than_what_nvenc_says() {
    let hung = || Some(Failure::Hung { after_ms: 1, doing: String::new() });
    let works = |element: &str, works| Encoder { element: element.to_owned(), works, ..Encoder::default() };
    let both = || vec![works("nvh264enc", None), works("x264enc", Some(true))];
    for (encoders, chosen, failure, words) in [
        (both(), Some("x264enc"), None, "video by x264enc"),
        (both(), None, hung(), "video by x264enc"),
        (vec![works("x264enc", None)], None, hung(), "video by nvh264enc, which was not tried"),
        (vec![works("x264enc", Some(false))], None, None, "no video: no encoder works"),
    ] {
        let facts = EncoderFacts { encoders, chosen: chosen.map(str::to_owned), ..EncoderFacts::default() };
        let answer = Answer { facts: Some(facts), failure, log: Vec::new(), elapsed_ms: 1 };
        let machine = Machine { encoders: Some(answer), ..complete() };
        assert_eq!(best(&machine).to_string(), format!("an X server on the GPU; {words}"));
    }
}
