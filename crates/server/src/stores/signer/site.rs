//! An address of a store that URLs are signed for.

use crate::stores::Error;
use presign::{azure, gcs, s3};
use protocol::bucket::{Addressing, StorePlace};

/// A bucket at one address of its store, ready to be signed for.
#[derive(Debug, Clone)]
pub(in crate::stores) enum Site {
    S3(s3::Endpoint),
    Gcs(gcs::Endpoint),
    Azure(azure::Endpoint),
}

impl Site {
    /// # Errors
    /// When the place cannot be signed for.
    pub(in crate::stores) fn of(place: &StorePlace) -> Result<Self, Error> {
        Ok(match place {
            StorePlace::S3 {
                endpoint,
                region,
                container,
                addressing,
            } => {
                let addressing = match addressing {
                    Addressing::VirtualHost => s3::Addressing::VirtualHost,
                    Addressing::Path => s3::Addressing::Path,
                };
                Self::S3(s3::Endpoint::parse(
                    endpoint, addressing, container, region,
                )?)
            }
            StorePlace::Gcs {
                endpoint,
                container,
                addressing,
            } => {
                let addressing = match addressing {
                    Addressing::VirtualHost => gcs::Addressing::VirtualHost,
                    Addressing::Path => gcs::Addressing::Path,
                };
                Self::Gcs(gcs::Endpoint::parse(endpoint, addressing, container)?)
            }
            place @ StorePlace::Azure {
                account, container, ..
            } => Self::Azure(azure::Endpoint::parse(
                &place.endpoint(),
                account,
                container,
            )?),
            _ => return Err(Error::OtherStore),
        })
    }
}
