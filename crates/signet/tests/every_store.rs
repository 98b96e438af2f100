//! The main job on every kind of store: what is put comes back, and what must be refused is.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/line.rs"]
mod support;

use client::{Api, CommitAnswer};
use protocol::artifact::{Commit, NewEntries, NewEntry, NewVersion, RegisteredEntry};
use protocol::bucket::Provider;
use protocol::id::VersionId;
use protocol::layout::Layout;
use protocol::transfer::{
    NewUpload, PartDigest, Reach, SignPartsRequest, SignedRequest, UrlMethod, UrlsObject,
    UrlsRequest, VerifiedBy,
};
use protocol::{Digest, ErrorCode, Sha256Digest};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::time::{Duration, Instant};
use support::world::{noise, signet, write};
use support::{Line, Sizes, assert_same, on_each_store, tell, write_noise, write_sparse};
use testkit::store::Kind;

on_each_store! {
    what_was_put_comes_back
    a_url_that_has_expired_is_refused
    an_upload_that_was_given_up_leaves_nothing
    a_second_writer_overwrites_nothing
    what_is_too_long_is_not_published
    a_page_that_a_member_wrote_is_saved_and_not_shown
}

/// A program's last line of JSON.
fn run(line: &Line, token: &str, arguments: &[&str]) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let output = signet(&line.broker, token, &all).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// A folder with whatever a folder may hold; returns its size in bytes.
fn fill(folder: &Path, sizes: Sizes) -> u64 {
    write_noise(&folder.join("large.bin"), 1, sizes.large_bytes);
    write(folder, "empty", b"");
    let odd = [
        "größe 1.txt",
        "a b+c%20d.txt",
        "q?x=1&y=#2",
        "it's (a) ~tilde;.txt",
        "日本/語",
        "-dash",
        "same/1",
        "same/2",
    ];
    for name in odd {
        write(folder, name, b"the same small bytes");
    }
    let mut bytes = sizes.large_bytes + odd.len() as u64 * 20;
    for number in 0..sizes.small_files {
        let small = noise(
            10 + number,
            usize::try_from(1 + number * 97 % 20_000).unwrap(),
        );
        write(folder, &format!("small/{}/{number}", number % 7), &small);
        bytes += small.len() as u64;
    }
    if sizes.sparse_bytes > 0 {
        write_sparse(&folder.join("sparse.bin"), sizes.sparse_bytes);
        bytes += sizes.sparse_bytes;
    }
    bytes
}

async fn what_was_put_comes_back(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let sizes = Sizes::of_environment();
    let data = tempfile::tempdir().unwrap();
    let bytes = fill(data.path(), sizes);
    let repeated = 7 * 20;
    let source = data.path().to_str().unwrap();
    let begun = Instant::now();
    let first = run(&line, &line.token, &["put", source, "vision/p/c"]);
    let put_seconds = begun.elapsed().as_secs_f64();
    assert_eq!(first["uploaded_bytes"], bytes - repeated, "{first}");
    // Whoever vouched for it is believed by himself
    let again = run(&line, &line.token, &["put", source, "vision/p/c"]);
    assert_eq!(
        (&again["uploaded_bytes"], &again["unchanged"]),
        (&Value::from(0), &Value::from(true)),
        "{again}"
    );

    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join("copy");
    let begun = Instant::now();
    run(
        &line,
        &line.token,
        &["get", "vision/p/c", target.to_str().unwrap()],
    );
    let get_seconds = begun.elapsed().as_secs_f64();
    let files = assert_same(data.path(), &target);
    assert_eq!(
        files,
        sizes.small_files + 10 + u64::from(sizes.sparse_bytes > 0)
    );
    tell(&format!(
        "{kind:?}: {files} files, {bytes} bytes, put in {put_seconds:.1} s, got in {get_seconds:.1} s"
    ));

    // The team's other members send again what no store vouches for, and nothing else
    std::fs::remove_file(data.path().join("large.bin")).unwrap();
    if sizes.sparse_bytes > 0 {
        std::fs::remove_file(data.path().join("sparse.bin")).unwrap();
    }
    let small = bytes - sizes.large_bytes - sizes.sparse_bytes - repeated;
    let bob = line.another("bob").await;
    let other = run(&line, &bob, &["put", source, "vision/p/other"]);
    let expected = if kind.binds_bytes() { 0 } else { small };
    assert_eq!(other["uploaded_bytes"], expected, "{other}");
}

