//! The S3 operations over the folder. Whoever calls them was authorized by `front`.

mod lists;
mod objects;
mod uploads;

use http::HeaderMap;
use s3s::dto;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use crate::checksum::Algorithm;
use crate::checksum::received::Wanted;
use crate::dialect::Dialect;
use crate::folder::Folder;
use crate::length::LengthRange;

/// What `front` read of a request that the operation's input does not carry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extra {
    pub(crate) dialect: Dialect,
    /// `x-amz-content-sha256` or `x-goog-content-sha256`, when it is a digest.
    pub(crate) payload_sha256: Option<[u8; 32]>,
    /// `x-amz-sdk-checksum-algorithm`
    pub(crate) declared_algorithm: Option<String>,
    /// `x-goog-content-length-range`
    pub(crate) length: Option<LengthRange>,
}

impl Extra {
    /// Adds what the input does not tell: all of Google's objects have a CRC32C.
    fn complement(&self, mut wanted: Wanted) -> Wanted {
        wanted.length = self.length;
        if self.dialect == Dialect::Google && wanted.checksum.is_none() {
            wanted.checksum = Some((Algorithm::Crc32c, None));
        }
        wanted
    }

    /// The answer, with what Google's say of the stored bytes where it is one.
    fn answer<T>(&self, output: T, stored: impl FnOnce() -> HeaderMap) -> S3Response<T> {
        let mut answer = S3Response::new(output);
        if self.dialect == Dialect::Google {
            answer.headers = stored();
        }
        answer
    }
}

/// The digests that an input (with a body) names.
macro_rules! wanted {
    ($input:expr, $extra:expr) => {
        crate::checksum::received::Wanted::parse(
            $input.content_md5.as_deref(),
            crate::s3::sums!($input),
            $extra.declared_algorithm.as_deref(),
            $extra.payload_sha256,
        )
        .map(|wanted| $extra.complement(wanted))
    };
}

/// The checksums of an input, by algorithm.
macro_rules! sums {
    ($input:expr) => {{
        use crate::checksum::Algorithm;
        [
            (Algorithm::Crc32, $input.checksum_crc32.as_deref()),
            (Algorithm::Crc32c, $input.checksum_crc32c.as_deref()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.as_deref()),
            (Algorithm::Sha1, $input.checksum_sha1.as_deref()),
            (Algorithm::Sha256, $input.checksum_sha256.as_deref()),
        ]
    }};
}

/// Puts a checksum into the field of its algorithm.
macro_rules! show_sum {
    ($output:expr, $checksum:expr) => {
        if let Some(checksum) = $checksum {
            use crate::checksum::Algorithm;
            let value = Some(checksum.value.clone());
            match checksum.algorithm {
                Algorithm::Crc32 => $output.checksum_crc32 = value,
                Algorithm::Crc32c => $output.checksum_crc32c = value,
                Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
                Algorithm::Sha1 => $output.checksum_sha1 = value,
                Algorithm::Sha256 => $output.checksum_sha256 = value,
            }
        }
    };
}

/// The stored headers of an input that makes an object.
macro_rules! stored_headers {
    ($input:expr) => {
        crate::folder::record::StoredHeaders {
            content_type: $input.content_type,
            content_encoding: $input.content_encoding,
            content_disposition: $input.content_disposition,
            content_language: $input.content_language,
            cache_control: $input.cache_control,
            expires: $input.expires,
            metadata: $input.metadata.into_iter().flatten().collect(),
        }
    };
}

/// An output with the stored headers of an object.
macro_rules! show_headers {
    ($output:expr, $headers:expr) => {
        let headers: &crate::folder::record::StoredHeaders = $headers;
        $output.content_type = headers
            .content_type
            .clone()
            .or_else(|| Some("binary/octet-stream".to_owned()));
        $output
            .content_encoding
            .clone_from(&headers.content_encoding);
        $output
            .content_disposition
            .clone_from(&headers.content_disposition);
        $output
            .content_language
            .clone_from(&headers.content_language);
        $output.cache_control.clone_from(&headers.cache_control);
        $output.expires.clone_from(&headers.expires);
        if !headers.metadata.is_empty() {
            $output.metadata = Some(headers.metadata.clone().into_iter().collect());
        }
    };
}

