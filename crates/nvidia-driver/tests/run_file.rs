//! `.run` files, good and bad: read rightly or refused with the right error.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod run_file_support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use cosmos_nvidia_driver::run_file::{
    CopyError, Header, Layout, Limits, MemberKind, PathProblem, RunFile, RunFileError,
};
use run_file_support::*;
use tar::EntryType;

type Files = BTreeMap<String, Vec<u8>>;

fn read(file: &[u8]) -> Result<(Header, Files), RunFileError> {
    read_within(file, Limits::default())
}

fn read_within(file: &[u8], limits: Limits) -> Result<(Header, Files), RunFileError> {
    let mut files = Files::new();
    let header = RunFile::open(file)?.unpack(limits, |member| {
        let mut contents = Vec::new();
        member.copy_to(&mut contents).map_err(|error| match error {
            CopyError::Archive(error) => error,
            CopyError::Write(error) => panic!("{error}"),
        })?;
        if member.kind == MemberKind::File {
            files.insert(member.path.to_string(), contents);
        }
        Ok::<(), RunFileError>(())
    })?;
    Ok((header, files))
}

fn small() -> Archive {
    Archive::default().file("./a", b"first").file("./b/c", &contents("c", 5000))
}

#[test]
fn every_compression_gives_the_same_members() {
    for how in COMPRESSIONS {
        let (header, files) = read(&nvidia(&compress(&small().bytes(), *how))).unwrap();
        assert_eq!(header.version.unwrap().as_str(), VERSION, "{how}");
        assert_eq!(header.layout, Layout::Nvidia);
        assert_eq!(header.target_arch.as_deref(), Some("x86_64"));
        assert_eq!(files.keys().collect::<Vec<_>>(), ["a", "b/c"], "{how}");
        assert_eq!(files["b/c"], contents("c", 5000), "{how}");
    }
}

#[test]
fn an_embedded_decompressor_is_passed_over() {
    let binary: Vec<u8> = (0..60_000_u32).flat_map(|n| [(n % 251) as u8, b'\n']).collect();
    for how in COMPRESSIONS {
        let file = nvidia_with(&compress(&small().bytes(), *how), VERSION, &binary);
        assert_eq!(read(&file).unwrap().1.len(), 2, "{how}");
    }
}

#[test]
fn sums_are_those_of_the_system() {
    let bytes = contents("sums", 100_003);
    for (program, expected) in [("cksum", crc(&bytes).to_string()), ("md5sum", md5(&bytes))] {
        match filter(program, &[], &bytes) {
            Some(text) => assert_eq!(text.split(' ').next().unwrap(), expected, "{program}"),
            None => eprintln!("SKIPPED {program} is not installed"),
        }
    }
}

#[test]
fn real_xz_at_its_highest_level_without_check_is_read() {
    let tar = small().bytes();
    for arguments in [["-9", "-C", "none"], ["-6", "-C", "sha256"], ["-6", "-T2", "--block-size=1024"]] {
        let Some(payload) = filter_bytes("xz", &arguments, &tar) else {
            eprintln!("SKIPPED xz is not installed");
            return;
        };
        assert_eq!(read(&nvidia(&payload)).unwrap().1.len(), 2, "{arguments:?}");
    }
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let long = format!("{}name", "folder/".repeat(20));
    let archive = Archive::default().long_name(&format!("./{long}"), b"gnu").file("after", b"after");
    assert_eq!(read(&nvidia(&archive.bytes())).unwrap().1[&long], b"gnu");
    let archive =
        Archive::default().pax(&[("path", &long), ("mtime", "1.5")], "x", b"pax").file("after", b"");
    let (_, files) = read(&nvidia(&archive.bytes())).unwrap();
    assert_eq!((&files[&long][..], files.len()), (&b"pax"[..], 2));
}

#[test]
fn cut_at_any_kilobyte_it_is_called_damaged() {
    for how in COMPRESSIONS {
        let file = nvidia(&compress(&driver(VERSION, 3000, &[]).bytes(), *how));
        for length in (0..file.len()).step_by(1024).chain([file.len() - 1]) {
            let error = read(&file[..length]).map(drop).unwrap_err();
            let header = matches!(error, RunFileError::NotRunFile { .. }) && length < 2048;
            let damaged = matches!(error, RunFileError::Crc { .. });
            assert!(header || damaged, "{how} cut at {length}: {error:?}");
        }
    }
}

