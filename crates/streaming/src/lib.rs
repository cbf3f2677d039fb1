//! One desktop to many browsers over one port.
//!
//! [`serve`] takes a desktop through the traits of `cosmos-desktop` and serves it: the page and logging in over HTTP,
//! the picture and the sound over WebRTC, UDP and TCP of the same number. One picture is encoded once, however many
//! watch, and a second time while there are some whose network is much slower than that of others; nothing is captured
//! while nobody looks. The network slows the encoder down, and no viewer ever makes another one wait: who cannot keep up
//! is passed over until the next keyframe.
//!
//! What may happen to the sessions is the closed enum of the hub, which owns them all on one thread; a
//! [`session`] does no I/O. This crate does not know X11, nor the environment, nor processes.

mod acme;
mod agreement;
mod app_ready;
mod audio;
mod audit;
mod choices;
mod clock;
mod control;
mod crowd;
mod demand;
mod desktop;
mod fetch;
pub mod first;
mod hub;
mod ice;
mod metrics;
mod net;
mod oidc;
mod outside;
mod policy;
mod private_file;
mod relay;
mod rfb;
mod server;
pub mod session;
mod site;
mod stats;
pub mod stun;
mod tier;
mod tls;
pub mod turn;
mod video;

pub use acme::AcmeConfig;
pub use ice::{BadPublicAddress, IceConfig, PublicAddress, RestHeaders, Service, Transport, TurnAuth};
pub use oidc::{BadUrl, OidcConfig, OidcError, SecureUrl};
pub use policy::Policy;
pub use rfb::{Door, NoVnc, RfbConfig};
pub use server::{
    AboutConfig, AuthConfig, PageConfig, ProxyConfig, ServerConfig, ServerError, VideoConfig, serve,
};
pub use site::{BadBasePath, BasePath};
pub use tls::{TlsConfig, TlsError};

/// An error and everything that led to it, in one line.
pub fn error_text(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
