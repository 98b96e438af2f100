"""Runs README.md's shell blocks, so that what it tells people to type works.

All blocks fenced as `sh` run in their order in one shell (strict mode, an empty HOME and working folder, the built
`signet` on PATH); what they leave running is ended after the last one. A block fenced as `sh norun` is only parsed.
Every `make TARGET` in either must exist, and is not run: `make test` has run it, or is what runs this.
"""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEADLINE_SECONDS = 600
SHELLS = {"sh", "bash", "shell", "console", "shell-session", "zsh"}
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


def blocks(text):
    """(line, fence's words, body) of each fenced shell block."""
    for match in FENCE.finditer(text):
        words = match[1].split()
        line = text.count("\n", 0, match.start()) + 1
        if not words:
            sys.exit(f"error: README.md:{line}: a fence must name its language")
        if words[0] not in SHELLS:
            continue
        if words not in (["sh"], ["sh", "norun"]):
            sys.exit(f"error: README.md:{line}: fence shell blocks as `sh` or `sh norun`, not `{match[1].strip()}`")
        yield line, words, match[2]


def check_make_targets(line, body):
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in re.findall(r"(?:^|[;&|]\s*)make[ \t]+([^\n;&|#]+)", body, re.MULTILINE):
        for word in shlex.split(command):
            if "=" not in word and not word.startswith("-") and word not in known:
                sys.exit(f"error: README.md:{line}: the Makefile has no `{word}`")


def script(found):
    lines = ["set -euo pipefail", "make() { :; }"]
    for line, words, body in found:
        check_make_targets(line, body)
        parsed = subprocess.run(["bash", "-n"], input=body, text=True, capture_output=True)
        if parsed.returncode:
            sys.exit(f"error: README.md:{line}: {parsed.stderr.strip()}")
        if words == ["sh"]:
            lines += [f"trap 'echo \"error: README.md:{line}: this block failed\" >&2' ERR", body]
    return "\n".join(lines)


def main():
    text = script(blocks((ROOT / "README.md").read_text()))
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch, "home")
        folder = pathlib.Path(scratch, "work")
        home.mkdir()
        folder.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIGNET_", "XDG_"))}
        environment = {**kept, "HOME": str(home), "PATH": f"{target / 'debug'}:{os.environ['PATH']}"}
        with open(pathlib.Path(scratch, "output"), "w+") as output:
            shell = subprocess.Popen(
                ["bash", "-c", text],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                status = shell.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                status = f"no end after {DEADLINE_SECONDS} s"
            finally:
                try:
                    os.killpg(shell.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if status != 0:
                output.seek(0)
                sys.exit(f"{output.read()}\nerror: README.md's blocks failed ({status})")


main()
