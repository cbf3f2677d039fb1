//! A TCP port for viewers that speak no HTTP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use super::{Rfb, serve::serve_tcp};
use crate::ServerError;

/// The port, where there is to be one.
///
/// # Errors
/// [`ServerError::Bind`] when it cannot be had.
pub(crate) async fn bind(address: Option<SocketAddr>) -> Result<Option<TcpListener>, ServerError> {
    let Some(address) = address else { return Ok(None) };
    let bind = |source| ServerError::Bind { what: "TCP for VNC", address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "VNC viewers are taken");
    }
    Ok(Some(listener))
}

/// Takes viewers until the task is ended.
pub(crate) async fn accept(listener: TcpListener, rfb: Arc<Rfb>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let rfb = rfb.clone();
                tokio::spawn(async move {
                    if let Err(error) = serve_tcp(&rfb, stream, from).await {
                        tracing::debug!(%from, %error, "a VNC viewer is gone");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a VNC viewer was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
