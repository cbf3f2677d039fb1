//! A test pattern in a browser, over WebRTC: a desktop that is nothing but a bar that moves.
//!
//! `cargo run -p cosmos-streaming --example pattern`, then open http://127.0.0.1:8080

use std::{
    error::Error,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use cosmos_auth::SessionKey;
use cosmos_desktop::{
    Change, Desktop, DesktopControl, DesktopError, DesktopEvent, Frame, FrameSource, InputEvent, InputSink,
    Rect, Size, Waker,
};
use cosmos_encoder::{Capabilities, Demand, EncoderConfig, child, open};
use cosmos_streaming::{
    AboutConfig, AuthConfig, IceConfig, PageConfig, Policy, RfbConfig, ServerConfig, VideoConfig, serve,
};

const SIZE: Size = Size::new(640, 480);
const PERIOD: Duration = Duration::from_millis(33);

fn main() -> Result<(), Box<dyn Error>> {
    child::hook();
    let encoder = EncoderConfig::default();
    let capabilities = Capabilities::probe_for(&encoder.choice, Duration::from_secs(10))?;
    let demand = Demand { bitrate_kbps: 4000, fps: 30, keyframe: true };
    let codec = open(&encoder, &capabilities, SIZE, demand)?.info().codec;
    let others = capabilities.codecs(&encoder.choice)?;
    let config = ServerConfig {
        listen: "127.0.0.1:8080".parse()?,
        video: VideoConfig {
            fps: 30,
            max_kbps: 4000,
            adapts: true,
            full_colour: false,
            keyframe_every: None,
            encoder,
            capabilities,
            codec,
            others,
        },
        audio: None,
        auth: AuthConfig::open(SessionKey::random()),
        tls: None,
        rfb: RfbConfig::default(),
        ice: IceConfig::default(),
        policy: Policy::default(),
        app_ready: None,
        page: PageConfig::default(),
        metrics: None,
        choices: None,
        about: AboutConfig::default(),
    };
    let ready = |address| println!("http://{address}");
    Ok(serve(config, desktop(), Box::new(|| Ok(desktop())), ready, std::future::pending())?)
}

fn desktop() -> Desktop {
    let pixels = vec![0x40; 4 * SIZE.area()];
    let pattern =
        Pattern { bell: Bell::default(), pixels, at: 0, damage: vec![SIZE.rect()], due: Instant::now() };
    Desktop {
        input: Box::new(Deaf::default()),
        frames: Box::new(pattern),
        control: Box::new(Deaf::default()),
    }
}

/// Ends waits.
#[derive(Clone, Default)]
struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    fn wait(&self, until: Instant) {
        let (rung, condition) = &*self.0;
        let rung = rung.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.saturating_duration_since(Instant::now());
        let waited = condition.wait_timeout_while(rung, left, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    fn waker(&self) -> Waker {
        let bell = self.clone();
        Arc::new(move || {
            *bell.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            bell.0.1.notify_all();
        })
    }
}

/// The picture.
struct Pattern {
    bell: Bell,
    pixels: Vec<u8>,
    at: u16,
    damage: Vec<Rect>,
    due: Instant,
}

impl FrameSource for Pattern {
    fn wait(&mut self, deadline: Instant) -> Result<Change, DesktopError> {
        self.bell.wait(deadline.min(self.due));
        let now = Instant::now();
        Ok(if now >= self.due { Change::Changed(now) } else { Change::Nothing })
    }

    fn grab(&mut self) -> Result<Frame<'_>, DesktopError> {
        let captured = Instant::now();
        if captured >= self.due {
            self.due = captured + PERIOD;
            let before = self.at;
            self.at = (before + 2) % (SIZE.height - 8);
            self.damage = vec![self.bar(before, 0x40), self.bar(self.at, 0xff)];
        }
        let stride = 4 * usize::from(SIZE.width);
        Ok(Frame { size: SIZE, stride, bgrx: &self.pixels, damage: &self.damage, captured })
    }

    fn waker(&self) -> Waker {
        self.bell.waker()
    }
}

impl Pattern {
    fn bar(&mut self, y: u16, level: u8) -> Rect {
        let rect = Rect { x: 0, y, width: SIZE.width, height: 8 };
        let row = 4 * usize::from(SIZE.width);
        self.pixels[row * usize::from(y)..row * rect.bottom() as usize].fill(level);
        rect
    }
}

/// What a desktop has besides, of which there is nothing here.
#[derive(Default)]
struct Deaf(Bell);

impl InputSink for Deaf {
    fn send(&mut self, event: &InputEvent) -> Result<(), DesktopError> {
        println!("{event:?}");
        Ok(())
    }
}

impl DesktopControl for Deaf {
    fn next_event(&mut self, deadline: Instant) -> Result<Option<DesktopEvent>, DesktopError> {
        self.0.wait(deadline);
        Ok(None)
    }

    fn set_clipboard(&mut self, _text: Arc<str>) -> Result<(), DesktopError> {
        Ok(())
    }

    fn resize(&mut self, _size: Size) -> Result<Size, DesktopError> {
        Ok(SIZE)
    }

    fn waker(&self) -> Waker {
        self.0.waker()
    }
}
