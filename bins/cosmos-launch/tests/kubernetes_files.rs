//! `cosmos-launch kubernetes --out`, as docs/kubernetes.md shows it.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn launch(directory: &Path, arguments: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cosmos-launch"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .output()
        .unwrap()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Commands behind a dollar sign in the blocks of the page, and what stands below them.
fn shown(page: &str) -> Vec<(String, String)> {
    let mut shown: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            shown.push((command.to_owned(), String::new()));
        } else if let Some((_, output)) = shown.last_mut().filter(|_| inside) {
            *output += &format!("{line}\n");
        }
    }
    shown
}

/// Every file below, by its path.
fn tree(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                files.insert(path.strip_prefix(directory).unwrap().to_owned(), text);
            }
        }
    }
    files
}

#[test]
fn the_page_shows_what_the_program_says() {
    let page = fs::read_to_string(root().join("docs/kubernetes.md")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut count = 0;
    for (command, output) in shown(&page) {
        let Some(arguments) = command.strip_prefix("cosmos-launch ") else { continue };
        let done = launch(directory.path(), &words(arguments));
        assert_eq!(said(&done.stdout) + &said(&done.stderr), output, "{command}");
        count += 1;
    }
    assert!(count > 4, "{count}");
}

/// The examples are what the page's commands write. With UPDATE_EXPECT set they are written anew.
#[test]
fn the_examples_are_what_the_program_writes() {
    let page = fs::read_to_string(root().join("docs/kubernetes.md")).unwrap();
    let examples = root().join("deploy/kubernetes");
    let directory = tempfile::tempdir().unwrap();
    for (command, _) in shown(&page) {
        if command.starts_with("cosmos-launch ") && command.contains("--out deploy/kubernetes/") {
            assert!(launch(directory.path(), &words(&command)[1..]).status.success(), "{command}");
        }
    }
    let written = tree(&directory.path().join("deploy/kubernetes"));
    assert!(written.len() > 20, "{}", written.len());
    if env::var_os("UPDATE_EXPECT").is_some() {
        let _ = fs::remove_dir_all(&examples);
        for (path, text) in &written {
            let path = examples.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let there = tree(&examples);
    for (path, text) in &written {
        assert_eq!(there.get(path), Some(text), "{}", path.display());
    }
    assert_eq!(there.len(), written.len());
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        ("--replicas 3", "--per-user"),
        ("--per-user", "--per-user names nobody"),
        ("--per-user alice,bob --replicas 3", "--replicas 3 but --per-user names 2"),
        ("--per-user alice,alice", "\"alice\" is named twice"),
        ("--per-user Alice", "\"Alice\" names no user"),
        ("--per-user --replicas 0", "--replicas"),
        ("--home claims", "\"claims\" is no kind of volume"),
        ("--home-size 20", "\"20\" is no size"),
        ("--pvc --home claim", "--home"),
        ("--expose nodeport:80", "port 80"),
        ("--expose ingress", "expected clusterip"),
        ("--idle 4", "5..=1440"),
        ("--idle-image x", "--idle"),
        ("--gpu-resource gpu", "\"gpu\" names no resource"),
        ("--force", "--out"),
        ("--with guacamole --expose hostnetwork", "--expose clusterip, nodeport or loadbalancer"),
        ("--with guacamole --out desk --expose hostnetwork", "--expose clusterip, nodeport or loadbalancer"),
        ("--with guacamole --basic-auth=false --allow-insecure", "COSMOS_BASIC_AUTH"),
    ] {
        let arguments = [vec!["kubernetes".to_owned()], words(arguments)].concat();
        let done = launch(directory.path(), &arguments);
        assert_eq!(done.status.code(), Some(64), "{arguments:?}: {}", said(&done.stderr));
        assert!(said(&done.stderr).contains(told), "{arguments:?}: {}", said(&done.stderr));
    }
}

/// The command that the program tells, with a cluster that holds the password `a<b`.
#[test]
fn the_file_of_users_is_made_by_the_command_that_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let told = launch(directory.path(), &words("kubernetes --out desk --with guacamole --user kim"));
    let told = said(&told.stdout);
    let command = told.lines().find(|line| line.starts_with("kubectl get ")).unwrap();
    let cluster = "kubectl() { if [ \"$1\" = get ]; then printf YTxi; else echo \"$@\" >&2; cat; fi; }";
    let programs = Path::new(env!("CARGO_BIN_EXE_cosmos-launch")).parent().unwrap();
    let path = env::join_paths([programs, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut sh = Command::new("sh");
    sh.args(["-c", &format!("{cluster}\n{command}")]).env_clear().env("PATH", path);
    let done = sh.current_dir(directory.path()).output().unwrap();
    let (file, made) = (said(&done.stdout), said(&done.stderr));
    assert_eq!(made, "create secret generic cosmos-guacamole --from-file=user-mapping.xml=/dev/stdin\n");
    for part in [
        "<authorize username=\"kim\" password=\"a&lt;b\">",
        "<param name=\"hostname\">127.0.0.1</param>",
        "<param name=\"port\">5900</param>",
    ] {
        assert!(file.contains(part), "{part} is not in {file}");
    }
}

#[test]
fn a_file_of_somebody_else_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mine = directory.path().join("desk/base/account.yaml");
    fs::create_dir_all(mine.parent().unwrap()).unwrap();
    fs::write(&mine, "mine").unwrap();
    let refused = launch(directory.path(), &words("kubernetes --out desk"));
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused.stderr).contains("desk/base/account.yaml was written or changed"));
    assert_eq!(tree(directory.path()).len(), 1);
    let forced = launch(directory.path(), &words("kubernetes --out desk --force"));
    assert!(forced.status.success() && fs::read_to_string(&mine).unwrap() != "mine");
    let again = launch(directory.path(), &words("kubernetes --out desk"));
    assert!(said(&again.stdout).starts_with("# desk: 0 of 28 files written"), "{}", said(&again.stdout));
}

#[test]
fn an_output_that_finds_no_room_is_a_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cosmos-launch"))
        .arg("kubernetes")
        .env_clear()
        .stdout(full)
        .output()
        .unwrap();
    assert!(!output.status.success() && said(&output.stderr).contains("not whole"), "{output:?}");
}
