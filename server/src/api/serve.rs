//! Sockets: accepts, limits and drains the connections that the services are called over.
//!
//! Our own loop over hyper, not `tonic::transport::Server`, because of what that one leaves open:
//! it advertises no limit of streams, switches off the limit of resets that the peer provokes,
//! spins when no file descriptor is left, keeps a peer that never says a word, and waits for ever
//! for open streams when it is to stop.
//!
//! Everything that runs for a connection is a task of one tracker, so that after the drain deadline
//! nothing is left over.

mod connection;
pub mod local;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::Connections;
pub(super) use self::connection::Peer;
use super::{Backend, Health, layers, routes};

/// How long to wait after the machine refused to accept (no file descriptor is left, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where connections come from.
pub trait Incoming: Send {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection, and says whose it is where that is known.
    fn accept(&mut self)
    -> impl Future<Output = io::Result<(Self::Io, Option<SocketAddr>)>> + Send;
}

impl Incoming for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        // Small answers must not wait for the acknowledgement of the ones before.
        stream.set_nodelay(true)?;
        Ok((stream, Some(peer)))
    }
}

/// How the server stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Drained {
    /// Connections that did not end within [`super::Limits::drain`] and were closed.
    pub cut: usize,
}

/// Serves `incoming` until `backend.drain` is cancelled, then drains: health says `NOT_SERVING`, no
/// connection is accepted, calls under way are answered, watches get `GoAway` and `UNAVAILABLE`.
/// What is left after [`super::Limits::drain`] is closed.
///
/// Must run inside a tokio runtime with timers and I/O. Returns only after every task of the API has
/// ended, so the writer may stop next.
pub async fn serve(mut incoming: impl Incoming, backend: Backend, health: Health) -> Drained {
    layers::describe();
    let (drain, limits) = (backend.drain.clone(), backend.limits);
    let (tasks, kill) = (TaskTracker::new(), CancellationToken::new());
    let service = layers::apply(routes(&backend, &health, &tasks), &backend);
    let connections = Connections::new(service, limits, drain.clone(), tasks.clone(), kill.clone());

    accept_all(&mut incoming, &connections, limits.connections_max, &drain).await;
    // Closes the port: who connects now is refused at once instead of waiting for nobody.
    drop(incoming);

    health.set_all(false).await;
    health.end_watches().await;
    tasks.close();
    let in_time = tokio::time::timeout(limits.drain, tasks.wait()).await.is_ok();
    let cut = if in_time { 0 } else { connections.open() };
    kill.cancel();
    tasks.wait().await;
    tracing::info!(cut, "api stopped");
    Drained { cut }
}

/// Accepts until `drain`.
async fn accept_all(
    incoming: &mut impl Incoming,
    connections: &Connections,
    connections_max: usize,
    drain: &CancellationToken,
) {
    let places = Arc::new(Semaphore::new(connections_max));
    let next = async {
        loop {
            // Waits for a place first: beyond the limit a connection stays in the kernel's queue.
            let place = Arc::clone(&places).acquire_owned().await;
            let place = place.expect("nobody closes the semaphore");
            match incoming.accept().await {
                Ok((io, peer)) => connections.spawn(io, peer, place),
                Err(error) if of_one_connection(&error) => {}
                Err(error) => {
                    metrics::counter!("muster_api_accept_errors_total").increment(1);
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = drain.cancelled() => {}
        () = next => {}
    }
}

/// Whether the error is of the connection that was to be accepted, and the next may be fine.
fn of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests;
