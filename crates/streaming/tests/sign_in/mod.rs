//! Signing in at a provider of OpenID Connect that says whatever a test wants, also what none should.

mod provider;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use cosmos_auth::{Accounts, Role, Secret};
use cosmos_streaming::{AuthConfig, OidcConfig, PageConfig, ProxyConfig, ServerConfig};
use serde_json::{Value, json};

use self::provider::{Answer, Provider, Signer};
use crate::{Server, config, status};

/// A server with a password, behind a proxy on loopback, where `owners` at the provider come in as such.
fn server(issuer: &str, owners: &[&str], change: impl FnOnce(&mut OidcConfig)) -> Server {
    let plain = config("127.0.0.1:0", Some("s3cret"));
    let mut oidc = OidcConfig {
        issuer: issuer.parse().unwrap(),
        client_id: "desk".into(),
        client_secret: Some(Secret::new("p@ss word")),
        name: "Example".into(),
        scopes: "openid".into(),
        user_claim: "sub".into(),
        role_claim: "groups".into(),
        roles: vec![(Role::Owner, owners.iter().map(|&name| name.to_owned()).collect())],
        redirect: None,
    };
    change(&mut oidc);
    let proxy = ProxyConfig { networks: "127.0.0.0/8".parse().unwrap(), ..plain.auth.proxy };
    let auth = AuthConfig { oidc: Some(oidc), proxy, ..plain.auth };
    let page = PageConfig { base: "/desk".parse().unwrap(), ..PageConfig::default() };
    Server::with(ServerConfig { auth, page, ..config("127.0.0.1:0", None) })
}

/// An attempt that was begun.
struct Begun {
    cookie: String,
    url: String,
}

impl Begun {
    fn asked(&self, name: &str) -> String {
        let found = self.url.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        found.expect(name).replace("%3A", ":").replace("%2F", "/")
    }

    /// What a right token would say.
    fn claims(&self, issuer: &str) -> Value {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        json!({
            "iss": issuer, "aud": "desk", "sub": "ada", "groups": ["admins"], "nonce": self.asked("nonce"),
            "iat": now, "exp": now + 300,
        })
    }
}

/// Nobody is slowed down by the attempts of another case.
fn somebody() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("X-Forwarded-For: 198.51.{}.1\r\n", NEXT.fetch_add(1, Relaxed))
}

fn begin(server: &Server, headers: &str) -> Begun {
    let answer = server.request("POST", "/desk/api/oidc/begin", &format!("{}{headers}", server.origin()), "");
    assert_eq!(status(&answer), "200", "{answer}");
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.contains("; Path=/desk/; HttpOnly; SameSite=Lax"), "{cookie}");
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    Begun { cookie, url: body["url"].as_str().unwrap().to_owned() }
}

/// Where the browser is sent that comes back with this, and as whom it is known then.
fn finish(server: &Server, cookie: &str, query: &str) -> (String, String) {
    let headers = format!("{cookie}{}", somebody());
    let answer = server.request("GET", &format!("/desk/api/oidc/callback?{query}"), &headers, "");
    assert_eq!(status(&answer), "303", "{answer}");
    let field =
        |name: &str| answer.lines().filter_map(move |line| line.strip_prefix(name)).collect::<Vec<_>>();
    let session = field("set-cookie: ").into_iter().find(|cookie| cookie.starts_with("cosmos_session"));
    let place = field("location: ")[0].to_owned();
    let Some(session) = session else { return (place, String::new()) };
    assert!(session.contains("HttpOnly; SameSite=Strict"), "{session}");
    let cookie = format!("Cookie: {}\r\n", session.split(';').next().unwrap());
    let who = server.request("GET", "/desk/api/session", &cookie, "");
    let who: Value = serde_json::from_str(who.split_once("\r\n\r\n").unwrap().1).unwrap();
    (place, format!("{} {}", who["user"].as_str().unwrap(), who["role"].as_str().unwrap()))
}

