//! The script that puts desktops to sleep, run by a shell, with curl, against an API server and desktops of ours.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use super::cases::found;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manifest/kubernetes/idle.sh");
/// With signs that JSON and shells take for their own.
const PASSWORD: &str = "pa\"ss\\ $word' `x`";

/// What the API server and the desktops know and are told.
#[derive(Default)]
struct World {
    replicas: BTreeMap<&'static str, u32>,
    /// What each desktop answers, unless it does not.
    viewers: BTreeMap<&'static str, u32>,
    /// Since when each is idle, in seconds ago.
    since: BTreeMap<&'static str, u64>,
    /// Patches, and logins that were refused.
    told: Vec<String>,
}

/// What happens to one desktop: replicas, viewers, seconds since it was seen idle, and what the API is told.
#[test]
fn a_desktop_sleeps_once_nobody_has_watched_it_for_long() {
    if found("a_desktop_sleeps_once_nobody_has_watched_it_for_long", "curl").is_none() {
        return;
    }
    let remember = r#"configmaps/cosmos-idle-since {"data":{"cosmos-a":"NOW"}}"#;
    let forget = r#"configmaps/cosmos-idle-since {"data":{"cosmos-a":null}}"#;
    let sleep = r#"statefulsets/cosmos-a/scale {"spec":{"replicas":0}}"#;
    for (replicas, viewers, since, told) in [
        (1, Some(0), None, &[remember][..]),
        (1, Some(0), Some(60), &[]),
        (1, Some(0), Some(1800), &[forget, sleep]),
        (1, Some(1), Some(1800), &[forget]),
        (1, Some(10), None, &[]),
        (1, None, Some(1800), &[forget]),
        (0, None, Some(1800), &[forget]),
        (0, None, None, &[]),
    ] {
        let world = World {
            replicas: [("cosmos-a", replicas)].into(),
            viewers: viewers.map(|count| ("cosmos-a", count)).into_iter().collect(),
            since: since.map(|seconds| ("cosmos-a", seconds)).into_iter().collect(),
            told: Vec::new(),
        };
        let (output, seen) = run(world, &["cosmos-a"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(seen, told, "{replicas} {viewers:?} {since:?}: {said}");
    }
}

/// What is wrong with one does not keep another awake.
#[test]
fn desktops_are_looked_after_one_by_one() {
    if found("desktops_are_looked_after_one_by_one", "curl").is_none() {
        return;
    }
    let world = World {
        replicas: [("cosmos-a", 1), ("cosmos-b", 1)].into(),
        viewers: [("cosmos-b", 0)].into(),
        since: [("cosmos-a", 9000), ("cosmos-b", 9000)].into(),
        told: Vec::new(),
    };
    let (output, told) = run(world, &["cosmos-none", "cosmos-a", "cosmos-b"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "cosmos-b sleeps\n");
    assert_eq!(told.last().unwrap(), r#"statefulsets/cosmos-b/scale {"spec":{"replicas":0}}"#);
}

fn run(world: World, desktops: &[&str]) -> (Output, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let world = Arc::new(Mutex::new(world));
    let of_server = world.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&mut stream.unwrap(), &of_server);
        }
    });
    let home = tempfile::tempdir().unwrap();
    let passwords = home.path().join("passwords");
    fs::create_dir(&passwords).unwrap();
    for desktop in desktops {
        fs::write(passwords.join(desktop), PASSWORD).unwrap();
    }
    fs::write(home.path().join("token"), "pass-of-job").unwrap();
    fs::write(home.path().join("ca.crt"), "").unwrap();
    // Whatever the host, it is we who answer.
    fs::write(home.path().join(".curlrc"), format!("connect-to = \"::{place}\"\nnoproxy = \"*\"\n")).unwrap();
    let output = Command::new("sh")
        .arg(SCRIPT)
        .args(desktops)
        .env("ACCOUNT", home.path())
        .env("API", format!("http://{place}"))
        .env("CURL_HOME", home.path())
        .env("IDLE_SECONDS", "1800")
        .env("DESKTOP_USER", "\"user\"")
        .env("NOTES", "cosmos-idle-since")
        .env("NAMESPACE", "desks")
        .env("DESKTOP_LOGINS", &passwords)
        .env("DESKTOP_PORT", "8080")
        .env("TMPDIR", home.path())
        .env("WORKLOADS", "statefulsets")
        .output()
        .unwrap();
    // Nothing of its work is left.
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 4);
    let told = world.lock().unwrap().told.clone();
    (output, told)
}

