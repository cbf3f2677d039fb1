//! A docker command, and a compose file.

use std::{fs, process::Command};

use cosmos_host::manifest::{compose, docker};

use super::cases::{CASES, Case, clean, container, found, golden};

#[test]
fn docker_commands_are_as_they_were_and_clean() {
    for case in &CASES {
        let text = docker(&container(case).unwrap());
        clean(case.0, &text);
        golden(&format!("{}.sh", case.0), &text);
    }
}

#[test]
fn compose_files_are_as_they_were_and_clean() {
    for case in &CASES {
        let text = compose(&container(case).unwrap()).unwrap();
        clean(case.0, &text);
        golden(&format!("{}.compose.yaml", case.0), &text);
    }
}

/// The file of users is made by a command that these texts tell, and no password stands in them.
#[test]
fn guacamole_runs_beside_a_desktop_that_only_it_reaches() {
    let container = container(&CASES[2]).unwrap().with_guacamole();
    let (commands, file) = (docker(&container), compose(&container).unwrap());
    for (name, text) in [("guacamole.sh", &commands), ("guacamole.compose.yaml", &file)] {
        assert!(!text.contains("hunter2") && !text.contains("unread"), "{text}");
        assert!(
            text.contains("cosmos-launch guacamole --host cosmos --password-file './pass word.txt' "),
            "{text}"
        );
        assert!(!text.contains("5900:") && text.contains("0.0.0.0:5900"), "{text}");
        golden(name, text);
    }
}

/// A shell hands over the very values that the settings hold.
#[test]
fn a_shell_reads_the_words_that_were_meant() {
    for case in &CASES {
        let text = docker(&container(case).unwrap());
        let script = format!("docker() {{ printf '%s\\0' \"$@\"; }}\n{text}");
        let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
        assert!(output.status.success());
        let seen = String::from_utf8(output.stdout).unwrap();
        let seen: Vec<&str> = seen.trim_end_matches('\0').split('\0').collect();
        let command: String =
            text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        let words = shell_words::split(&command.replace("\\\n", "")).unwrap();
        assert_eq!(words[1..], seen, "{}", case.0);
    }
    let text = docker(&container(&CASES[3]).unwrap());
    let words = shell_words::split(&text).unwrap();
    let session = format!("COSMOS_SESSION={}", CASES[3].1[0].1);
    assert!(words.contains(&session) && words.contains(&"COSMOS_SIZE=800x600".to_owned()), "{words:#?}");
    assert!(!words.iter().any(|word| word.starts_with("NVIDIA_")));
}

/// A side that was typed wins over a whole size in the environment, and must in the container too.
#[test]
fn what_won_before_wins_in_the_container() {
    let case: Case = ("", &[("width", "1280"), ("listen_port", "81")], &[("COSMOS_SIZE", "800x600")], 0);
    let text = docker(&container(&case).unwrap());
    assert!(
        text.contains("-e COSMOS_SIZE=1280x600 ") && text.contains("-e COSMOS_LISTEN=0.0.0.0:81 "),
        "{text}"
    );
    assert!(text.contains("-p 81:81/udp "), "{text}");
}

#[test]
fn what_cannot_hold_in_a_container_is_refused() {
    let refused = |flags, gpus| container(&("", flags, &[], gpus)).unwrap_err().to_string();
    for (flags, gpus, told) in [
        (&[("listen", "127.0.0.1:8080")][..], 1, "127.0.0.1:8080: nobody outside"),
        (&[("listen", "0.0.0.0:0")], 1, "0.0.0.0:0: a port"),
        (&[("require_gpu", "true")], 0, "COSMOS_REQUIRE_GPU"),
        (&[("session", "a\nb")], 1, "COSMOS_SESSION"),
        (&[("password", "a,b")], 1, "COSMOS_PASSWORD: \"./a,b\""),
        (&[("lease_dir", "/a:b")], 1, "COSMOS_LEASE_DIR: \"/a:b\""),
    ] {
        assert!(refused(flags, gpus).contains(told), "{flags:?}: {}", refused(flags, gpus));
    }
}

#[test]
fn compose_itself_accepts_the_files() {
    let Some(program) = found("compose_itself_accepts_the_files", "docker-compose") else { return };
    for case in &CASES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("compose.yaml");
        fs::write(&path, compose(&container(case).unwrap().with_guacamole()).unwrap()).unwrap();
        let output = Command::new(&program).arg("-f").arg(&path).args(["config"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", case.0);
        assert!(!said.contains("variable is not set"), "{}: {said}", case.0);
    }
}
