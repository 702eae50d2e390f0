//! What happens on sockets, before and beside calls.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::local::{LocalConnector, LocalIncoming};
use super::*;
use crate::api::Limits;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An empty SETTINGS frame: no payload, type 4, no flags, stream 0.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A server without services.
struct Bare {
    connector: LocalConnector,
    drain: CancellationToken,
    server: JoinHandle<()>,
}

impl Bare {
    fn start(limits: Limits) -> Self {
        let (connector, incoming) = local::pair();
        let drain = CancellationToken::new();
        let server = tokio::spawn(run(incoming, limits, drain.clone()));
        Self { connector, drain, server }
    }
}

async fn run(mut incoming: impl Incoming, limits: Limits, drain: CancellationToken) {
    let (tasks, kill) = (TaskTracker::new(), CancellationToken::new());
    let connections =
        Connections::new(Router::new(), limits, drain.clone(), tasks.clone(), kill.clone());
    accept_all(&mut incoming, &connections, limits.connections_max, &drain).await;
    tasks.close();
    tasks.wait().await;
}

/// Reads until the server closes the connection.
async fn closed(mut io: DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    io.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_the_preface_in_time_is_dropped() {
    for said in [&b""[..], &PREFACE[..10]] {
        let bare = Bare::start(Limits::default());
        let mut io = bare.connector.connect().await.unwrap();
        let begin = Instant::now();
        io.write_all(said).await.unwrap();

        assert_eq!(closed(io).await, b"");

        assert_eq!(begin.elapsed(), Limits::default().preface);
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_speak_http2_is_dropped_at_once() {
    let bare = Bare::start(Limits::default());
    let mut io = bare.connector.connect().await.unwrap();
    let begin = Instant::now();
    io.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();

    assert_eq!(closed(io).await, b"");

    assert_eq!(begin.elapsed(), Duration::ZERO);
}

/// T1: tonic's own server sends no limit.
#[tokio::test]
async fn the_limit_of_streams_is_announced() {
    let bare = Bare::start(Limits { streams_max: 77, ..Limits::default() });
    let mut io = bare.connector.connect().await.unwrap();
    io.write_all(PREFACE).await.unwrap();
    io.write_all(SETTINGS).await.unwrap();

    let mut head = [0; 9];
    io.read_exact(&mut head).await.unwrap();
    let [0, 0, length, 4, 0, ..] = head else { panic!("no SETTINGS: {head:?}") };
    let mut settings = vec![0; length.into()];
    io.read_exact(&mut settings).await.unwrap();

    // Each setting has two bytes of id and four of value; 3 is MAX_CONCURRENT_STREAMS.
    let (settings, _) = settings.as_chunks::<6>();
    assert!(settings.contains(&[0, 3, 0, 0, 0, 77]), "{settings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_peer_is_silent_is_dropped() {
    let bare = Bare::start(Limits::default());
    let mut io = bare.connector.connect().await.unwrap();
    io.write_all(PREFACE).await.unwrap();
    io.write_all(SETTINGS).await.unwrap();
    let begin = Instant::now();

    closed(io).await;

    assert_eq!(begin.elapsed().as_secs(), 40, "asked after 20 s, given up after 20 more");
}

#[tokio::test]
async fn beyond_the_limit_a_connection_waits_for_a_place() {
    let bare = Bare::start(Limits { connections_max: 1, ..Limits::default() });
    let speak = async |io: &mut DuplexStream| {
        io.write_all(PREFACE).await.unwrap();
        io.write_all(SETTINGS).await.unwrap();
    };
    let mut first = bare.connector.connect().await.unwrap();
    speak(&mut first).await;
    let mut answer = [0; 9];
    first.read_exact(&mut answer).await.unwrap();
    let mut second = bare.connector.connect().await.unwrap();
    speak(&mut second).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let early = futures::FutureExt::now_or_never(second.read_exact(&mut answer));
    assert!(early.is_none(), "nobody answers the second yet");

    drop(first);

    second.read_exact(&mut answer).await.unwrap();
}

#[tokio::test]
async fn an_idle_connection_ends_with_the_server() {
    let bare = Bare::start(Limits::default());
    let mut io = bare.connector.connect().await.unwrap();
    io.write_all(PREFACE).await.unwrap();
    io.write_all(SETTINGS).await.unwrap();
    let mut answer = [0; 9];
    io.read_exact(&mut answer).await.unwrap();

    bare.drain.cancel();
    drop(io);

    bare.server.await.unwrap();
    assert!(bare.connector.connect().await.is_err(), "nobody accepts any more");
}

/// Fails as told, then gives connections.
struct Scripted {
    errors: VecDeque<io::Error>,
    then: LocalIncoming,
    asked: Arc<AtomicUsize>,
}

impl Incoming for Scripted {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Option<SocketAddr>)> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.errors.pop_front() {
            Some(error) => Err(error),
            None => self.then.accept().await,
        }
    }
}

/// T3: tonic's own loop spins a whole core when no file descriptor is left.
#[tokio::test(start_paused = true)]
async fn an_accept_that_fails_is_repeated_after_a_pause_and_not_in_a_spin() {
    const EMFILE: i32 = 24;
    let (connector, then) = local::pair();
    let asked = Arc::new(AtomicUsize::new(0));
    let errors = (0..20).map(|_| io::Error::from_raw_os_error(EMFILE)).collect();
    let incoming = Scripted { errors, then, asked: Arc::clone(&asked) };
    let begin = Instant::now();
    let drain = CancellationToken::new();
    let server = tokio::spawn(run(incoming, Limits::default(), drain.clone()));

    let mut io = connector.connect().await.unwrap();
    io.write_all(PREFACE).await.unwrap();
    io.write_all(SETTINGS).await.unwrap();
    let mut answer = [0; 9];
    io.read_exact(&mut answer).await.unwrap();

    assert_eq!(begin.elapsed(), ACCEPT_PAUSE * 20);
    assert_eq!(asked.load(Ordering::Relaxed), 22, "20 that failed, one that did not, the next");
    drain.cancel();
    drop(io);
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_lost_before_it_was_accepted_costs_no_pause() {
    let (connector, then) = local::pair();
    let lost = || io::Error::from(io::ErrorKind::ConnectionAborted);
    let errors = (0..20).map(|_| lost()).collect();
    let incoming = Scripted { errors, then, asked: Arc::default() };
    let begin = Instant::now();
    let drain = CancellationToken::new();
    let server = tokio::spawn(run(incoming, Limits::default(), drain.clone()));

    let mut io = connector.connect().await.unwrap();
    io.write_all(PREFACE).await.unwrap();
    io.write_all(SETTINGS).await.unwrap();
    io.read_exact(&mut [0; 9]).await.unwrap();

    assert_eq!(begin.elapsed(), Duration::ZERO);
    drain.cancel();
    drop(io);
    server.await.unwrap();
}
