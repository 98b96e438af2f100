//! The crate `object_store`, which signs for S3.

use std::time::Duration;

use object_store::{aws::AmazonS3Builder, path::Path, signer::Signer};

use super::runtime;
use crate::case::{
    TTL_SECONDS,
    s3::{ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let runtime = runtime();
    let store = AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_region(REGION)
        .with_access_key_id(ACCESS_KEY_ID)
        .with_secret_access_key(SECRET_ACCESS_KEY)
        .with_virtual_hosted_style_request(true)
        .build()
        .expect("a store");
    let life = Duration::from_secs(TTL_SECONDS.into());
    move |key| {
        let path = Path::from(key);
        let url = runtime.block_on(store.signed_url(http::Method::GET, &path, life));
        url.expect("signable").into()
    }
}
