//! One URL after the other must be what the specification says, whatever is kept from the last one.

use presign::{
    Request, Target, Timestamp,
    gcs::{Addressing, Signer},
};
use proptest::prelude::*;

use crate::{
    made_up_single::{Single, singles},
    spelled_out::{Signing, Words},
    support::{HMAC_SECRET, endpoint, hmac_key},
};

const MIDNIGHT: Timestamp = Timestamp::from_unix_seconds(1_548_979_200);

const GOOGLE: Words = Words {
    algorithm: "GOOG4-HMAC-SHA256",
    key_prefix: "GOOG4",
    parameter_prefix: "X-Goog-",
    service: "storage",
    terminator: "goog4_request",
};

proptest! {
    #[test]
    fn singles_are_signed_as_specified(
        path_style: bool,
        singles in singles("X-Goog-", MIDNIGHT),
    ) {
        let (addressing, base_url, path) = if path_style {
            (Addressing::Path, "http://store.example.com:4443", "/models/")
        } else {
            (Addressing::VirtualHost, "http://models.store.example.com:4443", "/")
        };
        let signing = Signing {
            words: GOOGLE,
            access_key_id: "GOOG1EXAMPLE",
            secret: HMAC_SECRET,
            session_token: None,
            region: "auto",
            base_url,
            path,
        };
        let signer = Signer::new(endpoint(addressing), hmac_key());
        for Single { method, key, bound, query, window } in &singles {
            let headers = bound.map(|value| ("x-goog-meta-a", value));
            let query: Vec<_> = query.iter().map(|(name, value)| (&**name, &**value)).collect();
            let request = Request {
                method: *method,
                target: Target::Object(key),
                headers: headers.as_slice(),
                query: &query,
            };
            let url = signer.sign(&request, *window).unwrap();
            let expected = signing.url(*method, key, headers.as_slice(), &query, *window);
            prop_assert_eq!(url.expose(), expected);
        }
    }
}
