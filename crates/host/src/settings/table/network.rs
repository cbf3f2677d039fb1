//! Ports, TLS and the way through firewalls.

use super::{Consumer::Stream, Setting, row, seed, successor};
use crate::settings::Kind;

pub(super) static ROWS: &[Setting] = &[
    row(
        ["listen", "listen", "COSMOS_LISTEN"],
        Kind::Listen,
        Stream,
        "Where to serve: TCP and UDP of one number carry everything.",
    )
    .by_default("0.0.0.0:8080"),
    row(
        ["listen_address", "listen-address", "COSMOS_LISTEN_ADDRESS"],
        Kind::Address,
        Stream,
        "Address to serve on; that of the place to serve otherwise.",
    )
    .older(&[successor("SELKIES_ADDR"), seed("LISTEN_HOST")]),
    row(
        ["listen_port", "listen-port", "COSMOS_LISTEN_PORT"],
        PORT,
        Stream,
        "Port to serve on; that of the place to serve otherwise.",
    )
    .older(&[successor("SELKIES_PORT"), successor("CUSTOM_WS_PORT"), seed("LISTEN_PORT")]),
    row(
        ["base_path", "base-path", "COSMOS_BASE_PATH"],
        Kind::UrlPath,
        Stream,
        "Path below which the page is served besides the root, for a proxy that does not take it off.",
    )
    .by_default("/")
    .older(&[successor("SUBFOLDER")]),
    row(["https", "https", "COSMOS_HTTPS"], Kind::Boolean, Stream, "Serve TLS as well, on the same port.")
        .by_default("true")
        .older(&[
            successor("SELKIES_ENABLE_HTTPS"),
            successor("SELKIES_ENABLE_HTTPS_WEB"),
            successor("ENABLE_HTTPS_WEB"),
        ]),
    row(
        ["https_certificate", "https-certificate", "COSMOS_HTTPS_CERTIFICATE"],
        Kind::Path,
        Stream,
        "Certificate of the server in PEM form; without one, a certificate is made and kept.",
    )
    .older(&[successor("SELKIES_HTTPS_CERT"), successor("HTTPS_WEB_CERT")]),
    row(
        ["https_key", "https-key", "COSMOS_HTTPS_KEY"],
        Kind::Path,
        Stream,
        "Private key of the certificate in PEM form.",
    )
    .older(&[successor("SELKIES_HTTPS_KEY"), successor("HTTPS_WEB_KEY")]),
    row(
        ["acme", "acme", "COSMOS_ACME"],
        Kind::Text,
        Stream,
        "Names to ask an authority for a certificate for, by ACME, joined by commas; needs a build with the feature acme, and that they lead here at port 443.",
    ),
    row(
        ["acme_email", "acme-email", "COSMOS_ACME_EMAIL"],
        Kind::Text,
        Stream,
        "Whom the authority may write to.",
    ),
    row(
        ["acme_directory", "acme-directory", "COSMOS_ACME_DIRECTORY"],
        Kind::Text,
        Stream,
        "Where the directory of the authority is.",
    )
    .by_default("https://acme-v02.api.letsencrypt.org/directory"),
    row(
        ["transport", "transport", "COSMOS_TRANSPORT"],
        Kind::Word(&["auto", "udp", "tcp", "turn", "websocket"]),
        Stream,
        "The only way that pages take through the network; auto tries all and keeps the best.",
    )
    .by_default("auto"),
    row(
        ["public_ip", "public-ip", "COSMOS_PUBLIC_IP"],
        Kind::Public,
        Stream,
        "Addresses by which others reach this machine where something in front of it translates addresses; ec2 asks \
         the metadata of EC2.",
    ),
    row(
        ["stun_host", "stun-host", "COSMOS_STUN_HOST"],
        Kind::Text,
        Stream,
        "STUN server, which tells us and browsers our addresses as others see them; off for none.",
    )
    .by_default("stun.l.google.com")
    .older(&[successor("SELKIES_STUN_HOST")]),
    row(
        ["stun_port", "stun-port", "COSMOS_STUN_PORT"],
        PORT,
        Stream,
        "Port of the STUN server; 19302 for the default one, 3478 for others.",
    )
    .older(&[successor("SELKIES_STUN_PORT")]),
    row(["turn_host", "turn-host", "COSMOS_TURN_HOST"], Kind::Text, Stream, "TURN server for browsers.")
        .older(&[successor("SELKIES_TURN_HOST"), seed("TURN_HOST")]),
    row(["turn_port", "turn-port", "COSMOS_TURN_PORT"], PORT, Stream, "Port of the TURN server.")
        .by_default("3478")
        .older(&[successor("SELKIES_TURN_PORT"), seed("TURN_PORT")]),
    row(
        ["turn_protocol", "turn-protocol", "COSMOS_TURN_PROTOCOL"],
        Kind::Word(&["udp", "tcp"]),
        Stream,
        "How the browser reaches the TURN server.",
    )
    .by_default("udp")
    .older(&[successor("SELKIES_TURN_PROTOCOL"), successor("TURN_PROTOCOL")]),
    row(
        ["turn_tls", "turn-tls", "COSMOS_TURN_TLS"],
        Kind::Boolean,
        Stream,
        "Reach the TURN server over TLS.",
    )
    .by_default("false")
    .older(&[successor("SELKIES_TURN_TLS"), successor("TURN_TLS")]),
    row(
        ["turn_shared_secret", "turn-shared-secret-file", "COSMOS_TURN_SHARED_SECRET"],
        Kind::Secret,
        Stream,
        "Secret from which time-limited logins are made, taken byte for byte and never decoded.",
    )
    .older(&[successor("SELKIES_TURN_SHARED_SECRET"), seed("TURN_SHARED_SECRET")]),
    row(
        ["turn_username", "turn-username", "COSMOS_TURN_USERNAME"],
        Kind::Text,
        Stream,
        "User of a long-term login.",
    )
    .older(&[successor("SELKIES_TURN_USERNAME"), seed("TURN_USERNAME")]),
    row(
        ["turn_password", "turn-password-file", "COSMOS_TURN_PASSWORD"],
        Kind::Secret,
        Stream,
        "Password of a long-term login.",
    )
    .older(&[successor("SELKIES_TURN_PASSWORD"), seed("TURN_PASSWORD")]),
    row(
        ["turn_relay", "turn-relay", "COSMOS_TURN_RELAY"],
        Kind::Boolean,
        Stream,
        "Have browsers reach us by way of the TURN servers, to which we connect: for a machine to which nobody can send.",
    )
    .by_default("false"),
    row(
        ["turn_embedded", "turn-embedded", "COSMOS_TURN_EMBEDDED"],
        Kind::Boolean,
        Stream,
        "Be a TURN server too, on the one port, for browsers that can go out by TURN alone; it relays to this server only.",
    )
    .by_default("false"),
    row(
        ["turn_rest_uri", "turn-rest-uri", "COSMOS_TURN_REST_URI"],
        Kind::Text,
        Stream,
        "Service that gives TURN logins.",
    )
    .older(&[successor("SELKIES_TURN_REST_URI"), seed("COTURN_WEB_URI")]),
    row(
        ["turn_rest_username", "turn-rest-username", "COSMOS_TURN_REST_USERNAME"],
        Kind::Text,
        Stream,
        "User that the service is told, and for whom logins are made from a shared secret.",
    )
    .by_default("cosmos")
    .older(&[successor("SELKIES_TURN_REST_USERNAME"), seed("COTURN_WEB_USERNAME")]),
    row(
        ["turn_rest_username_header", "turn-rest-username-header", "COSMOS_TURN_REST_USERNAME_HEADER"],
        Kind::Text,
        Stream,
        "Header in which the service is told the user.",
    )
    .by_default("x-auth-user")
    .older(&[successor("SELKIES_TURN_REST_USERNAME_AUTH_HEADER"), seed("COTURN_AUTH_HEADER_NAME")]),
    row(
        ["turn_rest_protocol_header", "turn-rest-protocol-header", "COSMOS_TURN_REST_PROTOCOL_HEADER"],
        Kind::Text,
        Stream,
        "Header in which the service is told the protocol.",
    )
    .by_default("x-turn-protocol")
    .older(&[successor("SELKIES_TURN_REST_PROTOCOL_HEADER")]),
    row(
        ["turn_rest_tls_header", "turn-rest-tls-header", "COSMOS_TURN_REST_TLS_HEADER"],
        Kind::Text,
        Stream,
        "Header in which the service is told whether TLS is wanted.",
    )
    .by_default("x-turn-tls")
    .older(&[successor("SELKIES_TURN_REST_TLS_HEADER")]),
    row(
        ["cloudflare_turn", "cloudflare-turn", "COSMOS_CLOUDFLARE_TURN"],
        Kind::Boolean,
        Stream,
        "Take TURN logins from Cloudflare.",
    )
    .by_default("false")
    .older(&[successor("SELKIES_ENABLE_CLOUDFLARE_TURN")]),
    row(
        ["cloudflare_turn_token_id", "cloudflare-turn-token-id", "COSMOS_CLOUDFLARE_TURN_TOKEN_ID"],
        Kind::Text,
        Stream,
        "Identifier of the key at Cloudflare.",
    )
    .older(&[successor("SELKIES_CLOUDFLARE_TURN_TOKEN_ID")]),
    row(
        ["cloudflare_turn_api_token", "cloudflare-turn-api-token-file", "COSMOS_CLOUDFLARE_TURN_API_TOKEN"],
        Kind::Secret,
        Stream,
        "Token of the key at Cloudflare.",
    )
    .older(&[successor("SELKIES_CLOUDFLARE_TURN_API_TOKEN")]),
    row(
        ["rtc_config", "rtc-config", "COSMOS_RTC_CONFIG"],
        Kind::Path,
        Stream,
        "JSON file of STUN and TURN servers, read again when it changes.",
    )
    .older(&[successor("SELKIES_RTC_CONFIG_JSON"), seed("RTC_CONFIG_JSON")]),
    row(
        ["novnc", "novnc", "COSMOS_NOVNC"],
        Kind::Boolean,
        Stream,
        "Show the page of noVNC first; it is under /vnc/ in any case, where noVNC is installed.",
    )
    .by_default("false")
    .older(&[successor("KASMVNC_ENABLE"), seed("NOVNC_ENABLE")]),
    row(
        ["novnc_root", "novnc-root", "COSMOS_NOVNC_ROOT"],
        Kind::Path,
        Stream,
        "Folder of noVNC; where packages put it otherwise.",
    ),
    row(
        ["vnc_listen", "vnc-listen", "COSMOS_VNC_LISTEN"],
        Kind::Listen,
        Stream,
        "TCP port of its own for VNC viewers, such as 127.0.0.1:5900; none otherwise.",
    ),
    row(
        ["metrics", "metrics", "COSMOS_METRICS"],
        Kind::Boolean,
        Stream,
        "Serve figures for Prometheus on a port of their own, without a login; at /metrics of the page they need one.",
    )
    .by_default("false")
    .older(&[successor("SELKIES_ENABLE_METRICS_HTTP"), successor("WEBRTC_ENABLE_METRICS")]),
    row(["metrics_port", "metrics-port", "COSMOS_METRICS_PORT"], PORT, Stream, "Port of these figures.")
        .by_default("8000")
        .older(&[
            successor("SELKIES_METRICS_HTTP_PORT"),
            successor("WEBRTC_METRICS_PORT"),
            seed("METRICS_PORT"),
        ]),
    row(
        ["metrics_address", "metrics-address", "COSMOS_METRICS_ADDRESS"],
        Kind::Address,
        Stream,
        "Address of this port; 0.0.0.0 for those who ask from other machines.",
    )
    .by_default("127.0.0.1"),
];

const PORT: Kind = Kind::Integer(1, 65535);
