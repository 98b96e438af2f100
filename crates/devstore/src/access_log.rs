//! Lines in the format of S3's server access log.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use presign::Timestamp;

use crate::query::encode_key;

/// The canonical user id that all buckets belong to.
const BUCKET_OWNER: &str = "5ef00dba5e5ef00dba5e5ef00dba5e5ef00dba5e5ef00dba5e5ef00dba5e0001";

/// The file, opened for appending; or nothing.
#[derive(Debug)]
pub(crate) struct AccessLog(Option<Mutex<File>>);

impl AccessLog {
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path
            .map(|path| OpenOptions::new().append(true).create(true).open(path))
            .transpose()?;
        Ok(Self(file.map(Mutex::new)))
    }

    /// Appends a line in one write: complete, and in the file before the client has its answer.
    pub(crate) fn append(&self, line: &Line) {
        let Some(file) = &self.0 else { return };
        let text = line.to_string();
        if let Err(error) = file.lock().write_all(text.as_bytes()) {
            tracing::error!(%error, "a line of the access log was lost");
        }
    }
}

/// What one line tells. `None` and zero become `-`.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) bucket: Option<String>,
    pub(crate) time: Timestamp,
    pub(crate) remote: IpAddr,
    pub(crate) requester: Option<String>,
    pub(crate) request_id: String,
    pub(crate) operation: String,
    pub(crate) key: Option<String>,
    /// Method, target as received, version.
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) error_code: Option<String>,
    pub(crate) bytes_sent: u64,
    pub(crate) object_size_bytes: Option<u64>,
    pub(crate) started: Instant,
    pub(crate) turn_around: Duration,
    pub(crate) referer: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) host_id: String,
    pub(crate) signed: bool,
    pub(crate) host: Option<String>,
    pub(crate) region: String,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = jiff::Timestamp::from_second(self.time.unix_seconds()).unwrap_or_default();
        let signature = |text: &'static str| if self.signed { text } else { "-" };
        let bytes_sent = Some(self.bytes_sent).filter(|bytes| *bytes > 0);
        writeln!(
            f,
            "{BUCKET_OWNER} {bucket} [{time}] {remote} {requester} {request_id} {operation} {key} {request} \
             {status} {error_code} {bytes_sent} {size} {total} {turn_around} {referer} {user_agent} - {host_id} \
             {version} - {kind} {host} - - - {region}",
            bucket = word(self.bucket.as_deref()),
            time = time.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            remote = self.remote,
            requester = word(self.requester.as_deref()),
            request_id = self.request_id,
            operation = self.operation,
            key = word(self.key.as_deref().map(encode_key).as_deref()),
            request = quoted(Some(&redacted(&self.request))),
            status = self.status,
            error_code = word(self.error_code.as_deref()),
            bytes_sent = number(bytes_sent),
            size = number(self.object_size_bytes),
            total = self.started.elapsed().as_millis(),
            turn_around = self.turn_around.as_millis(),
            referer = quoted(self.referer.as_deref()),
            user_agent = quoted(self.user_agent.as_deref()),
            host_id = self.host_id,
            version = signature("SigV4"),
            kind = signature("QueryString"),
            host = word(self.host.as_deref()),
            region = self.region,
        )
    }
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A field without quotes: `-` when absent, and nothing in it that could end the field.
fn word(text: Option<&str>) -> String {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return "-".to_owned();
    };
    let mut word = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || c == '"' {
            push_escaped(&mut word, c);
        } else {
            word.push(c);
        }
    }
    word
}

/// A field in quotes, with quotes and backslashes in it escaped.
fn quoted(text: Option<&str>) -> String {
    let mut quoted = String::from("\"");
    for c in text.unwrap_or("-").chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => push_escaped(&mut quoted, c),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn push_escaped(text: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Writing into a String cannot fail
        let _ = write!(text, "%{byte:02X}");
    }
}

