//! Reads the directory's tables: all of them, or the rows that changed.

use super::state::{Roles, State};
use crate::db::bucket::{self, BucketRow};
use crate::db::directory::{self, ChangedRow, Family};
use crate::db::limit::{self, LimitRow, LimitTarget};
use crate::db::principal::{self, PrincipalRow};
use crate::db::team::{self, MembershipRow, TeamRow};
use crate::db::token::{self, TokenRow};
use crate::db::{Connection, Db, Error};
use futures::TryStreamExt as _;
use protocol::id::{BucketId, LimitId, PrincipalId, TeamId, TokenId};
use std::collections::HashSet;
use std::pin::pin;
use std::str::FromStr;

/// More changed rows than this are read quicker by reading everything.
const MAX_ROWS: u32 = 10_000;

/// What happened after a revision.
pub(super) enum News {
    /// Nothing.
    None,
    /// These rows changed.
    Rows(Rows),
    /// So much, or so long ago, that everything has to be read.
    TooMany,
}

/// Rows as they are at a revision; `None` where one is gone.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) revision: u64,
    pub(super) buckets: Vec<(BucketId, Option<BucketRow>)>,
    pub(super) teams: Vec<(TeamId, Option<TeamRow>)>,
    pub(super) principals: Vec<(PrincipalId, Option<PrincipalRow>)>,
    pub(super) memberships: Vec<(TeamId, PrincipalId, Option<MembershipRow>)>,
    pub(super) tokens: Vec<(TokenId, Option<TokenRow>)>,
    pub(super) limits: Vec<(LimitId, Option<LimitRow>)>,
}

/// Reads what changed after `known`, all at one revision.
pub(super) async fn since(db: &Db, known: u64) -> Result<News, Error> {
    let mut connection = db.acquire().await?;
    if directory::get_revision(&mut connection).await? == known {
        return Ok(News::None);
    }
    drop(connection);
    let mut tx = db.begin_snapshot().await?;
    let revision = directory::get_revision(&mut tx).await?;
    let changes = directory::list_changes(&mut tx, known, MAX_ROWS + 1).await?;
    // The log was cut where we are, or the database was put back to an earlier state
    let unbroken = revision > known && changes.first().is_some_and(|row| row.revision == known + 1);
    if !unbroken || changes.len() > MAX_ROWS as usize {
        return Ok(News::TooMany);
    }
    let mut rows = Rows {
        revision,
        ..Rows::default()
    };
    let mut seen = HashSet::new();
    for ChangedRow { family, row_id, .. } in changes {
        if seen.insert((family, row_id.clone())) {
            read(&mut tx, family, &row_id, &mut rows).await?;
        }
    }
    tx.rollback().await?;
    Ok(News::Rows(rows))
}

async fn read(
    tx: &mut Connection,
    family: Family,
    row_id: &str,
    rows: &mut Rows,
) -> Result<(), Error> {
    match family {
        Family::Bucket => {
            let row = bucket::find_bucket(tx, row_id).await?;
            rows.buckets.push((id(row_id)?, row));
        }
        Family::Team => {
            let row = team::find_team(tx, row_id).await?;
            rows.teams.push((id(row_id)?, row));
        }
        Family::Principal => {
            let row = principal::find_principal(tx, row_id).await?;
            rows.principals.push((id(row_id)?, row));
        }
        Family::Membership => {
            let (team, principal) = row_id.split_once('/').ok_or(CORRUPT)?;
            let (team, principal) = (id(team)?, id(principal)?);
            let row = team::find_membership(tx, team, principal).await?;
            rows.memberships.push((team, principal, row));
        }
        Family::Token => {
            let row = token::find_token(tx, row_id).await?;
            rows.tokens.push((id(row_id)?, row));
        }
        Family::Limit => {
            let row = limit::find_limit(tx, row_id).await?;
            rows.limits.push((id(row_id)?, row));
        }
    }
    Ok(())
}

const CORRUPT: Error = Error::Corrupt { column: "row_id" };

fn id<T: FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| CORRUPT)
}

/// Reads everything, at one revision.
pub(super) async fn everything(db: &Db) -> Result<State, Error> {
    let mut tx = db.begin_snapshot().await?;
    let mut state = State {
        revision: directory::get_revision(&mut tx).await?,
        ..State::default()
    };
    {
        let mut rows = pin!(limit::stream_limits(&mut tx));
        while let Some(row) = rows.try_next().await? {
            state.put_limit(row);
        }
    }
    {
        let mut rows = pin!(bucket::stream_buckets(&mut tx));
        while let Some(row) = rows.try_next().await? {
            state.put_bucket(row.id, Some(row));
        }
    }
    let default = state.default_bucket();
    let mut limits = state.merged_limits();
    {
        let mut rows = pin!(team::stream_teams(&mut tx));
        while let Some(row) = rows.try_next().await? {
            let id = row.id;
            state.put_team(id, Some(row), default.as_ref());
            if let Some(limits) = limits.remove(&LimitTarget::Team(id)) {
                state.put_limits_of_team(id, limits);
            }
        }
    }
    let mut roles = Roles::default();
    {
        let mut rows = pin!(team::stream_memberships(&mut tx));
        while let Some(row) = rows.try_next().await? {
            roles.add(row);
        }
    }
    {
        let mut rows = pin!(principal::stream_principals(&mut tx));
        while let Some(row) = rows.try_next().await? {
            let memberships = roles.of_principal.remove(&row.id).unwrap_or_default();
            let limits = limits
                .remove(&LimitTarget::Principal(row.id))
                .unwrap_or_default();
            state.put_standing(row, memberships.into_iter().collect(), limits);
        }
    }
    state.members = roles.of_team;
    {
        let mut rows = pin!(token::stream_tokens(&mut tx));
        while let Some(row) = rows.try_next().await? {
            state.put_token(row.id, Some(row));
        }
    }
    tx.rollback().await?;
    Ok(state)
}
