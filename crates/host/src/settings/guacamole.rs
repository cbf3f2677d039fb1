//! The users of Apache Guacamole, for those who put it in front of a desktop.

use std::fmt::Write as _;

use super::Hidden;

/// The text of `user-mapping.xml` for one user: the desktop at `host` through VNC on port [`VNC_PORT`], and with `ssh`, where
/// there is such a server, the files of the home folder and a shell. Guacamole shows nothing where it finds no server for
/// the files. The text holds the password, so its file must be readable by Guacamole only.
///
/// ```
/// use cosmos_host::settings::{Hidden, user_mapping};
/// let mapping = user_mapping("user", &Hidden::new("a<b"), "localhost", false);
/// assert!(mapping.expose().contains("password=\"a&lt;b\""));
/// ```
pub fn user_mapping(user: &str, password: &Hidden, host: &str, ssh: bool) -> Hidden {
    let mut text = "<user-mapping>\n".to_owned();
    let (name, secret, host) = (escaped(user), escaped(password.expose()), escaped(host));
    let _ = writeln!(text, "    <authorize username=\"{name}\" password=\"{secret}\">");
    let port = VNC_PORT.to_string();
    let files = [("sftp-hostname", &*host), ("sftp-username", &name), ("sftp-password", &secret)];
    let files = if ssh { [&SFTP[..], &files].concat() } else { Vec::new() };
    let desktop = [("hostname", &*host), ("port", &port), ("password", &secret)];
    connection(&mut text, "VNC", "vnc", &VNC, &[&desktop[..], &files].concat());
    if ssh {
        let login = [("hostname", &*host), ("username", &name), ("password", &secret)];
        connection(&mut text, "SSH", "ssh", &SSH, &login);
    }
    text.push_str("    </authorize>\n</user-mapping>\n");
    Hidden::new(text)
}

fn connection(text: &mut String, name: &str, protocol: &str, fixed: &[(&str, &str)], own: &[(&str, &str)]) {
    let _ =
        writeln!(text, "        <connection name=\"{name}\">\n            <protocol>{protocol}</protocol>");
    for (name, value) in fixed.iter().chain(own) {
        let _ = writeln!(text, "            <param name=\"{name}\">{value}</param>");
    }
    text.push_str("        </connection>\n");
}

fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&apos;"),
            sign if sign.is_control() => {
                let _ = write!(written, "&#{};", u32::from(sign));
            }
            sign => written.push(sign),
        }
    }
    written
}

/// Where Guacamole finds the desktop.
pub const VNC_PORT: u16 = 5900;
const VNC: [(&str, &str); 2] = [("autoretry", "10"), ("enable-audio", "true")];
const SFTP: [(&str, &str); 2] = [("enable-sftp", "true"), ("sftp-root-directory", "/home/user")];
const SSH: [(&str, &str); 2] = [("port", "22"), ("enable-sftp", "true")];
