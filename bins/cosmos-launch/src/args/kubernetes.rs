//! What was typed for the objects of Kubernetes.

use std::path::{Path, PathBuf};

use cosmos_host::manifest::{
    self, Cluster, Container, Exposure, Fleet, GpuResource, Gpus, HostName, Idle, Image, ManifestError,
    ObjectName, SecretCommand, Storage, StorageSize, UserName, Users, VolumeKind, Written,
};

use super::{
    NothingToRun,
    docker::{Beside, Outside},
};

/// What was typed.
#[derive(Debug, clap::Args)]
pub struct Kubernetes {
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    beside: Beside,
    /// Write them as files for kubectl apply -k DIR instead: a base, components and overlays.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// With --out: overwrite files that somebody else wrote or changed.
    #[arg(long, requires = "out")]
    force: bool,
    /// The namespace of all objects; that of the kubectl command otherwise, where --idle needs it to be default.
    #[arg(long, value_name = "NAME")]
    namespace: Option<ObjectName>,
    /// One desktop for each user, with a name, a password and volumes of its own: names joined by commas, or none, and
    /// --replicas says how many.
    #[arg(long, value_name = "NAMES", num_args = 0..=1)]
    per_user: Option<Option<UserNames>>,
    /// How many desktops; needs --per-user, for a desktop is no service that several could give alike.
    #[arg(long, value_name = "NUMBER", requires = "per_user", value_parser = clap::value_parser!(u16).range(1..=1000))]
    replicas: Option<u16>,
    #[command(flatten)]
    volumes: Volumes,
    #[command(flatten)]
    network: Network,
    /// The resource that counts GPUs, as nvidia.com/gpu.shared or nvidia.com/mig-1g.10gb.
    #[arg(long, value_name = "NAME", default_value_t)]
    gpu_resource: GpuResource,
    /// Several pods may get one GPU: the marks of X servers lie on the node.
    #[arg(long)]
    shared_gpu: bool,
    /// Put desktops to sleep that nobody has watched for so many minutes, from 5 to 1440.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u16).range(5..=1440))]
    idle: Option<u16>,
    /// The image of the job that does so: a shell and curl [default: that of curl's own project].
    #[arg(long, value_name = "IMAGE", requires = "idle")]
    idle_image: Option<Image>,
}

/// Where desktops keep their files.
#[derive(Debug, clap::Args)]
struct Volumes {
    /// Keep home and cache in claims on persistent volumes, as --home claim --cache claim do.
    #[arg(long, conflicts_with_all = ["home", "cache"])]
    pvc: bool,
    /// The volume of the home: empty, claim, template or existing:NAME (in a fleet NAME-USER) [default: empty].
    #[arg(long, value_name = "KIND")]
    home: Option<VolumeKind>,
    /// The volume of the cache, likewise [default: empty].
    #[arg(long, value_name = "KIND")]
    cache: Option<VolumeKind>,
    /// The size of a home [default: 20Gi].
    #[arg(long, value_name = "SIZE")]
    home_size: Option<StorageSize>,
    /// The size of a cache [default: 10Gi].
    #[arg(long, value_name = "SIZE")]
    cache_size: Option<StorageSize>,
    /// The class of storage of new claims; the usual one of the cluster otherwise.
    #[arg(long, value_name = "NAME")]
    storage_class: Option<ObjectName>,
}

/// How browsers come in.
#[derive(Debug, clap::Args)]
struct Network {
    /// The host under which an ingress shows the desktop; with --per-user, NAME-USER.HOST and so on.
    #[arg(long, value_name = "NAME")]
    host: Option<HostName>,
    /// How else browsers come in: clusterip, nodeport, nodeport:PORT, loadbalancer or hostnetwork. A fleet has a port
    /// for each desktop, from PORT on.
    #[arg(long, value_name = "WAY", default_value = "clusterip", value_parser = exposure)]
    expose: Exposure,
}

/// Names joined by commas.
#[derive(Clone, Debug)]
struct UserNames(Vec<UserName>);

