//! URLs for plain objects: those that a client names itself.

use super::item::Item;
use super::release::{Release, Released};
use super::{Broker, Error, Mandate};
use crate::policy::{Permit, PlainUrls};
use crate::stores::Act;
use protocol::bucket::Provider;
use protocol::transfer::{MAX_BATCH, Reach, UrlMethod, UrlsObject, UrlsRequest};
use protocol::{FileKey, ObjectKey};
use std::collections::HashSet;

/// The largest object that a store takes in one PUT, in bytes. S3 says 5 GiB, Azure 5,000 MiB; Cloud
/// Storage takes any.
fn max_put_bytes(provider: Provider) -> u64 {
    match provider {
        Provider::Azure => 5_000 << 20,
        _ => 5 << 30,
    }
}
/// The longest name to save an object by, in bytes.
const MAX_SAVE_AS_BYTES: usize = 255;

/// URLs for plain objects: what `protocol::transfer::Urls` tells, before it is copied into an answer.
#[derive(Debug)]
pub struct PlainReleased {
    /// What the URLs are for.
    pub method: UrlMethod,
    /// The objects, in the order of the URLs.
    pub objects: Vec<UrlsObject>,
    /// The URLs.
    pub released: Released,
}

impl Broker {
    /// Releases URLs for plain objects, all for one method, on one grant.
    ///
    /// # Errors
    /// When the request is not of its form, and as [`Broker::release`].
    pub async fn urls(&self, permit: Permit<PlainUrls>) -> Result<PlainReleased, Error> {
        let mandate = Mandate::of(&permit)?;
        let (op, _) = permit.into_op();
        let request = op.request;
        check(&request)?;
        let root = plain_root(&mandate);
        let max_bytes = max_put_bytes(mandate.bucket().place.provider());
        let keys = request
            .objects
            .iter()
            .enumerate()
            .map(|(index, object)| {
                plain_key(&root, &object.key, || format!("objects[{index}].key"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let items = request
            .objects
            .iter()
            .zip(&keys)
            .enumerate()
            .map(|(index, (object, key))| item(&request, max_bytes, index, object, key))
            .collect::<Result<Vec<_>, _>>()?;
        let release = Release {
            ttl_seconds: request.ttl_seconds,
            reach: Reach {
                audience: request.audience,
                network: request.network,
            },
            ..Release::new(request.method, items)
        };
        let released = self.release(&mandate, release).await?;
        Ok(PlainReleased {
            method: request.method,
            objects: request.objects,
            released,
        })
    }
}

/// What the key of every plain object of a team begins with.
pub(super) fn plain_root(mandate: &Mandate) -> String {
    format!("{}files/", mandate.root())
}

/// The whole key of a plain object: its [`plain_root`] and what the client calls it.
pub(super) fn plain_key(
    root: &str,
    key: &FileKey,
    field: impl FnOnce() -> String,
) -> Result<ObjectKey, Error> {
    ObjectKey::under(root, key.as_str()).map_err(|error| {
        Error::invalid(
            field(),
            format!("{error}, with the {} bytes of the team's root", root.len()),
        )
    })
}

fn check(request: &UrlsRequest) -> Result<(), Error> {
    let objects = &request.objects;
    if !(1..=MAX_BATCH).contains(&objects.len()) {
        return Err(Error::invalid(
            "objects",
            format!("must be 1 to {MAX_BATCH}"),
        ));
    }
    if objects.len() > 1 {
        let hasher = foldhash::fast::RandomState::default();
        let mut seen = HashSet::with_capacity_and_hasher(objects.len(), hasher);
        for (index, object) in objects.iter().enumerate() {
            if !seen.insert(object.key.as_str()) {
                return Err(Error::invalid(
                    format!("objects[{index}].key"),
                    "is given twice",
                ));
            }
        }
    }
    if let Some(name) = &request.save_as {
        if request.method != UrlMethod::Get || objects.len() != 1 {
            return Err(Error::invalid("save_as", "is for `get` of one object"));
        }
        let fits = (1..=MAX_SAVE_AS_BYTES).contains(&name.len());
        if !fits
            || name
                .chars()
                .any(|c| c.is_control() || matches!(c, '/' | '\\'))
        {
            return Err(Error::invalid(
                "save_as",
                format!(
                    "must be a file name of 1 to {MAX_SAVE_AS_BYTES} bytes, without slashes and control characters"
                ),
            ));
        }
    }
    Ok(())
}

fn item<'a>(
    request: &UrlsRequest,
    max_bytes: u64,
    index: usize,
    object: &UrlsObject,
    key: &'a ObjectKey,
) -> Result<Item<'a>, Error> {
    let field = |name: &str| format!("objects[{index}].{name}");
    if request.method != UrlMethod::Put {
        if object.sha256.is_some() {
            return Err(Error::invalid(field("sha256"), "is for `put` only"));
        }
        if object.size_bytes.is_some() {
            return Err(Error::invalid(field("size_bytes"), "is for `put` only"));
        }
        let act = match request.method {
            UrlMethod::Head => Act::Look,
            UrlMethod::Delete => Act::Delete,
            UrlMethod::Get | UrlMethod::Put => {
                request
                    .save_as
                    .as_deref()
                    .map_or_else(Act::read, |name| Act::Read {
                        disposition: attachment(name).into(),
                    })
            }
        };
        return Ok(Item::new(key, None, act));
    }
    let sha256 = object
        .sha256
        .ok_or_else(|| Error::invalid(field("sha256"), "is needed for `put`"))?;
    let size_bytes = object
        .size_bytes
        .ok_or_else(|| Error::invalid(field("size_bytes"), "is needed for `put`"))?;
    if size_bytes > max_bytes {
        return Err(Error::invalid(
            field("size_bytes"),
            format!("is more than the {max_bytes} bytes of one PUT; upload it in parts"),
        ));
    }
    let act = Act::Write {
        size_bytes,
        sha256,
        only_new: false,
    };
    Ok(Item::new(key, None, act))
}

/// A `Content-Disposition` (RFC 6266) that says the name twice: in ASCII for old readers, and whole.
fn attachment(name: &str) -> String {
    let plain = |c: char| {
        if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%') {
            c
        } else {
            '_'
        }
    };
    let ascii: String = name.chars().map(plain).collect();
    let mut whole = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        // The characters of RFC 8187, section 3.2.1
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push('%');
            whole.push_str(&hex::encode_upper([byte]));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn a_file_name_cannot_leave_its_quotes() {
        assert_eq!(
            attachment("a b.txt"),
            "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"
        );
        assert_eq!(
            attachment("é\"; x=\"%41"),
            "attachment; filename=\"__; x=__41\"; filename*=UTF-8''%C3%A9%22%3B%20x%3D%22%2541"
        );
    }
}
