//! Why there is nothing to run.

use std::net::SocketAddr;

/// Why there is nothing to run for these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A text that is no name.
    #[error(
        "{0:?} is no name; expected 1 to 40 small letters, digits and hyphens, a letter first and no hyphen last"
    )]
    Name(String),
    /// A text that names no image.
    #[error("{0:?} names no image; expected one as registry.example/cosmos:24.04, without spaces")]
    Image(String),
    /// A text that names no host.
    #[error(
        "{0:?} names no host; expected one as desktop.example.org, in small letters, at most 200 characters"
    )]
    Host(String),
    /// A text that names no user.
    #[error(
        "{0:?} names no user; expected 1 to 40 small letters, digits and hyphens, no hyphen first or last"
    )]
    User(String),
    /// A user who is named twice.
    #[error("{0:?} is named twice; expected each user once")]
    UserTwice(String),
    /// Too few users, or too many.
    #[error("{0} users; expected 1 to 1000")]
    Users(usize),
    /// A name that is too long with that of its user.
    #[error("{0:?} is too long for a desktop of a fleet; expected at most 52 signs of name, hyphen and user")]
    Long(String),
    /// A text that is no name of an object.
    #[error(
        "{0:?} names no object; expected 1 to 253 small letters, digits, hyphens and dots, as desktop-homes"
    )]
    Object(String),
    /// A text that is no size of a volume.
    #[error("{0:?} is no size; expected a number above 0 with Mi, Gi, Ti, M, G or T, as 20Gi")]
    Size(String),
    /// A text that is no kind of volume.
    #[error("{0:?} is no kind of volume; expected empty, claim, template or existing:NAME")]
    Volume(String),
    /// A text that names no resource.
    #[error("{0:?} names no resource; expected one as nvidia.com/gpu")]
    Resource(String),
    /// There are fewer ports for nodes than desktops.
    #[error("port {first} is no first one for {desktops} desktops; expected 1024 to 65535 for all of them")]
    NodePort {
        /// The first port.
        first: u16,
        /// How many desktops need one each.
        desktops: usize,
    },
    /// Where to serve makes no sense in a container.
    #[error("a container cannot serve on {place}: {reason}")]
    Listen {
        /// The place.
        place: SocketAddr,
        /// Why not.
        reason: &'static str,
    },
    /// A GPU is required and none is given.
    #[error("COSMOS_REQUIRE_GPU is true and --gpus is none; expected at least one GPU, or no requirement")]
    NoGpu,
    /// Guacamole lets nobody in without a password.
    #[error(
        "Guacamole asks for the password and COSMOS_BASIC_AUTH is false; expected it to be true, or no --with guacamole"
    )]
    GuacamolePassword,
    /// On the network of a node, its ports are open to all programs there.
    #[error(
        "beside a desktop on the network of its node, Guacamole would be open to whoever is on that node; expected \
         --expose clusterip, nodeport or loadbalancer"
    )]
    GuacamoleOnNode,
    /// A pod has each port once.
    #[error("port {0} is one of Guacamole's in the pod of the desktop; expected another port of the desktop")]
    GuacamolePort(u16),
    /// A value that no text can carry.
    #[error("{name} holds a control character; expected a value of one line")]
    Control {
        /// The variable.
        name: &'static str,
    },
    /// A path that cannot be mounted.
    #[error(
        "{name}: {path:?} cannot be mounted; expected a path without commas, colons, quotes and line breaks"
    )]
    Path {
        /// The variable whose value it is.
        name: &'static str,
        /// The path.
        path: String,
    },
    /// The printer refused.
    #[error("cannot print: {0}")]
    Print(#[source] Box<dyn std::error::Error + Send + Sync>),
}
