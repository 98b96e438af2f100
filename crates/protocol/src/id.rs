//! Typed ids: a UUIDv7 behind a prefix that says what it identifies.

use crate::error::{Fault, ParseError};
use std::marker::PhantomData;
use std::str::FromStr;
use uuid::Uuid;

/// What an [`Id`] identifies.
pub trait Kind: Send + Sync + 'static {
    /// The prefix before the underscore.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident $alias:ident $prefix:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub enum $kind {}
        impl Kind for $kind {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$meta])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// A user or service account.
    Principal PrincipalId "prn";
    /// A team.
    Team TeamId "team";
    /// An API token.
    Token TokenId "tok";
    /// A registered bucket.
    Bucket BucketId "bkt";
    /// A limit.
    Limit LimitId "lim";
    /// A project.
    Project ProjectId "prj";
    /// A collection.
    Collection CollectionId "col";
    /// A version of a collection.
    Version VersionId "ver";
    /// An object in a bucket.
    Object ObjectId "obj";
    /// An upload in parts.
    Upload UploadId "upl";
    /// A grant; travels with the URLs that it released.
    Grant GrantId "grt";
    /// An event in the ledger.
    Event EventId "evt";
    /// One server process's chain in the ledger.
    Lane LaneId "lane";
    /// An HTTP request.
    Request RequestId "req";
}

/// The id of a `K`, written `prefix_` and 32 hexadecimal digits.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

impl<K> Id<K> {
    /// A UUIDv7 (RFC 9562) from a time in milliseconds since the Unix epoch and 10 random bytes.
    pub fn from_parts(unix_millis: u64, random: [u8; 10]) -> Self {
        Self(
            uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid(),
            PhantomData,
        )
    }

    /// The id with this UUID.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The UUID inside.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Room for the text of any id: the longest prefix, an underscore, 32 digits.
const TEXT_BYTES: usize = 4 + 1 + 32;

impl<K: Kind> Id<K> {
    /// The id's text. A request's events hold a dozen ids; formatting would take thrice the time.
    fn text<'b>(&self, buffer: &'b mut [u8; TEXT_BYTES]) -> &'b str {
        const { assert!(K::PREFIX.len() == 3 || K::PREFIX.len() == 4) };
        let (head, rest) = buffer.split_at_mut(K::PREFIX.len() + 1);
        for (to, from) in head.iter_mut().zip(K::PREFIX.bytes().chain([b'_'])) {
            *to = from;
        }
        self.0.as_simple().encode_lower(rest);
        let length = K::PREFIX.len() + 1 + uuid::fmt::Simple::LENGTH;
        buffer
            .get(..length)
            .and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }
}

impl<K: Kind> std::fmt::Display for Id<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text(&mut [0; TEXT_BYTES]))
    }
}

impl<K: Kind> std::fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || {
            Fault::Form {
                expected: "prefix_ and 32 lowercase hexadecimal digits",
            }
            .of("id")
        };
        let digits = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or_else(form)?;
        let canonical = digits.len() == 32
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(form());
        }
        Uuid::try_parse(digits)
            .map(Self::from_uuid)
            .map_err(|_| form())
    }
}

impl<K: Kind> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; TEXT_BYTES]))
    }
}

impl<'de, K: Kind> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl<K: Kind> utoipa::PartialSchema for Id<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(format!("`{}_` and 32 hexadecimal digits", K::PREFIX)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl<K: Kind> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        let kind = std::any::type_name::<K>()
            .rsplit("::")
            .next()
            .unwrap_or_default();
        format!("{kind}Id").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_one_kind_is_not_an_id_of_another() {
        let grant = GrantId::from_parts(1_790_000_000_000, [7; 10]);
        assert_eq!(grant.to_string().parse::<GrantId>().unwrap(), grant);
        assert!(grant.to_string().parse::<UploadId>().is_err());
        assert!(grant.to_string().to_uppercase().parse::<GrantId>().is_err());
        assert_eq!(grant.uuid().get_version_num(), 7);
    }

    #[test]
    fn ids_sort_by_time() {
        assert!(EventId::from_parts(1, [255; 10]) < EventId::from_parts(2, [0; 10]));
    }
}
