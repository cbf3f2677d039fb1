//! A `docker run` command.

use super::{CAPABILITIES, Container, HOME};

/// The command for a shell, one option on each line, and what must be done before as comments.
pub fn docker(container: &Container) -> String {
    let mut text = container.before().concat();
    text.push_str("docker run \\\n");
    for (name, value) in options(container) {
        text.push_str("  ");
        text.push_str(name);
        if let Some(value) = value {
            text.push(' ');
            text.push_str(&super::quoted(&value));
        }
        text.push_str(" \\\n");
    }
    format!("{text}  {}\n", container.place.image)
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
