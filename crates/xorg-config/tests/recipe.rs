//! Recipes: the golden files of two launch scripts, our own files, and real servers that come up as asked.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use cosmos_xorg_config::{
    Axis, BusId, Compat, Config, Cvt, Document, HeadlessNvidia, Modeline, NvidiaGpu, NvidiaHead, Place,
    Prepared, RecipeError, SectionKind, SoftwareDummy, Value, VideoPorts,
};

const FULL_HD: &str =
    "Modeline \"1920x1080R\"  138.50  1920 1968 2000 2080  1080 1083 1088 1111 +hsync -vsync";
const WIDE: &str = "Modeline \"2560x1600R\"  268.50  2560 2608 2640 2720  1600 1603 1609 1646 +hsync -vsync";
const FAST_4K: &str =
    "Modeline \"3840x2160R\"  1097.25  3840 3888 3920 4000  2160 2163 2168 2287 +hsync -vsync";
const LAPTOP: &str = "Modeline \"1368x768R\"   72.25  1368 1416 1448 1528  768 771 781 790 +hsync -vsync";

fn recipe(compat: Compat, gpu: &str, ports: &str, mode: &str) -> HeadlessNvidia {
    let new = HeadlessNvidia::new(gpu.parse().unwrap(), ports.parse().unwrap(), mode.parse().unwrap());
    HeadlessNvidia { compat, ..new }
}

#[test]
fn files_of_the_scripts_are_equal_byte_for_byte() {
    macro_rules! golden {
        ($name:literal) => {
            include_str!(concat!("../testdata/xorg/", $name))
        };
    }
    for (compat, gpu, ports, mode, golden) in [
        (Compat::Modern, "00000000:00:1E.0", "DFP", FULL_HD, golden!("modern-a10g-1920x1080-60-DFP.conf")),
        (Compat::Modern, "00000000:00:1E.0", "NONE", FULL_HD, golden!("modern-1920x1080-60-NONE.conf")),
        (Compat::Modern, "00000001:00:00.0", "", WIDE, golden!("modern-t4-domain1-2560x1600-60-DFP.conf")),
        (Compat::Modern, "01:00.0", "dp-0", FAST_4K, golden!("modern-geforce-3840x2160-120-DP-0.conf")),
        (Compat::Seed, "0000:00:1e.0", "DFP", FULL_HD, golden!("seed-a10g-1920x1080-60-DFP.conf")),
        (Compat::Seed, "PCI:0:30:0", "none", FULL_HD, golden!("seed-1920x1080-60-NONE.conf")),
    ] {
        let prepared = recipe(compat, gpu, ports, mode).prepare().unwrap();
        assert_eq!(prepared.document.as_str(), golden, "{compat:?} {gpu} {ports}");
    }
    let mut odd = recipe(Compat::Modern, "0000abcd:81:1f.7", "DFP", LAPTOP);
    odd.gpus[0].heads[0].size = [1366, 768];
    let golden = golden!("modern-1366x768-60-domainABCD.conf");
    let larger = golden.replace("Virtual     1366 768", "Virtual     1368 768");
    assert_eq!(odd.prepare().unwrap().document.as_str(), larger, "the mode must fit the desktop");
    odd.smaller_desktop = true;
    assert_eq!(odd.prepare().unwrap().document.as_str(), golden);
}

#[test]
fn what_was_changed_is_said() {
    let mut odd = recipe(Compat::Own, "00000001:00:00.0", "DFP", LAPTOP);
    odd.gpus[0].heads[0].size = [1366, 768];
    let explained = |recipe: &HeadlessNvidia| -> Vec<String> {
        recipe.prepare().unwrap().notes.iter().map(ToString::to_string).collect()
    };
    let notes = explained(&odd);
    for start in ["Virtual 1368 768: 1366x768 was asked for", "BusID PCI:0@1:0:0: ", "ConnectedMonitor DFP: "]
    {
        assert!(notes.iter().any(|note| note.starts_with(start)), "{start}: {notes:?}");
    }
    let seed = recipe(Compat::Seed, "00000001:00:00.0", "none", FULL_HD);
    let notes = explained(&seed);
    for start in ["BusID PCI:0:0:0: the script drops", "ConnectedMonitor NONE: the script passes"] {
        assert!(notes.iter().any(|note| note.starts_with(start)), "{start}: {notes:?}");
    }
}

