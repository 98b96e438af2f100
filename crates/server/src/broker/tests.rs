//! The broker against the embedded store in process, and against another where one is named.

mod clock;
mod content;
mod fixture;
mod forgotten;
mod hostile;
mod keys;
mod plain;
mod record;
mod secrets;
mod uploads;
