//! What was typed behind `image`.

use std::path::PathBuf;

use crate::step::Failure;

/// What was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub distro: Option<String>,
    pub base: Base,
    pub programs: Option<PathBuf>,
    pub tag: Option<String>,
    /// `NAME=VALUE` each.
    pub args: Vec<String>,
    pub builder: Option<Vec<String>>,
    /// More arguments of the builder.
    pub rest: Vec<String>,
}

/// What the image stands on.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// The distribution's image, from a registry.
    #[default]
    Registry,
    /// An image of this name.
    Image(String),
    /// An archive of all files.
    Rootfs(PathBuf),
    /// The distribution's packages.
    Debootstrap,
}

impl Wanted {
    pub fn parse(args: &[String]) -> Result<Self, Failure> {
        let mut wanted = Self::default();
        let mut args = args.iter().cloned();
        while let Some(flag) = args.next() {
            if flag == "--" {
                wanted.rest = args.collect();
                break;
            }
            if flag == "--from-debootstrap" {
                wanted.stand_on(Base::Debootstrap)?;
                continue;
            }
            if !FLAGS.contains(&&*flag) {
                return Err(Failure::Usage(format!("{flag:?} means nothing here")));
            }
            let value = args.next().filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| Failure::Usage(format!("{flag} lacks its value")))?;
            wanted.take(&flag, value)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, flag: &str, value: String) -> Result<(), Failure> {
        match flag {
            "--distro" => self.distro = Some(value),
            "--base" => self.stand_on(Base::Image(value))?,
            "--base-rootfs" => self.stand_on(Base::Rootfs(value.into()))?,
            "--programs" => self.programs = Some(value.into()),
            "--tag" => self.tag = Some(value),
            "--arg" if !value.contains('=') => {
                return Err(Failure::Usage(format!("--arg takes NAME=VALUE, not {value:?}")));
            }
            "--arg" => self.args.push(value),
            _ => self.builder = Some(value.split_whitespace().map(str::to_owned).collect()),
        }
        Ok(())
    }

    fn stand_on(&mut self, base: Base) -> Result<(), Failure> {
        match std::mem::replace(&mut self.base, base) {
            Base::Registry => Ok(()),
            _ => Err(Failure::Usage(
                "an image stands on one base: --base, --base-rootfs or --from-debootstrap".into(),
            )),
        }
    }
}

const FLAGS: [&str; 7] = ["--distro", "--base", "--base-rootfs", "--programs", "--tag", "--arg", "--builder"];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Wanted, Failure> {
        Wanted::parse(&text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_typed_is_taken() {
        assert_eq!(parse("").unwrap(), Wanted::default());
        let wanted =
            parse("--distro debian:12 --from-debootstrap --programs p --tag t --arg WINE=1 -- --no-cache");
        let expected = Wanted {
            distro: Some("debian:12".into()),
            base: Base::Debootstrap,
            programs: Some("p".into()),
            tag: Some("t".into()),
            args: vec!["WINE=1".into()],
            builder: None,
            rest: vec!["--no-cache".into()],
        };
        assert_eq!(wanted.unwrap(), expected);
        assert_eq!(parse("--base x").unwrap().base, Base::Image("x".into()));
        assert_eq!(parse("--base-rootfs x").unwrap().base, Base::Rootfs("x".into()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["--distro", "--fast", "--arg WINE", "--base a --from-debootstrap", "debian:12"] {
            assert_eq!(parse(text).unwrap_err().exit_code(), 64, "{text}");
        }
    }
}
