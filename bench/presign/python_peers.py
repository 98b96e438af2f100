"""Times the clouds' own libraries for Python as src/main.rs times crates, and tells rows as it does.

Run by scripts/bench-presign.sh with the SDKs of scripts/tools.sh. Nothing here reaches a network.
"""

import datetime
import statistics
import time

import boto3
import botocore.config
from azure.storage.blob import BlobSasPermissions, generate_blob_sas
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import storage
from google.oauth2 import service_account

ROUNDS = 15
SAMPLE_SECONDS = 0.05
TTL_SECONDS = 3600
KEY = "runs/2026-11-07/9e3779b9/checkpoints/shard-00001-of-01000.pt"


def boto():
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    wanted = {"Bucket": "examplebucket", "Key": KEY}
    return lambda: client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=TTL_SECONDS)


def google():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "client_email": "signer@example.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": pem.decode(),
    }
    credentials = service_account.Credentials.from_service_account_info(account)
    blob = storage.Client(project="example", credentials=credentials).bucket("examplebucket").blob(KEY)
    life = datetime.timedelta(seconds=TTL_SECONDS)
    return lambda: blob.generate_signed_url(version="v4", expiration=life)


def azure():
    account_key = "c2lnbmV0LWJlbmNobWFyay1hY2NvdW50LWtleS1vZi1zaXh0eS1mb3VyLWJ5dGVzLWxvbmcuLi4="
    life = datetime.timedelta(seconds=TTL_SECONDS)

    def sign():
        signature = generate_blob_sas(
            "exampleaccount",
            "examplecontainer",
            KEY,
            account_key=account_key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.datetime.now(datetime.timezone.utc) + life,
        )
        return f"https://exampleaccount.blob.core.windows.net/examplecontainer/{KEY}?{signature}"

    return sign


def sample(sign, seconds):
    """Nanoseconds of processor time for a call."""
    calls, start = 0, time.thread_time_ns()
    while (elapsed := time.thread_time_ns() - start) < seconds * 1e9:
        for _ in range(10):
            sign()
        calls += 10
    return elapsed / calls


def main():
    signers = {"boto3": boto(), "google": google(), "azure": azure()}
    for name, sign in signers.items():
        url = sign()
        assert KEY in url and ("Signature=" in url or "sig=" in url), f"{name}: {url}"
        sample(sign, SAMPLE_SECONDS)
    rounds = [{name: sample(sign, SAMPLE_SECONDS) for name, sign in signers.items()} for _ in range(ROUNDS)]
    for name in signers:
        microseconds = statistics.median(each[name] for each in rounds) / 1000
        print(f"row\tus.python.{name}\t{microseconds}")


main()
