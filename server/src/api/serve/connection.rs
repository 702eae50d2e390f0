//! One HTTP/2 connection.

use std::future::Future;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming as RequestBody;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::api::Limits;
use crate::api::error::chain;

/// What every HTTP/2 client says first (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often a silent connection is asked whether it is still there.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// How long the answer may take.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Resets that the peer may provoke by errors of its own before the connection is closed
/// (RUSTSEC-2024-0003; hyper's own default, which `None` would switch off).
const ERROR_RESETS_MAX: usize = 1024;

/// What hyper buffers for one stream beyond the peer's window, in bytes (64 KiB). With one batch of
/// at most 1 MiB this bounds what a stalled watcher costs.
const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// The headers of a request, in bytes (16 KiB).
const HEADER_BYTES_MAX: u32 = 16 * 1024;

/// From where a call came.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) struct Peer(pub(in crate::api) Option<SocketAddr>);

/// The service behind all connections: the routes with their layers.
pub(super) type Service = axum::Router;

/// Starts connections, and knows how many are open.
pub(super) struct Connections {
    service: Service,
    limits: Limits,
    drain: CancellationToken,
    tasks: Tasks,
    open: Arc<AtomicUsize>,
}

impl Connections {
    pub(super) fn new(
        service: Service,
        limits: Limits,
        drain: CancellationToken,
        tracker: TaskTracker,
        kill: CancellationToken,
    ) -> Self {
        Self { service, limits, drain, tasks: Tasks { tracker, kill }, open: Arc::default() }
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Serves `io` in a task of its own; `place` is given back when it ends.
    pub(super) fn spawn<I>(&self, io: I, peer: Option<SocketAddr>, place: OwnedSemaphorePermit)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let counted = Counted::new(&self.open);
        let (service, limits) = (self.service.clone(), self.limits);
        let (drain, tasks) = (self.drain.clone(), self.tasks.clone());
        hyper::rt::Executor::execute(&self.tasks, async move {
            if let Err(error) = serve(io, peer, service, limits, &drain, tasks).await {
                tracing::debug!(?peer, error = %chain(&*error), "connection ended with an error");
            }
            drop((counted, place));
        });
    }
}

async fn serve<I>(
    io: I,
    peer: Option<SocketAddr>,
    service: Service,
    limits: Limits,
    drain: &CancellationToken,
    tasks: Tasks,
) -> Result<(), tower::BoxError>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = tokio::time::timeout(limits.preface, prefaced(io)).await??;
    let service = service.map_request(move |mut request: Request<RequestBody>| {
        request.extensions_mut().insert(Peer(peer));
        request
    });
    let service = TowerToHyperService::new(service);
    let mut builder = http2::Builder::new(tasks);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_local_error_reset_streams(ERROR_RESETS_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        ended = &mut connection => return Ok(ended?),
        () = drain.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}

/// Reads the preface, and gives the connection back with it.
async fn prefaced<I>(io: I) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut reader, writer) = tokio::io::split(io);
    let mut preface = [0; PREFACE.len()];
    reader.read_exact(&mut preface).await?;
    if preface != *PREFACE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the peer does not speak HTTP/2"));
    }
    Ok(tokio::io::join(Cursor::new(preface).chain(reader), writer))
}

/// Runs what belongs to connections, until it ends or is killed.
#[derive(Clone)]
struct Tasks {
    tracker: TaskTracker,
    kill: CancellationToken,
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        let kill = self.kill.clone();
        self.tracker.spawn(async move { kill.run_until_cancelled_owned(task).await.is_some() });
    }
}

/// Counts as an open connection until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("muster_api_connections").increment(1.0);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("muster_api_connections").decrement(1.0);
    }
}
