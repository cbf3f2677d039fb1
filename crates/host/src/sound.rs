//! The sound server: one sink that plays to nobody, and whose monitor the stream listens to. Either server speaks
//! PulseAudio's protocol on the socket it is given.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::config::Installed;

/// The name of the sink. Its monitor is `cosmos.monitor`.
pub const SINK: &str = "cosmos";

/// A sound server that can be started here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundServer {
    /// PulseAudio, which needs nothing else.
    PulseAudio(PathBuf),
    /// PipeWire, whose session manager needs the session bus.
    PipeWire {
        /// The server.
        server: PathBuf,
        /// WirePlumber, which joins applications to the sink.
        manager: PathBuf,
    },
}

impl SoundServer {
    /// The one to use, if any is installed.
    pub fn choose(installed: &Installed) -> Option<Self> {
        let pipewire = || {
            let (server, manager) = (installed.program("pipewire")?, installed.program("wireplumber")?);
            Some(Self::PipeWire { server, manager })
        };
        installed.program("pulseaudio").map(Self::PulseAudio).or_else(pipewire)
    }

    /// What people call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PulseAudio(_) => "PulseAudio",
            Self::PipeWire { .. } => "PipeWire",
        }
    }

    /// The program.
    pub fn program(&self) -> &Path {
        match self {
            Self::PulseAudio(path) | Self::PipeWire { server: path, .. } => path,
        }
    }

    /// Gives the command what makes it serve on `socket`; files it needs go to `runtime`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn prepare(&self, command: &mut Command, runtime: &Path, socket: &Path) -> io::Result<()> {
        match self {
            // It refuses a home that belongs to another user, and needs none.
            Self::PulseAudio(_) => command.env("HOME", runtime).args(pulseaudio_arguments(socket)),
            Self::PipeWire { manager, .. } => {
                let settings = runtime.join("sound");
                let bluetooth = settings.join("wireplumber/bluetooth.lua.d");
                fs::create_dir_all(&bluetooth)?;
                fs::write(bluetooth.join("51-cosmos.lua"), NO_BLUETOOTH)?;
                let conf = settings.join("pipewire.conf");
                fs::write(&conf, pipewire_config(manager, socket))?;
                command.env("XDG_CONFIG_HOME", settings).arg("-c").arg(conf)
            }
        };
        Ok(())
    }
}

/// What makes PulseAudio serve on `socket`, as any user, without a configuration of its own.
fn pulseaudio_arguments(socket: &Path) -> Vec<String> {
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

/// PipeWire with a sink, PulseAudio's protocol in the same process, and its session manager as a child.
fn pipewire_config(manager: &Path, socket: &Path) -> String {
    format!(
        r#"context.properties = {{
    log.level = 2
    default.clock.rate = 48000
    core.daemon = true
    core.name = pipewire-0
    support.dbus = false
}}
context.spa-libs = {{
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}}
context.modules = [
    {{ name = libpipewire-module-protocol-native }}
    {{ name = libpipewire-module-metadata }}
    {{ name = libpipewire-module-spa-node-factory }}
    {{ name = libpipewire-module-client-node }}
    {{ name = libpipewire-module-client-device }}
    {{ name = libpipewire-module-adapter }}
    {{ name = libpipewire-module-link-factory }}
    {{ name = libpipewire-module-session-manager }}
    {{ name = libpipewire-module-access args = {{ }} }}
    {{ name = libpipewire-module-protocol-pulse args = {{ server.address = [ "unix:{}" ] }} }}
]
context.objects = [
    {{ factory = spa-node-factory args = {{
        factory.name = support.node.driver
        node.name = Dummy-Driver
        node.group = pipewire.dummy
        priority.driver = 20000
    }} }}
    {{ factory = adapter args = {{
        factory.name = support.null-audio-sink
        node.name = {SINK}
        node.description = Desktop
        media.class = Audio/Sink
        audio.position = [ FL FR ]
        monitor.channel-volumes = true
        object.linger = true
    }} }}
]
context.exec = [ {{ path = "{}" args = "" }} ]
"#,
        socket.display(),
        manager.display()
    )
}

/// WirePlumber ends where it looks for Bluetooth and there is no login manager.
const NO_BLUETOOTH: &str = "bluez_monitor.enabled = false\n";
