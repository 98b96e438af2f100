//! Bucket addresses in one line, in the formats of Weights & Biases' secure storage connector.
//!
//! ```text
//! s3://<access key>:<secret key>@<host[:port]>/<bucket>[/<path>]?region=<region>&tls=<true|false>
//! cw://<access key>:<secret key>@cwobject.com/<bucket>[/<path>]?tls=true
//! gs://<service account>:<private key, percent-encoded>@<bucket>[/<path>]
//! az://:<account key, percent-encoded>@<storage account>/<container>[/<path>]
//! ```
//!
//! The credential may be left out, with its `@`, where another plan gives it. Older documents write a
//! second `?` in front of `tls`; both spellings are read.

use super::{Addressing, CredentialPlan, GCS_ENDPOINT, StorePlace, is_aws_host};
use crate::secret::SecretText;
use percent_encoding::percent_decode_str;

/// The region of addresses that name none, as the stores without regions expect it.
const DEFAULT_REGION: &str = "us-east-1";

/// What an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAddress {
    /// Where the bucket is.
    pub place: StorePlace,
    /// What all keys begin with; empty, or ends in `/`.
    pub prefix: String,
    /// The credential, where the address has one.
    pub credential: Option<CredentialPlan>,
}

/// Why an address cannot be read. Holds nothing of the address, which has a secret in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It begins with none of the schemes.
    #[error("must begin with `s3://`, `cw://`, `gs://` or `az://`")]
    Scheme,
    /// A part of it is missing or cannot be read.
    #[error("is not of the form `{form}`: {what}")]
    Form {
        /// The form of its scheme.
        form: &'static str,
        /// What is wrong.
        what: &'static str,
    },
}

const S3_FORM: &str =
    "s3://ACCESS_KEY:SECRET_KEY@HOST/BUCKET[/PATH]?region=REGION[&tls=true|false]";
const CW_FORM: &str = "cw://ACCESS_KEY:SECRET_KEY@cwobject.com/BUCKET[/PATH]?tls=true";
const GS_FORM: &str = "gs://SERVICE_ACCOUNT:PRIVATE_KEY@BUCKET[/PATH]";
const AZ_FORM: &str = "az://:ACCOUNT_KEY@STORAGE_ACCOUNT/CONTAINER[/PATH]";

/// The pieces that all formats share, in the words of one of them.
struct Pieces<'a> {
    form: &'static str,
    user: Option<(&'a str, &'a str)>,
    first: &'a str,
    rest: &'a str,
    query: &'a str,
}

impl<'a> Pieces<'a> {
    fn of(form: &'static str, text: &'a str) -> Result<Self, AddressError> {
        let (location, query) = text.split_once('?').unwrap_or((text, ""));
        // Secret keys may hold `/` and `+` as they are; no host, bucket or path holds an `@`
        let (user, location) = match location.rsplit_once('@') {
            Some((user, location)) => (Some(user), location),
            None => (None, location),
        };
        let user = match user {
            None => None,
            Some(user) => Some(user.split_once(':').ok_or(AddressError::Form {
                form,
                what: "there is no `:` between the credential's two halves",
            })?),
        };
        let (first, rest) = location.split_once('/').unwrap_or((location, ""));
        Ok(Self {
            form,
            user,
            first,
            rest,
            query,
        })
    }

    fn wrong(&self, what: &'static str) -> AddressError {
        AddressError::Form {
            form: self.form,
            what,
        }
    }

    fn named(&self, text: &str, what: &'static str) -> Result<String, AddressError> {
        if text.is_empty() {
            return Err(self.wrong(what));
        }
        Ok(text.to_owned())
    }

    /// The value of `region` and `tls`; anything else is refused, as it would be lost.
    fn options(&self) -> Result<(Option<&'a str>, Option<bool>), AddressError> {
        let (mut region, mut tls) = (None, None);
        for pair in self.query.split(['&', '?']).filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("region", value)) if region.is_none() && !value.is_empty() => {
                    region = Some(value);
                }
                Some(("tls", "true")) if tls.is_none() => tls = Some(true),
                Some(("tls", "false")) if tls.is_none() => tls = Some(false),
                _ => {
                    return Err(self
                        .wrong("after `?` it may say `region=REGION` and `tls=true` or `tls=false`, each once"));
                }
            }
        }
        Ok((region, tls))
    }

    fn no_options(&self) -> Result<(), AddressError> {
        if self.query.is_empty() {
            Ok(())
        } else {
            Err(self.wrong("it takes nothing after `?`"))
        }
    }

    fn access_key(&self) -> Result<Option<CredentialPlan>, AddressError> {
        let Some((id, secret)) = self.user else {
            return Ok(None);
        };
        Ok(Some(CredentialPlan::AccessKey {
            access_key_id: self.named(&self.decoded(id)?, "the access key is empty")?,
            secret_access_key: SecretText::new(
                self.named(&self.decoded(secret)?, "the secret key is empty")?,
            ),
            session_token: None,
        }))
    }

    fn decoded(&self, text: &str) -> Result<String, AddressError> {
        percent_decode_str(text)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| self.wrong("the credential is not UTF-8 once its `%` are decoded"))
    }
}

