//! Multipart uploads: create, take parts, complete, abort.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Error, S3Response, S3Result, s3_error};

use super::{Answer, Extra, show_sum, stored_headers, sums, wanted};
use crate::checksum::{Algorithm, Checksum, Kind, multipart_etag};
use crate::dialect::Dialect;
use crate::folder::bucket::{Object, Part, Precondition, Upload};
use crate::folder::record::{ObjectRecord, PartRecord, UploadRecord};
use crate::folder::{Folder, blocking, piece};
use crate::google;
use crate::random;

const MAX_PARTS: i32 = 10_000;

/// The kind of checksum that the upload will have, from its two headers.
fn checksum_plan(
    algorithm: Option<&ChecksumAlgorithm>,
    kind: Option<&ChecksumType>,
) -> S3Result<Option<(Algorithm, Kind)>> {
    let Some(algorithm) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(s3_error!(
                InvalidRequest,
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )),
        };
    };
    let algorithm = Algorithm::parse(algorithm.as_str()).ok_or_else(|| {
        s3_error!(
            InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    })?;
    let kind = match kind {
        None => algorithm.default_kind(),
        Some(name) => Kind::parse(name.as_str())
            .filter(|kind| algorithm.allows(*kind))
            .ok_or_else(|| {
                s3_error!(
                    InvalidRequest,
                    "The {} checksum type cannot be used with the {} checksum algorithm.",
                    name.as_str(),
                    algorithm.name()
                )
            })?,
    };
    Ok(Some((algorithm, kind)))
}

pub(super) async fn create(
    folder: &Folder,
    input: CreateMultipartUploadInput,
    extra: &Extra,
) -> Answer<CreateMultipartUploadOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let checksum = checksum_plan(
        input.checksum_algorithm.as_ref(),
        input.checksum_type.as_ref(),
    )?;
    let record = UploadRecord {
        id: hex::encode(random::<32>()),
        key: input.key.clone(),
        initiated_unix_seconds: folder.now_unix_seconds(),
        headers: stored_headers!(input),
        checksum,
    };
    let checksum = extra.dialect.shown(checksum);
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(record.id.clone()),
        checksum_algorithm: checksum.map(|plan| ChecksumAlgorithm::from_static(plan.0.name())),
        checksum_type: checksum.map(|plan| ChecksumType::from_static(plan.1.name())),
        ..Default::default()
    };
    blocking(move || bucket.create_upload(record)).await?;
    Ok(S3Response::new(output))
}

pub(super) async fn put_part(
    folder: &Folder,
    input: UploadPartInput,
    extra: &Extra,
) -> Answer<UploadPartOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    if !(1..=MAX_PARTS).contains(&input.part_number) {
        return Err(s3_error!(
            InvalidArgument,
            "Part number must be an integer between 1 and 10000, inclusive"
        ));
    }
    let plan = bucket.upload(&input.key, &input.upload_id, |upload| {
        upload.record.checksum
    })?;
    let wanted = wanted!(input, extra)?;
    let (expected, actual) = (
        plan.map(|plan| plan.0),
        wanted.checksum.as_ref().map(|sum| sum.0),
    );
    if expected != actual {
        let name = |algorithm: Option<Algorithm>| {
            algorithm.map_or_else(
                || "null".to_owned(),
                |algorithm| algorithm.name().to_lowercase(),
            )
        };
        return Err(s3_error!(
            InvalidRequest,
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(expected),
            name(actual)
        ));
    }
    let (piece, digests) = piece::receive(bucket.data_folder(), input.body, wanted).await?;
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(digests.etag.clone())),
        ..Default::default()
    };
    show_sum!(output, extra.dialect.shown(digests.checksum.as_ref()));
    let answer = extra.answer(output, || {
        let md5 = Some(digests.etag.as_str());
        google::answers::stored(digests.size_bytes, digests.checksum.as_ref(), md5)
    });
    let part = Part {
        record: PartRecord {
            number: input.part_number,
            etag: digests.etag,
            modified_unix_seconds: folder.now_unix_seconds(),
            checksum: digests.checksum,
            piece: piece.record().clone(),
        },
        piece: Arc::new(piece),
    };
    blocking(move || bucket.put_part(&input.key, &input.upload_id, part)).await?;
    Ok(answer)
}

pub(super) async fn complete(
    folder: &Folder,
    input: CompleteMultipartUploadInput,
    extra: &Extra,
) -> Answer<CompleteMultipartUploadOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let mut output = CompleteMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        ..Default::default()
    };
    let now = folder.now_unix_seconds();
    let min_part_bytes = folder.min_part_bytes;
    let dialect = extra.dialect;
    let object = blocking(move || {
        let precondition = Precondition {
            if_match: input.if_match.clone(),
            if_none_match: input.if_none_match.clone(),
        };
        let (key, id) = (input.key.clone(), input.upload_id.clone());
        let mut made = None;
        bucket.complete(&key, &id, &precondition, |upload| {
            let mut object = assemble(upload, &input, now, min_part_bytes)?;
            if dialect == Dialect::Google {
                object.record.etag = opaque_etag();
            }
            made = Some((object.etag(), object.record.checksum.clone()));
            Ok(object)
        })?;
        made.ok_or_else(|| s3_error!(InternalError))
    })
    .await?;
    let (etag, checksum) = object;
    let checksum = dialect.shown(checksum);
    output.e_tag = Some(etag);
    output.checksum_type = checksum
        .as_ref()
        .map(|checksum| ChecksumType::from_static(checksum.kind.name()));
    show_sum!(output, checksum);
    Ok(S3Response::new(output))
}

