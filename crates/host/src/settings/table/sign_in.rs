//! At whose place people may sign in.

use super::{Consumer::Stream, Setting, row};
use crate::settings::Kind;

pub(super) static ROWS: &[Setting] = &[
    row(
        ["oidc_issuer", "oidc-issuer", "COSMOS_OIDC_ISSUER"],
        Kind::Text,
        Stream,
        "Provider of OpenID Connect at which people may sign in, as it calls itself; needs a build with the feature oidc.",
    ),
    row(
        ["oidc_only", "oidc-only", "COSMOS_OIDC_ONLY"],
        Kind::Boolean,
        Stream,
        "Let people in by that provider alone: no password is made, and none is taken.",
    )
    .by_default("false"),
    row(
        ["oidc_client_id", "oidc-client-id", "COSMOS_OIDC_CLIENT_ID"],
        Kind::Text,
        Stream,
        "Name by which the provider knows this server.",
    ),
    row(
        ["oidc_client_secret", "oidc-client-secret-file", "COSMOS_OIDC_CLIENT_SECRET"],
        Kind::Secret,
        Stream,
        "Secret that goes with it; none for a client that keeps none.",
    ),
    row(
        ["oidc_name", "oidc-name", "COSMOS_OIDC_NAME"],
        Kind::Text,
        Stream,
        "Name of the provider on the button; its host otherwise.",
    ),
    row(
        ["oidc_scopes", "oidc-scopes", "COSMOS_OIDC_SCOPES"],
        Kind::Text,
        Stream,
        "What the provider is asked to tell, divided by spaces.",
    )
    .by_default("openid email profile"),
    row(
        ["oidc_user_claim", "oidc-user-claim", "COSMOS_OIDC_USER_CLAIM"],
        Kind::Text,
        Stream,
        "Claim that names the user; an email must be one that the provider has checked.",
    )
    .by_default("email"),
    row(
        ["oidc_role_claim", "oidc-role-claim", "COSMOS_OIDC_ROLE_CLAIM"],
        Kind::Text,
        Stream,
        "Claim that gives the role, as groups or realm_access.roles; the one that names the user otherwise.",
    ),
    row(
        ["oidc_owners", "oidc-owners", "COSMOS_OIDC_OWNERS"],
        Kind::Text,
        Stream,
        "Values of that claim that make an owner, joined by commas; * for all. Nobody comes in whom no list names.",
    ),
    row(
        ["oidc_controllers", "oidc-controllers", "COSMOS_OIDC_CONTROLLERS"],
        Kind::Text,
        Stream,
        "Values of that claim that make a controller.",
    ),
    row(
        ["oidc_viewers", "oidc-viewers", "COSMOS_OIDC_VIEWERS"],
        Kind::Text,
        Stream,
        "Values of that claim that make a viewer.",
    ),
    row(
        ["oidc_redirect_uri", "oidc-redirect-uri", "COSMOS_OIDC_REDIRECT_URI"],
        Kind::Text,
        Stream,
        "Where the provider sends people back to: where the page is, and then api/oidc/callback; found out otherwise.",
    ),
];