/// A request by signed URL; returns status and body.
async fn send(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: impl Into<reqwest::Body>,
) -> (u16, Vec<u8>) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.request(method.parse().unwrap(), url).body(body);
    for (name, value) in headers {
        // The client sets the length itself
        if !name.eq_ignore_ascii_case("content-length") {
            request = request.header(name, value);
        }
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.bytes().await.unwrap().to_vec())
}

async fn put(request: &SignedRequest, body: &[u8]) -> u16 {
    let url = request.url.expose();
    send("PUT", url, &request.headers, body.to_vec()).await.0
}

fn sha256(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest::from_bytes(Sha256::digest(bytes).into())
}

/// The URL of a plain object, with its headers.
async fn plain(
    api: &Api,
    method: UrlMethod,
    body: Option<&[u8]>,
    ttl_seconds: u32,
) -> (String, Vec<(String, String)>) {
    let request = UrlsRequest {
        method,
        objects: vec![UrlsObject {
            key: "a b/c".parse().unwrap(),
            sha256: body.map(sha256),
            size_bytes: body.map(|body| body.len() as u64),
        }],
        ttl_seconds: Some(ttl_seconds),
        save_as: None,
        audience: None,
        network: None,
    };
    let urls = api.create_urls(&"vision".parse().unwrap(), &request).await;
    let urls = urls.unwrap();
    let headers = urls.headers.iter().chain(&urls.urls[0].headers);
    (
        urls.urls[0].url.expose().to_owned(),
        headers.cloned().collect(),
    )
}

async fn a_url_that_has_expired_is_refused(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let (api, body) = (line.api(), b"hello".as_slice());
    let (url, headers) = plain(&api, UrlMethod::Put, Some(body), 60).await;
    let (status, _) = send("PUT", &url, &headers, body).await;
    assert!(matches!(status, 200 | 201), "{status}");
    let reading = plain(&api, UrlMethod::Get, None, 60).await;
    assert_eq!(send("GET", &reading.0, &reading.1, "").await.1, body);

    let read = plain(&api, UrlMethod::Get, None, 1).await;
    let write = plain(&api, UrlMethod::Put, Some(b"HELLO"), 1).await;
    // The store's clock cannot be moved
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let status = send("GET", &read.0, &read.1, "").await.0;
    assert!(matches!(status, 400 | 403), "T20: read with {status}");
    let status = send("PUT", &write.0, &write.1, "HELLO").await.0;
    assert!(matches!(status, 400 | 403), "T20: written with {status}");
    let reading = plain(&api, UrlMethod::Get, None, 60).await;
    assert_eq!(send("GET", &reading.0, &reading.1, "").await.1, body);
}

