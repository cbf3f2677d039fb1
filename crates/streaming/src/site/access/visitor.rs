//! Handlers name whom they serve: whoever is none of them is refused before.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};

use super::Refused;
use crate::{session::Viewer, site::Site};

/// Somebody who may see how things stand.
pub(crate) struct Visitor(pub(crate) Viewer);

/// Somebody who may change things, and whose own wish it is: the request comes from our page or from a script, not from
/// a page of somebody else.
pub(crate) struct Actor {
    pub(crate) viewer: Viewer,
    /// Where the request comes from.
    pub(crate) from: IpAddr,
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refused> {
        site.access.identify(peer(parts), &parts.headers, false).await.map(Self)
    }
}

impl FromRequestParts<Arc<Site>> for Actor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Refused> {
        let peer = peer(parts);
        let viewer = site.access.identify(peer, &parts.headers, true).await?;
        Ok(Self { viewer, from: site.access.client(peer, &parts.headers) })
    }
}

/// The other end of the connection.
pub(super) fn peer(parts: &Parts) -> IpAddr {
    let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    from.map_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |ConnectInfo(from)| from.ip())
}
