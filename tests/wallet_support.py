"""A holder at the command line, an issuer and a verifier that run: what is offered, what is asked."""

import json
import uuid

import httpx2
from running import glejt
from samples import badge

LOOPBACK = {"GLEJT_ALLOW_LOOPBACK": "1", "GLEJT_PASSPHRASE_FILE": "passphrase"}
PASSPHRASE = "four words drawn at random"  # noqa: S105 -- of tests alone
ATTRIBUTES = {
    "role": "Welder",
    "term": "Spring 2026",
    "creditsEarned": 4,
    "licenseNumber": "DEMO-87",
    "narrative": "Welded a frame.",
    "activityStartDate": "2026-02-01T00:00:00Z",
    "activityEndDate": "2026-05-31T00:00:00Z",
    "identifier": [
        {
            "type": "IdentityObject",
            "identityHash": "Demo Learner",
            "identityType": "name",
            "hashed": False,
            "salt": "not-used",
        }
    ],
}
"""Eight attributes."""


class Holder:
    """A wallet in a folder, used by commands."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "passphrase").write_text(PASSPHRASE)

    def __call__(self, *arguments, env=None, stdin=""):
        line = ("wallet", *arguments, "--wallet", "wallet.json")
        return glejt(self.folder, *line, env={**LOOPBACK, **(env or {})}, stdin=stdin)

    def told(self, *arguments, status=0, **more):
        """What a command answers in JSON."""
        done = self(*arguments, "--json", **more)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)


def post(node, path, body, status=201):
    answer = httpx2.post(f"{node.url}{path}", headers=node.key, json=body, timeout=60)
    assert answer.status_code == status, answer.text
    return answer.json()


def offered(node, profile, did):
    """An invitation to receive a credential with eight attributes, of an identifier of its own."""
    made = badge(id=f"urn:uuid:{uuid.uuid4()}", issuer=did, name="Welding")
    made["credentialSubject"] |= ATTRIBUTES
    return post(node, "/organisation/offers", {"profile": profile, "credential": dict(made)})


def asked(node, *names, optional=()):
    """An invitation to show attributes."""
    fields = [{"path": [f"$.credentialSubject.{name}"]} for name in names]
    fields += [{"path": [f"$.credentialSubject.{name}"], "optional": True} for name in optional]
    definition = {"id": "asked", "input_descriptors": [{"id": "one", "constraints": {"fields": fields}}]}
    body = {"definition": definition, "why": "To let you use the machine."}
    return post(node, "/organisation/presentation-requests", body)
