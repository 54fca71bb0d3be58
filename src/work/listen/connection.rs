//! Connections with manners: so many at a time, none that takes its time, and none that keeps a place from others by
//! doing nothing (`faults.md` row 57).
//!
//! A connection is idle, sends a request, has one in hand, or is answered. Every one of these but the third has a deadline
//! of its own, in reading and in writing. Where all places are taken the newcomer gets that of another: of the one that
//! has been idle longest, else of the one that has been at its request or answer longest. A request in hand is never cut.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Connections that are open at once. Each may hold a body of a mebibyte.
const MOST: usize = 256;

/// For how long a connection may be idle, may take to send a request, head and body, and to take its answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// A place is not taken from a connection that has had it for less: what is far away needs a moment for its first byte.
const YOUNG: Duration = Duration::from_millis(200);

/// After a failure that is not one connection's, out of files for one, nothing is accepted for so long.
const PAUSE: Duration = Duration::from_millis(500);

/// What a connection is at, and since when.
#[derive(Debug, Clone, Copy)]
struct Stage {
    at: At,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    /// Nothing of a request has come yet. These go first.
    Idle,
    /// A request is coming, or an answer is on its way.
    Moving,
    /// A request is whole and is taken care of.
    InHand,
}

/// A place that one connection has.
#[derive(Debug)]
struct Seat {
    opened: Instant,
    stage: Mutex<Stage>,
    cut: CancellationToken,
}

impl Seat {
    fn new() -> Self {
        let now = Instant::now();
        Self { opened: now, stage: Mutex::new(Stage { at: At::Idle, since: now }), cut: CancellationToken::new() }
    }

    fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go(&self, at: At) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = Stage { at, since: Instant::now() };
    }

    /// When its time is over; a request in hand has the ledger's.
    fn deadline(&self) -> Option<Instant> {
        let Stage { at, since } = self.stage();
        (at != At::InHand).then(|| since + DEADLINE)
    }
}

/// All places that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats {
    taken: Arc<Mutex<Vec<Arc<Seat>>>>,
}

impl Seats {
    fn each<T>(&self, act: impl FnOnce(&mut Vec<Arc<Seat>>) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the place of the connection that deserves it least; says after how long to look again.
    fn make_room(&self) -> Duration {
        let now = Instant::now();
        self.each(|taken| {
            let of = |seat: &&Arc<Seat>| (seat.stage().at, seat.stage().since);
            let open = || taken.iter().filter(|seat| !seat.cut.is_cancelled() && seat.stage().at != At::InHand);
            if let Some(least) = open().filter(|seat| now - seat.opened >= YOUNG).min_by_key(of) {
                least.cut.cancel();
            }
        });
        YOUNG / 8
    }

    /// Cuts every connection, whatever it is at.
    pub(super) fn cut_all(&self) {
        self.each(|taken| taken.iter().for_each(|seat| seat.cut.cancel()));
    }
}

/// Takes connections one by one, and makes room for each.
pub(super) struct Polite {
    listener: TcpListener,
    room: Arc<Semaphore>,
    seats: Seats,
}

impl Polite {
    pub(super) fn new(listener: TcpListener, seats: Seats) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(MOST)), seats }
    }

    async fn next(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// A place for a connection that has come.
    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(room);
        }
        let mut freed = Box::pin(Arc::clone(&self.room).acquire_owned());
        loop {
            let again = self.seats.make_room();
            tokio::select! {
                // The semaphore is never closed; without a permit the count would only be off by one.
                room = &mut freed => return room.ok(),
                () = sleep(again) => {}
            }
        }
    }
}

impl Listener for Polite {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = self.next().await;
        let room = self.room().await;
        (Connection::new(stream, room, self.seats.clone()), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The connection that a request came on.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<Seat>);

impl Caller {
    /// The request is whole: until the guard is dropped its connection is not cut.
    pub(super) fn in_hand(&self) -> InHand {
        self.0.go(At::InHand);
        InHand(Arc::clone(&self.0))
    }
}

impl Connected<IncomingStream<'_, Polite>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Polite>) -> Self {
        Self(Arc::clone(&stream.io().seat))
    }
}

/// A request that is taken care of.
pub(super) struct InHand(Arc<Seat>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.go(At::Moving);
    }
}

/// A connection that has a place, and must keep its times.
pub(super) struct Connection {
    stream: TcpStream,
    seat: Arc<Seat>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    alarm: Pin<Box<Sleep>>,
    /// Whether something was written that no flush has followed.
    answers: bool,
    seats: Seats,
    _room: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn new(stream: TcpStream, room: Option<OwnedSemaphorePermit>, seats: Seats) -> Self {
        // An answer is one small packet: waiting for more to send with it only costs time.
        stream.set_nodelay(true).ok();
        let seat = Arc::new(Seat::new());
        seats.each(|taken| taken.push(Arc::clone(&seat)));
        let cut = Box::pin(seat.cut.clone().cancelled_owned());
        Self { stream, seat, cut, alarm: Box::pin(sleep(DEADLINE)), answers: false, seats, _room: room }
    }

    /// Fails once its time is over, or its place another's. It is looked at before the bytes: one byte at a time must not
    /// put it off.
    fn poll_over(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let Some(deadline) = self.seat.deadline() else { return Ok(()) };
        if self.alarm.deadline() != deadline {
            self.alarm.as_mut().reset(deadline);
        }
        match self.alarm.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    fn wrote(&mut self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        self.answers |= written.is_ok();
        Poll::Ready(written)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.seats.each(|taken| taken.retain(|seat| !Arc::ptr_eq(seat, &self.seat)));
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_over(context)?;
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if buffer.filled().len() > before && self.seat.stage().at == At::Idle {
            self.seat.go(At::Moving);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_over(context)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.wrote(written)
    }

    /// What was written is out: the next thing that comes is a new request.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_over(context)?;
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        if std::mem::take(&mut self.answers) {
            self.seat.go(At::Idle);
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_over(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_over(context)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, bytes));
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
