//! How a name is shown to lead here: by a certificate that only the authority's check is shown (RFC 8737).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// What the check speaks, and nobody else.
pub(crate) const ALPN: &[u8] = b"acme-tls/1";

/// The certificates for checks that are under way, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Challenges(Arc<Mutex<HashMap<String, Arc<CertifiedKey>>>>);

#[cfg_attr(not(feature = "acme"), expect(dead_code, reason = "nobody is asked, so nobody checks"))]
impl Challenges {
    /// A check of this name is to come, which is shown `digest`.
    ///
    /// # Errors
    /// What is said of a name that cannot stand in a certificate.
    pub(crate) fn expect(&self, name: &str, digest: &[u8]) -> Result<(), rcgen::Error> {
        let key = rcgen::KeyPair::generate()?;
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()])?;
        parameters.custom_extensions = vec![rcgen::CustomExtension::new_acme_identifier(digest)];
        let certificate = parameters.self_signed(&key)?;
        let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let signing = rustls::crypto::aws_lc_rs::sign::any_supported_type(&private)
            .map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        let shown = CertifiedKey::new(vec![certificate.der().clone()], signing);
        self.lock().insert(name.to_ascii_lowercase(), Arc::new(shown));
        Ok(())
    }

    /// No check is to come any more.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }
}

impl Challenges {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<CertifiedKey>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows each who comes the certificate that is meant for them.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) certificate: Arc<CertifiedKey>,
    pub(crate) challenges: Challenges,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let checks = hello.alpn().is_some_and(|mut offered| offered.any(|one| one == ALPN));
        if !checks {
            return Some(self.certificate.clone());
        }
        // Where none is expected there is nothing to show.
        let name = hello.server_name()?.to_ascii_lowercase();
        self.challenges.lock().get(&name).cloned()
    }
}
