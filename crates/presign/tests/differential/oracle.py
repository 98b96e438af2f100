"""Signs requests with the SDK that a cloud's vendor maintains.

    oracle.py s3|gcs|gcs-hmac|azure|older-azure

Reads a request as JSON from each line of its input, and answers in one line: {"Ok": URL}, or
{"Err": the exception that the SDK raised}. Time stands where the request says.
Nothing is sent anywhere.
"""

import datetime
import hmac
import inspect
import json
import os
import pathlib
import sys
from urllib.parse import quote

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def time(seconds):
    return EPOCH + datetime.timedelta(seconds=seconds)


def s3():
    import boto3
    import botocore.auth
    import botocore.session
    from botocore.config import Config

    inner = botocore.session.Session()
    inner.set_credentials("id", "secret", "token")
    credentials = inner.get_credentials()
    session = boto3.Session(botocore_session=inner)
    clients = {}
    case = None

    def append_further(request, **_):
        for name, value in case["further"]:
            separator = "&" if "?" in request.url else "?"
            request.url += f"{separator}{quote(name, safe='')}={quote(value, safe='')}"

    def client(site):
        made = session.client(
            "s3", region_name=site["region"], endpoint_url=site["endpoint_url"],
            config=Config(
                signature_version="s3v4", use_fips_endpoint=site["fips"], use_dualstack_endpoint=site["dual_stack"],
                s3={"addressing_style": site["style"], "us_east_1_regional_endpoint": "regional"},
                request_checksum_calculation="when_required", response_checksum_validation="when_required"))
        made.meta.events.register("before-sign.s3", append_further)
        return made

    def sign(asked):
        nonlocal case
        case = asked
        key = json.dumps(case["site"])
        if key not in clients:
            clients[key] = client(case["site"])
        credentials.access_key, credentials.secret_key = case["access_key_id"], case["secret_access_key"]
        credentials.token = case["session_token"]
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: time(case["at"]).replace(tzinfo=None)
        return clients[key].generate_presigned_url(case["operation"], case["parameters"], ExpiresIn=case["ttl"])

    return sign


def gcs(credentials=None):
    import google.auth.credentials
    from google.cloud import storage
    from google.cloud.storage import _signing
    from google.oauth2 import service_account

    if credentials is None:
        account = json.loads((pathlib.Path(__file__).parent.parent / "data/google_service_account.json").read_text())
        pem = f"-----BEGIN PRIVATE KEY-----\n{account['pkcs8_der_base64']}\n-----END PRIVATE KEY-----\n"
        credentials = service_account.Credentials.from_service_account_info(
            {"client_email": account["client_email"], "private_key": pem, "token_uri": "https://example.com"})
    client = storage.Client("project", google.auth.credentials.AnonymousCredentials())

    def sign(case):
        _signing._NOW = lambda tz: time(case["at"])
        where = {
            "path": {"api_access_endpoint": case["endpoint"]},
            "virtual": {"api_access_endpoint": case["endpoint"], "virtual_hosted_style": True},
            "bound": {"bucket_bound_hostname": case["endpoint"]},
        }[case["addressing"]]
        bucket = client.bucket(case["bucket"])
        return (bucket if case["key"] is None else bucket.blob(case["key"])).generate_signed_url(
            version="v4", credentials=credentials, expiration=datetime.timedelta(seconds=case["ttl"]),
            method=case["method"], headers=dict(case["headers"]), query_parameters=dict(case["query"]),
            **dict(case["arguments"]), **where)

    return sign


def gcs_hmac():
    """The library's own function under another algorithm's name; what is written here is the key's derivation."""
    from google.auth.credentials import Signing
    from google.cloud.storage import _signing, blob, bucket

    class HmacKey(Signing):
        signer = None
        signer_email = "GOOG1EXAMPLE"

        def sign_bytes(self, message):
            key = b"GOOG4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
            for part in [*message.split(b"\n")[2].split(b"/"), message]:
                key = hmac.digest(key, part, "sha256")
            return key

    source = inspect.getsource(_signing.generate_signed_url_v4)
    exec(source.replace("GOOG4-RSA-SHA256", "GOOG4-HMAC-SHA256"), vars(_signing))
    blob.generate_signed_url_v4 = bucket.generate_signed_url_v4 = _signing.generate_signed_url_v4
    return gcs(HmacKey())


def azure():
    from azure.storage import blob
    from azure.storage.blob import _shared_access_signature

    def key(case):
        if case["delegation"] is None:
            return {"account_key": case["key"]}
        given, made = case["delegation"], blob.UserDelegationKey()
        made.signed_oid, made.signed_tid = given["object_id"], given["tenant_id"]
        made.signed_start, made.signed_expiry = (
            f"{time(given[end]):%Y-%m-%dT%H:%M:%SZ}" for end in ("starts_at", "expires_at"))
        made.signed_service, made.signed_version, made.value = "b", case["version"], case["key"]
        # The older library has no such arguments.
        bound = {"request_headers": dict(case["headers"]), "request_query_params": dict(case["query"])}
        return {"user_delegation_key": made, **(bound if case["version"] >= "2026-04-06" else {})}

    def sign(case):
        # It knows one version, but is told another. Its string to sign of a service SAS is that of all
        # versions from 2020-12-06 on; that of a user delegation SAS is that of all from 2026-04-06 on, and in
        # the older library that of all from 2020-12-06 to 2025-05-05.
        _shared_access_signature.X_MS_VERSION = case["version"]
        arguments = {
            "account_name": case["account"], "container_name": case["container"], "permission": case["permissions"],
            "start": time(case["at"]), "expiry": time(case["at"] + case["ttl"]), "protocol": case["protocols"],
            "ip": case["addresses"], "policy_id": case["policy"], "correlation_id": case["correlation_id"],
            "preauthorized_agent_object_id": case["authorized_agent"], "agent_object_id": case["unauthorized_agent"],
            **dict(case["response_headers"]), **key(case)}
        if case["blob"] is None:
            token = blob.generate_container_sas(**arguments)
            return blob.ContainerClient(case["base_url"], case["container"], credential=token).url
        token = blob.generate_blob_sas(
            blob_name=case["blob"], snapshot=case["snapshot"], version_id=case["version_id"], **arguments)
        return blob.BlobClient(case["base_url"], case["container"], case["blob"], credential=token).url

    return sign


def older_azure():
    sys.path.insert(0, os.environ["SIGNET_TEST_SDK_OLDER_AZURE"])
    from azure.storage import blob

    assert blob.__version__ == "12.25.1", blob.__file__
    return azure()


SIGNERS = {"s3": s3, "gcs": gcs, "gcs-hmac": gcs_hmac, "azure": azure, "older-azure": older_azure}


def main():
    sign = SIGNERS[sys.argv[1]]()
    for line in sys.stdin:
        try:
            answer = {"Ok": sign(json.loads(line))}
        except Exception as error:  # whatever it is, the test decides what it means
            answer = {"Err": repr(error)}
        print(json.dumps(answer), flush=True)


main()