fn answer(stream: &mut TcpStream, world: &Mutex<World>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut fields = BTreeMap::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).unwrap();
        let Some((name, value)) = field.split_once(':') else { break };
        fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = fields.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    let request =
        Request { method: words[0], path: words[1], fields, body: String::from_utf8(body).unwrap() };
    let answer = request.answer(&mut world.lock().unwrap());
    let (status, more, text) = answer.unwrap_or(("404 Not Found", "", String::new()));
    let length = text.len();
    write!(stream, "HTTP/1.1 {status}\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{text}")
        .unwrap();
}

struct Request<'a> {
    method: &'a str,
    path: &'a str,
    fields: BTreeMap<String, String>,
    body: String,
}

type Answer = (&'static str, &'static str, String);

impl Request<'_> {
    fn answer(&self, world: &mut World) -> Option<Answer> {
        let host = self.fields["host"].split(':').next().unwrap();
        let object = ["/apis/apps/v1/namespaces/desks/", "/api/v1/namespaces/desks/"]
            .iter()
            .find_map(|prefix| self.path.strip_prefix(prefix));
        match (object, self.path) {
            (Some(object), _) => self.of_api(object, world),
            (None, "/api/login") => Some(self.login(host, world)),
            (None, "/api/state") if self.fields.get("cookie").is_some_and(|cookie| cookie == "s=in") => {
                let viewers = world.viewers.get(host)?;
                let text = format!(r#"{{"schema":"cosmos.state/1","encoder":null,"viewers":{viewers}}}"#);
                Some(("200 OK", "", text))
            }
            _ => Some(("401 Unauthorized", "", String::new())),
        }
    }

    fn login(&self, host: &str, world: &mut World) -> Answer {
        let said: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        let right = said == serde_json::json!({ "user": "user", "password": PASSWORD });
        match right && self.fields["origin"] == format!("http://{host}:8080") {
            true => {
                ("204 No Content", "Set-Cookie: s=in; Path=/; HttpOnly; SameSite=Strict\r\n", String::new())
            }
            false => {
                world.told.push(format!("refused {said}"));
                ("401 Unauthorized", "", String::new())
            }
        }
    }

    fn of_api(&self, object: &str, world: &mut World) -> Option<Answer> {
        assert_eq!(self.fields["authorization"], "Bearer pass-of-job");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        if self.method == "PATCH" {
            assert_eq!(self.fields["content-type"], "application/merge-patch+json");
            // The script has asked for the time before.
            let body =
                (0..120).fold(self.body.clone(), |body, ago| body.replace(&(now - ago).to_string(), "NOW"));
            world.told.push(format!("{object} {body}"));
            return Some(("200 OK", "", "{}".to_owned()));
        }
        let text = match object.strip_prefix("statefulsets/") {
            Some(name) => match world.replicas.get(name.strip_suffix("/scale")?)? {
                0 => r#"{"kind": "Scale", "spec": {}, "status": {"replicas": 0}}"#.to_owned(),
                count => {
                    format!("{{\"spec\": {{\n \"replicas\": {count}\n}}, \"status\": {{\"replicas\": 0}}}}")
                }
            },
            None => {
                let ago = |(name, ago): (&&str, &u64)| format!("\"{name}\": \"{}\"", now - ago);
                let data: Vec<String> = world.since.iter().map(ago).collect();
                format!("{{\"kind\": \"ConfigMap\", \"data\": {{{}}}}}", data.join(", "))
            }
        };
        Some(("200 OK", "", text))
    }
}
