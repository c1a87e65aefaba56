"""Rows 44 and 45: a word of its own in every field that the reference knows, and where it is found afterwards.

A node runs as a process, with its chain and its judges, and sends its traces to a receiver on this machine. Of each
route it is asked three times: with a word wherever text may stand, with a word in the place of each text of the
example, and with words in the texts that people write, so that it is done. A learner's credential is issued, anchored,
verified and withdrawn meanwhile. No word may be in a line of log, a metric, a trace, a problem, a file beside the
database, or on the chain; and what is of a learner is in the tables for that, and in no other.
"""

import json
import re
import sqlite3
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from serve_support import serving

PREFIX = "canaryzqx"
WORD = re.compile(PREFIX + r"\d{4}", re.IGNORECASE)
OF_LEARNERS = {"approvals", "awards", "credentials", "leaves"}
"""The tables in which what is said of a person may stand, and is erased with the award."""
WRITTEN = {"cost", "description", "label", "login", "name", "narrative", "note", "notation", "reason", "targetName"}
"""Members in which people write what they like."""
METHODS = {"get", "post", "put", "patch", "delete"}
WAIT_SECONDS = 60


def forms(text):
    """The ways in which a word could be written, in lower case: as it is, in hexadecimal, in base64 at each place."""
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    for before in range(3):
        first = -(-before * 8 // 6)
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(b"\0" * before + plain).rstrip(b"=")
            yield whole[first : (before + len(plain)) * 8 // 6].lower()


FORMS = tuple(forms(PREFIX))


class Words:
    """Words by the place that each was put into."""

    def __init__(self):
        self.places = []

    def at(self, *place):
        self.places.append("/".join(map(str, place)))
        return f"{PREFIX}{len(self.places):04d}"

    def found(self, content):
        """The places of the words in some bytes; "?" for one that is written in another way than as text."""
        lower = content.lower()
        if not any(form in lower for form in FORMS):
            return set()
        numbers = {int(word[0][-4:]) for word in WORD.finditer(content.decode("utf-8", "replace"))}
        return {self.places[number - 1] for number in numbers} or {"?"}


class Filling:
    """Bodies and parameters by the schemas of the reference."""

    def __init__(self, document, words):
        self.document, self.words = document, words

    def by_schema(self, schema, *place, example=None):  # noqa: C901, PLR0911 -- kinds of schemas
        """A value with a word wherever any text may stand."""
        if "$ref" in schema:
            *_, name = schema["$ref"].split("/")
            return self.by_schema(self.document["components"]["schemas"][name], *place, example=example)
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self.by_schema(schema[choice][0], *place, example=example)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        match schema.get("type"):
            case "object":
                known = dict(example) if isinstance(example, dict) else {}
                made = self.in_texts(known, *place) if known else {}
                for name, inner in schema.get("properties", {}).items():
                    made[name] = self.by_schema(inner, *place, name, example=known.get(name))
                if schema.get("additionalProperties", True):
                    made[self.words.at(*place, "a name")] = self.words.at(*place, "a member")
                return made
            case "array":
                return [self.by_schema(schema.get("items", {}), *place, 0)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case "string" if schema.get("format") in {"uri", "uri-reference"}:
                return f"https://{self.words.at(*place)}.example/{self.words.at(*place)}"
        if example is not None and not isinstance(example, str):
            return self.in_texts(example, *place)
        return self.words.at(*place)

    def in_texts(self, value, *place, written=False):
        """An example with a word in each text; where `written`, in those that people write, before what is there."""
        if isinstance(value, dict):
            return {name: self.in_texts(each, *place, name, written=written) for name, each in value.items()}
        if isinstance(value, list):
            return [self.in_texts(each, *place, index, written=written) for index, each in enumerate(value)]
        if not isinstance(value, str):
            return value
        if not written:
            return self.words.at(*place)
        return f"{self.words.at(*place)}.{value}" if set(place) & WRITTEN else value


class Asking:
    """Every operation of the reference, three times."""

    def __init__(self, client, document, words, known):
        self.client, self.document, self.words, self.known = client, document, words, known
        self.filling = Filling(document, words)
        self.answers = []

    def everything(self):
        order = sorted(self.document["paths"].items(), key=lambda each: "settings" in each[0])  # which stops the others
        for path, operations in order:
            for method in sorted(METHODS & set(operations)):
                for way in ("schema", "texts", "written"):
                    self.one(method, path, operations[method], way)

    def one(self, method, path, operation, way):
        place = (way, method, path)
        read = method == "get" or path.startswith("/organisation/achievements")
        filled, headers, query = path, {}, {}
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            word = self.known.get(name) if way == "written" and read and method != "delete" else None
            value = word or self.filling.by_schema(parameter["schema"], *place, name)
            if parameter["in"] == "path":
                filled = filled.replace(f"{{{name}}}", str(value))
            elif way != "written":
                (headers if parameter["in"] == "header" else query)[name] = str(value)
        if way == "schema":
            odd = ("User-Agent", "Referer", "Idempotency-Key", "X-Request-Id", "X-Forwarded-For", "Accept-Language")
            headers |= {name: self.words.at(*place, name) for name in (*odd, "Cookie", "tracestate", "baggage")}
            query[self.words.at(*place, "a name")] = self.words.at(*place, "a query")
        sent = {"headers": headers, "params": query}
        for kind, shown in operation.get("requestBody", {}).get("content", {}).items():
            example = shown.get("example")
            if way == "schema":
                body = self.filling.by_schema(shown.get("schema", {}), *place, example=example)
            else:
                body = self.filling.in_texts(example, *place, written=way == "written")
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            sent |= {"content": content, "headers": headers | {"Content-Type": kind}}
            self.send(method, filled, **sent)
        if "content" not in sent:
            self.send(method, filled, **sent)

    def send(self, method, path, **more):
        self.answers.append(self.client.request(method, path, **more))
        return self.answers[-1]


def learners_credential(did, words):
    """A badge with a word in each text that is said of a person."""
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"https://{words.at('learner', 'id')}.example/{words.at('learner', 'id')}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": did,
        "validFrom": "2026-09-01T12:00:00Z",
        "name": words.at("learner", "title"),
        "credentialSubject": {
            "id": f"did:example:{words.at('learner', 'did')}",
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "identityHash": f"{words.at('learner', 'e-mail')}@school.example",
                    "identityType": "emailAddress",
                    "hashed": False,
                }
            ],
            "narrative": words.at("learner", "narrative"),
            "achievement": {
                "id": f"https://school.example/{words.at('learner', 'achievement')}",
                "type": ["Achievement"],
                "name": words.at("learner", "achievement name"),
                "description": words.at("learner", "description"),
                "criteria": {"narrative": words.at("learner", "criteria")},
            },
        },
    }