/// Google's `ETag` of an object made of parts is [not based on an MD5]: nobody is to find one in it.
///
/// [not based on an MD5]: https://cloud.google.com/storage/docs/xml-api/post-object-complete
fn opaque_etag() -> String {
    BASE64.encode(random::<12>())
}

/// Checks the list of parts against what was stored and makes the object of them.
fn assemble(
    upload: &Upload,
    input: &CompleteMultipartUploadInput,
    now_unix_seconds: i64,
    min_part_bytes: u64,
) -> S3Result<Object> {
    let listed = input
        .multipart_upload
        .as_ref()
        .and_then(|list| list.parts.as_deref())
        .filter(|parts| !parts.is_empty())
        .ok_or_else(|| {
            s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema"
            )
        })?;
    let plan = upload.record.checksum;
    let mut chosen = Vec::with_capacity(listed.len());
    let mut previous = 0;
    for listed in listed {
        let part = choose(upload, listed, previous)?;
        previous = part.record.number;
        chosen.push(part);
    }
    if let Some((_, all_but_last)) = chosen.split_last()
        && let Some(small) = all_but_last
            .iter()
            .find(|part| part.record.piece.size_bytes < min_part_bytes)
    {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size: part {} has {} bytes of at least {min_part_bytes}",
            small.record.number,
            small.record.piece.size_bytes
        ));
    }
    let size_bytes = chosen.iter().map(|part| part.record.piece.size_bytes).sum();
    if input
        .mpu_object_size
        .is_some_and(|size| u64::try_from(size) != Ok(size_bytes))
    {
        return Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header does not match what was computed."
        ));
    }
    let etag = multipart_etag(chosen.iter().map(|part| part.record.etag.as_str()))
        .ok_or_else(|| s3_error!(InternalError))?;
    let checksum = match plan {
        None => None,
        Some((algorithm, kind)) => {
            let sums = chosen.iter().filter_map(|part| {
                let sum = part.record.checksum.as_ref()?;
                Some((sum.value.as_str(), part.record.piece.size_bytes))
            });
            let whole = Checksum::combine(algorithm, kind, sums);
            Some(whole.ok_or_else(|| s3_error!(InternalError))?)
        }
    };
    same_whole(input, checksum.as_ref())?;
    Ok(Object {
        record: ObjectRecord {
            key: upload.record.key.clone(),
            size_bytes,
            etag,
            modified_unix_seconds: now_unix_seconds,
            headers: upload.record.headers.clone(),
            checksum,
            pieces: chosen
                .iter()
                .map(|part| part.record.piece.clone())
                .collect(),
            upload_id: Some(upload.record.id.clone()),
        },
        pieces: chosen.iter().map(|part| Arc::clone(&part.piece)).collect(),
    })
}

/// The stored part that an entry of the list means, when it says the truth about it.
fn choose<'a>(upload: &'a Upload, listed: &CompletedPart, previous: i32) -> S3Result<&'a Part> {
    let number = listed.part_number.unwrap_or_default();
    if number <= previous {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        ));
    }
    let invalid = || -> S3Error {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag or checksum may not match: part {number}"
        )
    };
    let part = upload.parts.get(&number).ok_or_else(invalid)?;
    if listed.e_tag.as_ref().map(ETag::value) != Some(part.record.etag.as_str()) {
        return Err(invalid());
    }
    for (algorithm, value) in sums!(listed) {
        let stored = part
            .record
            .checksum
            .as_ref()
            .filter(|sum| sum.algorithm == algorithm);
        if value.is_some() && value != stored.map(|sum| sum.value.as_str()) {
            return Err(invalid());
        }
        if let Some((planned, Kind::Composite)) = upload.record.checksum
            && planned == algorithm
            && value.is_none()
        {
            return Err(s3_error!(
                InvalidRequest,
                "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request.",
                algorithm.name().to_lowercase()
            ));
        }
    }
    Ok(part)
}

/// Compares the checksum of the whole, when the request names one.
fn same_whole(input: &CompleteMultipartUploadInput, computed: Option<&Checksum>) -> S3Result<()> {
    for (algorithm, value) in sums!(input) {
        let Some(value) = value else { continue };
        let same = computed.is_some_and(|computed| {
            let digest = computed.value.split_once('-').map(|parts| parts.0);
            computed.algorithm == algorithm && (computed.value == value || digest == Some(value))
        });
        if !same {
            return Err(s3_error!(
                BadDigest,
                "The {} you specified did not match the calculated checksum.",
                algorithm.name()
            ));
        }
    }
    Ok(())
}

pub(super) async fn abort(
    folder: &Folder,
    input: AbortMultipartUploadInput,
) -> Answer<AbortMultipartUploadOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    blocking(move || bucket.abort(&input.key, &input.upload_id)).await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}
