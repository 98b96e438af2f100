//! The crate `object_store`, which signs service SAS for Azure.

use std::time::Duration;

use object_store::{azure::MicrosoftAzureBuilder, path::Path, signer::Signer};

use super::runtime;
use crate::case::{
    TTL_SECONDS,
    azure::{ACCOUNT, CONTAINER, KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let runtime = runtime();
    let store = MicrosoftAzureBuilder::new()
        .with_account(ACCOUNT)
        .with_container_name(CONTAINER)
        .with_access_key(KEY)
        .build()
        .expect("a store");
    let life = Duration::from_secs(TTL_SECONDS.into());
    move |key| {
        let path = Path::from(key);
        let url = runtime.block_on(store.signed_url(http::Method::GET, &path, life));
        url.expect("signable").into()
    }
}