#[test]
fn any_flipped_bit_is_noticed() {
    for how in COMPRESSIONS {
        let file = nvidia(&compress(&small().bytes(), *how));
        let (_, whole) = read(&file).unwrap();
        for at in (0..file.len()).step_by(97) {
            let mut damaged = file.clone();
            damaged[at] ^= 1 << (at % 8);
            // The second byte of the first line, say, is covered by no sum.
            assert!(at < 11 || read(&damaged).is_err(), "{how}: byte {at} of {}", file.len());
            assert!(read(&damaged).is_err() || read(&damaged).unwrap().1 == whole);
        }
    }
}

#[test]
fn wrong_sums_are_told_apart() {
    let file = String::from_utf8(nvidia(&small().bytes()).into_iter().map(|b| b & 0x7f).collect()).unwrap();
    let text = file.replace(&file[..file.find("skip=").unwrap()], "");
    let with = |crc: u32, md5: &str| format!("#! /bin/sh\nCRCsum={crc}\nMD5={md5}\n{text}").into_bytes();
    let (right_crc, right_md5) = (crc(text.as_bytes()), md5(text.as_bytes()));
    let zeros = "0".repeat(32);
    let result = |crc, md5: &str| RunFile::open(&with(crc, md5)[..]).and_then(RunFile::verify);
    assert!(result(right_crc, &right_md5).is_ok());
    assert!(result(right_crc, &zeros).is_ok());
    assert!(
        matches!(result(right_crc ^ 1, &right_md5), Err(RunFileError::Crc { found, .. }) if found == right_crc)
    );
    assert!(
        matches!(result(right_crc, &md5(b"")), Err(RunFileError::Md5 { found, .. }) if found == right_md5)
    );
    assert!(matches!(
        result(right_crc, "+123456789012345678901234567890a"),
        Err(RunFileError::Field { name: "MD5", .. })
    ));
}

#[test]
fn bad_headers_have_their_errors() {
    let cases: &[(&str, &str)] = &[
        ("", "NotRunFile"),
        ("<html>not found</html>\n", "NotRunFile"),
        ("#! /bin/sh\n", "NotRunFile"),
        ("#! /bin/sh\nCRCsum=1\n", "NotRunFile"),
        ("#! /bin/sh\nCRCsum=1\nskip=5\n\n\n", "Missing"),
        ("#! /bin/sh\nCRCsum=x\nMD5=0\nskip=5\n\n", "Field"),
        ("#! /bin/sh\nCRCsum=1\nMD5=0123456789abcdef0123456789abcdef\nlabel=x\n", "Missing"),
        ("#! /bin/sh\nCRCsum=1\nMD5=0123456789abcdef0123456789abcdef\nskip=-4\n", "Field"),
        ("#! /bin/sh\nCRCsum=1\nMD5=0123456789abcdef0123456789abcdef\nskip=99999999999999999999\n", "Field"),
        ("#! /bin/sh\nCRCsum=1\nMD5=0123456789abcdef0123456789abcdef\nskip=9\nlabel=x\n", "NotRunFile"),
        ("#! /bin/sh\nCRCsum=0000000000\nMD5=00000000000000000000000000000000\nskip=5\n\n", "NoChecksum"),
        ("#!/bin/sh\n# made by hand\nskip=\"3\"\n", "Missing"),
        ("#!/bin/sh\n# made by hand\nfilesizes=\"10 20\"\nskip=\"4\"\n", "Field"),
    ];
    for (text, expected) in cases {
        let error = RunFile::open(text.as_bytes()).err().unwrap();
        assert!(format!("{error:?}").starts_with(expected), "{text:?}: {error:?}");
    }
}

#[test]
fn unknown_payloads_are_named() {
    let error = read(&nvidia(b"\x89LZO\0\r\n\x1a\nrest of it")).map(drop).unwrap_err();
    assert!(
        matches!(&error, RunFileError::UnknownCompression { magic } if magic == b"\x89LZO\0\r"),
        "{error:?}"
    );
    let error = read(&nvidia(b"")).map(drop).unwrap_err();
    assert!(matches!(&error, RunFileError::UnknownCompression { magic } if magic.is_empty()), "{error:?}");
}

