//! Cloud Storage's XML API over the same folder: what it calls differently, and where it is stricter.
//!
//! A request that is signed by Google's scheme is translated into what the S3 operations read, and
//! their answer back. Both APIs have the operations in common, XML included: Google documents its
//! multipart uploads as compatible with S3's.
//!
//! What Google documents and S3 does not:
//! - To delete an object that is not there is an error.
//! - Every object has a CRC32C; one that was made of parts has no MD5, and its `ETag` tells nothing.
//! - Multipart requests take no preconditions.
//!
//! There are neither generations nor resumable uploads: whatever asks for them is refused.

pub(crate) mod answers;
pub(crate) mod body;
pub(crate) mod translation;
pub(crate) mod words;
