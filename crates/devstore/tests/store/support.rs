//! A store with two teams, a clock that tests move, and a client that sends what it is told.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use devstore::{BucketSettings, Builder, CorsRule, Credential, DevStore, Scope};
use presign::s3::{self, Addressing, Endpoint, Signer};
use presign::{Method, Request, Target, Timestamp, Ttl, Window};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// 2027-01-15T08:00:00Z
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const TTL_SECONDS: u32 = 600;
pub(crate) const ORIGIN: &str = "https://console.example.org";

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: DevStore,
    pub(crate) client: reqwest::Client,
    clock: Arc<AtomicI64>,
}

/// What an answer said.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What stands in the first element of this name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        self.elements(name).into_iter().next()
    }

    /// What stands in every element of this name.
    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        self.text()
            .split(&open)
            .skip(1)
            .map(|rest| rest.split(&close).next().unwrap().replace("&quot;", "\""))
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and error code.
    pub(crate) fn outcome(&self) -> (u16, String) {
        (self.status, self.element("Code").unwrap_or_default())
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        let succeeded = (200..300).contains(&self.status);
        assert!(succeeded, "{}: {}", self.status, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.outcome(), (status, code.to_owned()), "{}", self.text());
        assert!(self.element("Message").is_some_and(|text| !text.is_empty()));
        assert_eq!(
            self.element("RequestId").as_deref(),
            self.header("x-amz-request-id")
        );
    }
}

/// One of the key pairs of [`World`].
pub(crate) fn key(id: &str) -> s3::Credential {
    s3::Credential::new(id, format!("secret of {id}")).unwrap()
}

pub(crate) fn client(from: Option<IpAddr>) -> reqwest::Client {
    // Another test of this process may have been first
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .local_address(from)
        .no_proxy()
        .build()
        .unwrap()
}

/// The settings that all tests share: `vision` and `language`, each with a key, and a key for all.
pub(crate) fn builder(folder: &TempDir, clock: &Arc<AtomicI64>) -> Builder {
    let clock = Arc::clone(clock);
    let cors = CorsRule {
        allowed_origins: vec![
            ORIGIN.to_owned(),
            "https://*.preview.example.org".to_owned(),
        ],
        allowed_methods: vec!["GET".to_owned(), "PUT".to_owned()],
        allowed_headers: vec!["content-type".to_owned(), "X-Amz-Checksum-*".to_owned()],
        expose_headers: vec!["ETag".to_owned()],
        max_age_seconds: Some(300),
    };
    let scope = |bucket: &str| Scope::Buckets(vec![bucket.to_owned()]);
    DevStore::builder(folder.path().join("store"))
        .bucket(BucketSettings {
            cors: vec![cors],
            ..BucketSettings::new("vision")
        })
        .bucket(BucketSettings {
            networks: Some(vec!["127.0.0.1".parse().unwrap()]),
            ..BucketSettings::new("language")
        })
        .credential(Credential::new(key("AKIAVISION"), scope("vision")).owned_by("vision signer"))
        .credential(Credential::new(key("AKIALANGUAGE"), scope("language")))
        .credential(Credential::new(key("AKIAALL"), Scope::All))
        .access_log(folder.path().join("access.log"))
        .clock(Arc::new(move || {
            Timestamp::from_unix_seconds(clock.load(Ordering::Relaxed))
        }))
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let store = change(builder(&folder, &clock)).start().await.unwrap();
        Self {
            folder,
            store,
            client: client(None),
            clock,
        }
    }

    /// Stops the store and starts it over the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|builder| builder).await
    }

    /// The same, with what [`World::with`] added.
    pub(crate) async fn restart_with(self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.store.shutdown().await;
        let builder = change(builder(&self.folder, &self.clock));
        let store = builder.start().await.unwrap();
        Self { store, ..self }
    }

    pub(crate) fn set_time(&self, unix_seconds: i64) {
        self.clock.store(unix_seconds, Ordering::Relaxed);
    }

    /// The lines of the access log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The files with objects' bytes in a bucket.
    pub(crate) fn data_files(&self, bucket: &str) -> Vec<PathBuf> {
        let folder = self.folder.path().join("store").join(bucket).join("data");
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    pub(crate) fn signer(&self, key: s3::Credential, bucket: &str, region: &str) -> Signer {
        let endpoint =
            Endpoint::parse(self.store.endpoint(), Addressing::Path, bucket, region).unwrap();
        Signer::new(endpoint, key)
    }

    /// A URL for `vision`, signed now with its own key.
    pub(crate) fn url(
        &self,
        method: Method,
        target: Target<'_>,
        headers: &[(&str, &str)],
        query: &[(&str, &str)],
    ) -> String {
        let signer = self.signer(key("AKIAVISION"), "vision", "us-east-1");
        let request = Request {
            method,
            target,
            headers,
            query,
        };
        sign(&signer, &request)
    }

    /// Signs and sends a request to `vision`, with exactly the headers that were signed.
    pub(crate) async fn send(
        &self,
        method: Method,
        target: Target<'_>,
        headers: &[(&str, &str)],
        query: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let url = self.url(method, target, headers, query);
        self.fetch(method.as_str(), &url, headers, body).await
    }

    pub(crate) async fn put(&self, key: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send(
            Method::Put,
            Target::Object(key),
            headers,
            &[],
            body.to_vec(),
        )
        .await
    }

    pub(crate) async fn get(&self, key: &str) -> Answer {
        self.send(Method::Get, Target::Object(key), &[], &[], Vec::new())
            .await
    }

    /// Sends a request to a URL as it stands.
    pub(crate) async fn fetch(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let body = body.into();
        let empty = body.as_bytes().is_some_and(<[u8]>::is_empty);
        let mut request = self.client.request(method.parse().unwrap(), url).body(body);
        if method == "PUT" && empty {
            // hyper leaves it out, and S3 wants it
            request = request.header("content-length", "0");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await.unwrap()).await
    }

    /// Writes bytes to the store's port and reads until it closes.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(self.store.address())
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

pub(crate) async fn read(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await.unwrap().to_vec(),
    }
}

pub(crate) fn sign(signer: &Signer, request: &Request<'_>) -> String {
    sign_at(signer, request, NOW, TTL_SECONDS)
}

pub(crate) fn sign_at(signer: &Signer, request: &Request<'_>, from: i64, seconds: u32) -> String {
    let window = Window {
        from: Timestamp::from_unix_seconds(from),
        ttl: Ttl::from_seconds(seconds).unwrap(),
    };
    signer.sign(request, window).unwrap().expose().to_owned()
}

/// Base64 of a body's SHA-256, as `x-amz-checksum-sha256` has it.
pub(crate) fn sha256(body: &[u8]) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    BASE64.encode(digest(&SHA256, body))
}

/// Base64 of a body's MD5, as `Content-MD5` has it.
pub(crate) fn md5(body: &[u8]) -> String {
    use md5::{Digest, Md5};
    BASE64.encode(Md5::digest(body))
}

/// A body's `ETag`, quotes included.
pub(crate) fn etag(body: &[u8]) -> String {
    use md5::{Digest, Md5};
    format!("\"{}\"", hex::encode(Md5::digest(body)))
}

/// Bytes in which no two places look alike.
pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
