//! A compose file.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CAPABILITIES, Container, HOME, ManifestError, guacamole::Beside};

#[derive(Serialize)]
struct File {
    services: BTreeMap<String, AnyService>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<&'static str, SecretFile>,
    volumes: BTreeMap<&'static str, NamedVolume>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnyService {
    Desktop(Box<Service>),
    Beside(BesideService),
}

/// What runs beside a desktop.
#[derive(Serialize)]
struct BesideService {
    image: &'static str,
    restart: &'static str,
    depends_on: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<Port>,
    cap_drop: [&'static str; 1],
    security_opt: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<Mount>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Service {
    image: String,
    hostname: String,
    restart: &'static str,
    ports: [Port; 2],
    read_only: bool,
    tmpfs: [&'static str; 1],
    shm_size: &'static str,
    cap_drop: [&'static str; 1],
    security_opt: [&'static str; 1],
    volumes: Vec<Mount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deploy: Option<Deploy>,
}

/// The long form: the short one of a low port is a number of base 60 to some readers.
#[derive(Serialize)]
struct Port {
    target: u16,
    published: u16,
    protocol: &'static str,
}

#[derive(Serialize)]
struct Mount {
    r#type: &'static str,
    source: String,
    target: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
}

#[derive(Serialize)]
struct SecretFile {
    file: String,
}

#[derive(Serialize)]
struct NamedVolume {
    name: String,
}

#[derive(Serialize)]
struct Deploy {
    resources: Resources,
}

#[derive(Serialize)]
struct Resources {
    reservations: Reservations,
}

#[derive(Serialize)]
struct Reservations {
    devices: [Device; 1],
}

#[derive(Serialize)]
struct Device {
    driver: &'static str,
    count: u16,
    capabilities: Vec<&'static str>,
}

/// The file, and what must be done before as comments.
///
/// # Errors
/// [`ManifestError::Print`].
pub fn compose(container: &Container) -> Result<String, ManifestError> {
    let secret = |secret: &super::Secret| (secret.key, SecretFile { file: literal(&secret.file) });
    let file = File {
        services: services(container),
        secrets: container.secrets.iter().map(secret).collect(),
        volumes: BTreeMap::from([("home", NamedVolume { name: container.home_volume() })]),
    };
    Ok(container.before().concat() + &yaml(&file)?)
}

fn services(container: &Container) -> BTreeMap<String, AnyService> {
    let desktop = AnyService::Desktop(Box::new(service(container)));
    let mut services = BTreeMap::from([(container.place.name.to_string(), desktop)]);
    for beside in container.beside() {
        services.insert(beside.name(container), AnyService::Beside(service_beside(beside, container)));
    }
    services
}

fn service_beside(beside: &Beside, container: &Container) -> BesideService {
    let published = container.web_port();
    let mount = |target: &str| Mount {
        r#type: "bind",
        source: literal(&container.users_folder()),
        target: target.to_owned(),
        read_only: true,
    };
    BesideService {
        image: beside.image,
        restart: "unless-stopped",
        depends_on: vec![container.place.name.to_string()],
        ports: beside.web.map(|target| Port { target, published, protocol: "tcp" }).into_iter().collect(),
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        volumes: beside.users.map(mount).into_iter().collect(),
        environment: beside.variables(container).collect(),
    }
}

fn service(container: &Container) -> Service {
    let (place, port) = (&container.place, container.port);
    let port = |protocol| Port { target: port, published: port, protocol };
    let files = container.secrets.iter().map(super::Secret::variable);
    let plain = container.variables.iter().map(|(name, value)| ((*name).to_owned(), literal(value)));
    Service {
        image: place.image.to_string(),
        hostname: place.name.to_string(),
        restart: "unless-stopped",
        ports: [port("tcp"), port("udp")],
        read_only: true,
        tmpfs: [TMP],
        shm_size: SHM,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        volumes: mounts(container),
        secrets: container.secrets.iter().map(|secret| secret.key).collect(),
        environment: plain.chain(files).collect(),
        deploy: (place.gpus > 0).then(|| deploy(place.gpus)),
    }
}

fn mounts(container: &Container) -> Vec<Mount> {
    let home =
        Mount { r#type: "volume", source: "home".to_owned(), target: HOME.to_owned(), read_only: false };
    let leases = || {
        let path = literal(&container.leases);
        Mount { r#type: "bind", source: path.clone(), target: path, read_only: false }
    };
    std::iter::once(home).chain((container.place.gpus > 0).then(leases)).collect()
}

fn deploy(count: u16) -> Deploy {
    let capabilities = std::iter::once("gpu").chain(CAPABILITIES).collect();
    let device = Device { driver: "nvidia", count, capabilities };
    Deploy { resources: Resources { reservations: Reservations { devices: [device] } } }
}

/// Compose puts variables in the place of `$NAME`, and a dollar sign in that of `$$`.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

pub(super) fn yaml(value: &impl Serialize) -> Result<String, ManifestError> {
    serde_saphyr::to_string(value).map_err(|error| ManifestError::Print(Box::new(error)))
}

/// Sockets and locks of X, and programs that unpack themselves.
pub(super) const TMP: &str = "/tmp:exec,mode=1777";
/// Browsers and pictures of X clients live in shared memory; the usual 64 MiB end them.
pub(super) const SHM: &str = "1g";
