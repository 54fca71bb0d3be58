//! The TCP side of a fault: connections whose answer is cut off after a number of bytes, by a close or by a reset.
//!
//! HTTP servers are built to end a connection politely. Here each connection has a [`Wire`], a handle that a route can
//! reach, and the stream checks it before every write.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CutKind {
    /// FIN: the peer reads an early end.
    Close,
    /// RST: the peer reads an error.
    Reset,
}

/// The part of the answer that is still to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// No bytes.
    Nothing,
    /// The rest of the head, of whose final `\r\n\r\n` `matched` bytes were sent, and then `body` bytes of the body.
    Head { matched: usize, body: usize },
    /// This many bytes of the body.
    Body(usize),
}

impl Left {
    /// The rest after one more byte; `None` when the byte must not be sent.
    fn after(self, byte: u8) -> Option<Self> {
        match self {
            Self::Nothing | Self::Body(0) => None,
            Self::Body(left) => Some(Self::Body(left - 1)),
            Self::Head { matched, body } => {
                let matched = if byte == b"\r\n\r\n"[matched] { matched + 1 } else { usize::from(byte == b'\r') };
                Some(if matched == 4 { Self::Body(body) } else { Self::Head { matched, body } })
            }
        }
    }

    /// How many of these bytes may be sent.
    fn allows(self, bytes: &[u8]) -> usize {
        let mut left = self;
        bytes.iter().take_while(|byte| left.after(**byte).map(|next| left = next).is_some()).count()
    }
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    end: CutKind,
    left: Left,
}

/// The handle of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Option<Cut>>>);

impl Wire {
    /// Cuts before the first byte of the answer.
    pub(super) fn cut(&self, end: CutKind) {
        self.set(Some(Cut { end, left: Left::Nothing }));
    }

    /// Cuts after the head of the answer and this many bytes of its body.
    pub(super) fn cut_after(&self, body: usize, end: CutKind) {
        self.set(Some(Cut { end, left: Left::Head { matched: 0, body } }));
    }

    /// Removes the cut, which was meant for the previous request.
    pub(super) fn mend(&self) {
        self.set(None);
    }

    fn set(&self, cut: Option<Cut>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cut;
    }

    fn get(&self) -> Option<Cut> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Listener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().wire.clone()
    }
}

/// Accepts connections that can be cut, until the token is cancelled.
pub(super) struct Listener {
    inner: TcpListener,
    stop: CancellationToken,
}

impl Listener {
    /// Listens on a bound socket. Cancelling the token ends every connection, hanging ones too.
    pub(super) fn new(inner: TcpListener, stop: CancellationToken) -> Self {
        Self { inner, stop }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, peer) = axum::serve::Listener::accept(&mut self.inner).await;
        // A socket without the option is only slower.
        let _ = stream.set_nodelay(true);
        let stopped = Box::pin(self.stop.clone().cancelled_owned());
        (Connection { stream, wire: Wire::default(), stopped }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// One accepted connection.
pub(super) struct Connection {
    stream: TcpStream,
    wire: Wire,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connection {
    fn end(&mut self, end: CutKind, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match end {
            CutKind::Reset => self.stream.set_zero_linger()?,
            CutKind::Close => ready!(Pin::new(&mut self.stream).poll_shutdown(context))?,
        }
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(cut) = self.wire.get() else {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        };
        let allowed = cut.left.allows(bytes);
        if allowed == 0 {
            return self.end(cut.end, context);
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]))?;
        let left = bytes[..written].iter().fold(cut.left, |left, byte| left.after(*byte).unwrap_or(Left::Nothing));
        self.wire.set(Some(Cut { left, ..cut }));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_goes_out_whole_and_then_so_many_bytes_of_the_body() {
        let left = Left::Head { matched: 0, body: 3 };
        assert_eq!(left.allows(b"HTTP/1.1 200 OK\r\na: b\r\n\r\nabcdef"), 28);
        assert_eq!(left.allows(b"HTTP/1.1 200 OK\r\n"), 17);
    }

    #[test]
    fn a_head_that_is_written_in_pieces_is_still_told_from_the_body() {
        let head = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\n";
        let left = head.iter().fold(Left::Head { matched: 0, body: 2 }, |left, byte| left.after(*byte).unwrap());
        assert_eq!(left, Left::Body(2));
        assert_eq!(left.allows(b"abc"), 2);
    }

    #[test]
    fn nothing_allows_nothing() {
        assert_eq!(Left::Nothing.allows(b"H"), 0);
    }
}
