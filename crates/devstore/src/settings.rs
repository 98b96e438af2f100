//! What a store is started with: buckets and credentials.

use std::collections::{BTreeMap, HashMap};

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

/// An access key, what it is good for and whose name the access log shows.
#[derive(Debug, Clone)]
pub struct Credential {
    pub(crate) key: presign::s3::Credential,
    pub(crate) owner: String,
    pub(crate) scope: Scope,
}

impl Credential {
    /// A key, long-lived or temporary; its owner is called like its id.
    pub fn new(key: presign::s3::Credential, scope: Scope) -> Self {
        Self {
            owner: key.access_key_id().to_owned(),
            key,
            scope,
        }
    }

    /// Names the requester of access-log lines.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<String>) -> Self {
        self.owner = owner.into();
        self
    }
}

/// The settings once checked: what requests are judged by.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) buckets: BTreeMap<String, BucketSettings>,
    pub(crate) credentials: HashMap<String, Credential>,
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
            credentials: HashMap::new(),
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
            if let Scope::Buckets(names) = &credential.scope
                && let Some(bucket) = names
                    .iter()
                    .find(|name| !settings.buckets.contains_key(*name))
            {
                return Err(Error::UnknownBucket {
                    access_key_id: credential.key.access_key_id().to_owned(),
                    bucket: bucket.clone(),
                });
            }
            let id = credential.key.access_key_id().to_owned();
            if settings
                .credentials
                .insert(id.clone(), credential)
                .is_some()
            {
                return Err(Error::DuplicateCredential(id));
            }
        }
        Ok(settings)
    }
}