async fn an_upload_that_was_given_up_leaves_nothing(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let (api, team) = (line.api(), "vision".parse().unwrap());
    let bytes = noise(3, (33 << 20) + 1);
    let layout = Layout::of(bytes.len() as u64).unwrap();
    let slice = |number| {
        let (offset, length) = layout.part(number).unwrap();
        &bytes[usize::try_from(offset).unwrap()..usize::try_from(offset + length).unwrap()]
    };
    let parts: Vec<PartDigest> = (1..=layout.part_count())
        .map(|number| PartDigest {
            number,
            sha256: sha256(slice(number)),
        })
        .collect();
    let mut all = Sha256::new();
    for part in &parts {
        all.update(part.sha256.as_bytes());
    }
    let new = NewUpload {
        key: "a b/c".parse().unwrap(),
        size_bytes: bytes.len() as u64,
        digest: Digest::Sha256Composite {
            part_size_bytes: 16 << 20,
            composite: Sha256Digest::from_bytes(all.finalize().into()),
        },
    };
    let upload = api.create_upload(&team, &new).await.unwrap();
    let request = SignPartsRequest {
        parts: parts[1..].to_vec(),
        audience: None,
        network: None,
    };
    let signed = api.sign_parts(upload.id, &request).await.unwrap();
    for part in &signed.parts {
        let body = slice(part.number).to_vec();
        let (status, body) = send("PUT", part.url.expose(), &part.headers, body).await;
        assert!(
            matches!(status, 200 | 201),
            "{status} {}",
            String::from_utf8_lossy(&body)
        );
    }
    let held = api.list_parts(upload.id).await.unwrap();
    assert_eq!(held.parts, parts[1..]);
    let error = api.complete_upload(upload.id).await.unwrap_err();
    assert!(error.to_string().contains("part 1"), "{error}");

    api.abort_upload(upload.id).await.unwrap();
    let error = api.list_parts(upload.id).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Conflict), "{error}");
    // What Azure takes yet belongs to no blob, and nothing can be made of it
    if kind.binds_bytes() {
        let part = &signed.parts[0];
        let body = slice(part.number).to_vec();
        let (status, _) = send("PUT", part.url.expose(), &part.headers, body).await;
        assert_eq!(status, 404);
    }
    let look = plain(&api, UrlMethod::Head, None, 60).await;
    assert_eq!(send("HEAD", &look.0, &look.1, "").await.0, 404);
    // Begun again it begins with nothing, and can be finished
    let again = api.create_upload(&team, &new).await.unwrap();
    assert_ne!(again.id, upload.id);
    assert!(api.list_parts(again.id).await.unwrap().parts.is_empty());
    let request = SignPartsRequest {
        parts,
        audience: None,
        network: None,
    };
    for part in api.sign_parts(again.id, &request).await.unwrap().parts {
        let body = slice(part.number).to_vec();
        let (status, _) = send("PUT", part.url.expose(), &part.headers, body).await;
        assert!(matches!(status, 200 | 201), "{status}");
    }
    let object = api.complete_upload(again.id).await.unwrap();
    let by = if kind.binds_bytes() {
        VerifiedBy::PartChecksums
    } else {
        VerifiedBy::Client
    };
    assert_eq!(object.verified_by, by);
    let read = plain(&api, UrlMethod::Get, None, 60).await;
    assert!(send("GET", &read.0, &read.1, "").await.1 == bytes);
}

/// A draft with one entry of these bytes.
async fn draft(api: &Api) -> VersionId {
    let new = NewVersion {
        collection: "c".parse().unwrap(),
        kind: None,
        description: None,
        metadata: None,
    };
    let (team, project) = ("vision".parse().unwrap(), "p".parse().unwrap());
    api.create_version(&team, &project, &new).await.unwrap().id
}

async fn register(api: &Api, version: VersionId, body: &[u8]) -> RegisteredEntry {
    let entries = NewEntries {
        entries: vec![NewEntry {
            path: "file".parse().unwrap(),
            size_bytes: body.len() as u64,
            digest: Digest::Sha256(sha256(body)),
        }],
        audience: None,
        network: None,
    };
    let registered = api.register_entries(version, &entries).await.unwrap();
    registered.entries.into_iter().next().unwrap()
}

async fn commit(api: &Api, version: VersionId) -> Result<(), client::Error> {
    let commit = Commit {
        aliases: Vec::new(),
    };
    loop {
        if let CommitAnswer::Committed(_) = api.commit_version(version, &commit).await? {
            return Ok(());
        }
    }
}

