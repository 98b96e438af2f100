"""Writes shared access signatures made by azure-storage-blob, Microsoft's SDK, as test vectors.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install azure-storage-blob==12.31.1
    /tmp/venv/bin/python azure_python.py 72 > azure_python.json

The argument is the number of vectors; the same number gives the same file.
Keys, ids and names are made up here; nothing is sent anywhere. The SDK knows one
version of the service, but it is told another: its string to sign of a service SAS
is that of every version from 2020-12-06 on, its string to sign of a user delegation
SAS that of every version from 2026-04-06 on.
"""

import base64
import datetime
import json
import random
import sys
from urllib.parse import quote

from azure.storage.blob import UserDelegationKey, _shared_access_signature, generate_blob_sas, generate_container_sas

RANDOM = random.Random(20201206)

BLOBS = [
    "test.txt", "a/b/c.bin", "with space.txt", "plus+and&amp;=?#%.txt", "already%20encoded%2F.txt", "double//slash",
    "trailing/", "~tilde-_.", "ünïcödé/ключ/鍵.txt", "emoji-😀.png", "nfd-u\u0308.txt", "quote'\"`.txt",
    "(round)[square]{curly}<angle>", "semi;colon:at@comma,dollar$", "pipe|back\\slash^", "star*bang!", "/leading",
    "k" * 300, "\u00e9" * 1024, ".", "%",
]
PLACES = [
    ("https://teamvision.blob.core.windows.net", "teamvision", "models"),
    ("https://teamvision.blob.core.chinacloudapi.cn", "teamvision", "$root"),
    ("http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1", "run-42-data"),
    ("https://azurite.example.com:8443/teamvision", "teamvision", "models"),
]
VALUES = ["attachment; filename=\"a b.txt\"", "text/plain; charset=utf-8", "é+/=&?#%20", "no-cache"]
BLOCK_ID = base64.b64encode(b"block-0007>").decode()

# The SDK's argument for each parameter that replaces a header of the response.
OVERRIDES = {"rscc": "cache_control", "rscd": "content_disposition", "rsce": "content_encoding",
             "rscl": "content_language", "rsct": "content_type"}


def guid():
    return f"{RANDOM.getrandbits(128):032x}"


def dashed(digits):
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def operation():
    """Method, whether it is about a blob, query parameters, permissions, and whether those are not the usual ones."""
    value = lambda: RANDOM.choice(VALUES)
    return RANDOM.choice([
        ("GET", True, [], "r", False),
        ("GET", True, [("rscd", value()), ("rsct", value())], "r", False),
        ("GET", True, [("rscc", value()), ("rsce", "gzip"), ("rscl", "de, en")], "r", False),
        ("GET", True, [("snapshot", "2026-03-01T10:11:12.1234567Z")], "r", False),
        ("GET", True, [("versionid", "2026-03-01T10:11:12.1234567Z")], "r", False),
        ("GET", True, [("comp", "blocklist"), ("blocklisttype", "all")], "r", False),
        ("HEAD", True, [], "r", False),
        ("PUT", True, [], "w", False),
        ("PUT", True, [], "c", True),
        ("PUT", True, [("comp", "block"), ("blockid", BLOCK_ID)], "w", False),
        ("PUT", True, [("comp", "blocklist")], "w", False),
        ("DELETE", True, [], "d", False),
        ("DELETE", True, [("versionid", "2026-03-01T10:11:12.1234567Z")], "x", False),
        ("GET", True, [("comp", "tags")], "t", False),
        ("GET", False, [("restype", "container"), ("comp", "list")], "l", False),
        ("GET", False, [], "rl", True),
        ("PUT", False, [], "racwdxltf", True),
    ])


