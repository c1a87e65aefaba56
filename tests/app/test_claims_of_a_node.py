"""Claims at a node that is killed: what was answered stays, the rest is gone on with, and nothing is issued twice."""

import json
import signal
import threading

import httpx2
import pytest
from register_support import draft
from serve_support import QUICK, serving, stored

CLAIMS = 6


class Claimer(threading.Thread):
    """Claims by one link; what was answered, if anything was."""

    def __init__(self, url, path, number, first):
        super().__init__(daemon=True)
        self.url, self.path, self.number, self.first, self.told = url, path, number, first, None

    def run(self):
        try:
            answer = claimed(self.url, self.path, self.number)
        except httpx2.HTTPError:
            return
        finally:
            self.first.set()
        if answer.status_code == 200:
            self.told = answer.json()


def claimed(url, path, number):
    return httpx2.post(f"{url}{path}", headers={"Idempotency-Key": f"key-{number}"}, timeout=30)


def awarded(client):
    """Links of awards that wait."""
    made = client.post("/organisation/achievements", json=draft()).json()
    done = client.post(f"/organisation/achievements/{made['id']}/publish", json={"revision": made["revision"]})
    assert done.status_code == 201, done.text
    for number in range(CLAIMS):
        order = {"achievement": made["id"], "profile": "dev", "kind": "claim", "name": f"Demo Learner {number}"}
        answer = client.post("/organisation/awards", json=order)
        assert answer.status_code == 201, answer.text
        yield "/claims/" + answer.json()["link"]["url"].rpartition("/claims/")[2]


@pytest.mark.threat(69)
@pytest.mark.threat(95)
def test_a_kill_in_the_middle_of_claims_loses_none_and_issues_none_twice(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        with httpx2.Client(base_url=node.url, headers=node.key, timeout=60) as client:
            paths = list(awarded(client))
        first = threading.Event()
        claimers = [Claimer(node.url, path, number, first) for number, path in enumerate(paths)]
        for each in claimers:
            each.start()
        first.wait(60)
        assert node.stop(signal.SIGKILL) == -signal.SIGKILL
        for each in claimers:
            each.join(60)
        lines = "".join(node.said)
        key = node.key
    with serving(tmp_path, **QUICK) as node:
        for each in claimers:
            other = httpx2.post(f"{node.url}{each.path}", headers={"Idempotency-Key": "another"}, timeout=30)
            again = claimed(node.url, each.path, each.number)
            if each.told is not None:
                assert other.status_code == 410
                assert again.json()["credential"] == each.told["credential"]
            else:  # it was never heard of, or is somebody's already: whose it is, is told once
                assert {other.status_code, again.status_code} == {200, 410}
        awards = httpx2.get(f"{node.url}/organisation/awards", headers=key, timeout=30).json()["awards"]
        assert {each["state"] for each in awards} == {"issued"}
        assert node.stop() == 0
        lines += "".join(node.said)
    credentials = stored(tmp_path)
    assert len(credentials) == len({each["id"] for each in credentials}) == CLAIMS
    assert "Demo Learner" not in lines
    assert not [path for path in paths if path.rpartition("/")[2] in lines]
    assert json.dumps(credentials).count("AchievementSubject") == CLAIMS
