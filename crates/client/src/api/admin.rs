//! Teams, members, buckets, limits.

use super::Api;
use crate::error::Result;
use http::Method;
use protocol::admin::{Limit, Membership, NewLimit, NewTeam, SetRole, Team, TeamChange};
use protocol::bucket::{
    Bucket, BucketChange, NewBucket, PolicyDocuments, PolicyRequest, VerifyBucket, VerifyReport,
};
use protocol::id::LimitId;
use protocol::{BucketName, Page, PrincipalName, Role, TeamName};

impl Api {
    /// Makes a team (`POST /v1/teams`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_team(&self, body: &NewTeam) -> Result<Team> {
        let call = self.route(Method::POST, &["v1", "teams"]);
        self.json(call.json(body)).await
    }

    /// Lists the teams that the caller may see (`GET /v1/teams`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_teams(&self, after: Option<&str>) -> Result<Page<Team>> {
        let call = self.route(Method::GET, &["v1", "teams"]);
        self.json(call.query("after", after)).await
    }

    /// A team by its name (`GET /v1/teams/{team}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_team(&self, team: &TeamName) -> Result<Team> {
        self.json(self.route(Method::GET, &["v1", "teams", team.as_str()]))
            .await
    }

    /// Changes a team (`PATCH /v1/teams/{team}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn change_team(&self, team: &TeamName, body: &TeamChange) -> Result<Team> {
        let call = self.route(Method::PATCH, &["v1", "teams", team.as_str()]);
        self.json(call.json(body)).await
    }

    /// Lists a team's members (`GET /v1/teams/{team}/members`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_members(
        &self,
        team: &TeamName,
        after: Option<&str>,
    ) -> Result<Page<Membership>> {
        let call = self.route(Method::GET, &["v1", "teams", team.as_str(), "members"]);
        self.json(call.query("after", after)).await
    }

    /// Gives a principal a role in a team (`PUT /v1/teams/{team}/members/{principal}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn set_role(
        &self,
        team: &TeamName,
        principal: &PrincipalName,
        role: Role,
    ) -> Result<Membership> {
        let segments = ["v1", "teams", team.as_str(), "members", principal.as_str()];
        self.json(self.route(Method::PUT, &segments).json(&SetRole { role }))
            .await
    }

    /// Ends a membership (`DELETE /v1/teams/{team}/members/{principal}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn remove_member(&self, team: &TeamName, principal: &PrincipalName) -> Result<()> {
        let segments = ["v1", "teams", team.as_str(), "members", principal.as_str()];
        self.done(self.route(Method::DELETE, &segments)).await
    }

    /// Registers a bucket (`POST /v1/buckets`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_bucket(&self, body: &NewBucket) -> Result<Bucket> {
        let call = self.route(Method::POST, &["v1", "buckets"]);
        self.json(call.json(body)).await
    }

    /// Lists the buckets (`GET /v1/buckets`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_buckets(&self, after: Option<&str>) -> Result<Page<Bucket>> {
        let call = self.route(Method::GET, &["v1", "buckets"]);
        self.json(call.query("after", after)).await
    }

    /// A bucket by its name (`GET /v1/buckets/{bucket}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_bucket(&self, bucket: &BucketName) -> Result<Bucket> {
        self.json(self.route(Method::GET, &["v1", "buckets", bucket.as_str()]))
            .await
    }

    /// What is to be applied at the cloud for a bucket (`POST /v1/buckets/{bucket}/policy`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn bucket_policy(
        &self,
        bucket: &BucketName,
        body: &PolicyRequest,
    ) -> Result<PolicyDocuments> {
        let path = ["v1", "buckets", bucket.as_str(), "policy"];
        self.json(self.route(Method::POST, &path).json(body)).await
    }

    /// Checks a bucket on its live store (`POST /v1/buckets/{bucket}/verify`). Takes up to a minute where
    /// the store is slow.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn verify_bucket(
        &self,
        bucket: &BucketName,
        body: &VerifyBucket,
    ) -> Result<VerifyReport> {
        let call = self.route(Method::POST, &["v1", "buckets", bucket.as_str(), "verify"]);
        self.json(call.json(body)).await
    }

    /// Changes a bucket's registration (`PATCH /v1/buckets/{bucket}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn change_bucket(&self, bucket: &BucketName, body: &BucketChange) -> Result<Bucket> {
        let call = self.route(Method::PATCH, &["v1", "buckets", bucket.as_str()]);
        self.json(call.json(body)).await
    }

    /// Forgets a bucket that nothing uses (`DELETE /v1/buckets/{bucket}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn delete_bucket(&self, bucket: &BucketName) -> Result<()> {
        self.done(self.route(Method::DELETE, &["v1", "buckets", bucket.as_str()]))
            .await
    }

    /// Sets a limit (`POST /v1/limits`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_limit(&self, body: &NewLimit) -> Result<Limit> {
        let call = self.route(Method::POST, &["v1", "limits"]);
        self.json(call.json(body)).await
    }

    /// Lists the limits (`GET /v1/limits`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_limits(&self, after: Option<&str>) -> Result<Page<Limit>> {
        let call = self.route(Method::GET, &["v1", "limits"]);
        self.json(call.query("after", after)).await
    }

    /// Lifts a limit (`DELETE /v1/limits/{limit}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn delete_limit(&self, limit: LimitId) -> Result<()> {
        let id = limit.to_string();
        self.done(self.route(Method::DELETE, &["v1", "limits", &id]))
            .await
    }
}
