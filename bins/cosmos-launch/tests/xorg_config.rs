//! What `cosmos-launch xorg-config` prints, explains and refuses.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::process::{Command, Output};

fn xorg_config(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cosmos-launch"))
        .arg("xorg-config")
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn settings_of_the_scripts_give_the_files_of_the_scripts() {
    let environment =
        [("DISPLAY_SIZEW", "1920"), ("SIZEH", "1080"), ("VIDEO_PORT", "DFP"), ("REFRESH", "60")];
    for (whose, golden) in [
        (
            "modern",
            include_str!("../../../crates/xorg-config/testdata/xorg/modern-a10g-1920x1080-60-DFP.conf"),
        ),
        ("seed", include_str!("../../../crates/xorg-config/testdata/xorg/seed-a10g-1920x1080-60-DFP.conf")),
    ] {
        let printed = xorg_config(&["--gpu", "00000000:00:1E.0", "--compat", whose], &environment);
        assert_eq!(said(&printed.stdout), golden, "{}", said(&printed.stderr));
    }
}

#[test]
fn the_cpu_draws_where_no_board_is_named() {
    let printed = xorg_config(&["--size", "1366x768"], &[]);
    let text = said(&printed.stdout);
    assert!(text.contains("ModeLine       \"1366x768\"") && text.contains("\"dummy\""), "{text}");
    assert_eq!(said(&printed.stderr), "");
    let fast = xorg_config(&["--size", "3840x2160", "--refresh", "120"], &[]);
    assert!(said(&fast.stdout).contains("DacSpeed       1098"), "{}", said(&fast.stdout));
}

#[test]
fn what_was_changed_is_explained_on_the_side() {
    let arguments = ["--explain", "--gpu", "00000001:00:00.0", "--size", "1366x768"];
    let printed = xorg_config(&arguments, &[]);
    for (notes, start) in [
        (said(&printed.stderr), "Virtual 1368 768: 1366x768 was asked for"),
        (said(&printed.stderr), "BusID PCI:0@1:0:0: "),
        (said(&printed.stderr), "ModeLine of 59."),
        (
            said(&xorg_config(&arguments, &[("REFRESH", "75")]).stderr),
            "ModeLine 1366x768R: calculated as VESA",
        ),
    ] {
        assert!(notes.contains(&format!("cosmos-launch: {start}")), "{start}: {notes}");
    }
    assert!(said(&printed.stdout).starts_with("Section \"ServerLayout\""));
}

#[test]
fn what_cannot_be_used_is_refused_by_its_name() {
    for (arguments, message) in [
        (&["--gpu", "PCI:x"][..], "--gpu: bus id \"PCI:x\": expected PCI:bus@domain:device:function"),
        (&["--port", "DP-"], "--port: video port \"DP-\": expected DFP"),
        (&["--depth", "7"], "--depth: depth 7: expected 8, 15, 16, 24 or 30"),
        (&["--refresh", "NaN"], "--refresh: refresh rate \"NaN\": expected 1 to 1000 Hz"),
        (&["--size", "0x0"], "--size is \"0x0\""),
    ] {
        let refused = xorg_config(arguments, &[]);
        assert!(
            said(&refused.stderr).starts_with(&format!("cosmos-launch: {message}")),
            "{}",
            said(&refused.stderr)
        );
        assert_eq!(refused.status.code(), Some(64));
        assert_eq!(said(&refused.stdout), "");
    }
}
