//! Connections with limits: on their number, on the time that each takes, and on idle connections that keep others out
//! (`faults.md` row 57).
//!
//! A connection is idle, sends a request, has a request in progress, or receives an answer. Each of these but the third
//! has its own deadline, for reading and for writing. When all slots are taken, a new connection gets the slot of
//! another one: of the one that has been idle longest, otherwise of the one that has spent the longest time on its
//! request or answer. A request in progress is never cut.

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

/// Connections open at once. Each may hold a body of 1 MiB.
const MOST: usize = 256;

/// How long a connection may be idle, may send a request (head and body), and may receive its answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// A connection younger than this keeps its slot: a distant client needs a moment for its first byte.
const YOUNG: Duration = Duration::from_millis(200);

/// How long nothing is accepted after a failure that concerns all connections, such as too many open files.
const PAUSE: Duration = Duration::from_millis(500);

/// What a connection is doing, and since when.
#[derive(Debug, Clone, Copy)]
struct Stage {
    at: At,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    /// No byte of a request has arrived. These connections are cut first.
    Idle,
    /// A request is arriving, or an answer is being sent.
    Moving,
    /// A complete request is being handled.
    InHand,
}

/// What one connection is doing.
#[derive(Debug)]
struct ConnectionState {
    opened: Instant,
    stage: Mutex<Stage>,
    cut: CancellationToken,
}

impl ConnectionState {
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

    /// When its time is over; `None` for a request in progress, which has the ledger's deadline.
    fn deadline(&self) -> Option<Instant> {
        let Stage { at, since } = self.stage();
        (at != At::InHand).then(|| since + DEADLINE)
    }
}

/// All open connections.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections {
    taken: Arc<Mutex<Vec<Arc<ConnectionState>>>>,
}

impl Connections {
    fn each<T>(&self, act: impl FnOnce(&mut Vec<Arc<ConnectionState>>) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Cuts one connection: one that is idle, otherwise the one that has been at its stage longest. Returns after how
    /// long to look again.
    fn make_room(&self) -> Duration {
        let now = Instant::now();
        self.each(|taken| {
            let of = |state: &&Arc<ConnectionState>| (state.stage().at, state.stage().since);
            let open = || taken.iter().filter(|state| !state.cut.is_cancelled() && state.stage().at != At::InHand);
            if let Some(least) = open().filter(|state| now - state.opened >= YOUNG).min_by_key(of) {
                least.cut.cancel();
            }
        });
        YOUNG / 8
    }

    /// Cuts every connection, whatever its stage.
    pub(super) fn cut_all(&self) {
        self.each(|taken| taken.iter().for_each(|state| state.cut.cancel()));
    }
}

/// Accepts connections one by one, and frees a slot for each.
pub(super) struct LimitedListener {
    listener: TcpListener,
    room: Arc<Semaphore>,
    connections: Connections,
}

impl LimitedListener {
    pub(super) fn new(listener: TcpListener, connections: Connections) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(MOST)), connections }
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

    /// Waits for a slot for a new connection.
    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(room);
        }
        let mut freed = Box::pin(Arc::clone(&self.room).acquire_owned());
        loop {
            let again = self.connections.make_room();
            tokio::select! {
                // The semaphore is never closed. If it were, only the count would be wrong by one.
                room = &mut freed => return room.ok(),
                () = sleep(again) => {}
            }
        }
    }
}

impl Listener for LimitedListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = self.next().await;
        let room = self.room().await;
        (Connection::new(stream, room, self.connections.clone()), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The connection that carries a request.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<ConnectionState>);

impl Caller {
    /// Marks the request as complete. Its connection is not cut until the guard is dropped.
    pub(super) fn in_hand(&self) -> InHand {
        self.0.go(At::InHand);
        InHand(Arc::clone(&self.0))
    }
}

impl Connected<IncomingStream<'_, LimitedListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Self {
        Self(Arc::clone(&stream.io().state))
    }
}

/// The guard of a request that is being handled.
pub(super) struct InHand(Arc<ConnectionState>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.go(At::Moving);
    }
}

/// A connection that has a slot and must keep its deadlines.
pub(super) struct Connection {
    stream: TcpStream,
    state: Arc<ConnectionState>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    alarm: Pin<Box<Sleep>>,
    /// Whether bytes were written that are not flushed yet.
    answers: bool,
    connections: Connections,
    _room: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn new(stream: TcpStream, room: Option<OwnedSemaphorePermit>, connections: Connections) -> Self {
        // An answer is one small packet. Waiting for more to send with it only costs time.
        stream.set_nodelay(true).ok();
        let state = Arc::new(ConnectionState::new());
        connections.each(|taken| taken.push(Arc::clone(&state)));
        let cut = Box::pin(state.cut.clone().cancelled_owned());
        Self { stream, state, cut, alarm: Box::pin(sleep(DEADLINE)), answers: false, connections, _room: room }
    }

    /// Fails once its time is over or its slot belongs to another connection. This is checked before reading, so that
    /// single bytes don't postpone it.
    fn poll_over(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let Some(deadline) = self.state.deadline() else { return Ok(()) };
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
        self.connections.each(|taken| taken.retain(|state| !Arc::ptr_eq(state, &self.state)));
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_over(context)?;
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if buffer.filled().len() > before && self.state.stage().at == At::Idle {
            self.state.go(At::Moving);
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

    /// Everything written is sent: the next bytes belong to a new request.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_over(context)?;
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        if std::mem::take(&mut self.answers) {
            self.state.go(At::Idle);
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
