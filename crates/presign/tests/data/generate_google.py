"""Writes signed URLs made by Google's own library for Python, as test vectors.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install google-cloud-storage==3.17.1 cryptography==50.0.2
    /tmp/venv/bin/python generate_google.py 48 > google_python.json

The argument is the number of vectors; the same number gives the same file.
Every other one is signed with an HMAC key, which the library cannot: there its
function runs under the name of the other algorithm, and only the last step, the
derivation of the key and the HMAC, is written here. Names and the secret are
made up; the RSA key is the public dummy of Google's conformance vectors;
nothing is sent anywhere.
"""

import base64
import datetime
import hashlib
import hmac
import inspect
import json
import pathlib
import random
import sys
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from google.auth.credentials import AnonymousCredentials, Signing
from google.cloud import storage
from google.cloud.storage import _signing, blob as blob_module, bucket as bucket_module

RANDOM = random.Random(20190201)
ACCOUNT = json.loads((pathlib.Path(__file__).parent / "google_service_account.json").read_text())
ACCESS_ID, SECRET = "GOOG1EXAMPLE4ACCESS5ID", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

KEYS = [
    "test.txt", "a/b/c.bin", "with space.txt", "plus+and&amp;=?#%.txt", "already%20encoded%2F.txt",
    "double//slash", "trailing/", "../up", "a/./b/../c", "~tilde-_.", "ünïcödé/ключ/鍵.txt", "emoji-😀.png",
    "nfd-u\u0308.txt", "quote'\"`.txt", "(round)[square]{curly}<angle>", "semi;colon:at@comma,dollar$",
    "pipe|back\\slash^", "tab\tand\nnewline", "star*bang!", "/leading", "k" * 300, "\u00e9" * 40, "%",
]
VALUES = ["attachment; filename=\"a b.txt\"", "text/plain; charset=utf-8", "é+/=&?#%20", "  two  spaces\t", "no-cache"]
ADDRESSES = [
    ("https://storage.googleapis.com", "path"), ("https://storage.googleapis.com", "virtual"),
    ("http://127.0.0.1:4443", "path"), ("https://data.example.com", "bound"), ("http://data.example.com:8080", "bound"),
]


class Rsa(Signing):
    signer = None
    signer_email = ACCOUNT["client_email"]
    key = serialization.load_der_private_key(base64.b64decode(ACCOUNT["pkcs8_der_base64"]), None)

    def sign_bytes(self, message):
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())


class Hmac(Signing):
    signer = None
    signer_email = ACCESS_ID

    def sign_bytes(self, message):
        key = ("GOOG4" + SECRET).encode()
        for part in message.decode().split("\n")[2].split("/") + [message.decode()]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


rsa_function = _signing.generate_signed_url_v4
namespace = dict(vars(_signing))
exec(inspect.getsource(rsa_function).replace("GOOG4-RSA-SHA256", "GOOG4-HMAC-SHA256"), namespace)
FUNCTIONS = {Rsa: rsa_function, Hmac: namespace["generate_signed_url_v4"]}


def requests():
    """A method, whether it is about the bucket, headers and query parameters."""
    value = lambda: RANDOM.choice(VALUES)
    ascii_value = lambda: RANDOM.choice([v for v in VALUES if v.isascii()])
    return RANDOM.choice([
        lambda: ("GET", False, {}, {}),
        lambda: ("GET", False, {}, {"response-content-disposition": value(), "response-content-type": value()}),
        lambda: ("GET", False, {}, {"generation": "1360887697105000", "userProject": "my-project"}),
        lambda: ("GET", False, {"Range": "bytes=0-1023"}, {"X-Goog-Custom-Audit-Grant": "grt_01", "X-Goog-Custom-Audit-User": value()}),
        lambda: ("HEAD", False, {}, {}),
        lambda: ("DELETE", False, {"x-goog-if-generation-match": "7"}, {}),
        lambda: ("PUT", False, {"Content-Type": ascii_value(), "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, {}),
        lambda: ("PUT", False, {"x-goog-content-length-range": "0,5242880", "X-Goog-If-Generation-Match": "0"}, {}),
        lambda: ("PUT", False, {"X-Goog-Meta-Note": ascii_value(), "x-goog-meta-team": "vision", "x-goog-user-project": "payer"}, {}),
        lambda: ("PUT", False, {"x-goog-content-sha256": hashlib.sha256(b"hello").hexdigest()}, {}),
        lambda: ("PUT", False, {"x-goog-encryption-algorithm": "AES256", "x-goog-encryption-key": "c2VjcmV0", "x-goog-hash": "crc32c=AAAAAA=="}, {}),
        lambda: ("POST", False, {"x-goog-resumable": "start", "Content-Type": "text/plain"}, {}),
        lambda: ("POST", False, {}, {"uploads": ""}),
        lambda: ("PUT", False, {}, {"partNumber": "7", "uploadId": "VXBs+b2Fk/IElE=="}),
        lambda: ("POST", False, {}, {"uploadId": "VXBs+b2Fk/IElE=="}),
        lambda: ("GET", True, {}, {"prefix": RANDOM.choice(KEYS), "delimiter": "/", "max-keys": "5"}),
    ])()


def vector(number):
    signing = [Rsa, Hmac][number % 2]
    endpoint, addressing = ADDRESSES[number // 2 % len(ADDRESSES)]
    bucket_name = RANDOM.choice(["models", "team-vision_1"]) if addressing != "virtual" else "models"
    at = RANDOM.randrange(0, 4102444800)
    ttl = RANDOM.choice([1, 60, 3600, 604800, RANDOM.randrange(1, 604801)])
    method, in_bucket, headers, query = requests()
    key = None if in_bucket else RANDOM.choice(KEYS)
    time = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    function = lambda *args, **kwargs: FUNCTIONS[signing](*args, _request_timestamp=time, **kwargs)
    blob_module.generate_signed_url_v4 = bucket_module.generate_signed_url_v4 = function
    bucket = storage.Client("project", AnonymousCredentials()).bucket(bucket_name)
    url = (bucket if in_bucket else bucket.blob(key)).generate_signed_url(
        version="v4", credentials=signing(), expiration=datetime.timedelta(seconds=ttl), method=method,
        headers=dict(headers), query_parameters=dict(query), virtual_hosted_style=addressing == "virtual",
        **({"bucket_bound_hostname": endpoint} if addressing == "bound" else {}),
        **({"api_access_endpoint": endpoint} if addressing == "path" else {}))
    assert urlsplit(url).scheme == urlsplit(endpoint).scheme, url
    return {
        "endpoint": endpoint, "addressing": addressing, "bucket": bucket_name, "key": key, "method": method,
        "headers": list(headers.items()), "query": list(query.items()), "at": at, "ttl": ttl,
        "hmac": signing is Hmac, "url": url,
    }


def main():
    vectors = [vector(number) for number in range(int(sys.argv[1]))]
    document = {"access_id": ACCESS_ID, "secret": SECRET}
    print("{", f'"hmac_key": {json.dumps(document)},', '"vectors": [', sep="\n")
    print(",\n".join(json.dumps(one, ensure_ascii=False) for one in vectors))
    print("]", "}", sep="\n")


main()