#[test]
fn hostile_members_are_refused() {
    let file = |path: &str| Archive::default().file(path, b"evil");
    let link = |kind, path: &str, to: &str| Archive::default().entry(path, kind, to, b"");
    let problem = |archive: Archive| match read(&nvidia(&compress(&archive.bytes(), COMPRESSIONS[0]))) {
        Err(RunFileError::Member { problem, .. } | RunFileError::Link { problem, .. }) => Some(problem),
        Err(RunFileError::SpecialMember { .. }) => None,
        other => panic!("{:?}", other.map(|(_, files)| files)),
    };
    assert_eq!(problem(file("../evil")), Some(PathProblem::Parent));
    assert_eq!(problem(file("a/../../evil")), Some(PathProblem::Parent));
    assert_eq!(problem(file("/etc/evil")), Some(PathProblem::Absolute));
    assert_eq!(problem(file("evil\nname")), Some(PathProblem::Unprintable));
    assert_eq!(problem(file("./")), Some(PathProblem::Empty));
    assert_eq!(problem(file(&"a/".repeat(40))), Some(PathProblem::Long));
    assert_eq!(problem(Archive::default().long_name("../evil", b"")), Some(PathProblem::Parent));
    assert_eq!(problem(Archive::default().pax(&[("path", "/evil")], "x", b"")), Some(PathProblem::Absolute));
    assert_eq!(problem(link(EntryType::Symlink, "a", "/etc/passwd")), Some(PathProblem::Absolute));
    assert_eq!(problem(link(EntryType::Symlink, "a/b", "../../etc")), Some(PathProblem::Parent));
    assert_eq!(problem(link(EntryType::Link, "a", "../../etc/passwd")), Some(PathProblem::Parent));
    assert_eq!(problem(link(EntryType::Link, "a", "/etc/passwd")), Some(PathProblem::Absolute));
    for special in [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::GNUSparse] {
        assert_eq!(problem(link(special, "a", "")), None);
    }
}

#[test]
fn bombs_end_at_the_limit() {
    let limits = Limits { bytes: 1 << 20, members: 50 };
    let zeros = Archive::default().file("zeros", &vec![0; 8 << 20]).bytes();
    for how in COMPRESSIONS {
        let error = read_within(&nvidia(&compress(&zeros, *how)), limits).map(drop).unwrap_err();
        assert!(matches!(error, RunFileError::TooLarge { limit: 1_048_576 }), "{how}: {error:?}");
    }
    let many = (0..51).fold(Archive::default(), |archive, n| archive.file(&n.to_string(), b""));
    let error = read_within(&nvidia(&many.bytes()), limits).map(drop).unwrap_err();
    assert!(matches!(error, RunFileError::TooMany { limit: 50 }), "{error:?}");
    let name = Archive::default().entry("x", EntryType::GNULongName, "", &[b'n'; 70_000]).bytes();
    assert!(matches!(read(&nvidia(&name)), Err(RunFileError::Tar { .. })));
}

#[test]
fn archives_of_makeself_are_read() {
    let tree = tree();
    for how in ["--gzip", "--bzip2", "--xz", "--zstd", "--nocomp"] {
        let Some(file) = makeself(tree.path(), &[how]) else { continue };
        let (header, files) = read(&file).unwrap();
        assert_eq!((header.layout, header.version.unwrap().as_str()), (Layout::Makeself, VERSION), "{how}");
        assert_eq!(files["sub/data"], contents("data", 40_000), "{how}");
        assert_eq!(files.len(), 2, "{how}");
    }
}

