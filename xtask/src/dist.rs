//! `cargo xtask dist`: packages for Debian and Ubuntu, an archive for everybody else, and what they are made of.

mod package;
mod sbom;
mod tree;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use package::{PACKAGES, Package};
use tree::Tree;

use crate::packages::on_path;
use crate::step::{self, Failure, Workspace};

/// What was typed behind `dist`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    programs: Option<PathBuf>,
    out: Option<PathBuf>,
}

/// What all packages of one run have in common.
struct Release {
    version: String,
    architecture: String,
    maintainer: String,
    /// Of the commit, in seconds, so that the same commit gives the same bytes.
    made: u64,
}

/// Builds them.
pub fn build(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    let wanted = Wanted::parse(args)?;
    let missing: Vec<_> =
        TOOLS.iter().filter(|(tool, _)| !on_path(tool)).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        return Err(Failure::Missing(format!("install {} first", missing.join(" "))));
    }
    let programs = match &wanted.programs {
        Some(folder) => folder.clone(),
        None => compile(workspace)?,
    };
    let out = wanted.out.unwrap_or_else(|| workspace.built("dist", ""));
    let work = out.join("work");
    if work.exists() {
        told(&work, fs::remove_dir_all(&work))?;
    }
    let release = Release::of(workspace)?;
    let bom = sbom::text(workspace, &release.version, release.made)?;
    let mut made = Vec::new();
    for package in PACKAGES {
        let tree = fill(workspace, package, &programs, &work.join(package.name), &release, &bom)?;
        made.push(deb(package, &tree, &release, &out)?);
    }
    made.push(archive(workspace, &release, &work, &out, &bom)?);
    sums(&out, &made)?;
    told(&work, fs::remove_dir_all(&work))?;
    made.iter().for_each(|file| println!("{}", out.join(file).display()));
    Ok(())
}

impl Wanted {
    fn parse(args: &[String]) -> Result<Self, Failure> {
        let mut wanted = Self::default();
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            let place = match flag.as_str() {
                "--programs" => &mut wanted.programs,
                "--out" => &mut wanted.out,
                _ => return Err(Failure::Usage(format!("{flag:?} means nothing here"))),
            };
            let value = args.next().ok_or_else(|| Failure::Usage(format!("{flag} lacks its value")))?;
            let value =
                std::path::absolute(value).map_err(|error| Failure::Usage(format!("{flag}: {error}")))?;
            *place = Some(value);
        }
        Ok(wanted)
    }
}

impl Release {
    fn of(workspace: &Workspace) -> Result<Self, Failure> {
        let git = |args: &[&str]| said(workspace.command("git", []).args(args)).ok();
        let tag = format!("v{VERSION}");
        let is_tagged =
            git(&["tag", "--points-at", "HEAD"]).is_some_and(|tags| tags.lines().any(|one| one == tag));
        let commit = git(&["log", "-1", "--format=%ct %cd %h", "--date=format-local:%Y%m%d%H%M%S"]);
        let mut words = commit.as_deref().unwrap_or_default().split(' ');
        let made = words.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
        let since = words.collect::<Vec<_>>().join(".");
        let version = match is_tagged || since.is_empty() {
            true => VERSION.to_owned(),
            false => format!("{VERSION}+git{since}"),
        };
        let architecture = said(Command::new("dpkg").arg("--print-architecture"))?;
        let of_packager = |name: &str, or: &str| env::var(name).unwrap_or_else(|_| or.to_owned());
        let (name, mail) = (of_packager("DEBFULLNAME", "COSMOS"), of_packager("DEBEMAIL", MAIL));
        Ok(Self { version, architecture, maintainer: format!("{name} <{mail}>"), made })
    }
}

fn compile(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo = workspace.cargo(["build", "--release", "--locked", "--bins"]);
    step::run(
        "programs",
        cargo.args(PACKAGES.iter().flat_map(|package| package.crates).flat_map(|name| ["-p", *name])),
    )?;
    Ok(workspace.built("release", ""))
}

/// Puts everything where it is to be on the machine.
fn fill(
    workspace: &Workspace,
    package: &Package,
    programs: &Path,
    place: &Path,
    release: &Release,
    bom: &str,
) -> Result<Tree, Failure> {
    let tree = Tree::new(place.join("root"));
    for program in package.programs {
        let to = tree.make_room(&format!("usr/bin/{program}"))?;
        let mut strip = Command::new("strip");
        strip.args(["--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", "-o"]);
        said(strip.arg(&to).arg(programs.join(program)))?;
    }
    let manual = place.join("manual");
    for program in package.documented() {
        said(Command::new(tree.path(&format!("usr/bin/{program}"))).arg("--generate-manual").arg(&manual))?;
    }
    for (folder, to) in MANUAL {
        tree.take_all(&manual.join(folder), to, |name| {
            name.strip_suffix(".bash").unwrap_or(name).to_owned()
        })?;
    }
    for (unit, folder) in package.units {
        tree.copy(&workspace.path(&format!("deploy/packages/{unit}")), &format!("{folder}/{unit}"))?;
    }
    let doc = format!("usr/share/doc/{}", package.name);
    tree.write(&format!("{doc}/copyright"), package::COPYRIGHT)?;
    tree.write(&format!("{doc}/changelog"), &package.changelog(release))?;
    tree.write(&format!("{doc}/sbom.cdx.json"), bom)?;
    tree.compress("usr/share/man/man1", |name| name.ends_with(".1"))?;
    tree.compress(&doc, |name| name == "changelog")?;
    Ok(tree)
}

