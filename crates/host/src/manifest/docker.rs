//! A `docker run` command.

use super::{CAPABILITIES, Container, HOME, guacamole::Beside};

/// The command for a shell, one option on each line, and what must be done before as comments. What runs beside the
/// desktop has commands of its own, and a network with it.
pub fn docker(container: &Container) -> String {
    let mut text = container.before().concat();
    if !container.beside().is_empty() {
        text.push_str(&format!("docker network create {}\n", container.place.name));
    }
    text.push_str(&run(options(container), &container.place.image.to_string()));
    for beside in container.beside() {
        text.push_str(&run(options_beside(beside, container), beside.image));
    }
    text
}

fn run(options: Vec<(&'static str, Option<String>)>, image: &str) -> String {
    let mut text = "docker run \\\n".to_owned();
    for (name, value) in options {
        text.push_str("  ");
        text.push_str(name);
        if let Some(value) = value {
            text.push(' ');
            text.push_str(&super::quoted(&value));
        }
        text.push_str(" \\\n");
    }
    format!("{text}  {image}\n")
}

fn options_beside(beside: &Beside, container: &Container) -> Vec<(&'static str, Option<String>)> {
    let some = |name, value: &str| (name, Some(value.to_owned()));
    let mut options = vec![
        ("--detach", None),
        some("--name", &beside.name(container)),
        some("--network", &container.place.name.to_string()),
        some("--restart", "unless-stopped"),
        some("--cap-drop", "all"),
        some("--security-opt", "no-new-privileges"),
    ];
    if let Some(inside) = beside.web {
        options.push(some("-p", &format!("{}:{inside}", container.web_port())));
    }
    if let Some(target) = beside.users {
        let folder = container.users_folder();
        options.push(some("--mount", &format!("type=bind,source={folder},target={target},readonly")));
    }
    options.extend(beside.variables(container).map(|(name, value)| some("-e", &format!("{name}={value}"))));
    options
}

fn options(container: &Container) -> Vec<(&'static str, Option<String>)> {
    let (place, port) = (&container.place, container.port);
    let some = |name, value: &str| (name, Some(value.to_owned()));
    let mut options = vec![
        ("--detach", None),
        some("--name", &place.name.to_string()),
        some("--hostname", &place.name.to_string()),
        some("--restart", "unless-stopped"),
    ];
    if !container.beside().is_empty() {
        options.push(some("--network", &place.name.to_string()));
    }
    if place.gpus > 0 {
        // A list of commas, whose parts may be quoted.
        let gpus = format!("count={},\"capabilities={}\"", place.gpus, CAPABILITIES.join(","));
        options.push(("--gpus", Some(gpus)));
    }
    options.extend([
        some("-p", &format!("{port}:{port}")),
        some("-p", &format!("{port}:{port}/udp")),
        ("--read-only", None),
        some("--tmpfs", super::compose::TMP),
        some("--shm-size", super::compose::SHM),
        some("--cap-drop", "all"),
        some("--security-opt", "no-new-privileges"),
        some("-v", &format!("{}:{HOME}", container.home_volume())),
    ]);
    if place.gpus > 0 {
        options.push(some("-v", &format!("{0}:{0}", container.leases)));
    }
    for secret in &container.secrets {
        let (name, target) = secret.variable();
        let mount = format!("type=bind,source={},target={target},readonly", secret.file);
        options.extend([some("--mount", &mount), some("-e", &format!("{name}={target}"))]);
    }
    options.extend(container.variables.iter().map(|(name, value)| some("-e", &format!("{name}={value}"))));
    options
}