fn refused(word: &str) -> (String, String) {
    (format!("../../#sign-in={word}"), String::new())
}

fn good(begun: &Begun) -> String {
    format!("code=c0de&state={}", begun.asked("state"))
}

#[test]
fn whoever_the_provider_proves_comes_in_by_their_claim() {
    for signer in [Signer::rsa(), Signer::elliptic()] {
        let provider = Provider::start(&signer);
        let server = server(&provider.issuer, &["admins"], |_| ());
        let offered = server.request("GET", "/desk/api/login", "", "");
        assert!(offered.ends_with(r#"{"password":true,"provider":"Example"}"#), "{offered}");
        let begun = begin(&server, "");
        assert!(begun.url.starts_with(&format!("{}/authorize?response_type=code&", provider.issuer)));
        assert_eq!(begun.asked("redirect_uri"), format!("http://{}/desk/api/oidc/callback", server.address));
        provider.answers(Answer::token(&signer.sign(&begun.claims(&provider.issuer))));
        assert_eq!(finish(&server, &begun.cookie, &good(&begun)), ("../../".into(), "ada owner".into()));

        let asked = provider.asked();
        let verifier = asked.split("code_verifier=").nth(1).unwrap().split('&').next().unwrap();
        let digest = aws_digest(verifier);
        assert_eq!(
            (begun.asked("code_challenge"), begun.asked("code_challenge_method")),
            (digest, "S256".into())
        );
        assert!(asked.to_lowercase().contains("authorization: basic "), "{asked}");
        assert!(asked.contains("grant_type=authorization_code&code=c0de&redirect_uri=http"), "{asked}");
        assert!(
            !asked.contains("p%40ss") && !asked.contains("client_secret="),
            "the secret goes once: {asked}"
        );
        assert_eq!(finish(&server, &begun.cookie, &good(&begun)), refused("stale"), "it is taken once");
    }
}

fn aws_digest(text: &str) -> String {
    let config = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    let rustls::SupportedCipherSuite::Tls13(suite) = config else { unreachable!("it is of TLS 1.3") };
    BASE64.encode(suite.common.hash_provider.hash(text.as_bytes()))
}

#[test]
fn a_token_with_anything_wrong_proves_nothing() {
    let (signer, other) = (Signer::rsa(), Signer::rsa());
    let provider = Provider::start(&signer);
    let server = server(&provider.issuer, &["admins"], |_| ());
    let issuer = provider.issuer.as_str();
    type Change<'a> = &'a dyn Fn(&mut Value);
    let claims: [(&str, Change<'_>); 13] = [
        ("the nonce of another", &|claims| claims["nonce"] = "x".into()),
        ("no nonce", &|claims| claims["nonce"] = Value::Null),
        ("another client", &|claims| claims["aud"] = "other".into()),
        ("no client", &|claims| claims["aud"] = Value::Null),
        ("several clients, for none of them", &|claims| claims["aud"] = json!(["desk", "other"])),
        ("another party", &|claims| claims["azp"] = "other".into()),
        ("another issuer", &|claims| claims["iss"] = "https://evil.example".into()),
        ("several issuers", &|claims| claims["iss"] = json!([issuer])),
        ("no issuer", &|claims| claims["iss"] = Value::Null),
        ("the past", &|claims| claims["exp"] = 1_700_000_000.into()),
        ("no end", &|claims| claims["exp"] = Value::Null),
        ("the future", &|claims| claims["nbf"] = 99_999_999_999_u64.into()),
        ("nobody", &|claims| claims["sub"] = Value::Null),
    ];
    for (what, change) in claims {
        let begun = begin(&server, "");
        let mut claims = begun.claims(issuer);
        change(&mut claims);
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        provider.answers(Answer::token(&signer.sign(&claims)));
        assert_eq!(finish(&server, &begun.cookie, &good(&begun)), refused("unproven"), "{what}");
    }
    type Forge<'a> = &'a dyn Fn(&Value) -> String;
    let forged: [(&str, Forge<'_>); 6] = [
        ("another key", &|claims| other.sign(claims)),
        ("no key", &|claims| Signer::unsigned(claims)),
        ("the public key as a secret", &|claims| signer.confused(claims)),
        ("another text", &|claims| signer.changed(claims)),
        ("no token", &|_| "a.b.c".to_owned()),
        ("nothing", &|_| String::new()),
    ];
    for (what, forge) in forged {
        let begun = begin(&server, "");
        provider.answers(Answer::token(&forge(&begun.claims(issuer))));
        assert_eq!(finish(&server, &begun.cookie, &good(&begun)), refused("unproven"), "{what}");
    }
    let begun = begin(&server, "");
    provider.answers(Answer::token(&signer.sign(&begun.claims(issuer))));
    assert_eq!(finish(&server, &begun.cookie, &good(&begun)).1, "ada owner", "the right one is taken");
}

#[test]
fn an_answer_counts_in_the_browser_that_asked() {
    let signer = Signer::elliptic();
    let provider = Provider::start(&signer);
    let server = server(&provider.issuer, &["admins"], |_| ());
    let [mine, other] = [(); 2].map(|()| begin(&server, ""));
    provider.answers(Answer::token(&signer.sign(&mine.claims(&provider.issuer))));
    let state = mine.asked("state");
    for (what, cookie, query) in [
        ("no cookie", "", good(&mine)),
        ("the cookie of another", &*other.cookie, good(&mine)),
        ("the state of another", &mine.cookie, good(&other)),
        ("a state that was made up", &mine.cookie, "code=c0de&state=x".into()),
        ("no state", &mine.cookie, "code=c0de".into()),
        ("two states", &mine.cookie, format!("code=c0de&state={state}&state={state}")),
    ] {
        assert_eq!(finish(&server, cookie, &query), refused("stale"), "{what}");
    }
    assert_eq!(provider.asked(), "", "the provider is not asked for any of them");
    for (query, word) in
        [("error=access_denied", "declined"), ("code=", "declined"), ("code=x&iss=https://evil", "unproven")]
    {
        let begun = begin(&server, "");
        let query = format!("{query}&state={}", begun.asked("state"));
        assert_eq!(finish(&server, &begun.cookie, &query), refused(word));
    }
    let foreign = "Origin: https://evil.example\r\n";
    for headers in [foreign, "", "Sec-Fetch-Site: cross-site\r\n"] {
        assert_eq!(status(&server.request("POST", "/api/oidc/begin", headers, "")), "403", "{headers}");
    }
}

#[test]
fn who_is_not_invited_stays_outside_and_the_provider_may_tell_more() {
    let signer = Signer::elliptic();
    let provider = Provider::start(&signer);
    let nobody = server(&provider.issuer, &[], |_| ());
    let begun = begin(&nobody, "");
    provider.answers(Answer::token(&signer.sign(&begun.claims(&provider.issuer))));
    assert_eq!(finish(&nobody, &begun.cookie, &good(&begun)), refused("uninvited"));

    let server = server(&provider.issuer, &["admins"], |oidc| oidc.role_claim = "team".into());
    for (person, expected) in [
        (json!({ "sub": "ada", "team": "admins" }), ("../../".to_owned(), "ada owner".to_owned())),
        (json!({ "sub": "ada", "team": "guests" }), refused("uninvited")),
        (json!({ "sub": "eve", "team": "admins" }), refused("unavailable")),
        (json!([]), refused("unavailable")),
    ] {
        let begun = begin(&server, "");
        let token = signer.sign(&begun.claims(&provider.issuer));
        provider.answers(Answer { person: person.to_string(), ..Answer::token(&token) });
        assert_eq!(finish(&server, &begun.cookie, &good(&begun)), expected, "{person}");
    }
}

#[test]
fn a_provider_that_is_away_or_too_talkative_keeps_nobody_else_out() {
    let signer = Signer::elliptic();
    let reserved = Provider::reserve();
    let server = server(&reserved.issuer(), &["admins"], |_| ());
    let away = server.request("POST", "/api/oidc/begin", &server.origin(), "");
    assert_eq!(status(&away), "503", "{away}");
    assert_eq!(status(&server.login("s3cret")), "204", "the password still counts");
    let provider = reserved.start(&signer);
    for (answer, word) in [
        (Answer { status: 400, ..Answer::token("") }, "unproven"),
        (Answer { status: 503, ..Answer::token("") }, "unavailable"),
        (Answer { status: 302, ..Answer::token("") }, "unavailable"),
        (Answer { token: "x".repeat(1 << 20), ..Answer::token("") }, "unavailable"),
        (Answer { token: "no JSON".into(), ..Answer::token("") }, "unavailable"),
    ] {
        let begun = begin(&server, "");
        provider.answers(answer);
        assert_eq!(finish(&server, &begun.cookie, &good(&begun)), refused(word));
    }
    let begun = begin(&server, "");
    provider.answers(Answer::token(&signer.sign(&begun.claims(&provider.issuer))));
    assert_eq!(finish(&server, &begun.cookie, &good(&begun)).1, "ada owner");
}

#[test]
fn the_form_is_told_whether_a_password_does_as_well() {
    let beside = server("https://id.example.org", &["admins"], |_| ());
    let plain = config("127.0.0.1:0", Some("s3cret"));
    let auth = AuthConfig { accounts: Some(Accounts::default()), ..plain.auth };
    let alone = Server::with(ServerConfig { auth, ..config("127.0.0.1:0", None) });
    for (server, told, logged_in) in [(&beside, true, "204"), (&alone, false, "401")] {
        for path in ["/api/login", "/vnc/api/login"] {
            let answer = server.request("GET", path, "", "");
            let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
            assert_eq!(body["password"], told, "{path}: {answer}");
        }
        assert_eq!(status(&server.login("s3cret")), logged_in);
    }
}

#[test]
fn people_are_sent_back_to_where_the_page_is() {
    let signer = Signer::elliptic();
    let provider = Provider::start(&signer);
    let server_with = |redirect: Option<&str>| {
        server(&provider.issuer, &[], |oidc| oidc.redirect = redirect.map(|url| url.parse().unwrap()))
    };
    let server = server_with(None);
    let here = server.address;
    let redirect = |path: &str, headers: &str| {
        let answer = server.request(
            "POST",
            &format!("{path}/api/oidc/begin"),
            &format!("{}{headers}", server.origin()),
            "",
        );
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        Begun { cookie: String::new(), url: body["url"].as_str().unwrap().to_owned() }.asked("redirect_uri")
    };
    for (path, headers, expected) in [
        ("/desk", "", format!("http://{here}/desk/api/oidc/callback")),
        ("", "", format!("http://{here}/desk/api/oidc/callback")),
        ("/desk", "X-Forwarded-Proto: https\r\n", format!("https://{here}/desk/api/oidc/callback")),
        ("", "X-Forwarded-Prefix: /other/\r\n", format!("http://{here}/other/api/oidc/callback")),
        ("", "X-Forwarded-Prefix: //evil.example\r\n", format!("http://{here}/desk/api/oidc/callback")),
        (
            "",
            "X-Forwarded-Host: desk.example.org\r\n",
            "http://desk.example.org/desk/api/oidc/callback".into(),
        ),
    ] {
        assert_eq!(redirect(path, headers), expected, "{path} {headers}");
    }
    let bad = format!("{}X-Forwarded-Host: evil.example/?x=\r\n", server.origin());
    assert_eq!(status(&server.request("POST", "/api/oidc/begin", &bad, "")), "400");
    let told = server_with(Some("https://desk.example.org/x/api/oidc/callback"));
    assert_eq!(begin(&told, "").asked("redirect_uri"), "https://desk.example.org/x/api/oidc/callback");
}
