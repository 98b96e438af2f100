//! One URL after the other must be what the specification says, whatever is kept from the last one.

use presign::{
    Request, Target,
    s3::{Addressing, Signer},
};
use proptest::{option, prelude::*};

use crate::{
    made_up_single::{Single, singles},
    spelled_out::{Signing, Words},
    support::{NOW, REGION, credential, endpoint},
};

const AWS: Words = Words {
    algorithm: "AWS4-HMAC-SHA256",
    key_prefix: "AWS4",
    parameter_prefix: "X-Amz-",
    service: "s3",
    terminator: "aws4_request",
};

proptest! {
    #[test]
    fn singles_are_signed_as_specified(
        session_token in option::of("[A-Za-z0-9+/=]{1,400}"),
        path_style: bool,
        singles in singles("X-Amz-", NOW),
    ) {
        let (addressing, base_url, path) = if path_style {
            (Addressing::Path, "http://store.example.com:8333", "/models/")
        } else {
            (Addressing::VirtualHost, "http://models.store.example.com:8333", "/")
        };
        let mut credential = credential();
        if let Some(token) = &session_token {
            credential = credential.with_session(token.as_str(), None).unwrap();
        }
        let signing = Signing {
            words: AWS,
            access_key_id: credential.access_key_id(),
            secret: credential.secret_access_key().expose(),
            session_token: session_token.as_deref(),
            region: REGION,
            base_url,
            path,
        };
        let signer = Signer::new(endpoint(addressing), credential.clone());
        for Single { method, key, bound, query, window } in &singles {
            let headers = bound.map(|value| ("x-amz-meta-a", value));
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
