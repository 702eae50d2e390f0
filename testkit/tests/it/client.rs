//! A client that signs like an SDK and shows the bare answer.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use muster_testkit::{Emulator, Service};
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request that is being put together.
pub(crate) struct Call<'a> {
    emulator: &'a Emulator,
    method: &'static str,
    target: String,
    body: String,
    headers: Vec<(String, String)>,
}

/// A signed request in the first account's usual Region.
pub(crate) fn call<'a>(
    emulator: &'a Emulator,
    service: Service,
    method: &'static str,
    target: &str,
) -> Call<'a> {
    Call { emulator, method, target: target.to_owned(), body: String::new(), headers: vec![] }
        .signed(service, "AKIAEXAMPLE", crate::REGION)
}

impl Call<'_> {
    pub(crate) fn signed(mut self, service: Service, key: &str, region: &str) -> Self {
        let name = service.signing_name();
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260302/{region}/{name}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00ff"
        );
        self.headers.retain(|(name, _)| name != "authorization");
        self.header("authorization", &value)
    }

    pub(crate) fn unsigned(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "authorization");
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl std::fmt::Display) -> Self {
        self.body = body.to_string();
        self
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }

    pub(crate) async fn try_send(self) -> Result<Answer, hyper::Error> {
        let address = self.emulator.url().trim_start_matches("http://");
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request =
            Request::builder().method(self.method).uri(&self.target).header("host", address);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).unwrap();
        let answered = sender.send_request(request).await?;
        let (parts, body) = answered.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}
