//! What the URLs of a batch have in common.

use crate::{Method, Request};

/// A request to sign for many objects: all but the key.
///
/// Headers and query parameters mean the same as in [`crate::Request`].
///
/// ```
/// use presign::{BatchRequest, Method};
///
/// let downloads = BatchRequest {
///     query: &[("x-grant", "grt_01")],
///     ..BatchRequest::new(Method::Get)
/// };
/// assert!(downloads.headers.is_empty());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchRequest<'a> {
    /// The method.
    pub method: Method,
    /// Names and values of the headers that the URLs' users must send.
    pub headers: &'a [(&'a str, &'a str)],
    /// Names and values of further query parameters.
    pub query: &'a [(&'a str, &'a str)],
}

impl<'a> BatchRequest<'a> {
    /// A request without bound headers or further query parameters.
    pub const fn new(method: Method) -> Self {
        Self {
            method,
            headers: &[],
            query: &[],
        }
    }

    /// All of a request but its target.
    pub(crate) const fn of(request: &Request<'a>) -> Self {
        Self {
            method: request.method,
            headers: request.headers,
            query: request.query,
        }
    }
}