/// A path as a prefix of keys.
fn prefix(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => String::new(),
        path => format!("{path}/"),
    }
}

impl std::str::FromStr for BucketAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://") {
            Some(("s3", rest)) => s3(&Pieces::of(S3_FORM, rest)?),
            Some(("cw", rest)) => coreweave(&Pieces::of(CW_FORM, rest)?),
            Some(("gs", rest)) => gcs(&Pieces::of(GS_FORM, rest)?),
            Some(("az", rest)) => azure(&Pieces::of(AZ_FORM, rest)?),
            _ => Err(AddressError::Scheme),
        }
    }
}

fn s3(pieces: &Pieces<'_>) -> Result<BucketAddress, AddressError> {
    let (region, tls) = pieces.options()?;
    let host = pieces.named(pieces.first, "the host is missing")?;
    let is_aws = is_aws_host(&host);
    let region = match region {
        Some(region) => region,
        // A wrong region is refused by AWS alone, and only when a URL is used
        None if is_aws => return Err(pieces.wrong("`region` is missing")),
        None => DEFAULT_REGION,
    };
    s3_place(pieces, &host, region, tls, is_aws)
}

fn coreweave(pieces: &Pieces<'_>) -> Result<BucketAddress, AddressError> {
    let (region, tls) = pieces.options()?;
    let host = pieces.named(pieces.first, "the host is missing")?;
    // CoreWeave takes no path-style requests
    s3_place(pieces, &host, region.unwrap_or(DEFAULT_REGION), tls, true)
}

fn s3_place(
    pieces: &Pieces<'_>,
    host: &str,
    region: &str,
    tls: Option<bool>,
    virtual_host: bool,
) -> Result<BucketAddress, AddressError> {
    let (container, path) = pieces.rest.split_once('/').unwrap_or((pieces.rest, ""));
    let scheme = if tls == Some(false) { "http" } else { "https" };
    Ok(BucketAddress {
        place: StorePlace::S3 {
            endpoint: format!("{scheme}://{host}"),
            region: region.to_owned(),
            container: pieces.named(container, "the bucket is missing")?,
            addressing: if virtual_host {
                Addressing::VirtualHost
            } else {
                Addressing::Path
            },
        },
        prefix: prefix(path),
        credential: pieces.access_key()?,
    })
}

fn gcs(pieces: &Pieces<'_>) -> Result<BucketAddress, AddressError> {
    pieces.no_options()?;
    let credential = match pieces.user {
        None => None,
        Some((email, key)) => Some(CredentialPlan::ServiceAccountKey {
            client_email: pieces.named(
                &pieces.decoded(email)?,
                "the service account's e-mail address is empty",
            )?,
            private_key: private_key(pieces, key)?,
        }),
    };
    Ok(BucketAddress {
        place: StorePlace::Gcs {
            endpoint: GCS_ENDPOINT.to_owned(),
            container: pieces.named(pieces.first, "the bucket is missing")?,
            addressing: Addressing::Path,
        },
        prefix: prefix(pieces.rest),
        credential,
    })
}