#[test]
fn several_heads_and_boards_lie_side_by_side() {
    let head = |mode: &str, edid: Option<&str>| {
        let head = NvidiaHead::from(mode.parse::<Modeline>().unwrap());
        NvidiaHead { edid: edid.map(str::to_owned), ..head }
    };
    let first = NvidiaGpu {
        bus_id: "01:00.0".parse().unwrap(),
        ports: "DP-0, DP-1".parse().unwrap(),
        heads: vec![head(FULL_HD, Some("/etc/X11/a.bin")), head(WIDE, Some("/etc/X11/b.bin"))],
    };
    let second = NvidiaGpu {
        bus_id: "00000002:01:00.0".parse().unwrap(),
        ports: VideoPorts::None,
        heads: vec![head(FULL_HD, None)],
    };
    let mut recipe = recipe(Compat::Own, "01:00.0", "DFP", FULL_HD);
    recipe.gpus = vec![first, second];
    let config = Config::read(&[recipe.prepare().unwrap().document]).unwrap();
    assert_eq!(config.layouts[0].screens.len(), 2);
    assert_eq!(config.devices[1].bus_id.as_deref(), Some("PCI:1@2:0:0"));
    assert_eq!(config.screens[0].displays[0].virtual_size, Some([1920 + 2560, 1600]));
    let options = &config.screens[0].options;
    assert_eq!(options.get("ConnectedMonitor"), Some("DP-0, DP-1"));
    assert_eq!(options.get("CustomEDID"), Some("DP-0:/etc/X11/a.bin; DP-1:/etc/X11/b.bin"));
    assert_eq!(options.get("MetaModes"), Some("DP-0: 1920x1080R +0+0, DP-1: 2560x1600R +1920+0"));
    assert_eq!(config.screens[1].options.get("UseDisplayDevice"), Some("None"));
    assert_eq!(config.screens[1].options.get("ConnectedMonitor"), None);
    let compat = HeadlessNvidia { compat: Compat::Modern, ..recipe };
    assert_eq!(compat.prepare(), Err(RecipeError::Compat { compat: Compat::Modern }));
}

#[test]
fn what_no_driver_takes_is_refused_by_name() {
    let good = recipe(Compat::Own, "01:00.0", "DFP", FULL_HD);
    let refused = |change: fn(&mut HeadlessNvidia)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad.prepare().unwrap_err().to_string()
    };
    assert_eq!(refused(|bad| bad.depth = 7), "depth 7: expected 8, 15, 16, 24 or 30");
    assert_eq!(refused(|bad| bad.depth = 32), "depth 32: expected 8, 15, 16, 24 or 30");
    assert!(refused(|bad| bad.gpus.clear()).starts_with("there is no gpu"));
    assert!(refused(|bad| bad.gpus[0].heads.clear()).starts_with("there is no head"));
    assert!(refused(|bad| bad.gpus.extend_from_within(..)).starts_with("gpu PCI:1@0:0:0 stands twice"));
    assert!(
        refused(|bad| bad.gpus[0].heads.resize(2, NvidiaHead::from(FULL_HD.parse::<Modeline>().unwrap())))
            .contains("2 modes for 1 outputs")
    );
    assert!(
        refused(|bad| bad.gpus[0].heads[0].size = [40_000, 600])
            .starts_with("size 40000x1080: expected 1 to 32767")
    );
    assert!(
        refused(|bad| bad.gpus[0].heads[0].edid = Some("a.bin".into())).starts_with("EDID file \"a.bin\"")
    );
}

#[test]
fn every_recipe_comes_up_in_the_mode_that_was_asked_for() {
    let cvt = |size: &str, rate: &str| -> Modeline {
        let request = format!("{size}@{rate}").parse().unwrap();
        Cvt::XorgCompat { reduced: true }.modeline(&request).unwrap()
    };
    for mode in [
        cvt("800x600", "60"),
        cvt("1360x768", "60"),
        cvt("1920x1080", "144"),
        cvt("2560x1440", "75"),
        LAPTOP.parse().unwrap(),
        FULL_HD.parse().unwrap(),
        FAST_4K.parse().unwrap(),
    ] {
        let dummy = SoftwareDummy::new(mode.clone()).prepare().unwrap();
        if !comes_up(&dummy.document, &mode) {
            return;
        }
    }
    for (width, height) in [(1511, 913), (128, 128), (5120, 2880)] {
        let dummy = SoftwareDummy::for_size(width, height).unwrap();
        comes_up(&dummy.prepare().unwrap().document, &dummy.mode);
    }
    let larger = SoftwareDummy { size: [2000, 1500], ..SoftwareDummy::new(FULL_HD.parse().unwrap()) };
    comes_up(&larger.prepare().unwrap().document, &larger.mode);
    for depth in [8, 15, 16, 30] {
        let dummy = SoftwareDummy { depth, ..SoftwareDummy::for_size(1280, 720).unwrap() };
        comes_up(&dummy.prepare().unwrap().document, &dummy.mode);
    }
}

