//! `signet login`.

use crate::arguments::{Global, Login};
use crate::credentials::Credentials;
use crate::exit::UserError;
use crate::output::Output;
use client::{Api, Token};
use std::io::{BufRead as _, IsTerminal as _};

/// Asks for the token, tries it, and keeps it.
pub(super) async fn login(login: &Login, global: &Global, output: Output) -> anyhow::Result<()> {
    let server = login.address.trim_end_matches('/').to_owned();
    let token: Token = match &global.token {
        Some(token) => token.parse()?,
        None => read_secret(&format!("token for {server}: "), login.token_stdin)?.parse()?,
    };
    let me = Api::new(&server, token.clone())?.me().await?;
    let credentials = Credentials::at(global.credentials.clone())?;
    let path = credentials.keep(&server, &token)?;
    output.result(&me, |me| {
        format!(
            "signed in to {server} as {}; the token is in {}",
            me.principal.name,
            path.display()
        )
    });
    Ok(())
}

/// A line of standard input; asked for without echo on a terminal.
pub(super) fn read_secret(question: &str, from_stdin: bool) -> anyhow::Result<String> {
    if from_stdin || !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Err(UserError::Usage(
                "standard input is empty; the secret is expected there".to_owned(),
            )
            .into());
        }
        return Ok(line.to_owned());
    }
    Ok(rpassword::prompt_password(question)?)
}
