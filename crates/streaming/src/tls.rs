//! TLS on the one port: a certificate of its own that is kept, or files that are read again when they change.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use cosmos_auth::{
    Secret,
    store::{self, StoreError},
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::acme::{self, AcmeConfig, Challenges, Resolver};

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum TlsConfig {
    /// One that nobody has signed, made at the first start and kept in this file, which only its owner can read.
    Own(PathBuf),
    /// Files in PEM form, as a certification authority gives them. They are read again when they change.
    Files {
        /// The certificate, and those that lead to its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// One that an authority signs, asked for by itself; until it is there, one that nobody has signed.
    Acme {
        /// Which, and of whom.
        acme: AcmeConfig,
        /// The file of the other, as for [`Own`](Self::Own).
        own: PathBuf,
    },
}

impl TlsConfig {
    /// The file of the certificate that is there from the beginning.
    fn certificate(&self) -> &Path {
        match self {
            Self::Own(path) | Self::Files { certificate: path, .. } | Self::Acme { own: path, .. } => path,
        }
    }
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} does not hold {expected} in PEM form", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// Certificate and key cannot be used, or not together.
    #[error("the certificate in {} cannot be used with its key", path.display())]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The certificate of its own cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An authority is to be asked, and what asks it is missing.
    #[error("this cosmos-stream was built without the feature acme; build it with it, or leave out --acme")]
    NotBuilt,
    /// No certificate can be made.
    #[error("cannot make a certificate")]
    Make(#[source] rcgen::Error),
}

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// A certificate of our own is made anew after so long: some browsers take none that holds much longer.
const LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// Shakes hands.
pub(crate) struct Tls {
    config: TlsConfig,
    current: Mutex<Current>,
    challenges: Challenges,
}

struct Current {
    acceptor: TlsAcceptor,
    stamp: Vec<Option<SystemTime>>,
    looked: Instant,
}

impl Tls {
    /// Reads or makes the certificate; one of our own is for `addresses` and the names of this machine.
    ///
    /// # Errors
    /// [`TlsError`], which names the file.
    pub(crate) fn new(config: TlsConfig, addresses: &[SocketAddr]) -> Result<Self, TlsError> {
        if let TlsConfig::Own(path) | TlsConfig::Acme { own: path, .. } = &config {
            keep_own(path, addresses)?;
        }
        if matches!(config, TlsConfig::Acme { .. }) && !acme::IS_BUILT {
            return Err(TlsError::NotBuilt);
        }
        let (stamp, challenges) = (stamp(&config), Challenges::default());
        let current = Current { acceptor: acceptor(&config, &challenges)?, stamp, looked: Instant::now() };
        Ok(Self { config, current: Mutex::new(current), challenges })
    }

    /// Keeps the certificate fresh that an authority signs, where one does.
    pub(crate) async fn keep_fresh(&self) {
        if let TlsConfig::Acme { acme, .. } = &self.config {
            acme::keep(acme.clone(), self.challenges.clone()).await;
        }
    }

    /// Shakes hands with somebody who has begun to.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let stream = timeout(HANDSHAKE, self.acceptor().accept(stream)).await??;
        match stream.get_ref().1.alpn_protocol() {
            Some(acme::ALPN) => Err(io::Error::other("an authority has checked a name, and says no more")),
            _ => Ok(stream),
        }
    }

    /// The same, without tickets for a next time: some viewers of RFB take what comes behind a ticket for something that
    /// has not come yet, and wait for it.
    pub(crate) async fn accept_without_tickets(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut server = ServerConfig::clone(self.acceptor().config());
        server.send_tls13_tickets = 0;
        timeout(HANDSHAKE, TlsAcceptor::from(Arc::new(server)).accept(stream)).await?
    }

    fn acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() > LOOK {
            current.looked = Instant::now();
            let stamp = stamp(&self.config);
            if stamp != current.stamp {
                current.stamp = stamp;
                match acceptor(&self.config, &self.challenges) {
                    Ok(acceptor) => current.acceptor = acceptor,
                    Err(error) => tracing::warn!("the old certificate stays: {}", crate::error_text(&error)),
                }
            }
        }
        current.acceptor.clone()
    }
}

fn stamp(config: &TlsConfig) -> Vec<Option<SystemTime>> {
    let signed;
    let files = match config {
        TlsConfig::Own(path) => vec![path],
        TlsConfig::Files { certificate, key } => vec![certificate, key],
        TlsConfig::Acme { acme, own } => {
            signed = acme.certificate();
            vec![&signed, own]
        }
    };
    files.into_iter().map(|path| fs::metadata(path).and_then(|data| data.modified()).ok()).collect()
}

/// The certificate that is shown from now on.
fn shown(config: &TlsConfig) -> Result<CertifiedKey, TlsError> {
    match config {
        TlsConfig::Own(path) => certified(path, path),
        TlsConfig::Files { certificate, key } => certified(certificate, key),
        TlsConfig::Acme { acme, own } => {
            let signed = acme.certificate();
            // What is wrong with it is told, and another is asked for.
            let signed = signed.exists().then(|| certified(&signed, &signed)).transpose();
            let signed = signed.inspect_err(|error| tracing::warn!("{}", crate::error_text(error)));
            signed.ok().flatten().map_or_else(|| certified(own, own), Ok)
        }
    }
}