def vector(number):
    base_url, account, container = PLACES[number % len(PLACES)]
    method, is_blob, query, permissions, unusual = operation()
    delegated = number % 2 == 1
    version = RANDOM.choice(["2026-04-06", "2026-04-06", "2026-10-06"] if delegated else ["2020-12-06", "2023-11-03", "2026-04-06"])
    at, ttl = RANDOM.randrange(1_600_000_000, 4_000_000_000), RANDOM.choice([1, 3600, RANDOM.randrange(1, 604801), 604800])
    time = lambda seconds: datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    secret = base64.b64encode(RANDOM.randbytes(32 if delegated else 64)).decode()
    headers, terms = [], {}
    if RANDOM.random() < 0.4:
        terms["addresses"] = RANDOM.choice(["168.1.5.65", "168.1.5.60-168.1.5.70"])
    if delegated:
        headers = RANDOM.choice([[], [("content-length", "4194304")], [
            ("x-ms-blob-type", "BlockBlob"), ("content-type", "text/plain;  charset=utf-8"), ("if-none-match", "*")]])
        query = query + RANDOM.choice([[], [("x-grant", "grt_01J9/é+&")]])
        if RANDOM.random() < 0.6:
            terms["correlation_id"] = dashed(guid())
        if RANDOM.random() < 0.5:
            terms[RANDOM.choice(["authorized_agent", "unauthorized_agent"])] = dashed(guid())
    elif RANDOM.random() < 0.4:
        terms["policy"] = RANDOM.choice(["run-42", "ü/&= policy"])

    asked, strings = dict(query), []
    arguments = {
        "account_name": account, "container_name": container, "permission": permissions, "start": time(at),
        "expiry": time(at + ttl), "protocol": "https" if base_url.startswith("https:") else "https,http",
        "ip": terms.get("addresses"), "policy_id": terms.get("policy"), "correlation_id": terms.get("correlation_id"),
        "preauthorized_agent_object_id": terms.get("authorized_agent"),
        "agent_object_id": terms.get("unauthorized_agent"), "sts_hook": strings.append,
        **{argument: asked.pop(name, None) for name, argument in OVERRIDES.items()},
    }
    delegation = None
    if delegated:
        key = UserDelegationKey()
        key.signed_oid, key.signed_tid, key.signed_service, key.signed_version = dashed(guid()), dashed(guid()), "b", version
        key.signed_start, key.signed_expiry = (f"{time(t):%Y-%m-%dT%H:%M:%SZ}" for t in (at - RANDOM.randrange(900), at + ttl))
        key.value = secret
        delegation = {"object_id": key.signed_oid, "tenant_id": key.signed_tid, "start": key.signed_start,
                      "expiry": key.signed_expiry, "service": "b", "version": version}
        arguments["user_delegation_key"] = key
    else:
        arguments["account_key"] = secret
    snapshot, version_id = asked.pop("snapshot", None), asked.pop("versionid", None)
    if delegated:
        arguments["request_headers"], arguments["request_query_params"] = dict(headers), dict(asked)
    _shared_access_signature.X_MS_VERSION = version
    blob = BLOBS[number % len(BLOBS)] if is_blob else None
    url = f"{base_url}/{container}"
    if is_blob:
        token = generate_blob_sas(blob_name=blob, snapshot=snapshot, version_id=version_id, **arguments)
        url += "/" + quote(blob, safe="~/")
    else:
        token = generate_container_sas(**arguments)
    # The SDK leaves it to its caller to add what the request itself has to have.
    for name, value in [("snapshot", snapshot), ("versionid", version_id), *asked.items()]:
        if value is not None:
            token = f"{quote(name, safe='')}={quote(value, safe='')}&{token}"
    return {
        "base_url": base_url, "account": account, "container": container, "blob": blob, "secret": secret,
        "delegation": delegation, "version": version, "method": method, "query": query, "headers": headers,
        "permissions": permissions if unusual else None, "terms": terms, "at": at, "ttl": ttl,
        "url": f"{url}?{token}", "string_to_sign": strings[0],
    }


def main():
    vectors = [vector(number) for number in range(int(sys.argv[1]))]
    print("[")
    print(",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors))
    print("]")


main()
