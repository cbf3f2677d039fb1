//! What is done for an image: a function of what is wanted and how things stand.

use std::path::PathBuf;

use super::wanted::{Base, Wanted};
use crate::step::Failure;

/// How things stand.
#[derive(Debug)]
pub struct Facts {
    /// The command that builds images.
    pub builder: Vec<String>,
    pub is_root: bool,
    pub version: String,
    /// Of the clone, where this is one.
    pub revision: Option<String>,
    /// When the revision was made: the same for each build of it.
    pub created: Option<String>,
}

/// Something to do. Paths are below the root of the repository unless they were typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Folder(String),
    Write {
        path: String,
        text: String,
    },
    Copy {
        from: PathBuf,
        to: String,
    },
    /// Nothing where this is there.
    Unless {
        there: String,
        step: Box<Step>,
    },
    Run {
        name: String,
        words: Vec<String>,
    },
}

/// A release that can be made from packages.
struct Release {
    distro: &'static str,
    suite: &'static str,
    components: &'static str,
    archive: &'static str,
    security: &'static str,
}

/// All steps, in their order.
pub fn plan(wanted: &Wanted, facts: &Facts) -> Result<Vec<Step>, Failure> {
    let distro = wanted.distro.as_deref().unwrap_or(DISTRO);
    let mut steps = Vec::new();
    let base = base(wanted, distro, facts, &mut steps)?;
    let mut arguments = vec![format!("DISTRO={distro}")];
    arguments.extend(base.map(|base| format!("BASE={base}")));
    if let Some(folder) = &wanted.programs {
        steps.push(Step::Folder(PROGRAMS.into()));
        let copy = |name: &&str| Step::Copy { from: folder.join(name), to: format!("{PROGRAMS}/{name}") };
        steps.extend(NAMES.iter().map(copy));
        arguments.push(format!("PROGRAMS={PROGRAMS}"));
    }
    arguments.push(format!("VERSION={}", facts.version));
    arguments.extend(facts.revision.iter().map(|revision| format!("REVISION={revision}")));
    arguments.extend(facts.created.iter().map(|created| format!("CREATED={created}")));
    arguments.extend(wanted.args.iter().cloned());
    let tags = wanted.tag.clone().map_or_else(|| tags(distro), |tag| vec![tag]);
    let mut words = build(facts, &tags);
    words.extend(["--file".into(), "deploy/Dockerfile".into()]);
    words.extend(arguments.into_iter().flat_map(|argument| ["--build-arg".into(), argument]));
    words.extend(wanted.rest.iter().cloned());
    words.push(".".into());
    steps.push(Step::Run { name: format!("image {}", tags.join(" ")), words });
    Ok(steps)
}

/// The image to stand on, where it is not the registry's.
fn base(
    wanted: &Wanted,
    distro: &str,
    facts: &Facts,
    steps: &mut Vec<Step>,
) -> Result<Option<String>, Failure> {
    let folder = format!("{BASES}/{}", plain(distro));
    let archive = format!("{folder}/rootfs.tar");
    let fetched = match &wanted.base {
        Base::Registry => return Ok(None),
        Base::Image(name) => return Ok(Some(name.clone())),
        Base::Rootfs(path) => Step::Copy { from: path.clone(), to: archive },
        Base::Debootstrap => {
            let step = Box::new(debootstrap(release(distro)?, &folder, facts.is_root));
            Step::Unless { there: archive, step }
        }
    };
    let tag = format!("localhost/cosmos-base:{}", plain(distro));
    let mut words = build(facts, std::slice::from_ref(&tag));
    words.push(folder.clone());
    let text = "FROM scratch\nADD rootfs.tar /\nCMD [\"/bin/sh\"]\n".to_owned();
    steps.extend([
        Step::Folder(folder.clone()),
        fetched,
        Step::Write { path: format!("{folder}/Dockerfile"), text },
        Step::Run { name: format!("base {tag}"), words },
    ]);
    Ok(Some(tag))
}

fn debootstrap(release: &Release, folder: &str, is_root: bool) -> Step {
    let sudo = (!is_root).then_some("sudo");
    let Release { suite, components, archive, security, .. } = *release;
    let rest = ["sh", "-euc", SCRIPT, "sh", folder, suite, components, archive, security];
    let words = sudo.into_iter().chain(rest).map(str::to_owned).collect();
    Step::Run { name: format!("debootstrap {suite}"), words }
}

/// The command up to the tags. Without its own format podman leaves the health check out.
fn build(facts: &Facts, tags: &[String]) -> Vec<String> {
    let program = facts.builder.first().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
    let format: &[&str] = if program == "docker" { &[] } else { &["--format", "docker"] };
    let mut words = facts.builder.clone();
    words.push("build".into());
    words.extend(format.iter().copied().map(str::to_owned));
    words.extend(tags.iter().flat_map(|tag| ["--tag".to_owned(), tag.clone()]));
    words
}

fn tags(distro: &str) -> Vec<String> {
    let version = distro.strip_prefix("ubuntu:").map_or_else(|| distro.replace(':', ""), str::to_owned);
    let mut tags = vec![format!("cosmos:{}", plain(&version))];
    tags.extend((distro == DISTRO).then(|| "cosmos:latest".to_owned()));
    tags
}

/// As names of images and folders are written.
fn plain(name: &str) -> String {
    name.replace([':', '/', '@'], "-")
}

fn release(distro: &str) -> Result<&'static Release, Failure> {
    RELEASES.iter().find(|release| release.distro == distro).ok_or_else(|| {
        let known: Vec<&str> = RELEASES.iter().map(|release| release.distro).collect();
        Failure::Usage(format!("--from-debootstrap makes {}, not {distro}", known.join(", ")))
    })
}

