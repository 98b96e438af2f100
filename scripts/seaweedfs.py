"""Steps of with-seaweedfs.sh and with-moto.sh: `configure` writes the identities with random keys, `wait` waits until they
work, `create` makes the buckets first."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/signet"
DEADLINE_SECONDS = 60


def key_pair():
    return {"access_key_id": "SW" + secrets.token_hex(9).upper(), "secret_access_key": secrets.token_urlsafe(30)}


def identity(name, keys, actions):
    credential = {"accessKey": keys["access_key_id"], "secretKey": keys["secret_access_key"]}
    return {"name": name, "credentials": [credential], "actions": actions}


def write_private(path, value):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file, indent=1)


def roles(buckets):
    """One role, which the admin's key assumes: it opens all buckets, so that a session's policy is what narrows it."""
    objects = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"]
    allowed = [
        {"Action": [f"s3:{each}" for each in objects], "Resource": [f"arn:aws:s3:::{bucket}/*" for bucket in buckets]},
        {"Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{bucket}" for bucket in buckets]},
    ]
    trusted = {"Principal": {"AWS": "arn:aws:iam::000000000000:user/admin"}, "Action": ["sts:AssumeRole"]}

    def document(statements):
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}

    role = {"roleName": "signet", "roleArn": ROLE, "trustPolicy": document([trusted]), "attachedPolicies": ["objects"]}
    return {
        "sts": {
            "tokenDuration": "1h",
            "maxSessionLength": "12h",
            "issuer": "seaweedfs-sts",
            "signingKey": base64.b64encode(secrets.token_bytes(32)).decode(),
        },
        "policy": {"defaultEffect": "Deny"},
        "policies": [{"name": "objects", "document": document(allowed)}],
        "roles": [role],
    }


def configure(folder, port, *buckets):
    admin = key_pair()
    teams = [{"name": bucket, **key_pair()} for bucket in buckets]
    identities = [identity("admin", admin, ["Admin", "Read", "List", "Tagging", "Write"])]
    for team in teams:
        allowed = [f"{action}:{team['name']}" for action in ("Read", "List", "Tagging", "Write")]
        identities.append(identity(team["name"], team, allowed))
    write_private(f"{folder}/identities.json", {"identities": identities})
    write_private(f"{folder}/roles.json", roles(buckets))
    endpoint = f"http://127.0.0.1:{port}"
    role = {"role_arn": ROLE, "sts_endpoint": endpoint}
    store = {"endpoint": endpoint, "region": REGION, "admin": admin, "role": role, "buckets": teams}
    write_private(f"{folder}/store.json", store)


def sign(store, keys, method, path):
    """A SigV4 pre-signed URL: Signet's own signer is not to be needed for the store that it is tested on."""
    host = store["endpoint"].removeprefix("http://")
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{store['region']}/s3/aws4_request"
    query = urllib.parse.urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{keys['access_key_id']}/{scope}",
            "X-Amz-Date": now,
            "X-Amz-Expires": "60",
            "X-Amz-SignedHeaders": "host",
        }
    )
    canonical = f"{method}\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + keys["secret_access_key"]).encode()
    for part in (now[:8], store["region"], "s3", "aws4_request", to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"{store['endpoint']}{path}?{query}&X-Amz-Signature={key.hex()}"


def request(method, url, body=None):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(urllib.request.Request(url, data=body, method=method), timeout=10) as reply:
        reply.read()


def check(store):
    request("GET", store["endpoint"] + "/healthz")
    for bucket in store["buckets"]:
        path = f"/{bucket['name']}/.ready"
        request("PUT", sign(store, bucket, "PUT", path), b"ready")
        request("DELETE", sign(store, bucket, "DELETE", path))


def make(store):
    for bucket in store["buckets"]:
        request("PUT", sign(store, store["admin"], "PUT", f"/{bucket['name']}"))


def running(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def wait(store_path, pid, begin=check):
    with open(store_path) as file:
        store = json.load(file)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return begin(store)
        except OSError as error:  # refused connections and HTTP errors are both of this kind
            if time.monotonic() > deadline:
                sys.exit(f"not ready after {DEADLINE_SECONDS} s: {error}")
        try:
            alive = running(pid)
        except OSError:
            alive = False
        if not alive:
            sys.exit("the server ended before it was ready")
        time.sleep(0.1)


if __name__ == "__main__":
    steps = {"configure": configure, "wait": wait, "create": lambda *arguments: wait(*arguments, begin=make)}
    steps[sys.argv[1]](*sys.argv[2:])
