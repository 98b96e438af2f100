//! The first administrator of an instance.

use super::account::create_personal_team;
use super::{Error, event, name};
use crate::db::principal::PrincipalRow;
use crate::db::token::TokenRow;
use crate::directory::Directory;
use crate::ids::IdMaker;
use protocol::admin::{PrincipalKind, State};
use protocol::audit::{Action, Event};
use protocol::id::PrincipalId;
use protocol::{PrincipalName, Sha256Digest};

/// Makes the first instance admin with the token of this SHA-256, when the instance has none yet, and
/// its own team if `personal_team`. Says whom, or `None` when there is one already. Servers that start
/// at once make one between them.
///
/// Its events have no actor. They are moved to the ledger with the next ones, or by
/// [`Ledger::drain_outbox`](crate::ledger::Ledger::drain_outbox).
///
/// # Errors
/// When the name or the token is taken, or the database fails.
pub async fn bootstrap(
    directory: &Directory,
    ids: &IdMaker,
    admin: &PrincipalName,
    token_sha256: Sha256Digest,
    personal_team: bool,
) -> Result<Option<PrincipalId>, Error> {
    let mut change = directory.change(None).await?;
    let at = change.at();
    let has_admin = directory
        .principals()
        .iter()
        .any(|principal| principal.instance_admin && principal.state != State::Removed);
    if has_admin {
        return Ok(None);
    }
    name::check_free(directory, "name", admin.as_str())?;
    let row = PrincipalRow {
        id: ids.make(),
        kind: PrincipalKind::User,
        name: admin.clone(),
        state: State::Active,
        instance_admin: true,
        owner_team_id: None,
        created_at: at,
    };
    change.create_principal(&row).await?;
    let token = TokenRow {
        id: ids.make(),
        principal_id: row.id,
        sha256: token_sha256,
        label: "first administrator".to_owned(),
        created_at: at,
        expires_at: None,
        revoked_at: None,
        imported_by_id: None,
    };
    change.create_token(&token).await.map_err(|error| {
        if error.is_unique_conflict() {
            Error::Conflict("the first administrator's token is or was in use".to_owned())
        } else {
            error.into()
        }
    })?;
    if personal_team {
        create_personal_team(&mut change, directory, ids, &row).await?;
    }
    for (action, subject) in [
        (Action::UserCreate, admin.to_string()),
        (Action::TokenCreate, token.id.to_string()),
    ] {
        let event = Event {
            subject: Some(subject),
            detail: Some("first administrator of the instance".to_owned()),
            ..event(ids, action, at)
        };
        change.add_event(&event).await?;
    }
    change.commit().await?;
    Ok(Some(row.id))
}
