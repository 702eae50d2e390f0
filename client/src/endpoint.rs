//! Where the server is: a text that people write, and the connection settings that follow from it.

use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use tonic::transport::Endpoint;

/// Where `musterd` listens unless it is told otherwise.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:7443";

/// The port of a server that is named without one.
const DEFAULT_PORT: u16 = 7443;

/// How long to wait for the connection itself. Loopback answers at once or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that carries calls is checked this often, so that a dead peer is noticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// A check that is not answered within this ends the connection.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the server may send ahead of the reader on one stream: one watch message (1 MiB).
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// Why a text is not a server that this client talks to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServer {
    /// It is no URL with a host and nothing after it.
    #[error("`{server}` is not a server: expected {expected}")]
    Malformed {
        /// The text.
        server: String,
        /// What would be right.
        expected: &'static str,
    },
    /// It asks for TLS, which this release does not speak.
    #[error("`{server}` asks for TLS, which is not supported yet")]
    Tls {
        /// The text.
        server: String,
    },
    /// It is on another machine, and there is no TLS yet to reach it safely.
    #[error("`{server}` is not on this machine, and without TLS nothing is sent over a network")]
    NotLoopback {
        /// The text.
        server: String,
    },
}

impl InvalidServer {
    /// What to do instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "for example http://127.0.0.1:7443, or [::1]:7443",
            Self::Tls { .. } | Self::NotLoopback { .. } => {
                "forward the port to this machine, for example \
                 `ssh -L 7443:127.0.0.1:7443 HOST`, and use http://127.0.0.1:7443"
            }
        }
    }
}

/// Reads `http://HOST[:PORT]` or `HOST[:PORT]`; the port is 7443 when it is left out.
///
/// # Errors
///
/// The text is malformed, asks for TLS, or names a host other than `localhost` and the loopback
/// addresses.
pub(crate) fn parse(server: &str) -> Result<Endpoint, InvalidServer> {
    let malformed = |expected| InvalidServer::Malformed {
        server: server.chars().take(256).collect(),
        expected,
    };
    let with_scheme =
        if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let uri: Uri =
        with_scheme.parse().map_err(|_| malformed("http://HOST:PORT, with a loopback host"))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err(InvalidServer::Tls { server: server.to_owned() }),
        _ => return Err(malformed("the scheme http")),
    }
    if uri.path() != "/" || uri.query().is_some() {
        return Err(malformed("nothing after the port"));
    }
    let authority = uri.authority().ok_or_else(|| malformed("a host"))?;
    if authority.as_str().contains('@') {
        return Err(malformed("no user name or password"));
    }
    let host = authority.host();
    if !is_loopback(host) {
        return Err(InvalidServer::NotLoopback { server: server.to_owned() });
    }
    let port = authority.port_u16().unwrap_or(DEFAULT_PORT);
    let endpoint = Endpoint::from_shared(format!("http://{host}:{port}"))
        .map_err(|_| malformed("http://HOST:PORT, with a loopback host"))?;
    configured(endpoint).map_err(|_| malformed("http://HOST:PORT, with a loopback host"))
}

/// Sets the limits of a connection.
fn configured(endpoint: Endpoint) -> Result<Endpoint, tonic::transport::Error> {
    Ok(endpoint
        .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")))?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(2 * STREAM_WINDOW_BYTES))
}

/// Whether a host is this machine without asking a name server.
///
/// `localhost` is taken at its word: RFC 6761 reserves it for loopback.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_servers_are_taken_with_or_without_scheme_and_port() {
        for (text, uri) in [
            (DEFAULT_SERVER, "http://127.0.0.1:7443/"),
            ("127.0.0.1", "http://127.0.0.1:7443/"),
            ("localhost:9000", "http://localhost:9000/"),
            ("LOCALHOST", "http://LOCALHOST:7443/"),
            ("http://[::1]:7443/", "http://[::1]:7443/"),
            ("[::1]", "http://[::1]:7443/"),
            ("127.9.9.9:1", "http://127.9.9.9:1/"),
        ] {
            assert_eq!(parse(text).unwrap().uri().to_string(), uri, "{text}");
        }
    }

    #[test]
    fn a_server_on_another_machine_is_refused_until_there_is_tls() {
        for text in ["http://10.0.0.1:7443", "muster.example.com", "0.0.0.0:7443", "[::]:7443"] {
            let error = parse(text).unwrap_err();

            assert!(matches!(error, InvalidServer::NotLoopback { .. }), "{text}: {error}");
            assert!(error.hint().contains("ssh -L"));
        }
    }

    #[test]
    fn tls_is_named_as_missing_and_not_downgraded() {
        assert!(matches!(parse("https://127.0.0.1:7443"), Err(InvalidServer::Tls { .. })));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in
            ["", "http://", "ftp://127.0.0.1", "127.0.0.1:7443/path", "a b", "u:p@localhost"]
        {
            assert!(matches!(parse(text), Err(InvalidServer::Malformed { .. })), "{text}");
        }
    }
}
