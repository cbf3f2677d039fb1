//! The sound server: PulseAudio with one sink that plays to nobody, and whose monitor the stream listens to.

use std::path::Path;

/// The name of the sink. Its monitor is `cosmos.monitor`.
pub const SINK: &str = "cosmos";

/// The arguments of `pulseaudio` that make it serve on `socket`, as any user, without a configuration of its own.
pub fn pulseaudio_arguments(socket: &Path) -> Vec<String> {
    let modules = [
        format!(
            "module-native-protocol-unix auth-anonymous=1 auth-cookie-enabled=0 socket={}",
            socket.display()
        ),
        format!(
            "module-null-sink sink_name={SINK} rate=48000 channels=2 sink_properties=device.description=Desktop"
        ),
        "module-always-sink".to_owned(),
    ];
    let fixed = [
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--disable-shm=yes",
        "--use-pid-file=no",
        "--log-target=stderr",
    ];
    let loads = modules.into_iter().flat_map(|module| ["-L".to_owned(), module]);
    fixed.map(str::to_owned).into_iter().chain(loads).collect()
}
