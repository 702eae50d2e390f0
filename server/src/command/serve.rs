//! `musterd serve`.

use std::error::Error;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::telemetry;

/// Serves until a signal: the first drains, the second ends at once.
pub(super) fn run(config: Config) -> Result<(), Box<dyn Error>> {
    telemetry::log(&config.log, config.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        tokio::spawn(on_signal(stop.clone()));
        let app = App::build(config, Arc::new(SystemClock)).await?;
        app.run(stop).await?;
        info!("stopped");
        Ok(())
    })
}

/// Cancels `stop` at the first SIGTERM or SIGINT; ends the process at the second.
pub(super) async fn on_signal(stop: CancellationToken) {
    let kinds = [SignalKind::terminate(), SignalKind::interrupt()];
    let [Ok(mut terminate), Ok(mut interrupt)] = kinds.map(signal) else {
        warn!("signals cannot be caught: a stop will not drain");
        return;
    };
    for first in [true, false] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if first {
            stop.cancel();
        } else {
            warn!("second signal: ending without draining; what was acknowledged is on disk");
            std::process::exit(1);
        }
    }
}