#[test]
fn files_for_nvidia_come_up_too_when_the_driver_is_exchanged() {
    for compat in [Compat::Own, Compat::Seed, Compat::Modern] {
        for mode in [FULL_HD, FAST_4K] {
            let mut prepared = recipe(compat, "01:00.0", "DFP", mode).prepare().unwrap();
            let mode: Modeline = mode.parse().unwrap();
            exchange_driver(&mut prepared, &mode);
            if !comes_up(&prepared.document, &mode) {
                return;
            }
        }
    }
}

/// By the library's own edits: what the dummy driver needs, and no more.
fn exchange_driver(prepared: &mut Prepared, mode: &Modeline) {
    let document = &mut prepared.document;
    let (device, monitor) = (Place::only(SectionKind::Device), Place::only(SectionKind::Monitor));
    document.set(device, "Driver", &[Value::Text("dummy")]).unwrap();
    document.remove(device, "BusID").unwrap();
    document.set(device, "VideoRam", &[Value::Number("1024000")]).unwrap();
    let speed = mode.timing().clock.hz().div_ceil(1_000_000).to_string();
    document.set(device, "DacSpeed", &[Value::Number(&speed)]).unwrap();
    document.set_option(monitor, "ReducedBlanking", None).unwrap();
    let [low, dash, high] = [Value::Number("1"), Value::Word("-"), Value::Number("2000")];
    document.set(monitor, "HorizSync", &[low, dash, high]).unwrap();
    document.set(monitor, "VertRefresh", &[low, dash, high]).unwrap();
    document.remove(Place::only(SectionKind::ServerLayout), "InputDevice").unwrap();
    document.remove_section(Place::only(SectionKind::InputDevice)).unwrap();
}

/// Starts a server that ends when its first client leaves, and asks it for its mode. `false` where there is none.
fn comes_up(document: &Document, mode: &Modeline) -> bool {
    let driver = "/usr/lib/xorg/modules/drivers/dummy_drv.so";
    if !Path::new(driver).exists() || Command::new("xrandr").arg("--version").output().is_err() {
        eprintln!("SKIPPED Xorg's dummy driver or xrandr is not installed");
        return false;
    }
    let directory = tempfile::tempdir().unwrap();
    let (file, log) = (directory.path().join("xorg.conf"), directory.path().join("log"));
    std::fs::write(&file, document.as_str()).unwrap();
    let mut server = Command::new("timeout")
        .args(["-k", "5", "30", "/usr/lib/xorg/Xorg", "-displayfd", "1", "-terminate", "-nolisten", "tcp"])
        .args(["-novtswitch", "-sharevts", "-config"])
        .args([&file, Path::new("-logfile"), &log])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut display = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut display).unwrap();
    let text = || std::fs::read_to_string(&log).unwrap_or_default();
    assert!(!display.trim().is_empty(), "{document}\n{}", text());
    let display = format!(":{}", display.trim());
    let asked =
        Command::new("timeout").args(["10", "xrandr", "--display", &display, "--verbose"]).output().unwrap();
    server.wait().unwrap();
    let answer = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(is_current(&answer, mode), "{mode}\n{document}\n{answer}\n{}", text());
    true
}

/// Name, clock and both axes of the current mode.
fn is_current(answer: &str, mode: &Modeline) -> bool {
    let timing = mode.timing();
    let khz = (timing.clock.hz() + 500) / 1000;
    let axis = |word, axis: Axis| {
        format!(
            "{word} {} start {} end {} total {} ",
            axis.active, axis.sync_start, axis.sync_end, axis.total
        )
    };
    let expected = [
        format!("{} ", mode.name()),
        axis("h: width", timing.horizontal),
        axis("v: height", timing.vertical),
    ];
    let lines = answer.lines().skip_while(|line| !line.contains("*current"));
    let lines: Vec<String> =
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).take(3).collect();
    lines.len() == 3
        && lines.iter().zip(&expected).all(|(line, part)| line.starts_with(part.as_str()))
        && lines[0].contains(&format!(" {}.{:03}MHz ", khz / 1000, khz % 1000))
}

#[test]
fn bus_ids_of_all_kinds_end_in_the_file() {
    for (given, printed) in [("3b:00.0", "PCI:59@0:0:0"), ("0000abcd:81:1f.7", "PCI:129@43981:31:7")] {
        let document = recipe(Compat::Own, given, "DFP", FULL_HD).prepare().unwrap().document;
        let config = Config::read(&[document]).unwrap();
        assert_eq!(config.devices[0].bus_id.as_deref(), Some(printed));
        assert_eq!(config.devices[0].bus_id.as_deref().unwrap().parse::<BusId>(), given.parse());
    }
}
