//! `signet token`.

use super::login::read_secret;
use super::or_dash;
use crate::arguments::TokenCommand;
use crate::output::Output;
use client::{Api, collect_pages};
use protocol::admin::{ImportToken, ImportTokenHash, IssuedToken, NewToken, Token};

pub(super) async fn run(api: &Api, command: TokenCommand, output: Output) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create {
            principal,
            label,
            ttl,
        } => {
            let body = NewToken {
                label,
                ttl_seconds: ttl,
            };
            let issued = match &principal {
                Some(principal) => api.create_user_token(principal, &body).await?,
                None => api.create_token(&body).await?,
            };
            show_once(&issued, output);
        }
        TokenCommand::List { principal } => {
            let tokens = match &principal {
                Some(principal) => {
                    collect_pages(async |after: Option<String>| {
                        api.list_user_tokens(principal, after.as_deref()).await
                    })
                    .await?
                }
                None => {
                    collect_pages(async |after: Option<String>| {
                        api.list_tokens(after.as_deref()).await
                    })
                    .await?
                }
            };
            output.rows(
                ["TOKEN", "OF", "LABEL", "EXPIRES", "REVOKED", "IMPORTED BY"],
                &tokens,
                |token| {
                    [
                        token.id.to_string(),
                        token.principal.to_string(),
                        token.label.clone(),
                        or_dash(token.expires_at),
                        or_dash(token.revoked_at),
                        or_dash(token.imported_by.as_ref()),
                    ]
                },
            );
        }
        TokenCommand::Import {
            label,
            principal: Some(principal),
            sha256: Some(sha256),
        } => {
            imported(
                &api.import_user_token_hash(&principal, &ImportTokenHash { sha256, label })
                    .await?,
                output,
            );
        }
        TokenCommand::Import { label, .. } => {
            let secret = read_secret("key to bring along: ", false)?;
            imported(
                &api.import_token(&ImportToken { secret, label }).await?,
                output,
            );
        }
        TokenCommand::Revoke { id } => {
            api.delete_token(id).await?;
            output.tell(format_args!("{id} is revoked"));
        }
    }
    Ok(())
}

fn show_once(issued: &IssuedToken, output: Output) {
    if !output.is_json() {
        Output::note(format_args!(
            "{} of {}; its secret is shown this once:",
            issued.token.id, issued.token.principal
        ));
    }
    output.result(issued, |issued| issued.secret.clone());
}

fn imported(token: &Token, output: Output) {
    output.result(token, |token| {
        format!(
            "{} of {} brought along by {}",
            token.id,
            token.principal,
            or_dash(token.imported_by.as_ref())
        )
    });
}
