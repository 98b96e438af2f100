"""Two steps of with-azurite.sh: `configure` makes up an account, `wait` waits for the servers and makes their containers."""

import base64
import email.utils
import hashlib
import hmac
import json
import os
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.request

ACCOUNT = "signettest"
CONTAINERS = ["models", "datasets"]
DEADLINE_SECONDS = 60
VERSION = "2020-12-06"


def write_private(path, value):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(value)


def configure(folder, http_port, https_port):
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    store = {
        "http": f"http://127.0.0.1:{http_port}/{ACCOUNT}",
        "https": f"https://127.0.0.1:{https_port}/{ACCOUNT}",
        "certificate": f"{folder}/certificate.pem",
        "private_key": f"{folder}/key.pem",
        "log": f"{folder}/https.log",
        "account": ACCOUNT,
        "key": key,
        "containers": CONTAINERS,
    }
    write_private(f"{folder}/store.json", json.dumps(store, indent=1))
    write_private(f"{folder}/accounts", f"{ACCOUNT}:{key}")


def create_container(store, endpoint, name):
    """A request with the account's key (Shared Key), which is another scheme than the one that is tested."""
    date = email.utils.formatdate(usegmt=True)
    # In an emulator's URL the account's name is part of the path, so that it is there twice
    resource = f"/{store['account']}/{store['account']}/{name}\nrestype:container"
    to_sign = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{VERSION}\n{resource}"
    signature = base64.b64encode(hmac.digest(base64.b64decode(store["key"]), to_sign.encode(), hashlib.sha256)).decode()
    headers = {
        "Authorization": f"SharedKey {store['account']}:{signature}",
        "x-ms-date": date,
        "x-ms-version": VERSION,
    }
    context = ssl.create_default_context(cafile=store["certificate"])
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(f"{endpoint}/{name}?restype=container", method="PUT", headers=headers)
    try:
        direct.open(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        if error.code != 409:  # made by an earlier try whose answer did not come in time
            raise


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait(store_path, *pids):
    with open(store_path) as file:
        store = json.load(file)
    deadline = time.monotonic() + DEADLINE_SECONDS
    wanted = [(store[scheme], name) for scheme in ("http", "https") for name in store["containers"]]
    while wanted:
        try:
            create_container(store, *wanted[0])
            wanted.pop(0)
            continue
        except OSError as error:  # refused connections and HTTP errors are both of this kind
            if time.monotonic() > deadline:
                sys.exit(f"not ready after {DEADLINE_SECONDS} s: {error}")
        if not all(running(pid) for pid in pids):
            sys.exit("a server ended before it was ready")
        time.sleep(0.1)


if __name__ == "__main__":
    {"configure": configure, "wait": wait}[sys.argv[1]](*sys.argv[2:])
