//! Log lines on standard error.

use super::fields::AppendedFields;
use crate::config::{Log, LogFormat};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterFn, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Where log lines go.
pub trait LogWriter: for<'a> MakeWriter<'a> + Send + Sync + 'static {}
impl<W: for<'a> MakeWriter<'a> + Send + Sync + 'static> LogWriter for W {}

/// The crates whose every level may be heard. The finer levels of others hold headers and URLs.
const OURS: &[&str] = &[
    "client", "devstore", "presign", "protocol", "server", "signet",
];

/// Sends log lines to standard error from now on, panics among them. Does nothing when something else
/// has taken the place already.
pub fn start_logging(config: &Log) {
    if subscriber(config, std::io::stderr).try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let message = panic.payload_as_str().unwrap_or_default();
            let location = panic.location().map(ToString::to_string);
            tracing::error!(
                panic.message = message,
                panic.location = location,
                "panicked"
            );
        }));
    }
}

/// What makes log lines of events and spans.
pub fn subscriber<W: LogWriter>(config: &Log, writer: W) -> Box<dyn Subscriber + Send + Sync> {
    let filter = EnvFilter::new(config.level.as_str());
    let registry = tracing_subscriber::registry().with(filter).with(ours());
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match config.format {
        LogFormat::Json => Box::new(
            registry.with(
                lines
                    .json()
                    .flatten_event(true)
                    .with_span_list(false)
                    .fmt_fields(AppendedFields),
            ),
        ),
        LogFormat::Text => Box::new(registry.with(lines.with_target(false).with_ansi(false))),
    }
}

fn ours() -> FilterFn {
    filter_fn(|metadata: &Metadata<'_>| {
        let root = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= Level::WARN || OURS.contains(&root)
    })
}

#[cfg(test)]
mod tests {
    use super::subscriber;
    use crate::config::Config;
    use std::collections::BTreeMap;
    use std::io::Write;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Lines(Arc<parking_lot::Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, events: impl FnOnce()) -> Vec<serde_json::Value> {
        let environment = BTreeMap::from([
            ("SIGNET_LOG__LEVEL".to_owned(), level.to_owned()),
            ("SIGNET_SEAL__KEY".to_owned(), "k:00".to_owned()),
        ]);
        let config = Config::parse("version = 1", &environment).unwrap();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(&config.log, move || writer.clone());
        tracing::subscriber::with_default(subscriber, events);
        let bytes = lines.0.lock().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_carries_its_request_and_what_was_recorded_later() {
        let lines = logged("info", || {
            let span = tracing::info_span!(
                "request",
                request.id = "req_1",
                caller.id = tracing::field::Empty,
                attempts = 2_u64
            );
            let _entered = span.enter();
            span.record("caller.id", "a\"b\n");
            tracing::info!(size_bytes = 7, "fixed text");
            tracing::debug!("not heard");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["message"], "fixed text");
        assert_eq!(lines[0]["size_bytes"], 7);
        assert_eq!(lines[0]["span"]["request.id"], "req_1");
        assert_eq!(lines[0]["span"]["caller.id"], "a\"b\n");
        assert_eq!(lines[0]["span"]["attempts"], 2);
    }

    #[test]
    fn the_finer_levels_of_libraries_are_never_heard() {
        let lines = logged("trace", || {
            tracing::trace!(target: "h2::codec", "headers");
            tracing::debug!(target: "hyper_util::client", "url");
            tracing::warn!(target: "sqlx::query", "slow");
            tracing::trace!(target: "server::ledger", "ours");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["message"].clone()).collect();
        assert_eq!(messages, ["slow", "ours"]);
    }
}
