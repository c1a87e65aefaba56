"""A log that a node publishes, fetched from its server and read by `didwebvh-ts`."""

from urllib.parse import quote

import httpx2
import pytest
from serve_support import QUICK, serving

pytestmark = pytest.mark.peer


def sent(node, method, path, body=None):
    answer = httpx2.request(method, f"{node.url}{path}", json=body, headers=node.key, timeout=30)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def test_others_resolve_an_identifier_that_a_node_publishes(tmp_path, peer):
    with serving(tmp_path, **QUICK) as node:
        made = sent(node, "POST", "/organisation/dids", {"path": ["school"], "keys": ["Ed25519", "P-256"]})
        did, place = made["did"], f"/organisation/dids/{quote(made['did'], safe='')}"
        (_, second) = made["document"]["assertionMethod"]
        found = [peer.ask("webvhFetch", did=did)]
        sent(node, "POST", f"{place}/keys", {"type": "P-256", "replaces": second})
        found.append(peer.ask("webvhFetch", did=did))
        service = {"type": "Catalogue", "endpoints": ["https://university.example/catalogue"]}
        changed = sent(node, "PUT", f"{place}/services/catalogue", service)
        found.append(peer.ask("webvhFetch", did=did))
        assert [each["metadata"]["versionId"].partition("-")[0] for each in found] == ["1", "2", "3"]
        assert found[0]["document"]["verificationMethod"] == made["document"]["verificationMethod"]
        last = found[-1]["document"]
        assert last["verificationMethod"] == changed["document"]["verificationMethod"]
        assert changed["document"]["service"][0] in last["service"]
        beside = node.get("/school/did.json").json()
        theirs = peer.ask("webvhWeb", did=did, document=changed["document"])
        assert beside["verificationMethod"] == theirs["verificationMethod"]
        assert (beside["id"], beside["assertionMethod"]) == (theirs["id"], theirs["assertionMethod"])
        assert did in beside["alsoKnownAs"]
        sent(node, "DELETE", place)
        assert peer.ask("webvhFetch", did=did)["metadata"]["deactivated"] is True
        assert node.get("/school/did.json").status_code == 410