/// Its name.
fn deb(package: &Package, tree: &Tree, release: &Release, out: &Path) -> Result<String, Failure> {
    let work = tree.root().parent().unwrap_or(out);
    let source = work.join("debian/control");
    told(&source, fs::create_dir_all(work.join("debian")))?;
    told(
        &source,
        fs::write(&source, format!("Source: {0}\n\nPackage: {0}\nArchitecture: any\n", package.name)),
    )?;
    let mut libraries = Command::new("dpkg-shlibdeps");
    libraries.current_dir(work).arg("-O");
    libraries.args(package.programs.iter().map(|program| tree.path(&format!("usr/bin/{program}"))));
    let libraries = said(&mut libraries)?;
    let libraries = libraries.strip_prefix("shlibs:Depends=").unwrap_or_default();
    tree.sums()?;
    tree.write("DEBIAN/control", &package.control(release, libraries, tree.kibibytes()?))?;
    for (script, text) in package.scripts() {
        tree.write_program(&format!("DEBIAN/{script}"), text)?;
    }
    let name = format!("{}_{}_{}.deb", package.name, release.version, release.architecture);
    let mut build = Command::new("dpkg-deb");
    build.env("SOURCE_DATE_EPOCH", release.made.to_string()).args(["--root-owner-group", "-Zxz", "--build"]);
    said(build.arg(tree.root()).arg(out.join(&name)))?;
    Ok(name)
}

/// What all packages hold, for a prefix such as `/usr/local` on any distribution.
fn archive(
    workspace: &Workspace,
    release: &Release,
    work: &Path,
    out: &Path,
    bom: &str,
) -> Result<String, Failure> {
    let name = format!("cosmos-{}-linux-{}", release.version, release.architecture);
    let tree = Tree::new(work.join(&name));
    for package in PACKAGES {
        tree.take_all(&work.join(package.name).join("root/usr"), "", str::to_owned)?;
    }
    for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        tree.copy(&workspace.path(file), file)?;
    }
    tree.write("sbom.cdx.json", bom)?;
    let file = format!("{name}.tar.xz");
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go-w"]);
    tar.arg(format!("--mtime=@{}", release.made))
        .arg("-C")
        .arg(work)
        .arg("-cJf")
        .arg(out.join(&file))
        .arg(&name);
    said(&mut tar)?;
    Ok(file)
}

fn sums(out: &Path, files: &[String]) -> Result<(), Failure> {
    let sums = said(Command::new("sha256sum").current_dir(out).args(files))?;
    let to = out.join("SHA256SUMS");
    told(&to, fs::write(&to, sums + "\n"))
}

/// What a program printed.
fn said(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| Failure::Start { program: program.clone(), source })?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => {
            Err(Failure::Failed(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
        }
    }
}

fn told<T>(path: &Path, outcome: std::io::Result<T>) -> Result<T, Failure> {
    outcome.map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Whoever gives packages to others sets DEBEMAIL, as for Debian's own tools.
const MAIL: &str = "root@localhost.localdomain";
const TOOLS: [(&str, &str); 5] = [
    ("dpkg-deb", "dpkg"),
    ("dpkg-shlibdeps", "dpkg-dev"),
    ("strip", "binutils"),
    ("xz", "xz-utils"),
    ("md5sum", "coreutils"),
];
/// Where what a program says of itself goes.
const MANUAL: [(&str, &str); 4] = [
    ("man1", "usr/share/man/man1"),
    ("bash", "usr/share/bash-completion/completions"),
    ("zsh", "usr/share/zsh/vendor-completions"),
    ("fish", "usr/share/fish/vendor_completions.d"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        let parse =
            |text: &str| Wanted::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let wanted = parse("--programs /a --out /b").unwrap();
        assert_eq!(wanted, Wanted { programs: Some("/a".into()), out: Some("/b".into()) });
        for text in ["--programs", "--fast", "x"] {
            assert_eq!(parse(text).unwrap_err().exit_code(), 64, "{text}");
        }
    }
}