/// The request line without what makes its URL work.
fn redacted(request: &str) -> String {
    const HIDDEN: [&str; 4] = [
        "x-amz-signature",
        "x-amz-security-token",
        "x-goog-signature",
        "signature",
    ];
    let mut text = String::with_capacity(request.len());
    let (head, query) = request.split_once('?').unwrap_or((request, ""));
    let (query, version) = query.rsplit_once(' ').unwrap_or((query, ""));
    text.push_str(head);
    for (count, pair) in query.split('&').enumerate() {
        if query.is_empty() {
            break;
        }
        text.push(if count == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if HIDDEN.contains(&plain(name).as_str()) => {
                text.push_str(name);
                text.push_str("=REDACTED");
            }
            _ => text.push_str(pair),
        }
    }
    if !version.is_empty() {
        text.push(' ');
        text.push_str(version);
    }
    text
}

fn plain(name: &str) -> String {
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.trim_matches('+').trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            bucket: Some("vision".into()),
            time: Timestamp::from_unix_seconds(1_369_353_600),
            remote: IpAddr::from([127, 0, 0, 2]),
            requester: Some("signer of vision".into()),
            request_id: "4442587FB7D0A2F9".into(),
            operation: "REST.GET.OBJECT".into(),
            key: Some("a b/ü".into()),
            request:
                "GET /vision/a%20b/%C3%BC?X-Amz-Date=1&X-Amz-Signature=abc&x-grant=g1 HTTP/1.1"
                    .into(),
            status: 200,
            error_code: None,
            bytes_sent: 0,
            object_size_bytes: Some(12),
            started: Instant::now(),
            turn_around: Duration::from_millis(3),
            referer: None,
            user_agent: Some("a \"quoted\" \\ agent\n".into()),
            host_id: "aGk=".into(),
            signed: true,
            host: Some("127.0.0.1:9000".into()),
            region: "us-east-1".into(),
        }
    }

    #[test]
    fn a_line_has_the_fields_of_s3_in_their_order() {
        let text = line().to_string();
        let (head, tail) = text.split_once(" 12 ").unwrap();
        assert_eq!(
            head,
            format!(
                "{BUCKET_OWNER} vision [24/May/2013:00:00:00 +0000] 127.0.0.2 signer%20of%20vision 4442587FB7D0A2F9 \
                 REST.GET.OBJECT a%20b/%C3%BC \"GET /vision/a%20b/%C3%BC?X-Amz-Date=1&X-Amz-Signature=REDACTED&x-grant=g1 HTTP/1.1\" \
                 200 - -"
            )
        );
        // The total time is the one field that a real clock fills
        let (_, tail) = tail.split_once(' ').unwrap();
        assert_eq!(
            tail,
            "3 \"-\" \"a \\\"quoted\\\" \\\\ agent%0A\" - aGk= SigV4 - QueryString 127.0.0.1:9000 - - - us-east-1\n"
        );
    }

    #[test]
    fn no_spelling_of_a_secret_parameter_is_kept() {
        for query in [
            "X-Amz-Signature=s3cret",
            "x-amz-signature=s3cret",
            "X%2DAmz-Signatur%65=s3cret&a=b",
            "a=b&X-Amz-Security-Token=s3cret&c",
            "Signature=s3cret",
            "X-Goog-Signature=s3cret",
            "x-goog-signature=s3cret",
            "x-goog%2Dsignature=s3cret",
            "X-Amz-Signature=s3cret&X-Amz-Signature=s3cret",
        ] {
            let text = redacted(&format!("GET /vision/k?{query} HTTP/1.1"));
            assert!(!text.contains("s3cret"), "{text}");
            assert!(
                text.contains("=REDACTED") && text.ends_with(" HTTP/1.1"),
                "{text}"
            );
        }
        assert_eq!(redacted("GET /vision/k HTTP/1.1"), "GET /vision/k HTTP/1.1");
        assert_eq!(
            redacted("GET /vision/k?a&b= HTTP/1.1"),
            "GET /vision/k?a&b= HTTP/1.1"
        );
    }
}
