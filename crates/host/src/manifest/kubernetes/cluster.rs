//! What a cluster gives to desktops, as people say it.

use std::{fmt, str::FromStr};

use crate::manifest::{
    HostName, Image, ManifestError,
    names::{is_label, shown},
};

/// What a cluster gives to desktops.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The namespace of all objects; that of the command which makes them otherwise.
    pub namespace: Option<ObjectName>,
    /// How many desktops.
    pub users: Users,
    /// Where they keep their files.
    pub storage: Storage,
    /// How browsers come in.
    pub exposure: Exposure,
    /// The host under which an ingress shows the desktop; those of a fleet have the name of the desktop before it.
    pub host: Option<HostName>,
    /// The GPUs of the cluster.
    pub gpus: Gpus,
    /// When desktops are put to sleep; never otherwise.
    pub idle: Option<Idle>,
}

/// How many desktops there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Users {
    /// One.
    #[default]
    One,
    /// One for each user, with a name, a password and volumes of its own.
    Each(Fleet),
}

/// 1 to 1000 users, each named once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet(Vec<UserName>);

/// A name of a user: 1 to 40 small ASCII letters, digits and hyphens, no hyphen first or last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserName(String);

/// Where desktops keep their files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The home of the user.
    pub home: VolumeKind,
    /// What can be made anew, as shaders.
    pub cache: VolumeKind,
    /// The size of a home.
    pub home_size: StorageSize,
    /// The size of a cache.
    pub cache_size: StorageSize,
    /// The class of storage for new claims; the usual one of the cluster otherwise.
    pub class: Option<ObjectName>,
}

/// What a volume is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VolumeKind {
    /// A directory that ends with the pod.
    #[default]
    Empty,
    /// A claim of our own.
    Claim,
    /// A claim that the cluster makes for the pod of a StatefulSet.
    Template,
    /// A claim that is there already; in a fleet the name of the user follows, after a hyphen.
    Existing(ObjectName),
}

/// The name of an object of Kubernetes: a subdomain as of RFC 1123.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName(String);

/// The size of a volume in bytes, as `20Gi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageSize(String);

/// How browsers come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// From within the cluster, or through an ingress.
    #[default]
    ClusterIp,
    /// At a port of every node; the desktops of a fleet have this one and those that follow.
    NodePort(u16),
    /// At a load balancer for each desktop.
    LoadBalancer,
    /// At the addresses of the node itself.
    HostNetwork,
}

/// How GPUs are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpus {
    /// The resource of which each desktop gets as many as it has GPUs.
    pub resource: GpuResource,
    /// Whether several pods may get one GPU, so that the marks of its X server lie on the node.
    pub shared: bool,
}

/// The name of a resource that nodes offer, as `nvidia.com/gpu`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuResource(String);

/// When desktops are put to sleep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idle {
    /// After so many minutes without a viewer.
    pub minutes: u16,
    /// An image with a shell and curl.
    pub image: Image,
}

impl Fleet {
    /// # Errors
    /// [`ManifestError::Users`], [`ManifestError::UserTwice`].
    pub fn new(users: Vec<UserName>) -> Result<Self, ManifestError> {
        if !(1..=MOST_USERS).contains(&users.len()) {
            return Err(ManifestError::Users(users.len()));
        }
        let mut sorted: Vec<&UserName> = users.iter().collect();
        sorted.sort();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(ManifestError::UserTwice(pair[0].to_string())),
            None => Ok(Self(users)),
        }
    }

    /// Users named 0, 1 and so on.
    ///
    /// # Errors
    /// [`ManifestError::Users`].
    pub fn numbered(users: u16) -> Result<Self, ManifestError> {
        Self::new((0..users).map(|user| UserName(user.to_string())).collect())
    }

    pub(super) fn users(&self) -> &[UserName] {
        &self.0
    }
}

impl Default for Storage {
    fn default() -> Self {
        let size = |text: &str| StorageSize(text.to_owned());
        Self {
            home: VolumeKind::Empty,
            cache: VolumeKind::Empty,
            home_size: size("20Gi"),
            cache_size: size("10Gi"),
            class: None,
        }
    }
}

