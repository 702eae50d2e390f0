//! What every command works with: a client, both output streams, and who asks.

use std::io::{self, BufRead};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::args::{Format, GlobalArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::host::Rest;
use super::ui::Ui;
use crate::{CallError, Client};

/// What every command works with.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) ui: Ui,
    pub(crate) format: Format,
    /// Where the client sends its calls, for messages.
    pub(crate) server: String,
    /// What `me` stands for: the actor without its kind.
    pub(crate) me: String,
    /// Somebody can be asked.
    pub(crate) interactive: bool,
    pub(crate) random: fn() -> f64,
    request_id: Box<dyn FnMut() -> Uuid + Send + Sync>,
    stdin: Arc<Mutex<Box<dyn BufRead + Send>>>,
    writing: Arc<AtomicBool>,
}

impl Session {
    /// Prepares the client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// The server or the actor is not one; the streams come back, to say so.
    pub(crate) fn new(global: &GlobalArgs, ui: Ui, rest: Rest) -> Result<Self, (Box<Ui>, Failure)> {
        let connected = (rest.connect)(&global.server).map_err(Failure::from);
        let actor = actor(global, rest.user.as_deref());
        let client = connected.and_then(|client| match &actor {
            Some(actor) => Ok(client.with_actor(actor)?),
            None => Ok(client),
        });
        let client = match client {
            Ok(client) => client.with_timeout(global.timeout),
            Err(failure) => return Err((Box::new(ui), failure)),
        };
        let me = actor.as_deref().unwrap_or_default();
        Ok(Self {
            client,
            ui,
            format: global.output,
            server: global.server.clone(),
            me: me.strip_prefix("user:").unwrap_or(me).to_owned(),
            interactive: rest.interactive,
            random: rest.random,
            request_id: rest.request_id,
            stdin: Arc::new(Mutex::new(rest.stdin)),
            writing: rest.writing,
        })
    }

    /// Explains a call that failed.
    pub(crate) fn failed(&self, error: &CallError) -> Failure {
        Failure::call(error, &self.server)
    }

    /// Explains a call with a filter that failed.
    pub(crate) fn failed_with(&self, error: &CallError, filter: &str) -> Failure {
        Failure::filter(error, filter, &self.server)
    }

    /// Refuses a format that the command does not have.
    pub(crate) fn allow_only(&self, formats: &[Format]) -> Result<(), Failure> {
        if formats.contains(&self.format) {
            return Ok(());
        }
        let name = |format: &Format| format!("{format:?}").to_ascii_lowercase();
        let names: Vec<String> = formats.iter().map(name).collect();
        Err(Failure::usage(format!("this command does not print {}", name(&self.format)))
            .hint(format!("it prints {}", names.join(", "))))
    }

    /// Who `me` is.
    ///
    /// # Errors
    ///
    /// Nobody said.
    pub(crate) fn me(&self) -> Result<&str, Failure> {
        if self.me.is_empty() {
            return Err(Failure::usage("who is `me`?").hint("say it with --actor user:NAME"));
        }
        Ok(&self.me)
    }

    /// A new id for a write.
    pub(crate) fn new_request_id(&mut self) -> String {
        (self.request_id)().to_string()
    }

    /// Marks the time in which an interrupt leaves the outcome unknown.
    pub(crate) fn set_writing(&self, writing: bool) {
        self.writing.store(writing, Ordering::SeqCst);
    }

    /// Reads one line of stdin, without blocking the task; `None` at its end.
    pub(crate) async fn read_line(&self) -> Result<Option<String>, Failure> {
        let stdin = Arc::clone(&self.stdin);
        let read = move || -> io::Result<Option<String>> {
            let mut line = String::new();
            let mut stdin = stdin.lock().unwrap_or_else(PoisonError::into_inner);
            // A limit for who pipes in something else: no id is as long as this.
            let length = io::Read::take(&mut *stdin, 64 * 1024).read_line(&mut line)?;
            Ok((length > 0).then_some(line))
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(io::Error::other);
        read.flatten().map_err(|error| {
            Failure::new(Exit::Failure, format!("failed to read standard input: {error}"))
        })
    }
}

/// `--actor`, or the user of the system. A system user whose name cannot be sent is left out: the
/// server then says `user:anonymous`.
fn actor(global: &GlobalArgs, user: Option<&str>) -> Option<String> {
    global.actor.clone().or_else(|| {
        let user = user.filter(|user| user.bytes().all(|byte| byte.is_ascii_graphic()))?;
        Some(format!("user:{user}"))
    })
}
