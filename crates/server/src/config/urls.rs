//! `[urls]`: how long signed URLs live at most.

use super::Error;
use super::section::{Values, section};
use std::num::NonZeroU32;

/// The longest life of URLs that read, delete, or write a part, in seconds.
const SHORT_MAX_SECONDS: u32 = 3_600;
/// The longest life of URLs that write a whole object, in seconds.
const UPLOAD_MAX_SECONDS: u32 = 86_400;

section! {
    /// How long signed URLs live at most. A transfer that takes longer asks for others and goes on.
    Urls "urls" {
        /// Longest life of URLs that read or delete, in seconds; at most 3600.
        download_seconds: NonZeroU32 = 3_600,
        /// Longest life of URLs that write a part of an upload, in seconds; at most 3600. The upload itself may take a day.
        part_seconds: NonZeroU32 = 3_600,
        /// Longest life of URLs that write a whole object, in seconds; at most 86400.
        upload_seconds: NonZeroU32 = 86_400,
    }
    check check
}

fn check(urls: Urls, values: &Values<'_>) -> Result<Urls, Error> {
    for (key, seconds, most) in [
        ("download_seconds", urls.download_seconds, SHORT_MAX_SECONDS),
        ("part_seconds", urls.part_seconds, SHORT_MAX_SECONDS),
        ("upload_seconds", urls.upload_seconds, UPLOAD_MAX_SECONDS),
    ] {
        if seconds.get() > most {
            return Err(values.invalid(key, format!("must be at most {most}")));
        }
    }
    Ok(urls)
}
