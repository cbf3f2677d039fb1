//! Streams an X display to browsers: the desktop of `cosmos-x11` through the server of `cosmos-streaming`.

mod args;
mod ffi;
mod ready;

use std::{
    env,
    io::{self, Read},
    process::ExitCode,
    time::Duration,
};

use clap::{ArgMatches, CommandFactory};
use cosmos_auth::{AccountError, Secret, SessionKey, hash_password, store};
use cosmos_desktop::{DesktopError, Size};
use cosmos_encoder::{Capabilities, Codec, Demand, EncodeError, EncoderConfig};
use cosmos_streaming::{
    AboutConfig, AuthConfig, IceConfig, ServerConfig, ServerError, VideoConfig, error_text,
};
use cosmos_x11::X11Config;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use tokio::signal::unix::{SignalKind, signal};

use self::args::{Access, AccessError, Args, ArgsError, Command, Given, Password};

/// How long one encoder may take to show that it works.
const PROBE: Duration = Duration::from_secs(10);
const CANNOT_WORK: u8 = 2;
const USAGE: u8 = 64;
/// In bytes.
const MAX_PASSWORD: u64 = 4096;

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
    if let Some(code) = cosmos_manual::asked(Args::command(), env::args_os()) {
        return code;
    }
    let (args, sources) = match Args::try_parse_with_sources() {
        Ok(parsed) => parsed,
        Err(error) => {
            let _closed = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    if let Some(Command::HashPassword) = args.command {
        return code(print_hash());
    }
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_target(false);
    log.with_env_filter(tracing_subscriber::EnvFilter::new(&args.log)).init();
    // What is inherited is taken over before anything is opened, and nobody sees it afterwards.
    let given = || Ok((args.access.read()?, args.password()?, args.ice()?));
    let given = given().map_err(Failure::Args);
    code(given.and_then(|(given, password, ice)| run((&args, &sources), &given, password.as_ref(), ice)))
}

fn code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cosmos-stream: {}", error_text(&failure));
            ExitCode::from(if matches!(failure, Failure::Args(_)) { USAGE } else { CANNOT_WORK })
        }
    }
}

/// The hash of the password that stands on standard input.
fn print_hash() -> Result<(), Failure> {
    let mut text = String::new();
    let read = io::stdin().take(MAX_PASSWORD + 1).read_to_string(&mut text).map_err(ArgsError::Stdin)?;
    if read as u64 > MAX_PASSWORD {
        return Err(ArgsError::Stdin(io::ErrorKind::InvalidInput.into()).into());
    }
    let password = Secret::new(text);
    let line = Secret::new(password.expose().trim_end_matches(['\r', '\n']));
    println!("{}", hash_password(&line)?);
    Ok(())
}

fn run(
    (args, sources): (&Args, &ArgMatches),
    given: &Given,
    password: Option<&Password>,
    ice: IceConfig,
) -> Result<(), Failure> {
    // Before the desktop: what is wrong with the users is said at once.
    let auth = auth(args, given, password)?;
    let display = X11Config { display: args.display.clone(), ..X11Config::default() };
    let desktop = cosmos_x11::open(&display)?;
    let config = ServerConfig {
        listen: args.listen,
        video: video(args)?,
        audio: args.audio(),
        auth,
        tls: args.tls()?,
        rfb: args.rfb.config(
            &args.user,
            password,
            given.view_password(),
            args.no_password,
            args.allow_insecure,
        )?,
        ice,
        policy: args.page.policy(),
        app_ready: args.page.app_ready(),
        page: args.page.config(),
        metrics: args.page.metrics(),
        choices: args.state_dir().ok().map(|dir| dir.join("choices.json")),
        about: AboutConfig { graphics: args.graphics_file.clone(), settings: args.settings(sources)? },
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
    let (fps, max_kbps, adapts) = (args.fps, args.bitrate, args.congestion_control);
    let (keyframe_every, full_colour) = (args.page.keyframe_every(), args.full_colour);
    Ok(VideoConfig {
        fps,
        max_kbps,
        adapts,
        keyframe_every,
        encoder,
        capabilities,
        codec,
        others,
        full_colour,
    })
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
    for why in info.against_the_others() {
        tracing::info!("not {why}");
    }
    Ok(info.codec)
}

fn auth(args: &Args, given: &Given, password: Option<&Password>) -> Result<AuthConfig, Failure> {
    let access = |error: AccessError| ArgsError::Access(error);
    let secret = password.map(|password| &password.secret);
    let accounts = match args.no_password {
        true => None,
        false => Some(args.access.accounts(&args.user, secret, given).map_err(access)?),
    };
    let key = match accounts {
        Some(_) => {
            let kept =
                store::session_key(&args.state_dir()?.join("session.key")).map_err(ArgsError::Store)?.0;
            // A new password ends the sessions of the old one.
            given.bind(secret.into_iter().fold(kept, |key, secret| key.bound_to(secret)))
        }
        None => SessionKey::random(),
    };
    let links = accounts.is_some().then(|| args.state_dir().map(|dir| dir.join("links"))).transpose()?;
    Ok(AuthConfig {
        links,
        accounts,
        oidc: args.access.sign_in.config(given.oidc_secret()),
        api_token: Access::api_token(given).map_err(access)?,
        proxy: args.access.proxy(),
        key,
        origins: args.origins.clone(),
        audit: args.access.audit_log.clone(),
    })
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