def story(asking, did, words):
    """A learner's credential, from its issuing to its withdrawal; the award, and what is public of it."""
    send = asking.send
    (namespace, *_) = awaited(lambda: send("GET", "/organisation/namespaces").json()["namespaces"])
    options = {"status": ["revocation"], "anchor": namespace["id"]}
    assert send("PATCH", "/organisation/profiles/dev", json={"options": options}).status_code == 200
    given = learners_credential(did, words)
    issued = send("POST", "/issuers/dev/credentials/issue", json={"credential": given})
    assert issued.status_code == 201, issued.text
    signed = issued.json()["verifiableCredential"]
    found = send("GET", "/organisation/awards").json()["awards"]
    award = next(each["id"] for each in found if each["clientKey"] == given["id"])
    assert send("POST", "/credentials/verify", json={"verifiableCredential": signed}).status_code == 200
    altered = signed | {"name": words.at("learner", "altered")}
    assert send("POST", "/credentials/verify", json={"verifiableCredential": altered}).status_code == 400
    shown = {"@context": signed["@context"][:1], "type": ["VerifiablePresentation"], "verifiableCredential": [signed]}
    send(
        "POST", "/presentations/verify", json={"verifiablePresentation": shown | {"id": f"urn:{words.at('vp', 'id')}"}}
    )
    awaited(lambda: send("GET", f"/organisation/awards/{award}/receipt").headers.get("glejt-receipt-state") == "final")
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    withdrawn = {"credentialId": given["id"], "credentialStatus": entry, "status": True}
    assert send("POST", "/credentials/status", json=withdrawn).status_code == 200
    return award