impl std::str::FromStr for UserNames {
    type Err = ManifestError;

    fn from_str(text: &str) -> Result<Self, ManifestError> {
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl Kubernetes {
    /// The objects, or what to do with the files that were written.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn text(self) -> Result<String, NothingToRun> {
        let cluster = Cluster {
            namespace: self.namespace,
            users: users(self.per_user, self.replicas)?,
            storage: self.volumes.storage(),
            exposure: self.network.expose,
            host: self.network.host,
            gpus: Gpus { resource: self.gpu_resource, shared: self.shared_gpu },
            idle: self.idle.map(|minutes| idle(minutes, self.idle_image)),
        };
        let container = self.beside.add(self.outside.container()?);
        match self.out {
            Some(directory) => written(&container, &cluster, &directory, self.force),
            None => Ok(manifest::kubernetes(&container, &cluster)?),
        }
    }
}

impl Volumes {
    fn storage(self) -> Storage {
        let usual = Storage::default();
        let kind = |typed: Option<VolumeKind>, usual| match (self.pvc, typed) {
            (true, _) => VolumeKind::Claim,
            (false, typed) => typed.unwrap_or(usual),
        };
        Storage {
            home: kind(self.home, usual.home),
            cache: kind(self.cache, usual.cache),
            home_size: self.home_size.unwrap_or(usual.home_size),
            cache_size: self.cache_size.unwrap_or(usual.cache_size),
            class: self.storage_class,
        }
    }
}

fn users(per_user: Option<Option<UserNames>>, replicas: Option<u16>) -> Result<Users, NothingToRun> {
    let fleet = match (per_user, replicas) {
        (None, _) => return Ok(Users::One),
        (Some(None), Some(replicas)) => Fleet::numbered(replicas)?,
        (Some(None), None) => return Err(NothingToRun::NoUsers),
        (Some(Some(names)), replicas) => match replicas {
            Some(replicas) if usize::from(replicas) != names.0.len() => {
                return Err(NothingToRun::Replicas { replicas, users: names.0.len() });
            }
            _ => Fleet::new(names.0)?,
        },
    };
    Ok(Users::Each(fleet))
}

fn idle(minutes: u16, image: Option<Image>) -> Idle {
    Idle { minutes, image: image.unwrap_or_else(|| Idle::default().image) }
}

fn exposure(text: &str) -> Result<Exposure, String> {
    let port = text.strip_prefix("nodeport:").and_then(|port| port.parse().ok());
    match (text, port) {
        ("clusterip", _) => Ok(Exposure::ClusterIp),
        ("nodeport", _) => Ok(Exposure::NodePort(NODE_PORT)),
        (_, Some(port)) => Ok(Exposure::NodePort(port)),
        ("loadbalancer", _) => Ok(Exposure::LoadBalancer),
        ("hostnetwork", _) => Ok(Exposure::HostNetwork),
        _ => Err("expected clusterip, nodeport, nodeport:PORT, loadbalancer or hostnetwork".to_owned()),
    }
}

fn written(
    container: &Container,
    cluster: &Cluster,
    directory: &Path,
    force: bool,
) -> Result<String, NothingToRun> {
    let files = manifest::kustomize(container, cluster)?;
    let done = manifest::write_files(directory, &files, force).map_err(NothingToRun::Files)?;
    Ok(summary(&done, &manifest::secret_commands(container, cluster)?, directory))
}

fn summary(done: &Written, commands: &[SecretCommand], directory: &Path) -> String {
    let directory = directory.display();
    let all = done.written + done.same;
    let mut text = format!("# {directory}: {} of {all} files written\n", done.written);
    for path in &done.unused {
        text += &format!("# of no use any more: {}\n", path.display());
    }
    for SecretCommand { text: command, is_typed } in commands {
        let note = if *is_typed { "   # type the secret, then Ctrl-D twice" } else { "" };
        text += &format!("{command}{note}\n");
    }
    text + &format!("kubectl apply -k {directory}\n")
}

/// The first that clusters usually give, and 80.
const NODE_PORT: u16 = 30080;
