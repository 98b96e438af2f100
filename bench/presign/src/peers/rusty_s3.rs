//! The crate `rusty-s3`.

use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle, actions::GetObject};

use crate::case::{
    TTL_SECONDS,
    s3::{ACCESS_KEY_ID, BUCKET, ENDPOINT, REGION, SECRET_ACCESS_KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let endpoint = ENDPOINT.parse().expect("a URL");
    let bucket = Bucket::new(endpoint, UrlStyle::VirtualHost, BUCKET, REGION).expect("a bucket");
    let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
    let life = Duration::from_secs(TTL_SECONDS.into());
    move |key| {
        GetObject::new(&bucket, Some(&credentials), key)
            .sign(life)
            .into()
    }
}
