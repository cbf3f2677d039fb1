//! One viewer from its first byte to its last: the only place here that reads and writes streams.

use std::{io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use cosmos_auth::Role;
use cosmos_desktop::{InputEvent, Size};
use cosmos_protocol::rfb::{Handshake, MAX_MESSAGE, Step, server_init};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout, timeout_at},
};

use super::{
    Look, Rfb, Stream,
    film::{self, Watch},
    guests::Seat,
    paint::Painter,
    sound::{Ears, hear},
    viewer::{MAX_WAITING, Viewer, Want},
};

/// Who comes, and what is known of them before they say anything.
pub(crate) struct Guest {
    pub(crate) from: SocketAddr,
    /// Who they are and what they may do, if they have shown that already.
    pub(crate) known: Option<(String, Role)>,
    pub(crate) stream: Stream,
}

/// How long a viewer may take to be let in: somebody may be looking for the password.
const HANDSHAKE: Duration = Duration::from_secs(120);
/// How long the first picture is waited for.
const FIRST_PICTURE: Duration = Duration::from_secs(10);
/// How long a viewer may take no byte of what is sent to it.
const STUCK: Duration = Duration::from_secs(30);
/// How long a size that was asked for may take to come.
const RESIZING: Duration = Duration::from_secs(5);
/// What is read at once.
const CHUNK: usize = 16 * 1024;
/// No message of a handshake is longer.
const MAX_HANDSHAKE: usize = 4096;
/// What the desktop is called.
const NAME: &str = "COSMOS";

/// Serves a viewer whose stream cannot become TLS.
///
/// # Errors
/// Why it ended; of no consequence to any other.
pub(crate) async fn serve(
    rfb: &Arc<Rfb>,
    mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    guest: Guest,
) -> io::Result<()> {
    let mut entry = Entry::new(rfb, guest)?;
    match entry.go_on(&mut stream).await? {
        Next::In(role) => attend(rfb, stream, entry.leave(role)).await,
        Next::Tls => Err(io::Error::other("TLS cannot be begun here")),
    }
}

/// Serves a viewer that came over a TCP port of its own.
///
/// # Errors
/// Why it ended; of no consequence to any other.
pub(super) async fn serve_tcp(rfb: &Arc<Rfb>, mut stream: TcpStream, from: SocketAddr) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let trust = if rfb.tls.is_some() { Stream::CanSecure } else { Stream::Open };
    let mut entry = Entry::new(rfb, Guest { from, known: None, stream: trust })?;
    match (entry.go_on(&mut stream).await?, &rfb.tls) {
        (Next::In(role), _) => attend(rfb, stream, entry.leave(role)).await,
        (Next::Tls, Some(tls)) => {
            let mut stream = tls.accept_without_tickets(stream).await?;
            entry.handshake.secured();
            match entry.go_on(&mut stream).await? {
                Next::In(role) => attend(rfb, stream, entry.leave(role)).await,
                Next::Tls => Err(io::Error::other("TLS has begun already")),
            }
        }
        (Next::Tls, None) => Err(io::Error::other("there is no TLS here")),
    }
}

/// A viewer that is not in yet.
struct Entry<'a> {
    rfb: &'a Rfb,
    guest: Guest,
    handshake: Handshake,
    role: Role,
    /// Bytes that came and were not understood yet.
    rest: Vec<u8>,
    deadline: Instant,
    /// Ends when others need the place.
    place: oneshot::Receiver<()>,
}

/// A viewer that is in.
struct Admitted {
    name: String,
    role: Role,
    /// What came and was not understood yet.
    rest: Vec<u8>,
}

enum Next {
    In(Role),
    Tls,
}

impl<'a> Entry<'a> {
    fn new(rfb: &'a Rfb, guest: Guest) -> io::Result<Self> {
        let mut challenge = [0; 16];
        rustls::crypto::aws_lc_rs::default_provider()
            .secure_random
            .fill(&mut challenge)
            .map_err(|_| io::Error::other("the system gives no random bytes"))?;
        let offer = match guest.known {
            Some(_) => cosmos_protocol::rfb::Offer { open: true, ..Default::default() },
            None => rfb.doors.offer(guest.stream),
        };
        let handshake = Handshake::new(offer, challenge);
        let (deadline, place) = (Instant::now() + HANDSHAKE, rfb.lobby.enter());
        Ok(Self { rfb, guest, handshake, role: Role::Viewer, rest: Vec::new(), deadline, place })
    }

