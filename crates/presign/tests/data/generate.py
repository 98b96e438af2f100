"""Writes pre-signed URLs made by botocore, the SDK that AWS maintains, as test vectors.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install boto3==1.44.5
    /tmp/venv/bin/python generate.py 64 > botocore.json

The argument is the number of vectors; the same number gives the same file.
Keys, tokens and names are made up here; nothing is sent anywhere.
"""

import datetime
import json
import random
import sys
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import botocore.auth
from botocore.config import Config

RANDOM = random.Random(20130524)

KEYS = [
    "test.txt", "a/b/c.bin", "with space.txt", "plus+and&amp;=?#%.txt", "already%20encoded%2F.txt",
    "double//slash", "trailing/", "../up", "a/./b/../c", "~tilde-_.", "ünïcödé/ключ/鍵.txt", "emoji-😀.png",
    "nfd-u\u0308.txt", "quote'\"`.txt", "(round)[square]{curly}<angle>", "semi;colon:at@comma,dollar$",
    "pipe|back\\slash^", "tab\tand\nnewline", "nul\x00", "star*bang!", "/leading", "k" * 300, "\u00e9" * 40, ".", "%",
]
TOKENS = [None, None, "short", "FwoGZXIvYXdzEDMaDPWKaVEQA+BD5xrr7/CLEAXc==", "IQoJb3JpZ2luX2VjE" + "aB/+9=" * 20]
REGIONS = ["us-east-1", "eu-west-1", "us-gov-west-1", "auto", "cn-north-1"]
ENDPOINTS = [
    (None, "virtual"), (None, "path"), ("http://127.0.0.1:8333", "path"), ("https://store.example.com", "path"),
    ("https://store.example.com", "virtual"), ("http://store.example.com:9000", "virtual"), ("http://[::1]:9000", "path"),
]
VALUES = ["attachment; filename=\"a b.txt\"", "text/plain; charset=utf-8", "é+/=&?#%20", "  two  spaces\t", "no-cache"]


def operations():
    """One operation name with its parameters, but for bucket and key."""
    value = lambda: RANDOM.choice(VALUES)
    header_value = lambda: RANDOM.choice([v for v in VALUES if v.isascii()])
    return RANDOM.choice([
        lambda: ("get_object", {}),
        lambda: ("get_object", {"ResponseContentDisposition": value(), "ResponseContentType": value()}),
        lambda: ("get_object", {"ResponseCacheControl": value(), "ResponseExpires": datetime.datetime(2030, 1, 2),
                                "ResponseContentEncoding": "gzip", "ResponseContentLanguage": "de"}),
        lambda: ("get_object", {"VersionId": "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"}),
        lambda: ("get_object", {"PartNumber": 7}),
        lambda: ("get_object", {"Range": "bytes=0-1023", "IfMatch": "\"etag\""}),
        lambda: ("head_object", {}),
        lambda: ("delete_object", {}),
        lambda: ("put_object", {}),
        lambda: ("put_object", {"ContentType": header_value(), "ContentLength": RANDOM.randrange(10**9)}),
        lambda: ("put_object", {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg==", "IfNoneMatch": "*"}),
        lambda: ("put_object", {"ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                                "ContentType": "application/octet-stream"}),
        lambda: ("put_object", {"ChecksumCRC32": "AAAAAA==", "ServerSideEncryption": "aws:kms",
                                "SSEKMSKeyId": "arn:aws:kms:us-east-1:123456789012:key/1", "BucketKeyEnabled": True}),
        lambda: ("put_object", {"Metadata": {"Team": "vision", "note": header_value()}, "ACL": "bucket-owner-full-control",
                                "StorageClass": "GLACIER_IR", "Tagging": "a=1&b=x%20y", "ExpectedBucketOwner": "123456789012"}),
        lambda: ("create_multipart_upload", {"ContentType": "text/plain", "ChecksumAlgorithm": "SHA256"}),
        lambda: ("upload_part", {"PartNumber": RANDOM.randrange(1, 10001), "UploadId": "VXBs+b2Fk/IElE=="}),
        lambda: ("upload_part", {"PartNumber": 1, "UploadId": "u", "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg==",
                                 "ContentLength": 5242880}),
        lambda: ("complete_multipart_upload", {"UploadId": "VXBs+b2Fk/IElE=="}),
        lambda: ("abort_multipart_upload", {"UploadId": "VXBs+b2Fk/IElE=="}),
        lambda: ("list_parts", {"UploadId": "VXBs+b2Fk/IElE==", "MaxParts": 100, "PartNumberMarker": 3}),
        lambda: ("list_objects_v2", {"Prefix": RANDOM.choice(KEYS), "Delimiter": "/", "MaxKeys": 5}),
        lambda: ("list_multipart_uploads", {"Prefix": "a b/"}),
        lambda: ("head_bucket", {}),
    ])()


def vector(number):
    endpoint, style = ENDPOINTS[number % len(ENDPOINTS)]
    region, token, bucket = RANDOM.choice(REGIONS), RANDOM.choice(TOKENS), RANDOM.choice(["models", "team-vision.data"])
    at = RANDOM.randrange(0, 4102444800)
    ttl = RANDOM.choice([1, 60, 3600, 604800, RANDOM.randrange(1, 604801)])
    extra = RANDOM.choice([[], [], [("x-grant", "grt_01J9")], [("Zeta", "ä/ö"), ("x-user", "a@b.c"), ("~", "")]])
    access_key_id, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    client = boto3.client(
        "s3", region_name=region, endpoint_url=endpoint, aws_access_key_id=access_key_id,
        aws_secret_access_key=secret, aws_session_token=token,
        config=Config(signature_version="s3v4", s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"},
                      request_checksum_calculation="when_required", response_checksum_validation="when_required"),
    )
    asked = {}

    def before_sign(request, **_):
        if extra:
            request.url += ("&" if "?" in request.url else "?") + "&".join(
                f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in extra)
        # `+` in what botocore puts together itself is already `%2B`.
        asked["query"] = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        asked["headers"] = [
            (name, value.decode("utf-8") if isinstance(value, bytes) else str(value))
            for name, value in request.headers.items()
            if name.lower() not in botocore.auth.SIGNED_HEADERS_BLACKLIST
        ]

    client.meta.events.register("before-sign.s3", before_sign)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime(
        1970, 1, 1) + datetime.timedelta(seconds=at)
    operation, parameters = operations()
    in_bucket = operation.startswith("list_objects") or operation in ("list_multipart_uploads", "head_bucket")
    key = None if in_bucket else KEYS[number % len(KEYS)]
    url = client.generate_presigned_url(
        operation, {"Bucket": bucket, **({} if in_bucket else {"Key": key}), **parameters}, ExpiresIn=ttl)
    parts = urlsplit(url)
    virtual = parts.netloc.startswith(bucket + ".")
    return {
        "endpoint": f"{parts.scheme}://{parts.netloc.removeprefix(bucket + '.') if virtual else parts.netloc}",
        "virtual_host": virtual, "bucket": bucket, "region": region,
        "access_key_id": access_key_id, "secret_access_key": secret, "session_token": token,
        "method": client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation]).http["method"],
        "key": key, "headers": asked["headers"], "query": asked["query"], "at": at, "ttl": ttl, "url": url,
    }


def main():
    vectors = [vector(number) for number in range(int(sys.argv[1]))]
    print("[")
    print(",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors))
    print("]")


main()
