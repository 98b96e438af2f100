//! What presign must withstand: one function for each thing that is fuzzed, which panics on a finding.
//!
//! An input is text fields between bytes `0xFF`, which no UTF-8 has, so that
//! every field can hold every character. What a target cannot read as its
//! fields it ignores.

mod azure;
mod encoding;
mod endpoint;
mod gcs;
mod input;
mod s3;
mod seeds;
mod tampering;
mod v4;
mod wire;

/// The byte between an input's fields.
pub const SEPARATOR: u8 = 0xff;

/// One thing that is fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Tries an input.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "s3",
        run: s3::run,
        seeds: s3::seeds,
    },
    Target {
        name: "gcs",
        run: gcs::run,
        seeds: gcs::seeds,
    },
    Target {
        name: "azure",
        run: azure::run,
        seeds: azure::seeds,
    },
    Target {
        name: "endpoint",
        run: endpoint::run,
        seeds: endpoint::seeds,
    },
    Target {
        name: "tampering",
        run: tampering::run,
        seeds: tampering::seeds,
    },
    Target {
        name: "encoding",
        run: encoding::run,
        seeds: encoding::seeds,
    },
];

/// Words of the schemes, which chance would not find.
pub const WORDS: &[&str] = &[
    "X-Amz-Algorithm",
    "X-Amz-Content-Sha256",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "AWS4-HMAC-SHA256",
    "UNSIGNED-PAYLOAD",
    "aws4_request",
    "AWSAccessKeyId",
    "Signature",
    "X-Goog-Algorithm",
    "X-Goog-Credential",
    "X-Goog-Date",
    "X-Goog-Expires",
    "X-Goog-Signature",
    "GoogleAccessId",
    "X-Goog-SignedHeaders",
    "x-goog-content-sha256",
    "GOOG4-HMAC-SHA256",
    "GOOG4-RSA-SHA256",
    "goog4_request",
    "x-amz-content-sha256",
    "authorization",
    "host",
    "x-amz-meta-a",
    "sig=",
    "sv=",
    "sr=",
    "sp=",
    "st=",
    "se=",
    "si=",
    "ses=",
    "sip=",
    "spr=",
    "srh=",
    "srq=",
    "saoid=",
    "suoid=",
    "scid=",
    "skoid=",
    "sktid=",
    "skt=",
    "ske=",
    "sks=",
    "skv=",
    "skdutid=",
    "sduoid=",
    "sdd=",
    "rscc=",
    "rscd=",
    "rsct=",
    "snapshot=",
    "versionid=",
    "comp=",
    "restype=container",
    "2020-12-06",
    "2025-07-05",
    "2026-04-06",
    "content-length",
    "x-ms-version",
    "%00",
    "%0A",
    "%2F",
    "%25",
    "%26",
    "%3D",
    "%C3%BC",
    "%FF",
    "+",
    "//",
    "/../",
    "/./",
    "https://",
    "http://",
    "[::1]",
    "[::ffff:1.2.3.4]",
    "127.0.0.1",
    "0x7f",
    "xn--",
    "localhost",
    ":443",
    ":80",
    ":8333",
    "@",
    "\\",
    "?",
    "#",
    "\t",
    "\n",
    "\r\n",
    "  ",
    "\u{fc}",
    "\u{661}",
    "\u{ff0e}",
    "\u{ad}",
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "DELETE",
    "UPDATE",
    "-1",
    "0",
    "604800",
    "604801",
    "18446744073709551616",
    "19700101T000000Z",
    "99991231T235959Z",
    "2026-02-29",
];
