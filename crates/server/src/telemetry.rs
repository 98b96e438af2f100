//! What the process tells its operator: logs and metrics. What must be on the record is in the ledger.

mod fields;
mod log;
mod metrics;

pub use log::{LogWriter, start_logging, subscriber};
pub use metrics::{
    Meter, count_aborted_upload, count_panic, count_request, count_urls, meter, signing_time,
};
