//! Operations of S3: what boto3 calls them and their parameters, and what both are in HTTP.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{draw::Draw, text};

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) on_object: bool,
    /// Query parameters that make it this operation.
    pub(crate) fixed: &'static [(&'static str, &'static str)],
    pub(crate) needed: &'static [Parameter],
    pub(crate) optional: &'static [Parameter],
}

pub(crate) struct Parameter {
    /// Its name in boto3; with a dot, the name of a map and its key.
    pub(crate) sdk: &'static str,
    pub(crate) wire: Wire,
    pub(crate) values: Values,
}

#[derive(Clone, Copy)]
pub(crate) enum Wire {
    Query(&'static str),
    Header(&'static str),
}

#[derive(Clone, Copy)]
pub(crate) enum Values {
    /// Any text, in a query.
    Text,
    /// ASCII with blanks, in a header.
    HeaderText,
    /// Those, and letters outside ASCII.
    HeaderUnicode,
    Number(usize),
    OneOf(&'static [&'static str]),
    True,
    /// A time, which boto3 takes as ISO 8601.
    Time,
    /// So many bytes in base64.
    Digest(usize),
}

impl Values {
    /// A value as boto3 takes it and as HTTP has it.
    pub(crate) fn draw(self, draw: &mut Draw) -> (Value, String) {
        let text = match self {
            Self::Number(end) => {
                let number = draw.below(end) + 1;
                return (json!(number), number.to_string());
            }
            Self::True => return (json!(true), "true".to_owned()),
            Self::Time => {
                return (
                    json!("2030-01-02T03:04:05Z"),
                    "Wed, 02 Jan 2030 03:04:05 GMT".to_owned(),
                );
            }
            Self::Text => text::value(draw),
            Self::HeaderText => text::padded_header_value(draw),
            Self::HeaderUnicode => format!("é鍵😀{}", text::padded_header_value(draw)),
            Self::OneOf(values) => draw.pick(values).to_owned(),
            Self::Digest(bytes) => BASE64_STANDARD.encode(draw.bytes(bytes)),
        };
        (json!(text), text)
    }
}

const fn query(sdk: &'static str, name: &'static str, values: Values) -> Parameter {
    Parameter {
        sdk,
        wire: Wire::Query(name),
        values,
    }
}

const fn header(sdk: &'static str, name: &'static str, values: Values) -> Parameter {
    Parameter {
        sdk,
        wire: Wire::Header(name),
        values,
    }
}

const VERSION_ID: Parameter = query("VersionId", "versionId", Values::Text);
const UPLOAD_ID: Parameter = query("UploadId", "uploadId", Values::Text);
const PREFIX: Parameter = query("Prefix", "prefix", Values::Text);
const DELIMITER: Parameter = query("Delimiter", "delimiter", Values::OneOf(&["/", "//", "é"]));
const OWNER: Parameter = header(
    "ExpectedBucketOwner",
    "x-amz-expected-bucket-owner",
    Values::OneOf(&["123456789012"]),
);
const PAYER: Parameter = header(
    "RequestPayer",
    "x-amz-request-payer",
    Values::OneOf(&["requester"]),
);
const MD5: Parameter = header("ContentMD5", "content-md5", Values::Digest(16));
const LENGTH: Parameter = header(
    "ContentLength",
    "content-length",
    Values::Number(5_000_000_000),
);
const SHA256: Parameter = header(
    "ChecksumSHA256",
    "x-amz-checksum-sha256",
    Values::Digest(32),
);
const CRC32: Parameter = header("ChecksumCRC32", "x-amz-checksum-crc32", Values::Digest(4));
const CUSTOMER_ALGORITHM: Parameter = header(
    "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-algorithm",
    Values::OneOf(&["AES256"]),
);

const PLAIN: Operation = Operation {
    name: "",
    method: "GET",
    on_object: true,
    fixed: &[],
    needed: &[],
    optional: &[],
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "get_object",
        optional: &[
            query(
                "ResponseContentDisposition",
                "response-content-disposition",
                Values::Text,
            ),
            query("ResponseContentType", "response-content-type", Values::Text),
            query(
                "ResponseCacheControl",
                "response-cache-control",
                Values::Text,
            ),
            query(
                "ResponseContentEncoding",
                "response-content-encoding",
                Values::Text,
            ),
            query(
                "ResponseContentLanguage",
                "response-content-language",
                Values::Text,
            ),
            query("ResponseExpires", "response-expires", Values::Time),
            query("PartNumber", "partNumber", Values::Number(10_000)),
            header(
                "Range",
                "range",
                Values::OneOf(&["bytes=0-1023", "bytes=-1"]),
            ),
            header("IfMatch", "if-match", Values::OneOf(&["\"etag\"", "*"])),
            header("IfModifiedSince", "if-modified-since", Values::Time),
            VERSION_ID,
            OWNER,
        ],
        ..PLAIN
    },
    Operation {
        name: "head_object",
        method: "HEAD",
        optional: &[VERSION_ID, PAYER, OWNER],
        ..PLAIN
    },
    Operation {
        name: "delete_object",
        method: "DELETE",
        optional: &[
            VERSION_ID,
            OWNER,
            header("MFA", "x-amz-mfa", Values::HeaderText),
        ],
        ..PLAIN
    },
    Operation {
        name: "put_object",
        method: "PUT",
        optional: &[
            header("ContentType", "content-type", Values::HeaderText),
            header(
                "ContentDisposition",
                "content-disposition",
                Values::HeaderUnicode,
            ),
            header("CacheControl", "cache-control", Values::HeaderText),
            header(
                "ContentEncoding",
                "content-encoding",
                Values::OneOf(&["gzip", "zstd"]),
            ),
            header("Expires", "expires", Values::Time),
            header("IfNoneMatch", "if-none-match", Values::OneOf(&["*"])),
            header(
                "ACL",
                "x-amz-acl",
                Values::OneOf(&["private", "bucket-owner-full-control"]),
            ),
            header(
                "StorageClass",
                "x-amz-storage-class",
                Values::OneOf(&["GLACIER_IR"]),
            ),
            header("Tagging", "x-amz-tagging", Values::OneOf(&["a=1&b=x%20y"])),
            header(
                "ServerSideEncryption",
                "x-amz-server-side-encryption",
                Values::OneOf(&["aws:kms"]),
            ),
            header(
                "BucketKeyEnabled",
                "x-amz-server-side-encryption-bucket-key-enabled",
                Values::True,
            ),
            header("Metadata.note", "x-amz-meta-note", Values::HeaderText),
            header("Metadata.Team", "x-amz-meta-Team", Values::HeaderText),
            LENGTH,
            MD5,
            SHA256,
            CRC32,
            OWNER,
        ],
        ..PLAIN
    },
    Operation {
        name: "create_multipart_upload",
        method: "POST",
        fixed: &[("uploads", "")],
        optional: &[
            header("ContentType", "content-type", Values::HeaderText),
            header(
                "ChecksumAlgorithm",
                "x-amz-checksum-algorithm",
                Values::OneOf(&["SHA256"]),
            ),
            header("Metadata.note", "x-amz-meta-note", Values::HeaderText),
        ],
        ..PLAIN
    },
    Operation {
        name: "upload_part",
        method: "PUT",
        needed: &[
            query("PartNumber", "partNumber", Values::Number(10_000)),
            UPLOAD_ID,
        ],
        optional: &[LENGTH, MD5, SHA256, CRC32, OWNER],
        ..PLAIN
    },
    Operation {
        name: "complete_multipart_upload",
        method: "POST",
        needed: &[UPLOAD_ID],
        optional: &[SHA256, OWNER],
        ..PLAIN
    },
    Operation {
        name: "abort_multipart_upload",
        method: "DELETE",
        needed: &[UPLOAD_ID],
        optional: &[OWNER],
        ..PLAIN
    },
    Operation {
        name: "list_parts",
        needed: &[UPLOAD_ID],
        optional: &[
            query("MaxParts", "max-parts", Values::Number(1000)),
            query(
                "PartNumberMarker",
                "part-number-marker",
                Values::Number(10_000),
            ),
            CUSTOMER_ALGORITHM,
        ],
        ..PLAIN
    },
    Operation {
        name: "list_objects_v2",
        on_object: false,
        fixed: &[("list-type", "2"), ("encoding-type", "url")],
        optional: &[
            PREFIX,
            DELIMITER,
            query("MaxKeys", "max-keys", Values::Number(1000)),
            query("StartAfter", "start-after", Values::Text),
            query("ContinuationToken", "continuation-token", Values::Text),
        ],
        ..PLAIN
    },
    Operation {
        name: "list_multipart_uploads",
        on_object: false,
        fixed: &[("uploads", "")],
        optional: &[
            PREFIX,
            DELIMITER,
            query("KeyMarker", "key-marker", Values::Text),
        ],
        ..PLAIN
    },
    Operation {
        name: "head_bucket",
        method: "HEAD",
        on_object: false,
        optional: &[OWNER],
        ..PLAIN
    },
];
