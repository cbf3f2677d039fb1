//! How to serve: what is told to the server when it is started.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use cosmos_auth::{Accounts, ApiToken, Networks, Rights, Role, SessionKey};
use cosmos_encoder::{AudioConfig, Capabilities, Choice, Codec, EncoderConfig};
use serde_json::{Map, Value};

use crate::{
    Policy, choices::Offered, ice::IceConfig, oidc::OidcConfig, rfb::RfbConfig, site::BasePath,
    tls::TlsConfig,
};

/// How to serve.
pub struct ServerConfig {
    /// TCP and UDP of this address. A port of 0 takes a free one.
    pub listen: SocketAddr,
    /// The picture.
    pub video: VideoConfig,
    /// The sound; `None` for none.
    pub audio: Option<AudioConfig>,
    /// Who may come in.
    pub auth: AuthConfig,
    /// TLS, beside plain HTTP on the same port; `None` for none. Browsers that open the page by the address of this
    /// machine are sent there, as they decode pictures and share clipboards only in a secure context.
    pub tls: Option<TlsConfig>,
    /// Viewers of RFB, the protocol of VNC.
    pub rfb: RfbConfig,
    /// What pages are told about the ways through the network.
    pub ice: IceConfig,
    /// What pages may do.
    pub policy: Policy,
    /// The file by which the application that the desktop is for says that it is ready: before it is there, pages are
    /// told of it and see nothing. `None` waits for none.
    pub app_ready: Option<PathBuf>,
    /// Where the page is, and what it is called.
    pub page: PageConfig,
    /// Where figures for Prometheus are served to everybody; `None` serves them on the port of everything alone, to
    /// those who log in.
    pub metrics: Option<SocketAddr>,
    /// The file that keeps what a person chooses in the page; `None` keeps it until the server ends.
    pub choices: Option<PathBuf>,
    /// What is shown of the surroundings.
    pub about: AboutConfig,
}

/// Where the page is, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageConfig {
    /// Below which path it is served, besides the root.
    pub base: BasePath,
    /// Its name once it is installed.
    pub name: String,
    /// The same, short.
    pub short_name: String,
    /// Where it begins then, relative to where it is.
    pub start_url: String,
}

impl Default for PageConfig {
    fn default() -> Self {
        Self {
            base: BasePath::default(),
            name: "COSMOS desktop".to_owned(),
            short_name: "COSMOS".to_owned(),
            start_url: "./".to_owned(),
        }
    }
}

/// What the server shows of that which runs around it.
#[derive(Default)]
pub struct AboutConfig {
    /// A file that says how the desktop is drawn, as one JSON object of the schema `cosmos.graphics/1`. It is read anew
    /// whenever somebody asks, as it may change.
    pub graphics: Option<PathBuf>,
    /// What is set: an object with a `value`, or `set` for a secret, a `source` and a `name` for each key.
    pub settings: Map<String, Value>,
}

/// How the picture is made.
pub struct VideoConfig {
    /// The most frames per second, at least 1.
    pub fps: u32,
    /// The most that one viewer's picture may take, in kbit/s.
    pub max_kbps: u32,
    /// Whether less is sent to where the network carries less. Otherwise the picture takes what it was set to, and what the
    /// network does not carry is lost.
    pub adapts: bool,
    /// The longest time between two keyframes; `None` makes them when somebody needs one.
    pub keyframe_every: Option<Duration>,
    /// Which encoder.
    pub encoder: EncoderConfig,
    /// Which encoders work here.
    pub capabilities: Capabilities,
    /// What the encoder that will be chosen makes.
    pub codec: Codec,
    /// What else can be encoded where a browser does not decode that, best first.
    pub others: Vec<Codec>,
    /// Whether colours are coded at 4:4:4 where the encoder can and all who watch decode it.
    pub full_colour: bool,
}

impl VideoConfig {
    /// Those that work, by their names, with what they make.
    pub(super) fn encoders(&self) -> Vec<(String, Codec)> {
        self.capabilities.works.iter().map(|working| (working.element.clone(), working.codec)).collect()
    }

