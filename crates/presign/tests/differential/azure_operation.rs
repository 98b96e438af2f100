//! Operations of Azure Blob Storage, and the permission that each needs.

pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) on_blob: bool,
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// The letter of the permission that is usual.
    pub(crate) needs: char,
    /// Headers of the request that may be bound.
    pub(crate) headers: &'static [&'static str],
}

/// The parameters that replace headers of the response, and the SDK's arguments for them.
pub(crate) const RESPONSE_HEADERS: [(&str, &str); 5] = [
    ("rscc", "cache_control"),
    ("rscd", "content_disposition"),
    ("rsce", "content_encoding"),
    ("rscl", "content_language"),
    ("rsct", "content_type"),
];

const fn on_blob(
    method: &'static str,
    query: &'static [(&'static str, &'static str)],
    needs: char,
    headers: &'static [&'static str],
) -> Operation {
    Operation {
        method,
        on_blob: true,
        query,
        needs,
        headers,
    }
}

const LISTING: &[(&str, &str)] = &[("restype", "container"), ("comp", "list")];

pub(crate) const OPERATIONS: &[Operation] = &[
    on_blob("GET", &[], 'r', &["range", "if-match", "x-ms-range"]),
    on_blob(
        "GET",
        &[("comp", "blocklist"), ("blocklisttype", "all")],
        'r',
        &[],
    ),
    on_blob("GET", &[("comp", "tags")], 't', &["x-ms-if-tags"]),
    on_blob("HEAD", &[], 'r', &["if-none-match"]),
    on_blob(
        "PUT",
        &[],
        'w',
        &[
            "x-ms-blob-type",
            "content-type",
            "content-length",
            "x-ms-meta-note",
            "x-ms-access-tier",
        ],
    ),
    on_blob(
        "PUT",
        &[("comp", "block"), ("blockid", "YmxvY2stMDAwNz4=")],
        'w',
        &["content-length", "content-md5"],
    ),
    on_blob(
        "PUT",
        &[("comp", "blocklist")],
        'w',
        &["x-ms-blob-content-type"],
    ),
    on_blob("PUT", &[("comp", "metadata")], 'w', &["x-ms-meta-note"]),
    on_blob("PUT", &[("comp", "snapshot")], 'c', &[]),
    on_blob("PUT", &[("comp", "appendblock")], 'a', &["content-length"]),
    on_blob("DELETE", &[], 'd', &["x-ms-delete-snapshots"]),
    Operation {
        on_blob: false,
        ..on_blob("GET", LISTING, 'l', &[])
    },
];
