//! The users of Apache Guacamole, for those who put it in front of a desktop.

use std::fmt::Write as _;

use super::Hidden;

/// The text of `user-mapping.xml` for one user, with the connections of the first setup: the desktop through VNC on
/// port 5900, and a shell through SSH. It holds the password, so its file must be readable by Guacamole only.
///
/// ```
/// use cosmos_host::settings::{Hidden, user_mapping};
/// let mapping = user_mapping("user", &Hidden::new("a<b"));
/// assert!(mapping.expose().contains("password=\"a&lt;b\""));
/// ```
pub fn user_mapping(user: &str, password: &Hidden) -> Hidden {
    user_mapping_of("localhost", user, password)
}

/// The same for the desktop of another host, as guacd calls it.
pub fn user_mapping_of(host: &str, user: &str, password: &Hidden) -> Hidden {
    let mut text = "<user-mapping>\n".to_owned();
    let (host, name, secret) = (escaped(host), escaped(user), escaped(password.expose()));
    let _ = writeln!(text, "    <authorize username=\"{name}\" password=\"{secret}\">");
    connection(
        &mut text,
        "VNC",
        "vnc",
        &VNC,
        &[
            ("hostname", &host),
            ("sftp-hostname", &host),
            ("password", &secret),
            ("sftp-username", &name),
            ("sftp-password", &secret),
        ],
    );
    let own = [("hostname", host.as_str()), ("username", &name), ("password", &secret)];
    connection(&mut text, "SSH", "ssh", &SSH, &own);
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

const VNC: [(&str, &str); 5] = [
    ("port", "5900"),
    ("autoretry", "10"),
    ("enable-sftp", "true"),
    ("sftp-root-directory", "/home/user"),
    ("enable-audio", "true"),
];
const SSH: [(&str, &str); 2] = [("port", "22"), ("enable-sftp", "true")];
