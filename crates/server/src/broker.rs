//! Acts on permits: signs, records, releases; begins, completes and aborts uploads.
//!
//! A URL leaves by one way only: [`Broker::release`] signs it, has the grant recorded under the
//! decision that the permit stands for, and returns it once that is durable.

mod complete;
mod error;
mod expiry;
mod forgotten;
mod item;
mod landed;
mod mandate;
mod parts;
mod rate;
mod release;
mod sweep;
mod uploads;
mod urls;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use expiry::{Bounds, Expiry, Fault, SHORT_CAP_SECONDS, UPLOAD_CAP_SECONDS, Windows, expiry};
pub use item::Item;
pub use mandate::Mandate;
pub use release::{Release, Released, ReleasedUrl};
pub use sweep::Swept;
pub use uploads::ObjectToUpload;
pub use urls::PlainReleased;

use crate::clock::Clock;
use crate::db::{self, Db};
use crate::ids::IdMaker;
use crate::ledger::Ledger;
use crate::policy::{TeamFacts, UploadFacts};
use crate::stores::Stores;
use protocol::id::{TeamId, UploadId};
use protocol::layout::Layout;
use std::sync::Arc;

/// Signs URLs and runs uploads.
#[derive(Debug)]
pub struct Broker {
    db: Db,
    ledger: Arc<Ledger>,
    stores: Arc<Stores>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdMaker>,
    rates: rate::RateLimits,
    windows: Windows,
}

impl Broker {
    /// A broker that records in `ledger` and signs with the credentials of `stores`.
    pub fn new(
        db: Db,
        ledger: Arc<Ledger>,
        stores: Arc<Stores>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdMaker>,
    ) -> Self {
        Self {
            db,
            ledger,
            stores,
            clock,
            ids,
            rates: rate::RateLimits::default(),
            windows: Windows::default(),
        }
    }

    /// Narrows how long URLs live.
    #[must_use]
    pub fn with_windows(mut self, windows: Windows) -> Self {
        self.windows = windows;
        self
    }

    /// What is known of an upload, to be judged by its owner. `team` looks a team up; an upload of a
    /// team that it does not know is not found.
    pub async fn find_upload(
        &self,
        id: UploadId,
        team: impl Fn(TeamId) -> Option<Arc<TeamFacts>>,
    ) -> Result<Option<UploadFacts>, Error> {
        let Some(row) = db::upload::find(&self.db, id).await? else {
            return Ok(None);
        };
        let Some(team) = team(row.team_id) else {
            return Ok(None);
        };
        let layout = Layout::of(row.size_bytes).ok_or(db::Error::Corrupt {
            column: "size_bytes",
        })?;
        Ok(Some(UploadFacts {
            id: row.id,
            team,
            bucket_id: row.bucket_id,
            object_id: row.object_id,
            started_by: row.started_by,
            key: row.key,
            store_upload_id: row.store_upload_id,
            layout,
            size_bytes: row.size_bytes,
            digest: row.digest,
            state: row.phase.state(),
            expires_at: row.expires_at,
        }))
    }
}
