//! Answers what was recorded.

use super::Ledger;
use crate::db::projection::Selection;
use crate::db::{self, Error};
use protocol::audit::{Action, Event, GrantRecord};
use protocol::id::{EventId, GrantId, PrincipalId, TeamId};
use protocol::{Page, Timestamp};
use std::time::Duration;

/// Page size when none is asked for.
const DEFAULT_LIMIT: u32 = 100;
/// The largest page.
const MAX_LIMIT: u32 = 1000;
/// How long a listing waits for what was just recorded.
const FRESHNESS_WAIT: Duration = Duration::from_secs(2);
/// How far an event's id may be older than its time.
const ID_SLACK: Duration = Duration::from_hours(1);

/// Which events to list; `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// About what this team owns.
    pub team: Option<TeamId>,
    /// Done by this principal.
    pub principal: Option<PrincipalId>,
    /// Of this kind.
    pub action: Option<Action>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Behind this event.
    pub after: Option<EventId>,
    /// At most so many; 100 when not given, never more than 1000.
    pub limit: Option<u32>,
}

/// Which grants to list; `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub struct GrantFilter {
    /// Of objects that this team owns.
    pub team: Option<TeamId>,
    /// Given to this principal.
    pub principal: Option<PrincipalId>,
    /// With URLs that are still accepted at this time.
    pub alive_at: Option<Timestamp>,
    /// Behind this grant.
    pub after: Option<GrantId>,
    /// At most so many; 100 when not given, never more than 1000.
    pub limit: Option<u32>,
}

/// What a principal still holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveGrants {
    /// Number of grants that have not expired.
    pub grants: u64,
    /// Number of URLs that they released.
    pub urls: u64,
    /// When the last of them expires.
    pub last_expires_at: Option<Timestamp>,
}

impl Ledger {
    /// Waits until everything that was recorded before, denials included, can be queried.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn caught_up(&self) -> Result<(), Error> {
        self.queue.flush().await;
        self.projection.catch_up().await
    }

    /// Throws the queryable tables away and builds them anew from the segments.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn rebuild_projection(&self) -> Result<(), Error> {
        self.projection.rebuild().await
    }

    /// Lists events, oldest first.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn events(&self, filter: &EventFilter) -> Result<Page<Event>, Error> {
        self.be_fresh().await;
        // Ids begin with the time they were made at, so a start is found without reading what is before
        let start = filter.from.map(|from| {
            let millis = u64::try_from(from.minus(ID_SLACK).unix_millis()).unwrap_or(0);
            EventId::from_parts(millis, [0; 10])
        });
        let after = filter.after.max(start);
        let limit = limit(filter.limit);
        let selection = Selection {
            team: filter.team.map(|id| id.to_string()),
            principal: filter.principal.map(|id| id.to_string()),
            action: filter.action.map(Action::as_str),
            after: after.map(|id| id.to_string()).unwrap_or_default(),
            from: filter.from.map_or(i64::MIN, Timestamp::unix_millis),
            to: filter.to.map_or(i64::MAX, Timestamp::unix_millis),
            limit: i64::from(limit) + 1,
        };
        let bodies = db::projection::list_events(&self.db, selection).await?;
        let events = bodies
            .iter()
            .map(|body| parse(body))
            .collect::<Result<Vec<Event>, Error>>()?;
        Ok(page(events, limit, |event| event.id.to_string()))
    }

    /// Lists grants, oldest first.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn grants(&self, filter: &GrantFilter) -> Result<Page<GrantRecord>, Error> {
        self.be_fresh().await;
        let limit = limit(filter.limit);
        let selection = Selection {
            team: filter.team.map(|id| id.to_string()),
            principal: filter.principal.map(|id| id.to_string()),
            after: filter.after.map(|id| id.to_string()).unwrap_or_default(),
            limit: i64::from(limit) + 1,
            ..Selection::default()
        };
        let alive_at = filter.alive_at.map_or(i64::MIN, Timestamp::unix_millis);
        let bodies = db::projection::list_grants(&self.db, selection, alive_at).await?;
        let grants = bodies
            .iter()
            .map(|body| record(body))
            .collect::<Result<Vec<GrantRecord>, Error>>()?;
        Ok(page(grants, limit, |record| record.grant.id.to_string()))
    }

    /// Finds a grant.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn find_grant(&self, id: GrantId) -> Result<Option<GrantRecord>, Error> {
        self.be_fresh().await;
        let body = db::projection::find_grant(&self.db, &id.to_string()).await?;
        body.map(|body| record(&body)).transpose()
    }

    /// What a principal still holds at `now`, by everything that was recorded before.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn live_grants(
        &self,
        principal: PrincipalId,
        now: Timestamp,
    ) -> Result<LiveGrants, Error> {
        self.caught_up().await?;
        let (grants, urls, last_expires_at) =
            db::projection::count_live_grants(&self.db, principal, now).await?;
        Ok(LiveGrants {
            grants: u64::try_from(grants).unwrap_or(0),
            urls: u64::try_from(urls).unwrap_or(0),
            last_expires_at,
        })
    }

    /// Lets a listing show what was just recorded, when that takes no long time. What the database has
    /// to say against it, the listing's own query will say.
    async fn be_fresh(&self) {
        match tokio::time::timeout(FRESHNESS_WAIT, self.caught_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the projection could not catch up"
            ),
            Err(_) => tracing::debug!("the projection is far behind"),
        }
    }
}

fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
}

/// A page of one item more than asked for, when there are more.
fn page<T>(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(id);
    Page { items, next }
}

fn parse(body: &str) -> Result<Event, Error> {
    serde_json::from_str(body).map_err(|_| Error::Corrupt {
        column: "event.body",
    })
}

fn record(body: &str) -> Result<GrantRecord, Error> {
    let event = parse(body)?;
    match (event.actor, event.team, event.grant) {
        (Some(actor), Some(team), Some(grant)) => Ok(GrantRecord {
            at: event.at,
            event_id: event.id,
            actor,
            team,
            grant,
        }),
        _ => Err(Error::Corrupt {
            column: "event.body",
        }),
    }
}
