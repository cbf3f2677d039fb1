//! Streams an X display to browsers: the desktop of `cosmos-x11` through the server of `cosmos-streaming`.

mod args;
mod ffi;
mod ready;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use cosmos_auth::{Account, AccountError, SessionKey, store};
use cosmos_desktop::{DesktopError, Size};
use cosmos_encoder::{Capabilities, Codec, Demand, EncodeError, EncoderConfig};
use cosmos_streaming::{AuthConfig, IceConfig, ServerConfig, ServerError, VideoConfig, error_text};
use cosmos_x11::X11Config;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::signal::unix::{SignalKind, signal};

use self::args::{Args, ArgsError, Password};

/// How long one encoder may take to show that it works.
const PROBE: Duration = Duration::from_secs(10);
const CANNOT_WORK: u8 = 2;
const USAGE: u8 = 64;

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Args(#[from] ArgsError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Desktop(#[from] DesktopError),
    #[error(transparent)]
    Encoder(#[from] EncodeError),
    #[error(transparent)]
    Server(#[from] ServerError),
}

fn main() -> ExitCode {
    cosmos_encoder::child::hook();
    // Programs of the desktop run as the same user, and must not read the password in here.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        eprintln!("cosmos-stream: other processes of this user can read its memory: {error}");
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _closed = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    log.with_env_filter(tracing_subscriber::EnvFilter::new(&args.log)).init();
    // What is inherited is taken over before anything is opened, and nobody sees it afterwards.
    let handed = args.password().and_then(|password| Ok((password, args.ice()?)));
    match handed.map_err(Failure::from).and_then(|(password, ice)| run(&args, password.as_ref(), ice)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cosmos-stream: {}", error_text(&failure));
            ExitCode::from(if matches!(failure, Failure::Args(_)) { USAGE } else { CANNOT_WORK })
        }
    }
}

fn run(args: &Args, password: Option<&Password>, ice: IceConfig) -> Result<(), Failure> {
    let display = X11Config { display: args.display.clone(), ..X11Config::default() };
    let desktop = cosmos_x11::open(&display)?;
    let config = ServerConfig {
        listen: args.listen,
        video: video(args)?,
        audio: args.audio(),
        auth: auth(args, password)?,
        tls: args.tls(),
        rfb: args.rfb.config(&args.user, password, args.allow_insecure)?,
        ice,
    };
    let open = Box::new(move || cosmos_x11::open(&display));
    let ready = |address| ready::tell(args, address, password);
    Ok(cosmos_streaming::serve(config, desktop, open, ready, stop())?)
}

fn video(args: &Args) -> Result<VideoConfig, Failure> {
    let encoder = EncoderConfig {
        choice: args.encoder.clone(),
        threads: args.encoder_threads,
        ..EncoderConfig::default()
    };
    let capabilities = Capabilities::probe_for(&encoder.choice, PROBE)?;
    let codec = codec(&encoder, &capabilities, args)?;
    let others = capabilities.codecs(&encoder.choice)?.into_iter().filter(|other| *other != codec).collect();
    Ok(VideoConfig { fps: args.fps, max_kbps: args.bitrate, encoder, capabilities, codec, others })
}

/// Opens the encoder once, so that what is wrong with it is said before anybody connects.
fn codec(encoder: &EncoderConfig, capabilities: &Capabilities, args: &Args) -> Result<Codec, EncodeError> {
    let demand = Demand { bitrate_kbps: args.bitrate, fps: args.fps, keyframe: true };
    let opened = cosmos_encoder::open(encoder, capabilities, Size::new(320, 240), demand)?;
    let info = opened.info();
    match info.instead_of {
        Some(_) => tracing::warn!(encoder = info.element, codec = %info.codec, "{}", info.reason),
        None => tracing::info!(encoder = info.element, codec = %info.codec, "{}", info.reason),
    }
    for (name, why) in &info.not_chosen {
        tracing::info!("not {name}: {why}");
    }
    Ok(info.codec)
}

fn auth(args: &Args, password: Option<&Password>) -> Result<AuthConfig, Failure> {
    let account = password.map(|password| Account::new(&args.user, &password.secret)).transpose()?;
    let key = match password {
        Some(password) => {
            let kept =
                store::session_key(&args.state_dir()?.join("session.key")).map_err(ArgsError::Store)?.0;
            // A new password ends the sessions of the old one.
            kept.bound_to(&password.secret)
        }
        None => SessionKey::random(),
    };
    Ok(AuthConfig { account, key, origins: args.origins.clone() })
}

/// Ends when the process is asked to.
async fn stop() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    tracing::info!("stopping");
}
