//! TLS beside plain HTTP, on one port.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use cosmos_desktop::Size;
use cosmos_streaming::{IceConfig, ServerConfig, TlsConfig, error_text, serve};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::{LIMIT, Server, config, scripted::Script, status};

/// A folder of this test's own.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("cosmos-server-{name}-{}", std::process::id()));
    let _none = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn tls_is_spoken_on_the_same_port_with_the_certificate_that_is_kept() {
    let folder = folder("tls");
    let path = folder.join("tls.pem");
    let server = Server::with(ServerConfig {
        tls: Some(TlsConfig::Own(path.clone())),
        ice: IceConfig { embedded: true, ..IceConfig::default() },
        ..config("127.0.0.1:0", Some("correct horse"))
    });
    let tls = |path: &std::path::Path| {
        let kept = CertificateDer::from_pem_file(path).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(kept).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        rustls::StreamOwned::new(connection, stream)
    };
    assert_eq!(status(&server.request_over(tls(&path), "GET", "/healthz", "", "")), "200");
    let attempt = r#"{"user":"ada","password":"correct horse"}"#;
    let origin = server.origin().replace("http:", "https:");
    let welcome = server.request_over(tls(&path), "POST", "/api/login", &origin, attempt);
    assert!(status(&welcome) == "204" && welcome.contains("; Secure"), "{welcome}");
    let plain = server.login("correct horse");
    assert!(status(&plain) == "204" && !plain.contains("; Secure"), "{plain}");

    // So is TURN in it, told by its first byte: a question for one's own address is answered.
    let mut turn = tls(&path);
    turn.write_all(&[&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat()).unwrap();
    let mut answer = [0; 20];
    turn.read_exact(&mut answer).unwrap();
    assert_eq!((&answer[..2], &answer[8..]), (&[1, 1][..], &[7; 12][..]));

    let mut silent = TcpStream::connect(server.address).unwrap();
    silent.write_all(&[0x16, 3, 1, 0xff, 0xff, 1, 2, 3]).unwrap();
    assert_eq!(
        status(&server.request("GET", "/healthz", "", "")),
        "200",
        "who stops halfway holds nobody up"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn browsers_are_sent_to_tls_where_they_need_it_and_can_reach_it() {
    let folder = folder("upgrade");
    let server = Server::with(ServerConfig {
        tls: Some(TlsConfig::Own(folder.join("tls.pem"))),
        ..config("127.0.0.1:0", None)
    });
    let port = server.address.port();
    let ask = |host: &str, headers: &str| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        write!(stream, "GET /a?b=c HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        let _reset = stream.read_to_string(&mut answer);
        answer.lines().find_map(|line| line.strip_prefix("location: ")).map(str::to_owned)
    };
    let wants = "Upgrade-Insecure-Requests: 1\r\n";
    let there = Some(format!("https://192.0.2.7:{port}/a?b=c"));
    assert_eq!(ask(&format!("192.0.2.7:{port}"), wants), there);
    for (host, headers, why) in [
        (format!("192.0.2.7:{port}"), "", "a program that does not ask"),
        (format!("localhost:{port}"), wants, "this machine is a secure context anyway"),
        (format!("127.0.0.1:{port}"), wants, "this machine by its address"),
        (format!("[::1]:{port}"), wants, "this machine by its other address"),
        ("desk.example.org".into(), wants, "another port is a proxy's"),
        (
            format!("192.0.2.7:{port}"),
            "Upgrade-Insecure-Requests: 1\r\nX-Forwarded-Proto: https\r\n",
            "a proxy",
        ),
    ] {
        assert_eq!(ask(&host, headers), None, "{why}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_a_place_for_a_certificate_there_is_no_tls_and_still_a_desktop() {
    let tls = Some(TlsConfig::Own("/proc/none/tls.pem".into()));
    let server = Server::with(ServerConfig { tls, ..config("127.0.0.1:0", None) });
    assert_eq!(status(&server.request("GET", "/healthz", "", "")), "200");
}

#[test]
fn files_that_were_named_must_serve() {
    let files = TlsConfig::Files { certificate: "/none/c.pem".into(), key: "/none/k.pem".into() };
    let (script, _input) = Script::new(Size::new(320, 240));
    let desktop = script.open().unwrap();
    let config = ServerConfig { tls: Some(files), ..config("127.0.0.1:0", None) };
    let open = Box::new(move || script.open());
    let error = serve(config, desktop, open, |_| panic!("it serves"), std::future::pending()).unwrap_err();
    assert!(error_text(&error).contains("/none/c.pem"), "{}", error_text(&error));
}
