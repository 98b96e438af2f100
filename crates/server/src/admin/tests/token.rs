//! Tokens.

use super::{House, assert_conflict, assert_invalid};
use crate::admin::Error;
use crate::auth::AuthError;
use crate::db::testing::for_each_database;
use crate::policy::{
    CreateToken, Denial, ImportOwnToken, ImportTokenFor, ListTokens, ReadSelf, RevokeToken, Rule,
};
use protocol::Sha256Digest;
use protocol::admin::{ImportToken, ImportTokenHash, NewToken};
use protocol::audit::Action;
use protocol::id::TokenId;
use std::time::Duration;

/// As clients of W&B have it.
const KEY: &str = "8f14e45fceea167a5a36dedd4bea2543f1c9a0b7";

fn new_token(house: &House, subject: &str, request: NewToken) -> CreateToken {
    let subject = house.standing(subject);
    CreateToken {
        owner_team: subject
            .owner_team
            .and_then(|id| house.world.directory.team(id)),
        subject,
        request,
    }
}

fn import(secret: &str) -> ImportOwnToken {
    ImportOwnToken {
        request: ImportToken {
            secret: secret.to_owned(),
            label: "laptop".to_owned(),
        },
    }
}

fn revoke(house: &House, subject: &str, token: TokenId) -> RevokeToken {
    RevokeToken {
        token,
        subject: house.standing(subject),
        owner_team: None,
    }
}

#[tokio::test]
async fn a_token_works_until_it_expires_or_is_revoked() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        let request = NewToken {
            label: "laptop".to_owned(),
            ttl_seconds: Some(60),
        };
        let permit = house
            .ask("alice", new_token(&house, "alice", request))
            .unwrap();
        let issued = house.admin.create_token(permit).await.unwrap();
        assert!(issued.secret.starts_with("signet-") && issued.secret.len() > 60);
        assert!(!format!("{issued:?}").contains(&issued.secret));
        let caller = house.authenticate(&issued.secret).unwrap();
        assert_eq!(
            (caller.principal_id(), caller.token_id()),
            (house.standing("alice").id, issued.token.id)
        );
        let _permit = house.gate.decide(&caller, ReadSelf {}).unwrap();

        house.world.clock.advance(Duration::from_mins(1));
        house.world.directory.refresh().await.unwrap();
        let caller = house.authenticate(&issued.secret).unwrap();
        let expired = house.gate.decide(&caller, ReadSelf {}).unwrap_err();
        assert_eq!(expired, Denial::Forbidden(Rule::TokenExpired));

        let permit = house
            .ask("alice", new_token(&house, "alice", NewToken::default()))
            .unwrap();
        let issued = house.admin.create_token(permit).await.unwrap();
        house.authenticate(&issued.secret).unwrap();
        let permit = house
            .ask("alice", revoke(&house, "alice", issued.token.id))
            .unwrap();
        house.admin.revoke_token(permit).await.unwrap();
        assert_eq!(
            house.authenticate(&issued.secret).unwrap_err(),
            AuthError::Unknown
        );
        let permit = house
            .ask("alice", revoke(&house, "alice", issued.token.id))
            .unwrap();
        house.admin.revoke_token(permit).await.unwrap();
        assert_eq!(house.events(Action::TokenRevoke).await.len(), 1);

        let subject = house.standing("alice");
        let list = ListTokens {
            subject,
            owner_team: None,
        };
        let listed = house
            .admin
            .list_tokens(house.ask("alice", list).unwrap(), None)
            .await
            .unwrap();
        assert_eq!((listed.items.len(), listed.next), (3, None));
        let revoked = listed
            .items
            .iter()
            .find(|token| token.id == issued.token.id)
            .unwrap();
        assert!(revoked.revoked_at.is_some());

        // Nothing that was recorded holds a secret
        for action in [Action::TokenCreate, Action::TokenRevoke] {
            let events = house.events(action).await;
            assert!(!events.is_empty());
            assert!(
                !serde_json::to_string(&events)
                    .unwrap()
                    .contains(&issued.secret)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_existing_key_is_brought_along() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        house.world.user("bob").await;
        let token = house
            .admin
            .import_own_token(house.ask("alice", import(KEY)).unwrap())
            .await
            .unwrap();
        assert_eq!(token.imported_by.unwrap().as_str(), "alice");
        assert_eq!(
            house.authenticate(KEY).unwrap().principal_id(),
            house.standing("alice").id
        );
        // Nobody else's, and not again after it was revoked
        let again = house.ask("bob", import(KEY)).unwrap();
        assert_conflict(house.admin.import_own_token(again).await, "in use");
        let permit = house
            .ask("alice", revoke(&house, "alice", token.id))
            .unwrap();
        house.admin.revoke_token(permit).await.unwrap();
        let again = house.ask("alice", import(KEY)).unwrap();
        assert_conflict(house.admin.import_own_token(again).await, "in use");
        for bad in ["short", &"a".repeat(40), &format!("{KEY} ")] {
            let permit = house.ask("alice", import(bad)).unwrap();
            assert_invalid(house.admin.import_own_token(permit).await, "secret");
        }

        let other = "ab8f14e45fceea167a5a36dedd4bea2543f1c9a0";
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, other.as_bytes());
        let sha256 = Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap());
        let for_user = |name: &str| ImportTokenFor {
            subject: house.standing(name),
            request: ImportTokenHash {
                sha256,
                label: String::new(),
            },
        };
        assert!(house.ask("alice", for_user("bob")).is_err());
        let token = house
            .admin
            .import_token_for(house.root(for_user("bob")))
            .await
            .unwrap();
        assert_eq!(token.imported_by.unwrap().as_str(), "root");
        assert_eq!(
            house.authenticate(other).unwrap().principal_id(),
            house.standing("bob").id
        );
        assert_eq!(house.events(Action::TokenImport).await.len(), 2);

        house.create_team("vision", None).await.unwrap();
        house.create_robot("vision", "robot").await.unwrap();
        let refused = house
            .admin
            .import_token_for(house.root(for_user("robot")))
            .await;
        assert_conflict(refused, "only users");
    })
    .await;
}

#[tokio::test]
async fn what_a_token_is_asked_with_is_checked() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        house.world.user("bob").await;
        let create = |request: NewToken| {
            house
                .admin
                .create_token(house.root(new_token(&house, "alice", request)))
        };
        for ttl in [0, u64::MAX, 3_653 * 86_400 + 1] {
            let request = NewToken {
                ttl_seconds: Some(ttl),
                ..NewToken::default()
            };
            assert_invalid(create(request).await, "ttl_seconds");
        }
        for label in ["a".repeat(201), "a\nb".to_owned(), "\u{1b}[2J".to_owned()] {
            let request = NewToken {
                label,
                ..NewToken::default()
            };
            assert_invalid(create(request).await, "label");
        }
        // Policy was asked about bob, the token is alice's
        let (_, token, _) = house
            .world
            .directory
            .by_token(&crate::directory::testing::token_sha256("alice"))
            .unwrap();
        let permit = house.ask("bob", revoke(&house, "bob", token.id)).unwrap();
        let refused = house.admin.revoke_token(permit).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        house.authenticate("alice-token").unwrap();
    })
    .await;
}
