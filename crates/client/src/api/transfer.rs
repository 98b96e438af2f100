//! URLs of plain objects, and uploads in parts.

use super::Api;
use crate::error::Result;
use crate::transport::Repeat;
use http::Method;
use protocol::TeamName;
use protocol::id::UploadId;
use protocol::transfer::{
    NewUpload, Object, SignPartsRequest, SignedParts, Upload, UploadedParts, Urls, UrlsRequest,
};

impl Api {
    /// URLs for plain objects (`POST /v1/teams/{team}/urls`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_urls(&self, team: &TeamName, body: &UrlsRequest) -> Result<Urls> {
        let call = self.route(Method::POST, &["v1", "teams", team.as_str(), "urls"]);
        self.json(call.json(body).repeat(Repeat::Idempotent)).await
    }

    /// Begins a large plain object, or takes up the open upload of the same content
    /// (`POST /v1/teams/{team}/uploads`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn create_upload(&self, team: &TeamName, body: &NewUpload) -> Result<Upload> {
        let call = self.route(Method::POST, &["v1", "teams", team.as_str(), "uploads"]);
        self.json(call.json(body).repeat(Repeat::Idempotent)).await
    }

    /// What the store has of an upload already (`GET /v1/uploads/{upload}/parts`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_parts(&self, upload: UploadId) -> Result<UploadedParts> {
        let id = upload.to_string();
        self.json(self.route(Method::GET, &["v1", "uploads", &id, "parts"]))
            .await
    }

    /// URLs for a window of parts (`POST /v1/uploads/{upload}/parts`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn sign_parts(
        &self,
        upload: UploadId,
        body: &SignPartsRequest,
    ) -> Result<SignedParts> {
        let id = upload.to_string();
        let call = self.route(Method::POST, &["v1", "uploads", &id, "parts"]);
        self.json(call.json(body).repeat(Repeat::Idempotent)).await
    }

    /// Has the store put the parts together, and verifies the whole
    /// (`POST /v1/uploads/{upload}/complete`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn complete_upload(&self, upload: UploadId) -> Result<Object> {
        let id = upload.to_string();
        let call = self.route(Method::POST, &["v1", "uploads", &id, "complete"]);
        self.json(call.repeat(Repeat::Idempotent)).await
    }

    /// Gives an upload up (`DELETE /v1/uploads/{upload}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn abort_upload(&self, upload: UploadId) -> Result<()> {
        let id = upload.to_string();
        self.done(self.route(Method::DELETE, &["v1", "uploads", &id]))
            .await
    }
}
