//! What is kept of an authority: the account, the certificate and their keys, for the owner alone.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use cosmos_auth::Secret;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_cert::{
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use super::AcmeConfig;
use crate::private_file;

/// A file cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}; make its folder writable, or choose another with --state-dir", path.display())]
pub(super) struct CannotWrite {
    path: PathBuf,
    source: io::Error,
}

/// What matters of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) names: Vec<String>,
    pub(super) from: SystemTime,
    pub(super) until: SystemTime,
}

impl Certificate {
    /// The one that is kept; `None` where there is none that could be used.
    pub(super) fn kept(config: &AcmeConfig) -> Option<Self> {
        Self::of(&fs::read(config.certificate()).ok()?)
    }

    /// Of a text in PEM form that begins with it.
    pub(super) fn of(pem: &[u8]) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(pem).ok()?;
        let certificate = x509_cert::Certificate::from_der(&der).ok()?;
        let certificate = certificate.tbs_certificate();
        let (_, others) = certificate.get_extension::<SubjectAltName>().ok()??;
        let name = |name: GeneralName| match name {
            GeneralName::DnsName(name) => Some(name.to_string().to_ascii_lowercase()),
            _ => None,
        };
        let validity = certificate.validity();
        Some(Self {
            names: others.0.into_iter().filter_map(name).collect(),
            from: validity.not_before.to_system_time(),
            until: validity.not_after.to_system_time(),
        })
    }

    /// Whether it is for all of these.
    pub(super) fn is_for(&self, domains: &[String]) -> bool {
        domains.iter().all(|domain| self.names.contains(&domain.to_ascii_lowercase()))
    }
}

/// Sees to it that something can be kept, before the authority is asked for it: it gives so many and no more.
pub(super) fn prepare(folder: &Path) -> Result<(), CannotWrite> {
    let cannot = |source| CannotWrite { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(cannot)?;
    let probe = folder.join("probe");
    write(&probe, &Secret::new(String::new()))?;
    fs::remove_file(&probe).map_err(cannot)
}

/// Writes a file for the owner alone, whole or not at all.
pub(super) fn write(path: &Path, text: &Secret) -> Result<(), CannotWrite> {
    private_file::write(path, text.expose().as_bytes())
        .map_err(|source| CannotWrite { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{
        os::unix::fs::{PermissionsExt, symlink},
        time::Duration,
    };

    use super::*;

    #[test]
    fn what_matters_of_a_certificate_is_read() {
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        let until = from + Duration::from_secs(90 * 24 * 3600);
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["Desk.test".to_owned(), "192.0.2.1".to_owned()];
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        (parameters.not_before, parameters.not_after) = (from.into(), until.into());
        let pem = parameters.self_signed(&key).unwrap().pem();
        let read = Certificate::of(pem.as_bytes()).unwrap();
        assert_eq!(read, Certificate { names: vec!["desk.test".to_owned()], from, until });
        let is_for =
            |names: &[&str]| read.is_for(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert!(is_for(&["desk.test"]) && is_for(&["DESK.test"]) && !is_for(&["desk.test", "other.test"]));
        for other in [&b""[..], b"nonsense", &pem.as_bytes()[..pem.len() / 2], key.serialize_pem().as_bytes()]
        {
            assert_eq!(Certificate::of(other), None);
        }
    }

    #[test]
    fn what_is_kept_is_for_the_owner_alone_wherever_a_draft_leads() {
        let folder = std::env::temp_dir().join(format!("cosmos-acme-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        let inner = folder.join("acme");
        prepare(&inner).unwrap();
        assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
        let (path, other) = (inner.join("account.json"), folder.join("other"));
        fs::write(&other, "as it was").unwrap();
        symlink(&other, path.with_extension("new")).unwrap();
        write(&path, &Secret::new("a secret")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a secret");
        assert_eq!(fs::read_to_string(&other).unwrap(), "as it was");
        let refused = prepare(&other.join("below")).unwrap_err().to_string();
        assert!(refused.contains("other/below") && refused.contains("--state-dir"), "{refused}");
        fs::remove_dir_all(folder).unwrap();
    }
}