def awaited(look):
    end = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


@contextmanager
def receiver():
    """A receiver of traces; where it is, and what it got."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


def observing(client):
    """A key that reads the metrics, made by the first one."""
    wanted = {"label": "metrics", "scopes": ["node:observe"], "days": 1}
    made = client.post("/organisation/api-keys", json=wanted)
    assert made.status_code == 201, made.text
    return {"Authorization": f"Bearer {made.json()['key']}"}


def tables_with(path, pattern):
    """The tables of a database in which any value has it."""
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            for row in database.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 -- its own names
                if re.search(pattern, repr(row).encode()):
                    yield name
                    break


@pytest.mark.threat(44, 45)
def test_no_word_of_any_field_is_where_nobody_looks_for_persons(tmp_path):
    words = Words()
    with receiver() as (address, traces):
        options = {"GLEJT_NODE_TRACES": address, "GLEJT_NODE_LOG_LEVEL": "debug", "GLEJT_NODE_LOG_FORMAT": "json"}
        with (
            serving(tmp_path, GLEJT_NODE_JUDGES="1", **options) as node,
            httpx2.Client(base_url=node.url, headers=node.key, timeout=60) as client,
        ):
            observer, document = observing(client), client.get("/openapi.json").json()
            asking = Asking(client, document, words, {})
            award = story(asking, node.told["made"]["did"], words)
            of_learner = len(words.places)
            draft = document["paths"]["/organisation/achievements"]["post"]["requestBody"]["content"]
            made = asking.send("POST", "/organisation/achievements", json=draft["application/json"]["example"])
            asking.known |= {"award": award, "achievement": made.json()["id"], "profile": "dev"}
            asking.everything()
            metrics = client.get("/metrics", headers=observer)
            assert node.stop() == 0
    assert metrics.status_code == 200
    assert b'glejt_judges_jobs_total{outcome="answered",pool="signers"}' in metrics.content
    assert not [answer for answer in asking.answers if answer.status_code >= 500 and "did-" not in str(answer.headers)]
    assert len([answer for answer in asking.answers if answer.is_success]) > 60
    assert len(words.places) > 600

    lines = "".join(node.said).encode()
    assert lines.count(b'"route"') > 250
    spans = b"".join(body for _, body in traces)
    assert {path for path, _ in traces} == {"/v1/traces"}
    assert spans.count(b'"http.route"') >= lines.count(b'"route"')
    problems = [each for each in asking.answers if each.headers.get("content-type") == "application/problem+json"]
    assert len(problems) > 100
    told = {
        "log": lines,
        "metrics": metrics.content,
        "traces": spans,
        **{f"problem of {each.request.method} {each.request.url.path}": each.content for each in problems},
    }
    data = tmp_path / "data"
    files = {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert any(name.startswith("chain/") and len(content) > 10_000 for name, content in files.items())
    told |= {name: content for name, content in files.items() if not name.startswith("glejt.sqlite3")}
    assert {name: found for name, content in told.items() if (found := words.found(content))} == {}

    of_persons = "|".join(f"{number:04d}" for number in range(1, of_learner + 1))
    found = set(tables_with(data / "glejt.sqlite3", f"(?i){PREFIX}({of_persons})".encode()))
    assert {"awards", "credentials"} <= found
    assert found <= OF_LEARNERS


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_a_word_is_found_however_it_is_written(before):
    words = Words()
    words.at("place")
    whole = before + f"{PREFIX}0001".encode() + b"-"
    for written in (whole, whole.upper(), whole.hex().encode(), b64encode(whole), urlsafe_b64encode(whole)):
        assert words.found(b"x" + written), written
    assert words.found(whole) == {"place"}
    assert words.found(b"nothing of that") == set()
