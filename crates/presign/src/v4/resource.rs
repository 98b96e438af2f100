//! What a received request is about: which bucket, which object.

/// What a received request is about.
///
/// ```
/// use presign::s3::Resource;
///
/// let resource = Resource::Object { bucket: "models".into(), key: "weights.bin".into() };
/// assert_eq!(resource.bucket(), Some("models"));
/// assert_eq!(Resource::Service.bucket(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The service itself, as for listing buckets.
    Service,
    /// A bucket.
    Bucket {
        /// The bucket's name, which nobody has checked yet.
        bucket: Box<str>,
    },
    /// An object.
    Object {
        /// The bucket's name, which nobody has checked yet.
        bucket: Box<str>,
        /// The decoded key, never empty.
        key: Box<str>,
    },
}

impl Resource {
    /// The bucket's name.
    pub fn bucket(&self) -> Option<&str> {
        match self {
            Self::Service => None,
            Self::Bucket { bucket } | Self::Object { bucket, .. } => Some(bucket),
        }
    }

    /// The object's key.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Service | Self::Bucket { .. } => None,
            Self::Object { key, .. } => Some(key),
        }
    }

    /// Reads the decoded path of a path-style request.
    pub(crate) fn from_path_style(path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        match path.split_once('/').unwrap_or((path, "")) {
            ("", "") => Self::Service,
            (bucket, key) => Self::in_bucket(bucket, key),
        }
    }

    /// Reads the decoded path of a request whose host names the bucket.
    pub(crate) fn from_bucket_host(bucket: &str, path: &str) -> Self {
        Self::in_bucket(bucket, path.strip_prefix('/').unwrap_or(path))
    }

    fn in_bucket(bucket: &str, key: &str) -> Self {
        let bucket = bucket.into();
        if key.is_empty() {
            Self::Bucket { bucket }
        } else {
            let key = key.into();
            Self::Object { bucket, key }
        }
    }
}
