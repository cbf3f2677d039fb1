//! What cannot be seen from one setting alone.

use super::{Settings, SettingsError};
use crate::settings::{
    Conflict,
    conflict::{self, DEFAULT_PASSWORD},
};

impl Settings {
    /// Refuses what excludes itself, and warns of what will surprise.
    pub(super) fn check(&mut self) -> Result<(), SettingsError> {
        if let Some(conflict) = conflict::turn(|key| self.is_set(key)) {
            return Err(conflict.into());
        }
        let key = ["cloudflare_turn_token_id", "cloudflare_turn_api_token"];
        if self.is("cloudflare_turn") && !key.iter().all(|key| self.is_set(key)) {
            return Err(Conflict::CloudflareWithoutKey.into());
        }
        if self.is("software") && self.is("require_gpu") {
            return Err(Conflict::SoftwareAndGpu.into());
        }
        let everybody_knows =
            |key| self.secret(key).is_some_and(|secret| secret.expose() == DEFAULT_PASSWORD);
        if self.is("basic_auth") && self.login().is_some_and(|(key, _)| everybody_knows(key)) {
            return Err(Conflict::DefaultPassword.into());
        }
        let account = everybody_knows("account_password");
        self.warn(account, "the password of the account is \"mypasswd\", which everybody knows");
        let long = self.login().is_some_and(|(_, secret)| secret.expose().len() > VNC_LENGTH);
        self.warn(self.is("novnc") && long, "VNC looks at the first 8 characters of a password only");
        let unheeded: Vec<&str> = WEBRTC.into_iter().filter(|key| self.is_set(key)).collect();
        let text = format!("noVNC does not heed {}; they hold for the other page only", unheeded.join(", "));
        self.warn(self.is("novnc") && !unheeded.is_empty(), &text);
        for (whole, part) in
            [("size", "width"), ("size", "height"), ("listen", "listen_address"), ("listen", "listen_port")]
        {
            let same = self.is_set(part) && self.strength(whole) == self.strength(part);
            self.warn(same, &format!("{whole} and {part} are both set; {whole} is used"));
        }
        Ok(())
    }

    fn warn(&mut self, holds: bool, text: &str) {
        if holds {
            self.warnings.push(text.to_owned());
        }
    }
}

/// Settings of encoders and of the way that WebRTC takes.
const WEBRTC: [&str; 10] = [
    "encoder",
    "encoder_threads",
    "video_bitrate",
    "keyframe_distance",
    "congestion_control",
    "turn_host",
    "turn_shared_secret",
    "turn_username",
    "turn_password",
    "rtc_config",
];
/// DES keys are made of eight bytes.
const VNC_LENGTH: usize = 8;
