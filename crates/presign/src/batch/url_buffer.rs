//! Where the URLs of a batch go: one after the other into one text.

use std::{fmt, iter, slice};

use crate::SignedUrl;

/// Many signed URLs in one contiguous text.
///
/// Like [`SignedUrl`] it does not print; each URL is shown on purpose.
/// [`UrlBuffer::clear`] keeps the memory for the next batch.
///
/// ```
/// use presign::{BatchRequest, Method, Timestamp, Ttl, UrlBuffer, Window, s3};
///
/// # let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
/// # let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
/// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(60)? };
/// let mut urls = UrlBuffer::new();
/// signer.sign_batch(&BatchRequest::new(Method::Get), ["a.txt", "b.txt"], window, &mut urls)?;
/// assert_eq!(urls.len(), 2);
/// assert_eq!(format!("{urls:?}"), "UrlBuffer(2 hidden)");
/// for url in &urls {
///     assert!(url.expose().starts_with("https://"));
/// }
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct UrlBuffer {
    text: String,
    /// Where each URL ends and the next begins.
    ends: Vec<usize>,
}

impl UrlBuffer {
    /// An empty buffer, which takes no memory yet.
    pub const fn new() -> Self {
        Self {
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// How many URLs are in it.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no URL is in it.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The URL at a place, in the order of the keys.
    pub fn get(&self, index: usize) -> Option<SignedUrlRef<'_>> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end).map(SignedUrlRef)
    }

    /// All URLs, in the order of the keys.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            text: &self.text,
            start: 0,
            ends: self.ends.iter(),
        }
    }

    /// Forgets all URLs, and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Appends a URL that was signed alone.
    pub fn append(&mut self, url: &SignedUrl) {
        self.push(url.expose(), "", "", "");
    }

    /// Has `work` append URLs, all or, if it fails, none.
    pub(crate) fn append_all<E>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.len();
        let done = work(self);
        if done.is_err() {
            self.truncate(before);
        }
        done
    }

    /// Makes room for so many more URLs with so many bytes altogether.
    pub(crate) fn reserve(&mut self, urls: usize, bytes: usize) {
        self.text.reserve(bytes);
        self.ends.reserve(urls);
    }

    /// Appends a URL.
    #[inline]
    pub(crate) fn push(&mut self, head: &str, key: &str, tail: &str, signature: &str) {
        self.text.push_str(head);
        self.text.push_str(key);
        self.text.push_str(tail);
        self.text.push_str(signature);
        self.ends.push(self.text.len());
    }

    /// Forgets all URLs but the first `count`.
    fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

impl fmt::Debug for UrlBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlBuffer({} hidden)", self.len())
    }
}

impl<'a> IntoIterator for &'a UrlBuffer {
    type Item = SignedUrlRef<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The URLs of a [`UrlBuffer`], one by one.
///
/// ```
/// assert!(presign::UrlBuffer::new().iter().next().is_none());
/// ```
#[derive(Clone)]
pub struct Iter<'a> {
    text: &'a str,
    start: usize,
    ends: slice::Iter<'a, usize>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = SignedUrlRef<'a>;

    fn next(&mut self) -> Option<SignedUrlRef<'a>> {
        let end = *self.ends.next()?;
        let start = std::mem::replace(&mut self.start, end);
        self.text.get(start..end).map(SignedUrlRef)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ends.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl iter::FusedIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iter({} hidden)", self.len())
    }
}

/// A signed URL in a [`UrlBuffer`]. Whoever reads it can use it, so it prints as `SignedUrlRef(hidden)`.
///
/// ```
/// use presign::{BatchRequest, Method, SignedUrlRef, Timestamp, Ttl, UrlBuffer, Window, s3};
///
/// # let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
/// # let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
/// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(60)? };
/// let mut urls = UrlBuffer::new();
/// signer.sign_batch(&BatchRequest::new(Method::Get), ["a.txt"], window, &mut urls)?;
/// let url: SignedUrlRef<'_> = urls.get(0).unwrap();
/// assert_eq!(format!("{url:?}"), "SignedUrlRef(hidden)");
/// assert_eq!(url.expose(), url.to_owned().expose());
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignedUrlRef<'a>(&'a str);

impl<'a> SignedUrlRef<'a> {
    /// Shows the URL; call it only where the URL is handed to its user.
    pub const fn expose(self) -> &'a str {
        self.0
    }

    /// Copies the URL out of the buffer.
    pub fn to_owned(self) -> SignedUrl {
        SignedUrl::new(String::from(self.0))
    }
}

impl fmt::Debug for SignedUrlRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrlRef(hidden)")
    }
}