    /// Whether H.264 is made by a circuit of the GPU.
    pub(super) fn is_by_circuit(&self) -> bool {
        let works = &self.capabilities.works;
        let chosen = match &self.encoder.choice {
            Choice::Named(name) => works.iter().find(|it| it.element == *name),
            _ => None,
        };
        chosen.is_none_or(|it| it.hardware) && works.iter().any(|it| it.hardware && it.codec == Codec::H264)
    }

    /// Those that a person may choose, and why the others may not be.
    pub(super) fn offered(&self) -> Vec<Offered> {
        let works = self.encoders().into_iter().map(|(element, codec)| Offered {
            element,
            codec: Some(codec.to_string()),
            why: None,
        });
        let broken = self.capabilities.broken.iter().cloned();
        works.chain(broken.map(|(element, why)| Offered { element, codec: None, why: Some(why) })).collect()
    }
}

/// Who may come in.
pub struct AuthConfig {
    /// Who may log in; `None` lets everybody in as the owner.
    pub accounts: Option<Accounts>,
    /// Who else may log in, at somebody else's.
    pub oidc: Option<OidcConfig>,
    /// What scripts may show instead of a password; whoever does is an owner.
    pub api_token: Option<ApiToken>,
    /// The proxies in front whose word is taken.
    pub proxy: ProxyConfig,
    /// What session cookies are signed with.
    pub key: SessionKey,
    /// Origins other than our own from which the page may be used, as `https://host:port`.
    pub origins: Vec<String>,
    /// Where links that were made outlive the server; `None` ends them with it.
    pub links: Option<PathBuf>,
    /// Where it is kept who did what from where; `None` leaves that to the log.
    pub audit: Option<PathBuf>,
}

impl AuthConfig {
    /// Lets everybody in as the owner, and takes no proxy's word.
    pub fn open(key: SessionKey) -> Self {
        let proxy = ProxyConfig {
            networks: Networks::default(),
            user_header: None,
            rights: Rights::of(Role::Viewer),
        };
        Self {
            accounts: None,
            oidc: None,
            api_token: None,
            proxy,
            key,
            origins: Vec::new(),
            links: None,
            audit: None,
        }
    }
}

/// Proxies whose word is taken.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// Where they are. Requests from there tell in `X-Forwarded-For` who asks.
    pub networks: Networks,
    /// The header in which they name a user whom they have checked, and which they take off everything that comes from
    /// outside; `None` when they check nobody.
    pub user_header: Option<String>,
    /// What such a user may do who has no account here.
    pub rights: Rights,
}

#[cfg(test)]
mod tests {
    use cosmos_encoder::Working;

    use super::*;

    #[test]
    fn a_circuit_encodes_where_one_works_and_nothing_else_was_asked_for() {
        let works = |names: &[(&str, bool)]| {
            let row = |(name, hardware): &(&str, bool)| Working::new(*name, Codec::H264, *hardware);
            Capabilities { works: names.iter().map(row).collect(), ..Capabilities::default() }
        };
        let (x264, nvenc) = (("x264enc", false), ("nvh264enc", true));
        let named = |name: &str| Choice::Named(name.to_owned());
        for (choice, names, circuit) in [
            (Choice::Auto, &[x264, nvenc][..], true),
            (Choice::Auto, &[x264], false),
            (named("x264enc"), &[x264, nvenc], false),
            (named("h264enc"), &[x264, nvenc], true),
        ] {
            let video = VideoConfig {
                fps: 30,
                max_kbps: 4000,
                adapts: true,
                keyframe_every: None,
                full_colour: false,
                encoder: EncoderConfig { choice, ..EncoderConfig::default() },
                capabilities: works(names),
                codec: Codec::H264,
                others: vec![],
            };
            assert_eq!(video.is_by_circuit(), circuit, "{:?} {names:?}", video.encoder.choice);
        }
    }
}
