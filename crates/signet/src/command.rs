//! What each command does: a request or two, and a result.

mod audit;
mod bucket;
mod bucket_policy;
mod doctor;
mod limit;
mod login;
mod registry;
#[cfg(feature = "server")]
mod serve;
mod team;
mod token;
mod transfer;
mod user;

#[cfg(feature = "server")]
pub(crate) use audit::{event_row, verified};
#[cfg(feature = "server")]
pub(crate) use user::suspension;

use crate::arguments::{Arguments, Command, Global};
use crate::credentials::Credentials;
use crate::exit::UserError;
use crate::output::Output;
use client::Api;

/// Runs the command.
pub(crate) async fn run(arguments: Arguments, output: Output) -> anyhow::Result<()> {
    let Arguments { global, command } = arguments;
    match command {
        #[cfg(feature = "server")]
        Command::Serve(serve) => serve::serve(serve, output).await,
        #[cfg(feature = "server")]
        Command::Dev(dev) => serve::dev(dev, &global, output).await,
        #[cfg(feature = "server")]
        Command::Demo(demo) => crate::demo::run(demo, output).await,
        Command::Login(login) => login::login(&login, &global, output).await,
        Command::Whoami => user::whoami(&api(&global)?, output).await,
        Command::Put(put) => transfer::put(&api(&global)?, put, output).await,
        Command::Get(get) => transfer::get(&api(&global)?, get, output).await,
        Command::Ls(ls) => registry::ls(&api(&global)?, &ls, output).await,
        Command::Url(url) => transfer::url(&api(&global)?, &url, output).await,
        Command::Alias(command) => registry::alias(&api(&global)?, &command, output).await,
        Command::Team(command) => team::run(&api(&global)?, command, output).await,
        Command::User(command) => user::run(&api(&global)?, command, output).await,
        Command::Token(command) => token::run(&api(&global)?, command, output).await,
        Command::Bucket(command) => bucket::run(&api(&global)?, command, output).await,
        Command::Limit(command) => limit::run(&api(&global)?, command, output).await,
        Command::Grant(command) => audit::grants(&api(&global)?, command, output).await,
        Command::Audit(command) => audit::audit(&api(&global)?, command, output).await,
        Command::Doctor => doctor::run(&global, output).await,
    }
}

/// The server that is meant.
fn server(global: &Global) -> anyhow::Result<String> {
    let named = match &global.server {
        Some(server) => Some(server.clone()),
        None => Credentials::at(global.credentials.clone())?.default_server()?,
    };
    let server = named.ok_or_else(|| {
        UserError::Usage(
            "no server is named\nhint: `signet login ADDRESS`, or `--server ADDRESS`".to_owned(),
        )
    })?;
    Ok(server.trim_end_matches('/').to_owned())
}

/// A client of the server that is meant, with the token for it.
fn api(global: &Global) -> anyhow::Result<Api> {
    let server = server(global)?;
    let token = match &global.token {
        Some(token) => token.parse()?,
        None => Credentials::at(global.credentials.clone())?.token(&server)?,
    };
    Ok(Api::new(&server, token)?)
}

/// A list of allowed networks for people.
fn networks(list: &[protocol::Network]) -> String {
    if list.is_empty() {
        return "every network".to_owned();
    }
    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

/// An optional value for a table.
fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