/// The bytes of the one file of `vision/p/c`.
async fn read_back(api: &Api) -> Vec<u8> {
    let artifact = "vision/p/c".parse().unwrap();
    let page = api
        .list_entry_urls(&artifact, None, None, Reach::default())
        .await
        .unwrap();
    let (status, body) = send("GET", page.entries[0].url.expose(), &[], "").await;
    assert_eq!(status, 200);
    body
}

async fn a_second_writer_overwrites_nothing(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let api = line.api();
    let version = draft(&api).await;
    let RegisteredEntry::Put { request, .. } = register(&api, version, b"first").await else {
        panic!("nothing is to be sent");
    };
    assert!(matches!(put(&request, b"first").await, 200 | 201));
    // With the same URL, before and after the commit, the same bytes and others
    for _ in 0..2 {
        let status = put(&request, b"first").await;
        assert!(matches!(status, 403 | 409 | 412), "T22: {status}");
        let status = put(&request, b"FIRST").await;
        assert!(matches!(status, 400 | 403 | 409 | 412), "T22: {status}");
        commit(&api, version).await.unwrap();
        assert_eq!(read_back(&api).await, b"first");
    }
    // What the store was found to do is told
    let version = draft(&api).await;
    let present = register(&api, version, b"first").await;
    let RegisteredEntry::Present { verified_by, .. } = present else {
        panic!("{present:?}");
    };
    let by = if kind.binds_bytes() {
        VerifiedBy::StoreDigest
    } else {
        VerifiedBy::Client
    };
    assert_eq!(verified_by, by);
}

async fn what_is_too_long_is_not_published(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let api = line.api();
    let version = draft(&api).await;
    let RegisteredEntry::Put { object_id, request } = register(&api, version, b"hello").await
    else {
        panic!("nothing is to be sent");
    };
    let status = put(&request, b"hello!").await;
    let taken = line.store.container.place.provider() == Provider::Azure;
    assert_eq!(matches!(status, 200 | 201), taken, "T21: {status}");
    let told = api.report_landed(version, vec![object_id]).await.unwrap();
    assert_eq!(told.missing, [object_id], "T24");
    commit(&api, version).await.unwrap_err();
    // It is gone: nothing keeps out what is right
    let RegisteredEntry::Put { request, .. } = register(&api, version, b"hello").await else {
        panic!("nothing is to be sent");
    };
    let status = put(&request, b"hello").await;
    assert!(matches!(status, 200 | 201), "{status}");
    commit(&api, version).await.unwrap();
    assert_eq!(read_back(&api).await, b"hello");
}

/// The `Content-Disposition` that a browser would be told.
async fn disposition(url: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = http.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let value = response.headers().get("content-disposition").unwrap();
    value.to_str().unwrap().to_owned()
}

async fn a_page_that_a_member_wrote_is_saved_and_not_shown(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let (api, page) = (line.api(), b"<script>alert(1)</script>".as_slice());
    let (url, mut headers) = plain(&api, UrlMethod::Put, Some(page), 60).await;
    // No URL says of what type a body must be: the writer does
    headers.push(("content-type".to_owned(), "text/html".to_owned()));
    let azure = ("x-ms-blob-content-type".to_owned(), "text/html".to_owned());
    if line.store.container.place.provider() == Provider::Azure {
        headers.push(azure);
    }
    let (status, _) = send("PUT", &url, &headers, page).await;
    assert!(matches!(status, 200 | 201), "{status}");
    let (url, _) = plain(&api, UrlMethod::Get, None, 60).await;
    assert_eq!(disposition(&url).await, "attachment", "T26");

    let version = draft(&api).await;
    let RegisteredEntry::Put { request, .. } = register(&api, version, page).await else {
        panic!("nothing is to be sent");
    };
    assert!(matches!(put(&request, page).await, 200 | 201));
    commit(&api, version).await.unwrap();
    let artifact = "vision/p/c".parse().unwrap();
    let entries = api
        .list_entry_urls(&artifact, None, None, Reach::default())
        .await
        .unwrap();
    let url = entries.entries[0].url.expose();
    assert_eq!(disposition(url).await, "attachment", "T26");
}
