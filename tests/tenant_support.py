"""What an organisation has once it has made a thing of each kind over HTTP, for tests that look for them."""

from issuing_support import credential
from node_support import A
from picture_support import png
from store_samples import add_run

from node.issuance.organisation.second_person import Action

MARKER = "Marker of the first"
"""Stands in names that the organisation gives."""


class Things:
    """What the first organisation has, by the names of the parameters that take it."""

    def __init__(self, node):
        self.node, self.ids = node, {}

    async def call(self, method, path, role="owner", status=201, **more):
        headers = self.node.key(role) | more.pop("headers", {})
        answer = await self.node.client.request(method, path, headers=headers, **more)
        assert answer.status_code == status, (method, path, answer.text)
        return answer.json() if answer.content else None

    def keep(self, kind, *ids):
        self.ids.setdefault(kind, set()).update(ids)

    async def make(self):
        call, keep = self.call, self.keep
        did = await call("POST", "/organisation/dids", json={"method": "webvh", "path": ["first"], "keys": ["Ed25519"]})
        keep("did", did["did"])
        keep("method", *(each["id"] for each in did["document"]["verificationMethod"]))
        keep("service", "desk")
        service = {"type": "LinkedDomains", "endpoints": ["https://first.example"]}
        await call("PUT", f"/organisation/dids/{did['did']}/services/desk", json=service, status=200)
        options = {"status": ["revocation"]}
        profile = {"id": "first-profile", "form": "eddsa-rdfc-2022", "keyType": "Ed25519", "options": options}
        made = await call("POST", "/organisation/profiles", json=profile)
        keep("profile", "first-profile")
        issued = {"credential": credential(made["did"], 7)}
        await call("POST", "/issuers/first-profile/credentials/issue", role="issuer", json=issued)
        keep("credential", issued["credential"]["id"])
        awards = await call("GET", "/organisation/awards", role="issuer", status=200)
        keep("award", *(each["id"] for each in awards["awards"]))
        lists = await call("GET", "/organisation/status-lists", status=200)
        keep("list_id", *(each["id"] for each in lists["lists"]))
        member = {"login": "first@first.example", "name": MARKER, "roles": ["auditor"]}
        keep("member", (await call("POST", "/organisation/members", json=member))["id"], f"{A}-owner")
        key = {"label": MARKER, "scopes": ["verify"], "days": 30}
        keep("key", (await call("POST", "/organisation/api-keys", json=key))["id"], f"{A}-issuer-key")
        described = self.node.app.openapi()["paths"]["/organisation/achievements"]["post"]
        draft = described["requestBody"]["content"]["application/json"]["example"] | {"name": MARKER}
        drafted = await call("POST", "/organisation/achievements", role="designer", json=draft)
        keep("achievement", drafted["id"])
        picture = {"Content-Type": "image/png"}
        kept = await call("POST", "/organisation/pictures", role="designer", content=png(), headers=picture)
        keep("digest", kept["digest"])
        mirrored = {"url": "https://elsewhere.example/status/1"}
        await call("PUT", "/organisation/mirrors", json=mirrored, status=200)
        keep("url", mirrored["url"])
        await self.node.store.change(A, add_run)
        keep("run", f"{A}-run")
        tasks = await call("GET", "/organisation/outbox", status=200)
        keep("task", *(each["id"] for each in tasks["tasks"]))
        none = {"filter": {"profile": "nobodys"}, "reason": "error", "words": MARKER}
        withdrawn = await call("POST", "/organisation/withdrawals", json=none, status=202)
        keep("withdrawal", withdrawn["id"])
        hook = {"url": "https://first.example/hook", "events": ["award.revoked"]}
        keep("webhook", (await call("POST", "/organisation/webhooks", json=hook))["id"])
        definition = {"id": "any", "input_descriptors": [{"id": "any", "constraints": {}}]}
        asked = await call(
            "POST", "/organisation/presentation-requests", json={"definition": definition, "why": MARKER}
        )
        keep("request_id", asked["id"])
        two = {"secondPerson": [Action.MEMBERS.value]}
        await call("PUT", "/organisation/settings", json=two, status=200)
        asked = await call("POST", "/organisation/members", json=member | {"login": "other@first.example"}, status=202)
        keep("approval", asked["approval"])
        return self