impl Default for Idle {
    /// Half an hour, and the image of curl's own project.
    fn default() -> Self {
        Self { minutes: 30, image: Image::of_curl() }
    }
}

impl Default for GpuResource {
    fn default() -> Self {
        Self("nvidia.com/gpu".to_owned())
    }
}

impl FromStr for UserName {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        match is_label(text) && text.len() <= 40 {
            true => Ok(Self(text.to_owned())),
            false => Err(ManifestError::User(shown(text))),
        }
    }
}

impl FromStr for ObjectName {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        match is_subdomain(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(ManifestError::Object(shown(text))),
        }
    }
}

impl FromStr for StorageSize {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let number = ["Mi", "Gi", "Ti", "M", "G", "T"].iter().find_map(|unit| text.strip_suffix(unit));
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        match number.and_then(|number| number.parse::<u32>().ok()) {
            Some(1..) => Ok(Self(text.to_owned())),
            _ => Err(ManifestError::Size(shown(text))),
        }
    }
}

impl FromStr for VolumeKind {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        match (text, text.strip_prefix("existing:")) {
            ("empty", _) => Ok(Self::Empty),
            ("claim", _) => Ok(Self::Claim),
            ("template", _) => Ok(Self::Template),
            (_, Some(name)) => Ok(Self::Existing(name.parse()?)),
            _ => Err(ManifestError::Volume(shown(text))),
        }
    }
}

impl FromStr for GpuResource {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = |(domain, name): (&str, &str)| {
            let ends = name.starts_with(|sign: char| !sign.is_ascii_alphanumeric())
                || name.ends_with(|sign: char| !sign.is_ascii_alphanumeric());
            is_subdomain(domain) && (1..=63).contains(&name.len()) && !ends && name.bytes().all(sign)
        };
        match text.split_once('/').is_some_and(fits) {
            true => Ok(Self(text.to_owned())),
            false => Err(ManifestError::Resource(shown(text))),
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StorageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for GpuResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

const MOST_USERS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_or_refused() {
        for (text, user, object, size, volume, resource) in [
            ("alice", true, true, false, false, false),
            ("0", true, true, false, false, false),
            ("-a", false, false, false, false, false),
            ("a.b", false, true, false, false, false),
            ("20Gi", false, false, true, false, false),
            ("0Gi", false, false, false, false, false),
            ("+1Gi", false, false, false, false, false),
            ("99999999999Gi", false, false, false, false, false),
            ("20", true, true, false, false, false),
            ("empty", true, true, false, true, false),
            ("existing:homes", false, false, false, true, false),
            ("existing:", false, false, false, false, false),
            ("nvidia.com/gpu", false, false, false, false, true),
            ("nvidia.com/mig-1g.10gb", false, false, false, false, true),
            ("nvidia.com/", false, false, false, false, false),
            ("nvidia.com/gpu\n", false, false, false, false, false),
            ("", false, false, false, false, false),
        ] {
            let read = (
                text.parse::<UserName>().is_ok(),
                text.parse::<ObjectName>().is_ok(),
                text.parse::<StorageSize>().is_ok(),
                text.parse::<VolumeKind>().is_ok(),
                text.parse::<GpuResource>().is_ok(),
            );
            assert_eq!(read, (user, object, size, volume, resource), "{text:?}");
        }
    }

    #[test]
    fn a_fleet_names_each_user_once() {
        let fleet = |names: &[&str]| Fleet::new(names.iter().map(|name| UserName((*name).into())).collect());
        assert!(fleet(&["alice", "bob"]).is_ok() && Fleet::numbered(1000).is_ok());
        assert!(
            matches!(fleet(&["bob", "alice", "bob"]), Err(ManifestError::UserTwice(name)) if name == "bob")
        );
        assert!(matches!(fleet(&[]), Err(ManifestError::Users(0))));
        assert!(matches!(Fleet::numbered(1001), Err(ManifestError::Users(1001))));
    }
}