    async fn go_on(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Next> {
        let (deadline, (_, never)) = (self.deadline, oneshot::channel());
        let mut place = std::mem::replace(&mut self.place, never);
        let next = tokio::select! {
            next = timeout_at(deadline, self.talk(stream)) => next?,
            _ = &mut place => Err(io::Error::other("others came who need the place")),
        };
        self.place = place;
        next
    }

    /// Gives the place back, as somebody who is in.
    fn leave(self, role: Role) -> Admitted {
        let name = self.guest.known.map_or_else(|| self.rfb.doors.user().to_owned(), |(name, _)| name);
        Admitted { name, role, rest: self.rest }
    }

    async fn talk(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Next> {
        loop {
            let used = self.handshake.receive(&self.rest).map_err(io::Error::other)?;
            self.rest.drain(..used);
            match self.handshake.poll() {
                Some(Step::Send(bytes)) => stream.write_all(&bytes).await?,
                Some(Step::Judge(proof)) => self.judge(&proof),
                Some(Step::Done { .. }) => return Ok(Next::In(self.role)),
                Some(Step::StartTls) => {
                    stream.flush().await?;
                    return Ok(Next::Tls);
                }
                Some(Step::Refused) => {
                    stream.shutdown().await?;
                    return Err(io::Error::other("it was refused"));
                }
                None => self.hear(stream).await?,
            }
        }
    }

    async fn hear(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        stream.flush().await?;
        if self.rest.len() > MAX_HANDSHAKE {
            return Err(io::Error::other("the handshake is too long"));
        }
        read(stream, &mut self.rest).await
    }

    fn judge(&mut self, proof: &cosmos_protocol::rfb::Proof) {
        let challenge = self.handshake.challenge();
        let judged = self
            .guest
            .known
            .as_ref()
            .map(|(_, role)| *role)
            .map_or_else(|| self.rfb.doors.judge(proof, challenge, self.guest.from), Ok);
        self.role = judged.as_ref().copied().unwrap_or(Role::Viewer);
        self.handshake.judge(judged.as_ref().map(|_| ()).map_err(String::as_str));
    }
}

/// Shows the desktop to a viewer that was let in.
async fn attend(
    rfb: &Arc<Rfb>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    Admitted { name, role, rest }: Admitted,
) -> io::Result<()> {
    let _permit = rfb.room.try_acquire().map_err(|_| io::Error::other("there are too many viewers"))?;
    let mut look = Look { rfb, looks: false };
    look.set(true);
    let size = first_size(rfb).await?;
    look.set(false);
    let mut seat = rfb.guests.enter(&name, role);
    tracing::info!(user = name, %role, "a VNC viewer is connected");
    let result = Attendant::new(rfb, role, size, rest).run(stream, look, &mut seat).await;
    // Whatever this person held down is let go of.
    if seat.drives() {
        rfb.want(Want::Input(InputEvent::ReleaseAll));
    }
    tracing::info!(reason = result.as_ref().err().map(tracing::field::display), "a VNC viewer has left");
    result
}

/// The size of the screen, which is not known before somebody has looked at it.
async fn first_size(rfb: &Rfb) -> io::Result<Size> {
    let mut changed = rfb.screen.watch();
    let look = async {
        loop {
            if let Some(size) = rfb.screen.size() {
                return size;
            }
            if changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    timeout(FIRST_PICTURE, look).await.map_err(|_| io::Error::other("there is no picture of the desktop"))
}

/// A viewer, and what is being done for it.
struct Attendant<'a> {
    rfb: &'a Arc<Rfb>,
    viewer: Viewer,
    inbox: Vec<u8>,
    hello: Option<Vec<u8>>,
    painter: Option<Painter>,
}

/// What a viewer's own writer is told.
type Outgoing = mpsc::Sender<Vec<u8>>;

impl<'a> Attendant<'a> {
    fn new(rfb: &'a Arc<Rfb>, role: Role, size: Size, inbox: Vec<u8>) -> Self {
        let hello = Some(server_init(size, NAME));
        let viewer = Viewer::new(role, size, rfb.sound.is_some());
        Self { rfb, viewer, inbox, hello, painter: Some(Painter::new()) }
    }

    async fn run(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut look: Look<'_>,
        seat: &mut Seat<'_>,
    ) -> io::Result<()> {
        let (mut reader, writer) = split(stream);
        // One message is being written, and one waits: whoever takes nothing gets nothing new.
        let (outgoing, messages) = mpsc::channel(1);
        let mut writing = Ends(tokio::spawn(write(writer, messages)));
        let mut changed = self.rfb.screen.watch();
        let mut cursor = self.rfb.cursor.subscribe();
        cursor.mark_changed();
        let mut clipboard = self.rfb.clipboard.subscribe();
        let mut holder = seat.holder();
        let mut ends = expelled(seat.ends());
        let mut painting: Option<JoinHandle<Painted>> = None;
        let mut waiting = self.hello.take().unwrap_or_default();
        // What of it is a picture.
        let mut picture = 0;
        let mut resized_by = None;
        let mut ears = None;
        let mut watch: Option<Watch<'_>> = None;
        let mut offered = self.rfb.film.offered();
        offered.mark_changed();
        loop {
            self.drive(seat.drives());
            self.understand()?;
            waiting.extend(self.viewer.take_out());
            if waiting.len() > picture + MAX_WAITING {
                return Err(io::Error::other("the viewer reads nothing"));
            }
            let takes = painting.is_none() && waiting.is_empty() && outgoing.capacity() > 0;
            if takes {
                painting = self.paint();
            }
            let refines_at = self.viewer.refines_at().map(Instant::from_std);
            look.set(self.viewer.looks() && !self.viewer.watches());
            let film_due = self.watch(&mut watch, takes);
            if self.viewer.listens() != ears.is_some() {
                ears = self.viewer.listens().then(|| Ears::open(self.rfb)).flatten();
            }
            resized_by =
                self.viewer.is_resizing().then(|| resized_by.unwrap_or_else(|| Instant::now() + RESIZING));
            tokio::select! {
                read = read(&mut reader, &mut self.inbox) => read?,
                ended = &mut writing.0 => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
                sent = send(&outgoing, &mut waiting), if !waiting.is_empty() => {
                    sent?;
                    picture = 0;
                }
                painted = join(&mut painting), if painting.is_some() => {
                    let Painted { painter, bytes, refines } = painted?;
                    self.viewer.is_rough(painter.rough_due());
                    self.painter = Some(painter);
                    picture = bytes.len();
                    // What is refined stands still.
                    if !refines {
                        let encodes = self.rfb.is_dear_to_film();
                        self.viewer.wrote(picture, encodes, Instant::now().into_std());
                    }
                    waiting.extend(bytes);
                    waiting.extend(self.viewer.closing_mark());
                }
                () = room(&outgoing), if painting.is_none() && waiting.is_empty() && outgoing.capacity() == 0 => {}
                () = until(resized_by) => self.viewer.resize_failed(),
                () = until(refines_at), if takes && painting.is_none() => {}
                Ok(()) = changed.changed() => {}
                Ok(()) = cursor.changed() => self.cursor(&mut cursor),
                Ok(()) = clipboard.changed() => self.clipboard(&mut clipboard),
                Ok(()) = holder.changed() => {}
                Ok(()) = offered.changed() => self.viewer.offer_film(*offered.borrow_and_update()),
                frame = film::next(&mut watch) => self.viewer.frame(frame),
                () = until(film_due) => {
                    if watch.as_ref().is_some_and(Watch::is_in_vain) {
                        self.viewer.offer_film(false);
                    }
                }
                played = hear(&mut ears) => self.viewer.hear(&played, waiting.len() - picture),
                () = &mut ends => return Err(io::Error::other("an owner ended it")),
            }
            if !self.viewer.watches() {
                let screen = &self.rfb.screen;
                self.viewer.look(|version, size, tiles| screen.changes(version, size, tiles));
            }
        }
    }

    /// Whoever drives no longer lets go of everything, behind the last of what they did.
    fn drive(&mut self, drives: bool) {
        if self.viewer.let_drive(drives) && !drives {
            self.rfb.want(Want::Input(InputEvent::ReleaseAll));
        }
    }

    /// Lets it watch what is encoded, or no longer, and asks for what it needs. Returns when to look again.
    fn watch(&mut self, watch: &mut Option<Watch<'a>>, takes: bool) -> Option<Instant> {
        let follows = self.viewer.follows(Instant::now().into_std());
        if follows != watch.is_some() {
            *watch = follows.then(|| Watch::open(self.rfb));
        }
        let (watch, needs) = (watch.as_mut()?, self.viewer.needs_keyframe());
        // Who cannot be sent one now does not ask, and what has to change for that wakes this by itself.
        let asks = needs.filter(|_| takes && self.viewer.looks());
        if let Some(slow) = asks {
            watch.ask_keyframe(slow);
        }
        let idle = self.viewer.idle_from().map(Instant::from_std);
        [watch.deadline(asks.is_some()), idle].into_iter().flatten().min()
    }

    fn understand(&mut self) -> io::Result<()> {
        let used = self.viewer.receive(&self.inbox).map_err(io::Error::other)?;
        self.viewer.heard(Instant::now().into_std());
        self.inbox.drain(..used);
        if self.inbox.len() > MAX_MESSAGE {
            return Err(io::Error::other("a message is too long"));
        }
        self.viewer.take_wants().into_iter().for_each(|want| self.rfb.want(want));
        Ok(())
    }

    fn paint(&mut self) -> Option<JoinHandle<Painted>> {
        let mut painter = self.painter.take()?;
        self.viewer.set_stale(self.rfb.screen.is_stale());
        let Some(job) = self.viewer.job(Instant::now().into_std()) else {
            self.painter = Some(painter);
            return None;
        };
        let screen = self.rfb.screen.clone();
        Some(tokio::task::spawn_blocking(move || {
            let bytes = painter.paint(&screen, &job, std::time::Instant::now());
            Painted { painter, bytes, refines: job.refine.is_some() }
        }))
    }

    fn cursor(&mut self, cursor: &mut watch::Receiver<Option<cosmos_desktop::CursorImage>>) {
        if let Some(image) = &*cursor.borrow_and_update() {
            self.viewer.cursor(image.clone());
        }
    }

    fn clipboard(&mut self, clipboard: &mut watch::Receiver<Option<Arc<str>>>) {
        if let Some(text) = &*clipboard.borrow_and_update() {
            self.viewer.desktop_copied(text);
        }
    }
}

/// What has been written, and by whom.
struct Painted {
    painter: Painter,
    bytes: Vec<u8>,
    /// Whether it only refines what was shown already.
    refines: bool,
}

/// Ends the task with its owner.
struct Ends<T>(JoinHandle<T>);

impl<T> Drop for Ends<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ends when an owner wants it.
fn expelled(ends: Option<oneshot::Receiver<()>>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        match ends {
            Some(ends) => drop(ends.await),
            None => std::future::pending().await,
        }
    })
}

async fn read(reader: &mut (impl AsyncRead + Unpin), inbox: &mut Vec<u8>) -> io::Result<()> {
    inbox.reserve(CHUNK);
    let read = reader.take(CHUNK as u64).read_buf(inbox).await?;
    if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

async fn send(outgoing: &Outgoing, waiting: &mut Vec<u8>) -> io::Result<()> {
    let permit = outgoing.reserve().await.map_err(|_| io::Error::other("the viewer takes nothing"))?;
    permit.send(std::mem::take(waiting));
    Ok(())
}

async fn room(outgoing: &Outgoing) {
    drop(outgoing.reserve().await);
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn join(painting: &mut Option<JoinHandle<Painted>>) -> io::Result<Painted> {
    let Some(task) = painting else { return std::future::pending().await };
    let painted = task.await.map_err(io::Error::other);
    *painting = None;
    painted
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut messages: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(message) = messages.recv().await {
        for part in message.chunks(CHUNK) {
            timeout(STUCK, writer.write_all(part))
                .await
                .map_err(|_| io::Error::other("the viewer takes nothing"))??;
        }
        timeout(STUCK, writer.flush()).await??;
    }
    Ok(())
}