const fn debian(distro: &'static str, suite: &'static str) -> Release {
    let (archive, security) = ("http://deb.debian.org/debian", "http://deb.debian.org/debian-security");
    Release { distro, suite, components: "main", archive, security }
}

const fn ubuntu(distro: &'static str, suite: &'static str) -> Release {
    let (archive, security) = ("http://archive.ubuntu.com/ubuntu", "http://security.ubuntu.com/ubuntu");
    Release { distro, suite, components: "main,universe", archive, security }
}

const DISTRO: &str = "ubuntu:24.04";
const RELEASES: [Release; 4] = [
    ubuntu(DISTRO, "noble"),
    ubuntu("ubuntu:22.04", "jammy"),
    debian("debian:12", "bookworm"),
    debian("debian:13", "trixie"),
];
const NAMES: [&str; 4] = ["cosmos-launch", "cosmos-stream", "cosmos-probe", "cosmos-probe-encoders"];
/// The only folder of build outputs that the builder is shown.
const PROGRAMS: &str = "target/image/programs";
const BASES: &str = "target/image-base";
/// Makes an archive of all files of a small system, with the lists of its updates.
const SCRIPT: &str = r#"
folder=$1 suite=$2 components=$3 archive=$4 security=$5
root=$folder/root
rm -rf "$root"
debootstrap --force-check-gpg --variant=minbase --components="$components" "$suite" "$root" "$archive"
parts=$(echo "$components" | tr , ' ')
for line in "$archive $suite" "$archive $suite-updates" "$security $suite-security"; do
    echo "deb $line $parts"
done >"$root/etc/apt/sources.list"
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
tar --numeric-owner --one-file-system -C "$root" -cf "$folder/rootfs.part" .
rm -rf "$root"
mv "$folder/rootfs.part" "$folder/rootfs.tar"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(builder: &str) -> Facts {
        Facts {
            builder: builder.split(' ').map(str::to_owned).collect(),
            is_root: false,
            version: "0.1.0".into(),
            revision: Some("abc".into()),
            created: None,
        }
    }

    /// The steps as lines that can be compared.
    fn lines(args: &[&str], builder: &str) -> Vec<String> {
        let args: Vec<String> = args.iter().copied().map(str::to_owned).collect();
        let steps = plan(&Wanted::parse(&args).unwrap(), &facts(builder)).unwrap();
        steps.iter().map(line).collect()
    }

    fn line(step: &Step) -> String {
        match step {
            Step::Folder(path) => format!("mkdir {path}"),
            Step::Write { path, .. } => format!("write {path}"),
            Step::Copy { from, to } => format!("copy {} {to}", from.display()),
            Step::Unless { there, step } => format!("unless {there} {}", line(step)),
            Step::Run { words, .. } => words.join(" ").replace(SCRIPT, "SCRIPT"),
        }
    }

    #[test]
    fn an_image_on_a_registrys_base_is_one_command() {
        let labels = "--build-arg VERSION=0.1.0 --build-arg REVISION=abc";
        let file = "--file deploy/Dockerfile --build-arg";
        for (args, builder, expected) in [
            (
                &[][..],
                "docker",
                format!(
                    "docker build --tag cosmos:24.04 --tag cosmos:latest {file} DISTRO=ubuntu:24.04 {labels} ."
                ),
            ),
            (
                &["--distro", "debian:12", "--arg", "WINE=1", "--", "--no-cache"],
                "/usr/bin/podman --runtime runc",
                format!(
                    "/usr/bin/podman --runtime runc build --format docker --tag cosmos:debian12 {file} \
                     DISTRO=debian:12 {labels} --build-arg WINE=1 --no-cache ."
                ),
            ),
            (
                &["--distro", "ubuntu:22.04", "--base", "mirror/u", "--tag", "x"],
                "buildah",
                format!(
                    "buildah build --format docker --tag x {file} DISTRO=ubuntu:22.04 --build-arg BASE=mirror/u \
                     {labels} ."
                ),
            ),
        ] {
            assert_eq!(lines(args, builder), [expected], "{args:?}");
        }
    }

    #[test]
    fn without_a_registry_the_base_is_made_first() {
        let args = ["--distro", "debian:13", "--from-debootstrap", "--programs", "/p"];
        let found = lines(&args, "podman");
        let folder = "target/image-base/debian-13";
        assert_eq!(
            found[..5],
            [
                format!("mkdir {folder}"),
                format!(
                    "unless {folder}/rootfs.tar sudo sh -euc SCRIPT sh {folder} trixie main \
                     http://deb.debian.org/debian http://deb.debian.org/debian-security"
                ),
                format!("write {folder}/Dockerfile"),
                format!("podman build --format docker --tag localhost/cosmos-base:debian-13 {folder}"),
                format!("mkdir {PROGRAMS}"),
            ]
        );
        assert!(found.contains(&format!("copy /p/cosmos-launch {PROGRAMS}/cosmos-launch")), "{found:#?}");
        let last = found.last().unwrap();
        for argument in ["BASE=localhost/cosmos-base:debian-13", "PROGRAMS=target/image/programs"] {
            assert!(last.contains(&format!(" --build-arg {argument} ")), "{last}");
        }
        let unknown =
            Wanted { distro: Some("fedora:40".into()), base: Base::Debootstrap, ..Wanted::default() };
        assert_eq!(plan(&unknown, &facts("podman")).unwrap_err().exit_code(), 64);
    }
}
