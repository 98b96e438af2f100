//! Users and service accounts: made, stopped, removed.

use super::{Admin, Asked, Error, about, current_team, name, open};
use crate::broker::Swept;
use crate::db::principal::PrincipalRow;
use crate::db::team::{MembershipRow, TeamRow};
use crate::directory::{Change, Directory};
use crate::ids::IdMaker;
use crate::policy::{
    CreateServiceAccount, CreateUser, Permit, ReinstatePrincipal, RemovePrincipal, Standing,
    SuspendPrincipal,
};
use protocol::Role;
use protocol::admin::{Principal, PrincipalKind, State, Suspension};
use protocol::audit::{Action, Event};
use std::sync::Arc;

impl Admin {
    /// Makes a user, and its own team unless those are switched off.
    pub async fn create_user(&self, permit: Permit<CreateUser>) -> Result<Principal, Error> {
        let (CreateUser { request }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        name::check_free(&self.directory, "name", request.name.as_str())?;
        let row = PrincipalRow {
            id: self.ids.make(),
            kind: PrincipalKind::User,
            name: request.name,
            state: State::Active,
            instance_admin: request.instance_admin,
            owner_team_id: None,
            created_at: change.at(),
        };
        change.create_principal(&row).await?;
        change
            .add_event(&Event {
                subject: Some(row.name.to_string()),
                detail: row.instance_admin.then(|| "instance admin".to_owned()),
                ..self.event(&asked, Action::UserCreate, change.at())
            })
            .await?;
        if self.settings.personal_teams {
            let team = create_personal_team(&mut change, &self.directory, &self.ids, &row).await?;
            change
                .add_event(&Event {
                    team_id: Some(team.id),
                    team: Some(team.name.clone()),
                    subject: Some(team.name.to_string()),
                    detail: Some(format!("personal team of `{}`", row.name)),
                    ..self.event(&asked, Action::TeamCreate, change.at())
                })
                .await?;
        }
        self.commit(change).await?;
        Ok(self.told_account(&row))
    }

    /// Makes a service account that a team owns.
    pub async fn create_service_account(
        &self,
        permit: Permit<CreateServiceAccount>,
    ) -> Result<Principal, Error> {
        let (CreateServiceAccount { team, request }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let team = current_team(&self.directory, &team)?;
        name::check_free(&self.directory, "name", request.name.as_str())?;
        let row = PrincipalRow {
            id: self.ids.make(),
            kind: PrincipalKind::ServiceAccount,
            name: request.name,
            state: State::Active,
            instance_admin: false,
            owner_team_id: Some(team.id),
            created_at: change.at(),
        };
        change.create_principal(&row).await?;
        let membership = MembershipRow {
            team_id: team.id,
            principal_id: row.id,
            role: request.role,
        };
        change.set_membership(&membership).await?;
        let event = Event {
            subject: Some(row.name.to_string()),
            detail: Some(request.role.to_string()),
            ..self.event(&asked, Action::ServiceAccountCreate, change.at())
        };
        change.add_event(&about(&team, event)).await?;
        self.commit(change).await?;
        Ok(self.told_account(&row))
    }

    /// Stops a principal: everything is refused from the commit on, on every server. Aborts its open
    /// uploads, and tells what it was granted and is still alive. Asking again tells it again.
    pub async fn suspend(&self, permit: Permit<SuspendPrincipal>) -> Result<Suspension, Error> {
        let (SuspendPrincipal { subject, .. }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let subject = self.current_principal(&subject)?;
        if subject.state == State::Active {
            self.check_not_last(&subject)?;
            change
                .set_principal_state(subject.id, State::Suspended)
                .await?;
            self.add_account_event(&mut change, &asked, Action::PrincipalSuspend, &subject)
                .await?;
            self.commit(change).await?;
        } else if subject.state == State::Removed {
            return Err(removed(&subject));
        } else {
            drop(change);
        }
        self.told_suspension(&subject, State::Suspended).await
    }

    /// Lets a stopped principal go on.
    pub async fn reinstate(&self, permit: Permit<ReinstatePrincipal>) -> Result<Principal, Error> {
        let (ReinstatePrincipal { subject, .. }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let subject = self.current_principal(&subject)?;
        match subject.state {
            State::Active => drop(change),
            State::Removed => return Err(removed(&subject)),
            State::Suspended => {
                change
                    .set_principal_state(subject.id, State::Active)
                    .await?;
                let action = Action::PrincipalReinstate;
                self.add_account_event(&mut change, &asked, action, &subject)
                    .await?;
                self.commit(change).await?;
            }
        }
        Ok(self.told_principal(&subject, State::Active))
    }

    /// Removes a principal for good: revokes its tokens and ends its memberships, and does what
    /// suspending does. Its name stays taken.
    pub async fn remove(&self, permit: Permit<RemovePrincipal>) -> Result<Suspension, Error> {
        let (RemovePrincipal { subject, .. }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let subject = self.current_principal(&subject)?;
        if subject.state == State::Removed {
            drop(change);
        } else {
            self.check_not_last(&subject)?;
            change
                .set_principal_state(subject.id, State::Removed)
                .await?;
            change.revoke_tokens_of(subject.id).await?;
            for (team, _) in subject.memberships.iter() {
                change.delete_membership(team, subject.id).await?;
            }
            self.add_account_event(&mut change, &asked, Action::PrincipalRemove, &subject)
                .await?;
            self.commit(change).await?;
        }
        self.told_suspension(&subject, State::Removed).await
    }

    async fn add_account_event(
        &self,
        change: &mut Change<'_>,
        asked: &Asked,
        action: Action,
        subject: &Standing,
    ) -> Result<(), Error> {
        let event = Event {
            subject: Some(subject.name.to_string()),
            ..self.event(asked, action, change.at())
        };
        // An account of a team is the team's business
        let team = subject.owner_team.and_then(|id| self.directory.team(id));
        let event = match team {
            Some(team) => about(&team, event),
            None => event,
        };
        Ok(change.add_event(&event).await?)
    }

    fn current_principal(&self, subject: &Standing) -> Result<Arc<Standing>, Error> {
        self.directory.principal(subject.id).ok_or(Error::NotFound)
    }

    /// Policy lets nobody stop itself, so whoever asks stays; this holds should that ever change.
    fn check_not_last(&self, subject: &Standing) -> Result<(), Error> {
        let principals = self.directory.principals();
        if is_last_instance_admin(subject, principals.iter().map(|other| &**other)) {
            return Err(Error::Conflict(format!(
                "`{}` is the last administrator of the instance; make another one first",
                subject.name
            )));
        }
        Ok(())
    }

    async fn told_suspension(&self, subject: &Standing, state: State) -> Result<Suspension, Error> {
        let Swept {
            aborted,
            unfinished,
        } = self
            .broker
            .abort_uploads_of(subject.id, |bucket| self.directory.bucket(bucket))
            .await
            .map_err(Error::Uploads)?;
        let live = self
            .ledger
            .live_grants(subject.id, self.clock.now())
            .await
            .map_err(Error::Grants)?;
        Ok(Suspension {
            principal: self.told_principal(subject, state),
            aborted_uploads: aborted.into(),
            failed_aborts: unfinished.into(),
            live_urls: live.urls,
            live_grants: live.grants,
            last_expires_at: live.last_expires_at,
        })
    }
}

/// Gives a new user a team of its own.
pub(super) async fn create_personal_team(
    change: &mut Change<'_>,
    directory: &Directory,
    ids: &IdMaker,
    user: &PrincipalRow,
) -> Result<TeamRow, Error> {
    let team = TeamRow {
        id: ids.make(),
        name: name::of_personal_team(&user.name)?,
        state: State::Active,
        personal: true,
        bucket_id: None,
        allowed_networks: Vec::new(),
        created_at: change.at(),
    };
    // The user's name was found to be free; the team's may be another one
    name::check_free(directory, "name", team.name.as_str())?;
    change.create_team(&team).await?;
    let membership = MembershipRow {
        team_id: team.id,
        principal_id: user.id,
        role: Role::Admin,
    };
    change.set_membership(&membership).await?;
    Ok(team)
}

fn removed(subject: &Standing) -> Error {
    Error::Conflict(format!(
        "`{}` was removed for good; make a new account",
        subject.name
    ))
}

/// Whether an instance would have no active admin without `subject`.
pub(super) fn is_last_instance_admin<'a>(
    subject: &Standing,
    mut all: impl Iterator<Item = &'a Standing>,
) -> bool {
    let active = |standing: &Standing| standing.instance_admin && standing.state == State::Active;
    active(subject) && !all.any(|other| other.id != subject.id && active(other))
}
