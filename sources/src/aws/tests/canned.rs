//! A server that answers with prepared bytes, one answer for each request, and keeps the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These bytes, then the connection ends.
    Bytes(Vec<u8>),
    /// The head of a chunked success, then this many bytes of spaces.
    Endless(usize),
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Answer {
    /// A whole answer with a declared length.
    pub(crate) fn new(status: &str, headers: &str, body: &[u8]) -> Self {
        Self::declared(status, headers, body.len(), body)
    }

    /// An answer that declares another length than it has.
    pub(crate) fn declared(status: &str, headers: &str, length: usize, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// A success.
    pub(crate) fn ok(body: &[u8]) -> Self {
        Self::new("200 OK", "content-type: application/json\r\n", body)
    }

    /// An AWS error of the JSON protocols.
    pub(crate) fn error(status: &str, code: &str, message: &str) -> Self {
        let headers = format!("x-amzn-errortype: {code}\r\nx-amzn-requestid: r-1\r\n");
        Self::new(status, &headers, format!(r#"{{"Message":"{message}"}}"#).as_bytes())
    }
}

/// The server; it ends with its value. When the answers run out, connections are closed.
#[derive(Debug)]
pub(crate) struct Canned {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Canned {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let answers: VecDeque<Answer> = answers.into_iter().collect();
        let server = tokio::spawn(serve(listener, answers, Arc::clone(&requests)));
        Self { url, requests, server }
    }

    /// Every request so far: head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    listener: TcpListener,
    mut answers: VecDeque<Answer>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let Some(request) = read_request(&mut stream).await else { continue };
        requests.lock().unwrap().push(request);
        match answers.pop_front() {
            Some(Answer::Bytes(bytes)) => {
                // The client may hang up first, which is part of some tests.
                drop(stream.write_all(&bytes).await);
            }
            Some(Answer::Endless(bytes)) => drop(write_endless(&mut stream, bytes).await),
            Some(Answer::Silence) => {
                let mut rest = Vec::new();
                drop(stream.read_to_end(&mut rest).await);
            }
            None => {}
        }
    }
}

async fn write_endless(stream: &mut TcpStream, bytes: usize) -> std::io::Result<()> {
    const CHUNK: usize = 1 << 20;
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let chunk = vec![b' '; CHUNK];
    for _ in 0..bytes.div_ceil(CHUNK) {
        stream.write_all(format!("{CHUNK:x}\r\n").as_bytes()).await?;
        stream.write_all(&chunk).await?;
        stream.write_all(b"\r\n").await?;
    }
    stream.write_all(b"0\r\n\r\n").await
}

/// Reads the head and as much body as it declares.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let declared = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse::<usize>().ok())
            .unwrap_or_default();
        if body.len() >= declared {
            return Some(text);
        }
    }
}
