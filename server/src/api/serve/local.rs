//! Connections inside the process: the real client and the real server without a port.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tonic::transport::{Channel, Endpoint};

use super::Incoming;

/// How many connections may wait to be accepted.
const BACKLOG: usize = 16;

/// How many bytes are under way in one direction.
const BUFFER_BYTES: usize = 64 * 1024;

/// Makes a place to connect to, and the connections made there.
pub fn pair() -> (LocalConnector, LocalIncoming) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (LocalConnector(sender), LocalIncoming(receiver))
}

/// The connections that a [`LocalConnector`] makes.
#[derive(Debug)]
pub struct LocalIncoming(mpsc::Receiver<DuplexStream>);

impl Incoming for LocalIncoming {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Option<SocketAddr>)> {
        match self.0.recv().await {
            Some(io) => Ok((io, None)),
            // Nobody can connect any more; what is connected goes on.
            None => std::future::pending().await,
        }
    }
}

/// Connects to a [`LocalIncoming`].
#[derive(Clone, Debug)]
pub struct LocalConnector(mpsc::Sender<DuplexStream>);

impl LocalConnector {
    /// A channel for a generated client. It connects when it is first used, and again when the
    /// connection is lost.
    pub fn channel(&self) -> Channel {
        Endpoint::from_static("http://in.process").connect_with_connector_lazy(self.clone())
    }

    /// A bare connection.
    ///
    /// # Errors
    ///
    /// The server no longer accepts.
    pub async fn connect(&self) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(BUFFER_BYTES);
        let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        self.0.send(theirs).await.map_err(refused)?;
        Ok(ours)
    }
}

impl tower::Service<Uri> for LocalConnector {
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<DuplexStream>>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await.map(TokioIo::new) })
    }
}