#[test]
fn damaged_archives_of_makeself_are_called_damaged() {
    let tree = tree();
    let Some(file) = makeself(tree.path(), &["--gzip"]) else { return };
    let start = file.len() - payload_length(&file);
    for cut in (0..file.len()).step_by(1024).chain([start, file.len() - 1]) {
        let error = read(&file[..cut]).map(drop).unwrap_err();
        let expected = match error {
            RunFileError::Truncated { .. } => cut >= start,
            RunFileError::NotRunFile { .. } | RunFileError::Missing { .. } => cut < start,
            _ => false,
        };
        assert!(expected, "cut at {cut}: {error:?}");
    }
    for at in (start..file.len()).step_by(101) {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(matches!(read(&damaged), Err(RunFileError::Crc { .. })), "byte {at}");
    }
    assert!(matches!(read(&replaced(&file, "CRCsum=\"")), Err(RunFileError::Crc { .. })));
    assert!(matches!(read(&replaced(&file, "MD5=\"")), Err(RunFileError::Md5 { .. })));
}

#[test]
fn hostile_archives_of_makeself_are_refused() {
    for (target, expected) in [("../evil", PathProblem::Parent), ("/evil", PathProblem::Absolute)] {
        let rename = format!("--absolute-names --transform=s,^./sub/data$,{target},");
        let tree = tree();
        let Some(file) = makeself(tree.path(), &["--tar-extra", &rename]) else { return };
        let error = read(&file).map(drop).unwrap_err();
        assert!(matches!(&error, RunFileError::Member { problem, .. } if *problem == expected), "{error:?}");
        std::os::unix::fs::symlink(target, tree.path().join("link")).unwrap();
        let Some(file) = makeself(tree.path(), &[]) else { return };
        let error = read(&file).map(drop).unwrap_err();
        assert!(matches!(&error, RunFileError::Link { problem, .. } if *problem == expected), "{error:?}");
    }
}

/// A folder to make an archive of.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    std::fs::create_dir(tree.path().join("sub")).unwrap();
    std::fs::write(tree.path().join("start.sh"), "#!/bin/sh\ntouch executed\n").unwrap();
    std::fs::write(tree.path().join("sub/data"), contents("data", 40_000)).unwrap();
    tree
}

/// What Debian's makeself makes of a folder; none where it cannot.
fn makeself(tree: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.run");
    let label = format!("NVIDIA Accelerated Graphics Driver for Linux-x86_64 {VERSION}");
    let mut command = Command::new("makeself");
    command.arg("--quiet").args(arguments).arg(tree).arg(&out).arg(label).arg("./start.sh");
    match command.stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => return Some(std::fs::read(out).unwrap()),
        Ok(_) => eprintln!("SKIPPED makeself cannot make archives with {arguments:?}"),
        Err(_) => eprintln!("SKIPPED makeself is not installed"),
    }
    None
}

/// What `filesizes` says.
fn payload_length(file: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&file[..4096]);
    let (_, rest) = text.split_once("filesizes=\"").unwrap();
    rest.split('"').next().unwrap().trim().parse().unwrap()
}

/// The file with another first digit behind that text.
fn replaced(file: &[u8], text: &str) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = file.windows(text.len()).position(|part| part == text.as_bytes()).unwrap() + text.len();
    file[at] = if file[at] == b'1' { b'2' } else { b'1' };
    file
}

/// The driver of the crate's guide: a small one of these tests' making, written anew by `UPDATE_EXPECT=1`.
#[test]
fn the_driver_of_the_guide_is_what_it_says() {
    let path = format!("{}/testdata/NVIDIA-Linux-x86_64-{VERSION}.run", env!("CARGO_MANIFEST_DIR"));
    let icd = br#"{"file_format_version": "1.0.0", "ICD": {"library_path": "libGLX_nvidia.so.0"}}"#;
    let archive = driver(VERSION, 32, &[("nvidia_icd.json", icd)]);
    let made = nvidia(&compress(&archive.bytes(), COMPRESSIONS[0]));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(read(&std::fs::read(path).unwrap()).unwrap().1, read(&made).unwrap().1);
}

/// What a program makes of these bytes; none where it is not installed.
fn filter_bytes(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, input).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let output = Command::new(program).args(arguments).stdin(file).output().ok()?;
    assert!(output.status.success(), "{program} {arguments:?}");
    Some(output.stdout)
}

fn filter(program: &str, arguments: &[&str], input: &[u8]) -> Option<String> {
    filter_bytes(program, arguments, input).map(|bytes| String::from_utf8(bytes).unwrap())
}
