"""Writes aws_suite.json: the query cases of AWS's signing test suite for Signature Version 4.

ARGUMENT is the suite's folder `v4`: in the crate aws-sigv4 1.6.4 it is `aws-signing-test-suite/v4`.
"""

import json
import pathlib
import sys

suite = pathlib.Path(sys.argv[1])
cases = []
for folder in sorted(suite.iterdir()):
    # Two of another form, without a query case, are not of the suite itself
    if not (folder / "query-canonical-request.txt").exists():
        continue
    read = lambda name: (folder / name).read_text()
    context = json.loads(read("context.json"))
    cases.append(
        {
            "name": folder.name,
            "session_token": context["credentials"].get("token"),
            "request": read("request.txt"),
            "canonical_request": read("query-canonical-request.txt"),
            "string_to_sign": read("query-string-to-sign.txt"),
            "signature": read("query-signature.txt"),
        }
    )
output = pathlib.Path(__file__).with_name("aws_suite.json")
output.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
