//! What the stream is told of the ways through the network.

use std::{ffi::OsString, net::Ipv6Addr};

use cosmos_host::settings::Settings;

use super::has;

/// Arguments of which several settings make one, or that hold only together with another.
pub(super) fn arguments(settings: &Settings, given: &[OsString]) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Some(place) = stun(settings).filter(|_| !has(given, STUN)) {
        arguments.push(format!("{STUN}={place}"));
    }
    for (key, flag) in HEADERS {
        if let Some(name) = settings.text(key).filter(|_| settings.is_set(key) && !has(given, flag)) {
            arguments.push(format!("{flag}={name}"));
        }
    }
    if let Some(id) = settings.text(KEY).filter(|_| settings.is("cloudflare_turn") && !has(given, KEY_FLAG)) {
        arguments.push(format!("{KEY_FLAG}={id}"));
    }
    arguments
}

fn stun(settings: &Settings) -> Option<String> {
    let is_set = ["stun_host", "stun_port"].iter().any(|key| settings.is_set(key));
    let host = settings.text("stun_host").filter(|_| is_set)?;
    let port = settings.integer("stun_port").filter(|_| settings.is_set("stun_port"));
    Some(match port {
        _ if host.eq_ignore_ascii_case("off") => "off".to_owned(),
        None => host.to_owned(),
        Some(port) if host.parse::<Ipv6Addr>().is_ok() => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
    })
}

const STUN: &str = "--stun";
const KEY: &str = "cloudflare_turn_token_id";
const KEY_FLAG: &str = "--cloudflare-turn-token-id";
const HEADERS: [(&str, &str); 3] = [
    ("turn_rest_username_header", "--turn-rest-username-header"),
    ("turn_rest_protocol_header", "--turn-rest-protocol-header"),
    ("turn_rest_tls_header", "--turn-rest-tls-header"),
];