use {show_headers, show_sum, stored_headers, sums, wanted};

fn extra<T>(request: &mut S3Request<T>) -> Extra {
    request.extensions.remove::<Extra>().unwrap_or_default()
}

fn size(bytes: u64) -> S3Result<i64> {
    i64::try_from(bytes).map_err(s3s::S3Error::internal_error)
}

/// A page's length: what was asked for, S3's maximum of 1,000 at most.
fn page_length(asked: Option<i32>) -> S3Result<usize> {
    match asked.map(usize::try_from) {
        None => Ok(1000),
        Some(Ok(count)) => Ok(count.min(1000)),
        Some(Err(_)) => Err(s3_error!(
            InvalidArgument,
            "A page cannot have less than 0 entries"
        )),
    }
}

type Answer<T> = S3Result<S3Response<T>>;

#[async_trait::async_trait]
impl S3 for Folder {
    async fn get_object(
        &self,
        mut request: S3Request<dto::GetObjectInput>,
    ) -> Answer<dto::GetObjectOutput> {
        let extra = extra(&mut request);
        objects::get(self, request.input, &extra)
    }

    async fn head_object(
        &self,
        mut request: S3Request<dto::HeadObjectInput>,
    ) -> Answer<dto::HeadObjectOutput> {
        let extra = extra(&mut request);
        objects::head(self, request.input, &extra)
    }

    async fn put_object(
        &self,
        mut request: S3Request<dto::PutObjectInput>,
    ) -> Answer<dto::PutObjectOutput> {
        let extra = extra(&mut request);
        objects::put(self, request.input, &extra).await
    }

    async fn delete_object(
        &self,
        mut request: S3Request<dto::DeleteObjectInput>,
    ) -> Answer<dto::DeleteObjectOutput> {
        let extra = extra(&mut request);
        objects::delete(self, request.input, &extra).await
    }

    async fn create_multipart_upload(
        &self,
        mut request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> Answer<dto::CreateMultipartUploadOutput> {
        let extra = extra(&mut request);
        uploads::create(self, request.input, &extra).await
    }

    async fn upload_part(
        &self,
        mut request: S3Request<dto::UploadPartInput>,
    ) -> Answer<dto::UploadPartOutput> {
        let extra = extra(&mut request);
        uploads::put_part(self, request.input, &extra).await
    }

    async fn list_parts(
        &self,
        mut request: S3Request<dto::ListPartsInput>,
    ) -> Answer<dto::ListPartsOutput> {
        let extra = extra(&mut request);
        lists::parts(self, request.input, &extra)
    }

    async fn complete_multipart_upload(
        &self,
        mut request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> Answer<dto::CompleteMultipartUploadOutput> {
        let extra = extra(&mut request);
        uploads::complete(self, request.input, &extra).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> Answer<dto::AbortMultipartUploadOutput> {
        uploads::abort(self, request.input).await
    }

    async fn list_multipart_uploads(
        &self,
        mut request: S3Request<dto::ListMultipartUploadsInput>,
    ) -> Answer<dto::ListMultipartUploadsOutput> {
        let extra = extra(&mut request);
        lists::uploads(self, request.input, &extra)
    }

    async fn list_objects_v2(
        &self,
        mut request: S3Request<dto::ListObjectsV2Input>,
    ) -> Answer<dto::ListObjectsV2Output> {
        let extra = extra(&mut request);
        lists::objects(self, request.input, &extra)
    }

    async fn head_bucket(
        &self,
        request: S3Request<dto::HeadBucketInput>,
    ) -> Answer<dto::HeadBucketOutput> {
        self.bucket(&request.input.bucket)?;
        Ok(S3Response::new(dto::HeadBucketOutput {
            bucket_region: Some(self.region.clone()),
            ..Default::default()
        }))
    }
}