fn acceptor(config: &TlsConfig, challenges: &Challenges) -> Result<TlsAcceptor, TlsError> {
    let certificate = shown(config)?;
    let unusable = |source| TlsError::Unusable { path: config.certificate().to_owned(), source };
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth();
    let certificate = Arc::new(certificate);
    let mut server =
        builder.with_cert_resolver(Arc::new(Resolver { certificate, challenges: challenges.clone() }));
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    if matches!(config, TlsConfig::Acme { .. }) {
        server.alpn_protocols.push(acme::ALPN.to_vec());
    }
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// What two files hold, which may be one.
fn certified(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let bad = |path: &Path, expected| TlsError::Content { path: path.to_owned(), expected };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|_| bad(certificate, "a certificate"))?;
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| bad(key, "a private key"))?;
    let unusable = |source| TlsError::Unusable { path: certificate.to_owned(), source };
    CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(unusable)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

/// Sees to it that there is a certificate of our own, and a fresh one.
fn keep_own(path: &Path, addresses: &[SocketAddr]) -> Result<(), TlsError> {
    let age = fs::symlink_metadata(path).and_then(|data| data.modified()).ok();
    if age.and_then(|made| made.elapsed().ok()).is_some_and(|age| age > LIFE) {
        fs::remove_file(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    }
    let made = make(addresses).map_err(TlsError::Make)?;
    store::text(path, || made)?;
    Ok(())
}

/// A certificate and its key, one behind the other.
fn make(addresses: &[SocketAddr]) -> Result<Secret, rcgen::Error> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), host];
    names.extend(addresses.iter().map(|address| address.ip().to_string()));
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    let key = rcgen::KeyPair::generate()?;
    let mut parameters = rcgen::CertificateParams::new(names)?;
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "COSMOS desktop");
    let now = SystemTime::now();
    // Clocks differ by a day where nobody sets them.
    parameters.not_before = (now - Duration::from_secs(24 * 3600)).into();
    parameters.not_after = (now + LIFE + Duration::from_secs(30 * 24 * 3600)).into();
    let certificate = parameters.self_signed(&key)?;
    Ok(Secret::new(certificate.pem() + &key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cosmos-tls-{name}-{}", std::process::id()));
        let _none = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_certificate_of_our_own_is_made_once_and_kept_for_the_owner_alone() {
        let folder = folder("own");
        let path = folder.join("kept/tls.pem");
        let addresses = ["192.0.2.7:8080".parse().unwrap()];
        Tls::new(TlsConfig::Own(path.clone()), &addresses).unwrap();
        let first = fs::read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        Tls::new(TlsConfig::Own(path.clone()), &addresses).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        let old = SystemTime::now() - LIFE - Duration::from_secs(60);
        fs::File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
        Tls::new(TlsConfig::Own(path.clone()), &addresses).unwrap();
        assert_ne!(fs::read(&path).unwrap(), first, "a certificate that has expired is made anew");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_that_cannot_serve_are_named() {
        let folder = folder("files");
        let own = folder.join("own.pem");
        Tls::new(TlsConfig::Own(own.clone()), &[]).unwrap();
        let other = folder.join("other.pem");
        Tls::new(TlsConfig::Own(other.clone()), &[]).unwrap();
        let nonsense = folder.join("nonsense.pem");
        fs::write(&nonsense, "nonsense").unwrap();
        for (certificate, key, words) in [
            (&folder.join("none"), &own, "cannot read"),
            (&own, &nonsense, "nonsense.pem does not hold a private key"),
            (&nonsense, &own, "nonsense.pem"),
            (&own, &other, "own.pem cannot be used with its key"),
        ] {
            let files = TlsConfig::Files { certificate: certificate.clone(), key: key.clone() };
            let error = Tls::new(files, &[]).err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_that_change_are_read_again_and_bad_ones_are_not_taken() {
        let folder = folder("change");
        let path = folder.join("a.pem");
        keep_own(&path, &[]).unwrap();
        let tls = Tls::new(TlsConfig::Files { certificate: path.clone(), key: path.clone() }, &[]).unwrap();
        let config = |tls: &Tls| Arc::as_ptr(tls.acceptor().config());
        let first = config(&tls);
        let look = || tls.current.lock().unwrap().looked -= LOOK * 2;
        let touch = |seconds| {
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(seconds)).unwrap();
        };
        touch(5);
        assert_eq!(config(&tls), first, "they are not looked at for every connection");
        look();
        let second = config(&tls);
        assert_ne!(second, first);
        fs::write(&path, "nonsense").unwrap();
        touch(9);
        look();
        assert_eq!(config(&tls), second);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn one_from_an_authority_is_taken_once_it_can_be_used() {
        let folder = folder("acme");
        let acme = AcmeConfig {
            domains: vec!["desk.test".to_owned()],
            email: None,
            directory: "http://127.0.0.1:9/".to_owned(),
            folder: folder.clone(),
        };
        let (signed, own) = (acme.certificate(), folder.join("own.pem"));
        let config = TlsConfig::Acme { acme, own: own.clone() };
        let made = Tls::new(config.clone(), &[]);
        if !acme::IS_BUILT {
            assert!(matches!(made, Err(TlsError::NotBuilt)));
            return fs::remove_dir_all(folder).unwrap();
        }
        let tls = made.unwrap();
        let first = Arc::as_ptr(tls.acceptor().config());
        let other = folder.join("other.pem");
        keep_own(&other, &[]).unwrap();
        let of = |path: &Path| certified(path, path).unwrap().cert;
        assert_ne!(of(&own), of(&other));
        // What cannot be used stops nothing, neither now nor at the next start.
        for (content, expected) in
            [("nonsense".to_owned(), &own), (fs::read_to_string(&other).unwrap(), &other)]
        {
            fs::write(&signed, content).unwrap();
            Tls::new(config.clone(), &[]).unwrap();
            assert_eq!(shown(&config).unwrap().cert, of(expected));
            tls.current.lock().unwrap().looked -= LOOK * 2;
            tls.acceptor();
        }
        assert_ne!(Arc::as_ptr(tls.acceptor().config()), first);
        fs::remove_dir_all(folder).unwrap();
    }
}
