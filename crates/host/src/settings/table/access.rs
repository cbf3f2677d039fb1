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
        "Password of the account user, where root starts the desktop in a container, and to log in with where there is \
         no other one.",
    )
    .older(&[seed("PASSWD")]),
    row(
        ["view_password", "view-password-file", "COSMOS_VIEW_PASSWORD"],
        Kind::Secret,
        Stream,
        "Password of those who may only look.",
    )
    .older(&[successor("SELKIES_BASIC_AUTH_VIEWONLY_PASSWORD"), successor("VIEWONLY_PASSWORD"), successor("NOVNC_VIEWPASS")]),
    row(
        ["users", "users", "COSMOS_USERS"],
        Kind::Path,
        Stream,
        "File with users, one name:role:hash a line; `cosmos-stream hash-password` makes the hash.",
    ),
    row(
        ["api_token", "api-token-file", "COSMOS_API_TOKEN"],
        Kind::Secret,
        Stream,
        "Token that scripts show instead of a password, at least 20 characters.",
    ),
    row(
        ["trusted_proxies", "trusted-proxies", "COSMOS_TRUSTED_PROXIES"],
        Kind::Text,
        Stream,
        "Networks of proxies whose X-Forwarded-For is believed, as 10.0.0.0/8, joined by commas.",
    ),
    row(
        ["proxy_user_header", "proxy-user-header", "COSMOS_PROXY_USER_HEADER"],
        Kind::Text,
        Stream,
        "Header in which the trusted proxies name a user whom they have checked.",
    ),
    row(
        ["proxy_role", "proxy-role", "COSMOS_PROXY_ROLE"],
        Kind::Word(&["viewer", "controller", "owner"]),
        Stream,
        "Role of such a user who stands in no file of users.",
    )
    .by_default("viewer"),
    row(
        ["audit_log", "audit-log", "COSMOS_AUDIT_LOG"],
        Kind::Path,
        Stream,
        "File in which it is kept who did what from where, at most twice 1 MiB.",
    ),
    row(
        ["origins", "origins", "COSMOS_ORIGINS"],
        Kind::Text,
        Stream,
        "More origins that may use the page, scheme and host, joined by commas, where a proxy changes the host.",
    )
    .older(&[successor("SELKIES_ALLOWED_ORIGINS")]),
];
