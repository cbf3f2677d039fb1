//! A provider on a socket of its own, and the keys it signs with.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use serde_json::{Value, json};

/// What it answers when it is given a code.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub token: String,
    pub person: String,
}

impl Answer {
    pub fn token(id: &str) -> Self {
        let token = json!({ "id_token": id, "access_token": "acc3ss", "token_type": "Bearer" }).to_string();
        Self { status: 200, token, person: "{}".into() }
    }
}

pub struct Provider {
    pub issuer: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<String>>,
}

/// A port at which nobody answers yet.
pub struct Reserved(TcpListener);

impl Reserved {
    pub fn issuer(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// Answers there from now on.
    pub fn start(self, signer: &Signer) -> Provider {
        let (issuer, key) = (self.issuer(), signer.public.clone());
        let answer = Arc::new(Mutex::new(Answer::token("")));
        let asked = Arc::new(Mutex::new(String::new()));
        let (told, heard, name) = (answer.clone(), asked.clone(), issuer.clone());
        // It ends with the test's process; what comes in one by one is enough here.
        thread::spawn(move || {
            for stream in self.0.incoming().map_while(Result::ok) {
                let _gone = serve(stream, &name, &key, &told.lock().unwrap().clone(), &heard);
            }
        });
        Provider { issuer, answer, asked }
    }
}

impl Provider {
    pub fn start(signer: &Signer) -> Self {
        Self::reserve().start(signer)
    }

    pub fn reserve() -> Reserved {
        Reserved(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The last request for a token.
    pub fn asked(&self) -> String {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    issuer: &str,
    key: &Value,
    answer: &Answer,
    asked: &Mutex<String>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let (status, text) = match head.split(' ').nth(1).unwrap_or_default() {
        "/.well-known/openid-configuration" => (200, document(issuer)),
        // Keys that nobody understands stand beside the right one.
        "/keys" => (200, json!({ "keys": [{ "kty": "new" }, key] }).to_string()),
        "/person" => (200, answer.person.clone()),
        "/token" => {
            *asked.lock().unwrap() = format!("{head}{}", String::from_utf8_lossy(&body));
            (answer.status, answer.token.clone())
        }
        _ => (404, String::new()),
    };
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nLocation: {issuer}/token\r\nConnection: close\r\n\r\n{text}"
    )
}

fn document(issuer: &str) -> String {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/person"),
    })
    .to_string()
}

/// A key pair.
pub struct Signer {
    algorithm: Algorithm,
    private: EncodingKey,
    public: Value,
}

impl Signer {
    pub fn rsa() -> Self {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        // For 2048 bits, the key lies behind 26 bytes of PKCS #8, and the modulus behind 9 of PKCS #1.
        let private = EncodingKey::from_rsa_der(&pair.serialize_der()[26..]);
        let modulus = BASE64.encode(&pair.der_bytes()[9..265]);
        let public = json!({ "kty": "RSA", "kid": "k", "use": "sig", "n": modulus, "e": "AQAB" });
        Self { algorithm: Algorithm::RS256, private, public }
    }

    pub fn elliptic() -> Self {
        let pair = KeyPair::generate().unwrap();
        let private = EncodingKey::from_ec_der(&pair.serialize_der());
        let [x, y] = [1..33, 33..65].map(|range| BASE64.encode(&pair.der_bytes()[range]));
        let public = json!({ "kty": "EC", "kid": "k", "crv": "P-256", "x": x, "y": y });
        Self { algorithm: Algorithm::ES256, private, public }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some("k".into()), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.private).unwrap()
    }

    /// A token that says of itself that it needs no signature.
    pub fn unsigned(claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
    }

    /// A token that is signed with what everybody knows.
    pub fn confused(&self, claims: &Value) -> String {
        let secret = EncodingKey::from_secret(self.public["n"].as_str().unwrap().as_bytes()).unwrap();
        encode(&Header { kid: Some("k".into()), ..Header::default() }, claims, &secret).unwrap()
    }

    /// A token whose claims were changed behind its signer's back.
    pub fn changed(&self, claims: &Value) -> String {
        let signed = self.sign(&json!({ "sub": "eve" }));
        let (head, rest) = signed.split_once('.').unwrap();
        format!("{head}.{}.{}", BASE64.encode(claims.to_string()), rest.split_once('.').unwrap().1)
    }
}
