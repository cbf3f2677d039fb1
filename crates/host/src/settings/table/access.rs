//! Who may come in.

use super::{Consumer::Stream, Setting, row, seed, successor};
use crate::settings::Kind;

pub(super) static ROWS: &[Setting] = &[
    row(
        ["basic_auth", "basic-auth", "COSMOS_BASIC_AUTH"],
        Kind::Boolean,
        Stream,
        "Ask for a user name and a password.",
    )
    .by_default("true")
    .older(&[successor("SELKIES_ENABLE_BASIC_AUTH"), seed("ENABLE_BASIC_AUTH")]),
    row(
        ["allow_insecure", "allow-insecure", "COSMOS_ALLOW_INSECURE"],
        Kind::Boolean,
        Stream,
        "Accept an open door on an address that others can reach.",
    )
    .by_default("false"),
    row(["user", "user", "COSMOS_USER"], Kind::Text, Stream, "Name to log in with.").by_default("user").older(&[
        successor("SELKIES_BASIC_AUTH_USER"),
        successor("CUSTOM_USER"),
        seed("BASIC_AUTH_USER"),
    ]),
    row(
        ["password", "password-file", "COSMOS_PASSWORD"],
        Kind::Secret,
        Stream,
        "Password to log in with; that of the account otherwise, and without both one is made at the first start.",
    )
    .older(&[
        successor("SELKIES_BASIC_AUTH_PASSWORD"),
        successor("PASSWORD"),
        seed("BASIC_AUTH_PASSWORD"),
    ]),
    row(
        ["account_password", "account-password-file", "COSMOS_ACCOUNT_PASSWORD"],
        Kind::Secret,
        Stream,
        "Password to log in with where there is no other one; no account of the system is given it.",
    )
    .older(&[seed("PASSWD")]),
    row(
        ["view_password", "view-password-file", "COSMOS_VIEW_PASSWORD"],
        Kind::Secret,
        Stream,
        "Password of those who may only look.",
    )
    .older(&[successor("SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD"), successor("VIEWONLY_PASSWORD"), successor("NOVNC_VIEWPASS")])
    .without_effect(),
    row(
        ["origins", "origins", "COSMOS_ORIGINS"],
        Kind::Text,
        Stream,
        "More origins that may use the page, scheme and host, joined by commas, where a proxy changes the host.",
    )
    .older(&[successor("SELKIES_ALLOWED_ORIGINS")]),
];
