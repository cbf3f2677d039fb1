//! As whom pods meet the API server.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ServiceAccount;

use super::{Cluster, Object, desktop::metadata};
use crate::manifest::{Container, ManifestError};

/// Desktops have nothing to say to the API server, and get no token for it.
pub(super) fn of_desktops(container: &Container, cluster: &Cluster) -> Result<Object, ManifestError> {
    let name = container.place.name.to_string();
    Object::of(&ServiceAccount {
        metadata: metadata(container, cluster, &name, BTreeMap::new()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    })
}
