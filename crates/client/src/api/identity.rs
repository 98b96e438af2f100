//! The caller, users, service accounts, tokens.

use super::Api;
use crate::error::Result;
use crate::transport::Repeat;
use http::Method;
use protocol::admin::{
    ImportToken, ImportTokenHash, IssuedToken, Me, NewServiceAccount, NewToken, NewUser, Principal,
    Suspension, Token,
};
use protocol::id::TokenId;
use protocol::{Page, PrincipalName, TeamName};

impl Api {
    /// Whether the process runs (`GET /health`).
    ///
    /// # Errors
    /// When it does not answer 200.
    pub async fn health(&self) -> Result<()> {
        let call = self.route(Method::GET, &["health"]);
        self.done(call.repeat(Repeat::Never)).await
    }

    /// Whether the server can do its work (`GET /ready`).
    ///
    /// # Errors
    /// When it does not answer 200.
    pub async fn ready(&self) -> Result<()> {
        let call = self.route(Method::GET, &["ready"]);
        self.done(call.repeat(Repeat::Never)).await
    }

    /// Who the caller is (`GET /v1/me`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn me(&self) -> Result<Me> {
        self.json(self.route(Method::GET, &["v1", "me"])).await
    }

    /// Makes a user (`POST /v1/users`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_user(&self, body: &NewUser) -> Result<Principal> {
        let call = self.route(Method::POST, &["v1", "users"]);
        self.json(call.json(body)).await
    }

    /// Lists the principals that the caller may see (`GET /v1/users`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_users(&self, after: Option<&str>) -> Result<Page<Principal>> {
        let call = self.route(Method::GET, &["v1", "users"]);
        self.json(call.query("after", after)).await
    }

    /// A principal by its name (`GET /v1/users/{user}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_user(&self, user: &PrincipalName) -> Result<Principal> {
        self.json(self.route(Method::GET, &["v1", "users", user.as_str()]))
            .await
    }

    /// Stops a principal (`POST /v1/users/{user}/suspend`) and says what it can still use.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn suspend_user(&self, user: &PrincipalName) -> Result<Suspension> {
        let call = self.route(Method::POST, &["v1", "users", user.as_str(), "suspend"]);
        self.json(call.repeat(Repeat::Idempotent)).await
    }

    /// Lets a suspended principal in again (`POST /v1/users/{user}/reinstate`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn reinstate_user(&self, user: &PrincipalName) -> Result<Principal> {
        let call = self.route(Method::POST, &["v1", "users", user.as_str(), "reinstate"]);
        self.json(call.repeat(Repeat::Idempotent)).await
    }

    /// Removes a principal (`DELETE /v1/users/{user}`) and says what it can still use.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn delete_user(&self, user: &PrincipalName) -> Result<Suspension> {
        let call = self.route(Method::DELETE, &["v1", "users", user.as_str()]);
        self.json(call.repeat(Repeat::Unsent)).await
    }

    /// Makes a service account of a team (`POST /v1/teams/{team}/service-accounts`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_service_account(
        &self,
        team: &TeamName,
        body: &NewServiceAccount,
    ) -> Result<Principal> {
        let segments = ["v1", "teams", team.as_str(), "service-accounts"];
        self.json(self.route(Method::POST, &segments).json(body))
            .await
    }

    /// Makes a token for the caller (`POST /v1/tokens`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_token(&self, body: &NewToken) -> Result<IssuedToken> {
        let call = self.route(Method::POST, &["v1", "tokens"]);
        self.json(call.json(body)).await
    }

    /// Lists the caller's tokens (`GET /v1/tokens`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_tokens(&self, after: Option<&str>) -> Result<Page<Token>> {
        let call = self.route(Method::GET, &["v1", "tokens"]);
        self.json(call.query("after", after)).await
    }

    /// Brings an existing key of the caller along (`POST /v1/tokens/import`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn import_token(&self, body: &ImportToken) -> Result<Token> {
        let call = self.route(Method::POST, &["v1", "tokens", "import"]);
        self.json(call.json(body)).await
    }

    /// Revokes a token (`DELETE /v1/tokens/{token}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn delete_token(&self, token: TokenId) -> Result<()> {
        let id = token.to_string();
        self.done(self.route(Method::DELETE, &["v1", "tokens", &id]))
            .await
    }

    /// Lists a principal's tokens (`GET /v1/users/{user}/tokens`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_user_tokens(
        &self,
        user: &PrincipalName,
        after: Option<&str>,
    ) -> Result<Page<Token>> {
        let call = self.route(Method::GET, &["v1", "users", user.as_str(), "tokens"]);
        self.json(call.query("after", after)).await
    }

    /// Makes a token for a principal (`POST /v1/users/{user}/tokens`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_user_token(
        &self,
        user: &PrincipalName,
        body: &NewToken,
    ) -> Result<IssuedToken> {
        let call = self.route(Method::POST, &["v1", "users", user.as_str(), "tokens"]);
        self.json(call.json(body)).await
    }

    /// Brings a user's key along by its hash (`POST /v1/users/{user}/tokens/import-hash`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn import_user_token_hash(
        &self,
        user: &PrincipalName,
        body: &ImportTokenHash,
    ) -> Result<Token> {
        let segments = ["v1", "users", user.as_str(), "tokens", "import-hash"];
        self.json(self.route(Method::POST, &segments).json(body))
            .await
    }
}
