//! Tokens: made, brought along, revoked.

use super::{Admin, Asked, Error, about, open};
use crate::db::token::{self, TokenRow};
use crate::policy::{
    CreateToken, ImportOwnToken, ImportTokenFor, ListTokens, Permit, RevokeToken, Standing,
};
use aws_lc_rs::digest;
use protocol::admin::{IssuedToken, PrincipalKind, State, Token};
use protocol::audit::{Action, Event};
use protocol::id::TokenId;
use protocol::{Page, Sha256Digest};
use std::time::Duration;
use zeroize::Zeroizing;

/// Tokens on one page.
const PAGE: u32 = 200;
/// The longest label, in bytes.
const MAX_LABEL_BYTES: usize = 200;
/// The longest life that can be asked for: ten years, in seconds.
const MAX_TTL_SECONDS: u64 = 3_653 * 86_400;

impl Admin {
    /// A principal's tokens, revoked ones included, oldest first; those after `after`.
    pub async fn list_tokens(
        &self,
        permit: Permit<ListTokens>,
        after: Option<TokenId>,
    ) -> Result<Page<Token>, Error> {
        let (ListTokens { subject, .. }, _) = open(permit);
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let mut connection = self.db.acquire().await?;
        let mut rows = token::list_tokens(&mut connection, subject.id, &after, PAGE + 1).await?;
        let more = rows.len() > PAGE as usize;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let items = rows
            .into_iter()
            .map(|row| self.told_token(&subject, row))
            .collect();
        Ok(Page { items, next })
    }

    /// Makes a token, and tells its secret this once.
    pub async fn create_token(&self, permit: Permit<CreateToken>) -> Result<IssuedToken, Error> {
        let (
            CreateToken {
                subject, request, ..
            },
            asked,
        ) = open(permit);
        if request
            .ttl_seconds
            .is_some_and(|ttl| ttl == 0 || ttl > MAX_TTL_SECONDS)
        {
            return Err(Error::invalid(
                "ttl_seconds",
                format!("must be between 1 and {MAX_TTL_SECONDS}"),
            ));
        }
        let secret = self.ids.token_secret();
        let wanted = Wanted {
            subject: &subject,
            sha256: sha256(&secret),
            label: request.label,
            ttl: request.ttl_seconds.map(Duration::from_secs),
            imported: false,
        };
        let token = self.add_token(wanted, &asked).await?;
        Ok(IssuedToken { token, secret })
    }

    /// Brings an API key of the caller's along.
    pub async fn import_own_token(&self, permit: Permit<ImportOwnToken>) -> Result<Token, Error> {
        let (ImportOwnToken { request }, asked) = open(permit);
        let secret = Zeroizing::new(request.secret);
        protocol::token::check_imported(&secret)
            .map_err(|error| Error::invalid("secret", error.fault.to_string()))?;
        let subject = asked.caller.standing().clone();
        let wanted = Wanted {
            subject: &subject,
            sha256: sha256(&secret),
            label: request.label,
            ttl: None,
            imported: true,
        };
        self.add_token(wanted, &asked).await
    }

    /// Brings a user's API key along by its hash.
    pub async fn import_token_for(&self, permit: Permit<ImportTokenFor>) -> Result<Token, Error> {
        let (ImportTokenFor { subject, request }, asked) = open(permit);
        if subject.kind != PrincipalKind::User {
            return Err(Error::Conflict(
                "only users bring keys along; make a token for the service account".to_owned(),
            ));
        }
        let wanted = Wanted {
            subject: &subject,
            sha256: request.sha256,
            label: request.label,
            ttl: None,
            imported: true,
        };
        self.add_token(wanted, &asked).await
    }

    async fn add_token(&self, wanted: Wanted<'_>, asked: &Asked) -> Result<Token, Error> {
        check_label(&wanted.label)?;
        let mut change = self.begin(asked).await?;
        let subject = self
            .directory
            .principal(wanted.subject.id)
            .filter(|subject| subject.state != State::Removed)
            .ok_or(Error::NotFound)?;
        let row = TokenRow {
            id: self.ids.make(),
            principal_id: subject.id,
            sha256: wanted.sha256,
            label: wanted.label,
            created_at: change.at(),
            expires_at: wanted.ttl.map(|ttl| change.at().plus(ttl)),
            revoked_at: None,
            imported_by_id: wanted.imported.then(|| asked.caller.principal_id()),
        };
        change.create_token(&row).await.map_err(|error| {
            if error.is_unique_conflict() {
                // Revoked keys too: what was once given up must not come back to life
                Error::Conflict("this key is or was in use; choose another one".to_owned())
            } else {
                error.into()
            }
        })?;
        let action = if wanted.imported {
            Action::TokenImport
        } else {
            Action::TokenCreate
        };
        let event = self.token_event(asked, action, row.id, &subject, change.at());
        change.add_event(&event).await?;
        self.commit(change).await?;
        Ok(self.told_token(&subject, row))
    }

    /// Ends a token. Asking again does nothing.
    pub async fn revoke_token(&self, permit: Permit<RevokeToken>) -> Result<(), Error> {
        let (RevokeToken { token, subject, .. }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        match self.directory.token_owner(token) {
            // Revoked meanwhile
            None => return Ok(()),
            // Policy was asked about somebody else's
            Some(owner) if owner.id != subject.id => return Err(Error::NotFound),
            Some(_) => {}
        }
        change.revoke_token(token).await?;
        let event = self.token_event(&asked, Action::TokenRevoke, token, &subject, change.at());
        change.add_event(&event).await?;
        self.commit(change).await
    }

    fn token_event(
        &self,
        asked: &Asked,
        action: Action,
        token: TokenId,
        subject: &Standing,
        at: protocol::Timestamp,
    ) -> Event {
        let event = Event {
            subject: Some(token.to_string()),
            detail: Some(format!("token of `{}`", subject.name)),
            ..self.event(asked, action, at)
        };
        match subject.owner_team.and_then(|id| self.directory.team(id)) {
            Some(team) => about(&team, event),
            None => event,
        }
    }
}

struct Wanted<'a> {
    subject: &'a Standing,
    sha256: Sha256Digest,
    label: String,
    ttl: Option<Duration>,
    imported: bool,
}

fn check_label(label: &str) -> Result<(), Error> {
    if label.len() > MAX_LABEL_BYTES {
        return Err(Error::invalid(
            "label",
            format!("is longer than {MAX_LABEL_BYTES} bytes"),
        ));
    }
    if label.contains(char::is_control) {
        return Err(Error::invalid("label", "has control characters"));
    }
    Ok(())
}

/// What is stored of a token.
fn sha256(secret: &str) -> Sha256Digest {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Sha256Digest::from_bytes(bytes)
}
