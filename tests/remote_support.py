"""A node that the command line asks, and the folder of the person who does: a key in a file, a credential, a table."""

import asyncio
import json
import os
import sys
from contextlib import chdir, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, TextIOWrapper
from subprocess import CompletedProcess
from threading import Thread
from unittest.mock import patch

import httpx2
from running import environment
from serve_support import QUICK, serving
from web_servers import serving as web_server

from node.cli.program import run

ACHIEVEMENT = {
    "id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55",
    "type": ["Achievement", "MicroCredentialAchievement"],
    "name": "First aid",
    "description": "Eight hours of first aid.",
    "criteria": {"narrative": "A practical task."},
    "assessmentType": "practical",
}
AWARD = {"issuer": {"name": "Test School"}}


def glejt(folder, *arguments, stdin=b"", env=None):
    """What a command line does and says, in this process: starting another one takes longer than most commands."""
    streams = [TextIOWrapper(BytesIO(data), "utf-8") for data in (stdin, b"", b"")]
    known = environment(folder, **(env or {}))
    before = sys.stdin, sys.stdout, sys.stderr
    with chdir(folder), patch.dict(os.environ, known, clear=True):
        sys.stdin, sys.stdout, sys.stderr = streams
        try:
            status = run(arguments)
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
    said = []
    for stream in streams[1:]:
        stream.seek(0)
        said.append(stream.read())
    return CompletedProcess(arguments, status, *said)


class Desk:
    """A person's folder and the node that they ask."""

    def __init__(self, folder, node):
        self.folder, self.node, self.url = folder, node, node.url
        self.did = node.told["made"]["did"]
        self.key = node.told["made"]["key"]
        self.private("node.key", self.key + "\n")
        self.write("achievement.json", ACHIEVEMENT)
        self.write("award.json", AWARD)
        self.write("single.json", {**AWARD, "learner": {"name": "Demo Learner"}})

    def write(self, name, value):
        path = self.folder / name
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return name

    def private(self, name, text):
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text, "ascii")
        return name

    def read(self, name):
        return json.loads((self.folder / name).read_text("utf-8"))

    def lines(self, name):
        return [json.loads(line) for line in (self.folder / name).read_bytes().splitlines()]

    def run(self, *arguments, url=None, key="node.key", **more):
        """A command line with the node and the key behind it."""
        named = () if key is None else ("--node-key-file", key)
        return glejt(self.folder, *arguments, "--node", url or self.url, *named, **more)

    def credential(self, number, **members):
        document = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "id": f"urn:example:{number}",
            "issuer": self.did,
            "name": "Sample",
            "credentialSubject": {"name": "Demo Learner"},
            **members,
        }
        return self.write(f"{number}.json", document)

    def issued(self, number, **members):
        """The name of the file with a credential that the node has issued."""
        out = f"{number}.signed.json"
        done = self.run("issue", self.credential(number, **members), "--profile", "dev", "--out", out, "--force")
        assert done.returncode == 0, done.stderr
        return out

    def post(self, path, message):
        answer = httpx2.post(f"{self.url}{path}", json=message, headers=self.node.key, timeout=30)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def awards(self):
        """All awards of the node, by what their credentials are called."""
        done = self.run("award", "list", "--json")
        assert done.returncode == 0, done.stderr
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert len({one["id"] for one in found}) == len(found)
        return found


@contextmanager
def desk(folder):
    """A desk with a node of its own."""
    with serving(folder, **QUICK) as node:
        yield Desk(folder, node)


def elsewhere(at, answer, *arguments, env=None):
    """A command that is given the address of another server; what it was sent."""

    async def run_there():
        async with web_server(answer) as server:
            url = f"http://127.0.0.1:{server.port}"
            done = await asyncio.to_thread(glejt, at.folder, *arguments, "--node", url, env=env)
            return done, b"".join(server.requests)

    return asyncio.run(run_there())


@contextmanager
def between(url, lost):
    """A proxy before a node, and what it was asked; `lost` says by path and name of a request whether its answer is."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def _pass(self):
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            answer = httpx2.request(self.command, f"{url}{self.path}", headers=kept, content=body, timeout=30)
            seen.append((self.path, self.headers.get("Idempotency-Key"), answer.status_code))
            self.close_connection = True
            if lost(self.path, self.headers.get("Idempotency-Key")):
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["content-type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass  # noqa: N815 -- names that the server looks for

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
