//! Teams and who is in them.

use super::{Admin, Error, about, current_team, name, network, open};
use crate::db::team::{MembershipRow, TeamRow};
use crate::policy::{
    BucketFacts, ChangeTeam, CreateTeam, Permit, RemoveMembership, SetMembership, Standing,
};
use protocol::admin::{Membership, State, Team};
use protocol::audit::{Action, Event};
use protocol::{BucketName, PrincipalName, Role};
use std::sync::Arc;

impl Admin {
    /// Makes a team; the caller becomes its admin.
    pub async fn create_team(&self, permit: Permit<CreateTeam>) -> Result<Team, Error> {
        let (CreateTeam { request }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        name::check_free(&self.directory, "name", request.name.as_str())?;
        let bucket = match &request.bucket {
            Some(name) => Some(self.bucket_for_team(name)?),
            None => None,
        };
        let row = TeamRow {
            id: self.ids.make(),
            name: request.name,
            state: State::Active,
            personal: false,
            bucket_id: bucket.map(|bucket| bucket.id),
            allowed_networks: Vec::new(),
            created_at: change.at(),
        };
        change.create_team(&row).await?;
        let membership = MembershipRow {
            team_id: row.id,
            principal_id: asked.caller.principal_id(),
            role: Role::Admin,
        };
        change.set_membership(&membership).await?;
        change
            .add_event(&Event {
                team_id: Some(row.id),
                team: Some(row.name.clone()),
                subject: Some(row.name.to_string()),
                detail: request.bucket.map(|name| format!("bucket `{name}`")),
                ..self.event(&asked, Action::TeamCreate, change.at())
            })
            .await?;
        self.commit(change).await?;
        Ok(self.told_team(row))
    }

    /// Gives a team another bucket, state or list of networks. The bucket moves only while the team has nothing in the
    /// one in force; a team is removed only while it has nothing at all.
    pub async fn change_team(&self, permit: Permit<ChangeTeam>) -> Result<Team, Error> {
        let (
            ChangeTeam {
                team,
                change: asked_for,
            },
            asked,
        ) = open(permit);
        let mut change = self.begin(&asked).await?;
        let team = current_team(&self.directory, &team)?;
        let state = asked_for.state.unwrap_or(team.state);
        let bucket = match &asked_for.bucket {
            Some(name) => Some(self.bucket_for_team(name)?),
            None => None,
        };
        let networks = asked_for.allowed_networks.as_deref();
        network::check_count("allowed_networks", networks.unwrap_or_default())?;
        let networks = networks.filter(|networks| **networks != *team.allowed_networks);
        let own_bucket = bucket.as_ref().map(|bucket| bucket.id).or(team.own_bucket);
        let row = TeamRow {
            id: team.id,
            name: team.name.clone(),
            state,
            personal: team.personal,
            bucket_id: own_bucket,
            allowed_networks: networks.unwrap_or(&team.allowed_networks).to_vec(),
            created_at: team.created_at,
        };
        if (state, own_bucket, networks) == (team.state, team.own_bucket, None) {
            return Ok(self.told_team(row));
        }
        let in_force = team.bucket.as_ref().map(|bucket| bucket.id);
        let moves = bucket.is_some_and(|bucket| Some(bucket.id) != in_force);
        if (moves || state == State::Removed) && change.team_has_content(team.id).await? {
            return Err(Error::Conflict(format!(
                "team `{}` has objects or open uploads in its bucket; delete them first",
                team.name
            )));
        }
        change.update_team(team.id, state, own_bucket).await?;
        if let Some(networks) = networks {
            change.set_team_networks(team.id, networks).await?;
        }
        let told: Vec<String> = [
            asked_for.state.map(|state| state.as_str().to_owned()),
            asked_for
                .bucket
                .as_ref()
                .map(|name| format!("bucket `{name}`")),
            networks.map(network::tell),
        ]
        .into_iter()
        .flatten()
        .collect();
        let event = Event {
            subject: Some(team.name.to_string()),
            detail: Some(told.join(", ")),
            ..self.event(&asked, Action::TeamUpdate, change.at())
        };
        change.add_event(&about(&team, event)).await?;
        self.commit(change).await?;
        Ok(self.told_team(row))
    }

    /// Gives a principal a role in a team.
    pub async fn set_membership(&self, permit: Permit<SetMembership>) -> Result<Membership, Error> {
        let (
            SetMembership {
                team,
                subject,
                role,
            },
            asked,
        ) = open(permit);
        let mut change = self.begin(&asked).await?;
        let team = current_team(&self.directory, &team)?;
        let subject = self.principal_for_team(&subject)?;
        let membership = Membership {
            team: team.name.clone(),
            principal: subject.name.clone(),
            kind: subject.kind,
            role,
        };
        if subject.role_in(team.id) == Some(role) {
            drop(change);
            return Ok(membership);
        }
        let row = MembershipRow {
            team_id: team.id,
            principal_id: subject.id,
            role,
        };
        change.set_membership(&row).await?;
        let event = Event {
            subject: Some(subject.name.to_string()),
            detail: Some(role.to_string()),
            ..self.event(&asked, Action::MembershipSet, change.at())
        };
        change.add_event(&about(&team, event)).await?;
        self.commit(change).await?;
        Ok(membership)
    }

    /// Ends a membership.
    pub async fn remove_membership(&self, permit: Permit<RemoveMembership>) -> Result<(), Error> {
        let (RemoveMembership { team, subject }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let subject = self
            .directory
            .principal_named(&subject)
            .filter(|subject| subject.role_in(team.id).is_some())
            .ok_or(Error::NotFound)?;
        change.delete_membership(team.id, subject.id).await?;
        let event = Event {
            subject: Some(subject.name.to_string()),
            ..self.event(&asked, Action::MembershipRemove, change.at())
        };
        change.add_event(&about(&team, event)).await?;
        self.commit(change).await
    }

    fn principal_for_team(&self, name: &PrincipalName) -> Result<Arc<Standing>, Error> {
        self.directory
            .principal_named(name)
            .filter(|principal| principal.state != State::Removed)
            .ok_or(Error::NotFound)
    }

    fn bucket_for_team(&self, name: &BucketName) -> Result<Arc<BucketFacts>, Error> {
        self.directory
            .bucket_named(name)
            .filter(|bucket| bucket.state == State::Active)
            .ok_or_else(|| Error::invalid("bucket", format!("`{name}` is not a registered bucket")))
    }
}
