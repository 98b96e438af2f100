//! What a store is started with: buckets and credentials.

use std::collections::{BTreeMap, HashMap};

use presign::{gcs, s3};

use crate::{Error, Network};

/// One bucket.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// Its name, by S3's rules.
    pub name: String,
    /// Cross-origin rules; none means that browsers are refused.
    pub cors: Vec<CorsRule>,
    /// Networks that requests may come from; `None` is everywhere.
    pub networks: Option<Vec<Network>>,
}

impl BucketSettings {
    /// A bucket for everybody who holds a signed URL, but for no browser's cross-origin request.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            cors: Vec::new(),
            networks: None,
        }
    }
}

/// A rule of a bucket's CORS configuration, as S3 knows it.
#[derive(Debug, Clone, Default)]
pub struct CorsRule {
    /// `https://app.example.org`, `https://*.example.org` or `*`.
    pub allowed_origins: Vec<String>,
    /// `GET`, `PUT`, `HEAD`, `POST`, `DELETE`.
    pub allowed_methods: Vec<String>,
    /// Request headers, with at most one `*` each.
    pub allowed_headers: Vec<String>,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember the answer to a preflight.
    pub max_age_seconds: Option<u32>,
}

/// Which buckets a credential is good for.
#[derive(Debug, Clone)]
pub enum Scope {
    /// All of them.
    All,
    /// These.
    Buckets(Vec<String>),
}

impl Scope {
    pub(crate) fn allows(&self, bucket: &str) -> bool {
        match self {
            Self::All => true,
            Self::Buckets(names) => names.iter().any(|name| name == bucket),
        }
    }
}

/// A key, what it is good for and whose name the access log shows.
///
/// Each is for the URLs of its own scheme alone, whatever it is called.
#[derive(Debug, Clone)]
pub struct Credential {
    id: String,
    key: Key,
    holder: Holder,
}

#[derive(Debug, Clone)]
enum Key {
    S3(s3::Credential),
    Gcs(gcs::VerifyingKey),
}

/// Who a credential is of, and what it is good for.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) owner: String,
    pub(crate) scope: Scope,
}

impl Credential {
    /// An S3 access key, long-lived or temporary; its owner is called like its id.
    pub fn new(key: s3::Credential, scope: Scope) -> Self {
        Self::of(key.access_key_id().to_owned(), Key::S3(key), scope)
    }

    /// A Cloud Storage HMAC key; its owner is called like its access id.
    pub fn gcs_hmac(key: gcs::HmacKey, scope: Scope) -> Self {
        Self::of(key.access_id().to_owned(), Key::Gcs(key.into()), scope)
    }

    /// A service account of Google's, by its e-mail address and the public half of its key.
    pub fn gcs_rsa(client_email: impl Into<String>, key: gcs::RsaPublicKey, scope: Scope) -> Self {
        Self::of(client_email.into(), Key::Gcs(key.into()), scope)
    }

    fn of(id: String, key: Key, scope: Scope) -> Self {
        let holder = Holder {
            owner: id.clone(),
            scope,
        };
        Self { id, key, holder }
    }

    /// Names the requester of access-log lines.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<String>) -> Self {
        self.holder.owner = owner.into();
        self
    }
}

/// The settings once checked: what requests are judged by.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) buckets: BTreeMap<String, BucketSettings>,
    /// By access key id.
    pub(crate) s3_keys: HashMap<String, (s3::Credential, Holder)>,
    /// By authorizer: an HMAC key's access id, a service account's e-mail address.
    pub(crate) gcs_keys: HashMap<String, (gcs::VerifyingKey, Holder)>,
}

impl Settings {
    pub(crate) fn check(
        region: String,
        buckets: Vec<BucketSettings>,
        credentials: Vec<Credential>,
    ) -> Result<Self, Error> {
        let mut settings = Self {
            region,
            buckets: BTreeMap::new(),
            s3_keys: HashMap::new(),
            gcs_keys: HashMap::new(),
        };
        for bucket in buckets {
            if !s3s::path::check_bucket_name(&bucket.name) {
                return Err(Error::InvalidBucketName(bucket.name));
            }
            let mut patterns = bucket
                .cors
                .iter()
                .flat_map(|rule| rule.allowed_origins.iter().chain(&rule.allowed_headers));
            if let Some(pattern) = patterns.find(|pattern| pattern.matches('*').count() > 1) {
                return Err(Error::InvalidCorsPattern(pattern.clone()));
            }
            if let Some(other) = settings.buckets.insert(bucket.name.clone(), bucket) {
                return Err(Error::DuplicateBucket(other.name));
            }
        }
        for credential in credentials {
            if let Scope::Buckets(names) = &credential.holder.scope
                && let Some(bucket) = names
                    .iter()
                    .find(|name| !settings.buckets.contains_key(*name))
            {
                return Err(Error::UnknownBucket {
                    access_key_id: credential.id,
                    bucket: bucket.clone(),
                });
            }
            let Credential { id, key, holder } = credential;
            let is_twice = match key {
                Key::S3(key) => settings.s3_keys.insert(id.clone(), (key, holder)).is_some(),
                Key::Gcs(key) => settings
                    .gcs_keys
                    .insert(id.clone(), (key, holder))
                    .is_some(),
            };
            if is_twice {
                return Err(Error::DuplicateCredential(id));
            }
        }
        Ok(settings)
    }
}