/// A key in PEM. Some encoders write its spaces as `+`, and key files write its lines as `\n`.
fn private_key(pieces: &Pieces<'_>, text: &str) -> Result<SecretText, AddressError> {
    let text = if text.contains("BEGIN+") {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    let key = pieces.decoded(&text)?.replace("\\n", "\n");
    Ok(SecretText::new(
        pieces.named(&key, "the private key is empty")?,
    ))
}

fn azure(pieces: &Pieces<'_>) -> Result<BucketAddress, AddressError> {
    pieces.no_options()?;
    let credential = match pieces.user {
        None => None,
        Some(("", key)) => Some(CredentialPlan::AccountKey {
            account_key: SecretText::new(
                pieces.named(&pieces.decoded(key)?, "the account key is empty")?,
            ),
        }),
        Some(_) => return Err(pieces.wrong("nothing stands in front of the `:`")),
    };
    let (container, path) = pieces.rest.split_once('/').unwrap_or((pieces.rest, ""));
    Ok(BucketAddress {
        place: StorePlace::Azure {
            account: pieces.named(pieces.first, "the storage account is missing")?,
            container: pieces.named(container, "the container is missing")?,
            endpoint: None,
        },
        prefix: prefix(path),
        credential,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> BucketAddress {
        text.parse().unwrap()
    }

    fn place(endpoint: &str, region: &str, container: &str, addressing: Addressing) -> StorePlace {
        StorePlace::S3 {
            endpoint: endpoint.to_owned(),
            region: region.to_owned(),
            container: container.to_owned(),
            addressing,
        }
    }

    fn access_key(id: &str, secret: &str) -> CredentialPlan {
        CredentialPlan::access_key(id, secret)
    }

    #[test]
    fn aws_addresses_are_read() {
        let address =
            read("s3://AKIA1:wJ/al+r=@s3.eu-west-1.amazonaws.com/models?region=eu-west-1");
        assert_eq!(
            address.place,
            place(
                "https://s3.eu-west-1.amazonaws.com",
                "eu-west-1",
                "models",
                Addressing::VirtualHost
            )
        );
        assert_eq!(address.credential, Some(access_key("AKIA1", "wJ/al+r=")));
        assert_eq!(address.prefix, "");
    }

    #[test]
    fn both_spellings_of_the_second_question_mark_are_read() {
        for text in [
            "s3://a:b@minio.internal:9000/models/team/x?region=us-east-1&tls=true",
            "s3://a:b@minio.internal:9000/models/team/x/?region=us-east-1?tls=true",
        ] {
            let address = read(text);
            assert_eq!(
                address.place,
                place(
                    "https://minio.internal:9000",
                    "us-east-1",
                    "models",
                    Addressing::Path
                )
            );
            assert_eq!(address.prefix, "team/x/");
        }
        let plain = read("s3://minio.internal:9000/models?tls=false");
        assert_eq!(plain.place.endpoint(), "http://minio.internal:9000");
        assert_eq!(plain.credential, None);
    }

    #[test]
    fn coreweave_addresses_are_read() {
        let address = read("cw://CWKEY:secret@cwobject.com/models?tls=true");
        assert_eq!(
            address.place,
            place(
                "https://cwobject.com",
                "us-east-1",
                "models",
                Addressing::VirtualHost
            )
        );
        assert_eq!(address.credential, Some(access_key("CWKEY", "secret")));
    }

    #[test]
    fn google_addresses_are_read_however_the_key_was_encoded() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMII+/B==\n-----END PRIVATE KEY-----\n";
        for encoded in [
            "-----BEGIN%20PRIVATE%20KEY-----%0AMII%2B%2FB%3D%3D%0A-----END%20PRIVATE%20KEY-----%0A",
            "-----BEGIN+PRIVATE+KEY-----%0AMII%2B%2FB%3D%3D%0A-----END+PRIVATE+KEY-----%0A",
            "-----BEGIN%20PRIVATE%20KEY-----\\nMII+/B==\\n-----END%20PRIVATE%20KEY-----\\n",
        ] {
            let address = read(&format!(
                "gs://svc@p.iam.gserviceaccount.com:{encoded}@models/sub"
            ));
            assert_eq!(
                address.credential,
                Some(CredentialPlan::ServiceAccountKey {
                    client_email: "svc@p.iam.gserviceaccount.com".to_owned(),
                    private_key: SecretText::new(pem),
                })
            );
            assert_eq!(address.place.container(), "models");
            assert_eq!(address.prefix, "sub/");
        }
        assert_eq!(read("gs://models").credential, None);
    }

    #[test]
    fn azure_addresses_are_read() {
        let address = read("az://:a2V5%2B%3D%3D@vision/models/sub");
        assert_eq!(
            address.credential,
            Some(CredentialPlan::AccountKey {
                account_key: SecretText::new("a2V5+==")
            })
        );
        assert_eq!(
            address.place.endpoint(),
            "https://vision.blob.core.windows.net"
        );
        assert_eq!(address.prefix, "sub/");
    }

    #[test]
    fn what_cannot_be_read_says_the_form_and_no_secret() {
        for bad in [
            "hush",
            "https://hush@host/b",
            "s3://hush@host/bucket",
            "s3://a:hush@/bucket",
            "s3://a:hush@host",
            "s3://a:hush@host/",
            "s3://:hush@host/b",
            "s3://hush:@host/b",
            "s3://a:hush@s3.eu-west-1.amazonaws.com/b",
            "s3://a:hush@host/b?tls=yes",
            "s3://a:hush@host/b?tls=true&tls=true",
            "s3://a:hush@host/b?profile=x",
            "gs://a:hush@b?region=x",
            "gs://a:hush@",
            "az://account:hush@a/c",
            "az://:hush@a",
            "az://:%FFhush@a/c",
        ] {
            let error = bad.parse::<BucketAddress>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_secret_survives(secret in "[A-Za-z0-9/+=]{1,60}") {
            let address = read(&format!("s3://AK:{secret}@h/b"));
            prop_assert_eq!(address.credential, Some(access_key("AK", &secret)));
        }

        #[test]
        fn nothing_panics(text in "(s3|cw|gs|az)://.{0,60}") {
            let _ = text.parse::<BucketAddress>();
        }
    }
}
