"""Row 77: whatever one organisation has made, for another one it does not exist, on any route.

What there is to be looked for comes from the reference: each route that takes an identifier is tried with those of an
organisation that made its things over HTTP, by another one that may do everything, beside identifiers that nobody has.
A route that takes something which this organisation has none of turns the test red.
"""

import itertools
import json
import os
import re
import statistics
import time

import pytest
from issuing_support import working_node
from node_support import A, B
from statement_watch import statements_of
from tenant_support import MARKER, Things

from node.http.access import NODES_OWN, PUBLIC
from node.http.reference import routes_of
from node.http.routes import conversations, run_results

LONG = bool(os.environ.get("GLEJT_LONG"))
NOT_TENANTS = ("/credentials/verify", "/presentations/verify", "/credentials/derive")
"""What they answer depends on what is sent alone."""
REQUIRED = {"/organisation/achievements/{achievement}": {"If-Match": '"1"'}}
"""Headers without which it is not looked for."""
TRIES = 4
VARIES = re.compile(r"whsec_[A-Za-z0-9+/=]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")
"""What is another one in each answer: ids of requests and of what was made, and times."""
LEAVES = {
    "achievement": {"achievement"},
    "credentialId": {"credential"},
    "did": {"did"},
    "issuer": {"did"},
    "key": {"key", "method"},
    "member": {"member"},
    "profile": {"profile"},
    "replaces": {"method"},
    "url": {"url"},
    "verificationMethod": {"method"},
}
"""Members of bodies that name something, and what; the long run puts everything everywhere."""


def nobodys(text):
    """An identifier of the same form that nobody has."""
    place = max(index for index, char in enumerate(text) if char.isalnum())
    last = text[place]
    other = str((int(last) + 1) % 10) if last.isdigit() else ("b" if last in "aA" else "a")
    return text[:place] + other + text[place + 1 :]


def leaves(value, path=()):
    """The places of texts in a body, with the names of the members they are in."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    elif isinstance(value, str):
        yield path


def put(value, path, text):
    copied = json.loads(json.dumps(value))
    *steps, last = path
    inner = copied
    for step in steps:
        inner = inner[step]
    inner[last] = text
    return copied


class Other:
    """The other organisation: asks with something, and with something that nobody has, and compares."""

    def __init__(self, node):
        self.node, self.different, self.found, self.asked, self.uneven = node, [], [], 0, []

    async def send(self, method, path, **more):
        self.asked += 1
        headers = self.node.key("owner", B) | more.pop("headers", {})
        answer = await self.node.client.request(method, path, headers=headers, **more)
        return answer.status_code, VARIES.sub("…", answer.text)

    async def watched(self, **request):
        """The answer, and what the store was asked for it."""
        with statements_of(self.node.database) as asked:
            return await self.send(**request), asked

    async def compare(self, what, theirs, nobodys_own, *, named=(), absent=True):
        """Send both; `named` are texts that an answer may repeat, for they were sent.

        Where the store is asked for other things, or more often, both are sent again: a worker of the node may have
        asked between them, and does not do so each time.
        """
        for _ in range(TRIES):
            (first, work), (second, same) = [await self.watched(**each) for each in (theirs, nobodys_own)]
            if work == same or not absent:
                break
        else:
            self.uneven.append((what, work, same))
        if first[0] != second[0] or _without(first[1], named) != _without(second[1], named):
            self.different.append((what, first, second))
        if absent and first[0] != 404:
            self.found.append((what, first))


def _without(text, named):
    for each in named:
        text = text.replace(each, "…")
    return text


def body_of(operation):
    """The example of a body, as what is sent."""
    for kind, shown in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            return {"json": shown["example"]}
        return {"content": json.dumps(shown["example"]), "headers": {"Content-Type": kind}}
    return {}


def tenant_operations(node):
    document = node.app.openapi()
    for route in routes_of(node.app):
        declared = route.declared
        if declared.access is not PUBLIC and declared.access not in NODES_OWN:
            yield declared.method, route.path_format, document["paths"][route.path_format][declared.method.lower()]


@pytest.fixture
def stage(node_template, tmp_path, runner, monkeypatch):
    """A node on which the first organisation has its things; streams of events end once they are read."""
    monkeypatch.setattr(conversations, "EVENTS_SECONDS", 0.0)
    monkeypatch.setattr(run_results, "STREAM_SECONDS", 0.0)
    opening = working_node(tmp_path, template=node_template)
    node = runner.run(opening.__aenter__())
    things = runner.run(Things(node).make())
    yield node, things.ids
    runner.run(opening.__aexit__(None, None, None))


async def everything_of(node, organisation, ids):
    """All that an organisation reads of itself: the lists, and each thing."""
    shown = {}
    for method, path, _ in tenant_operations(node):
        if method != "GET":
            continue
        names = re.findall(r"{(\w+)}", path)
        for values in itertools.product(*(sorted(ids.get(name, ())) for name in names)):
            filled = path.format(**dict(zip(names, values, strict=True)))
            answer = await node.client.get(filled, headers=node.key("owner", organisation))
            shown[filled] = answer.status_code, answer.content if answer.status_code == 200 else b""
    return shown


@pytest.mark.threat(77)
async def test_what_one_organisation_has_is_not_there_for_another_one(stage):
    node, ids = stage
    other, before = Other(node), await everything_of(node, A, ids)
    reads = [status for status, _ in before.values()]
    assert reads.count(200) > len(reads) * 0.6, "its own it reads"
    for method, path, operation in tenant_operations(node):
        names = re.findall(r"{(\w+)}", path)
        assert set(names) <= set(ids), f"{path} takes something that the first organisation has none of"
        for values in itertools.product(*(sorted(ids[name]) for name in names)) if names else ():
            theirs, none = dict(zip(names, values, strict=True)), {names[0]: nobodys(values[0])}
            sent = {"method": method, "headers": REQUIRED.get(path, {})} | body_of(operation)
            what = (method, path, values)
            await other.compare(
                what, sent | {"path": path.format(**theirs)}, sent | {"path": path.format(**theirs | none)}
            )
    assert not other.different
    assert not other.uneven, "what is another one's is looked for as what nobody has, and no further"
    assert not other.found
    assert other.asked > 60
    assert await everything_of(node, A, ids) == before, "nothing of it has changed"


@pytest.mark.threat(77)
async def test_what_is_named_in_a_body_a_header_or_a_query_is_not_there_either(stage):
    node, ids = stage
    other, before = Other(node), await everything_of(node, A, ids)
    everything = set().union(*ids.values())
    for method, path, operation in tenant_operations(node):
        if "{" in path or path in NOT_TENANTS:
            continue
        sent, parameters = {"method": method, "path": path} | body_of(operation), operation.get("parameters", ())
        for parameter in parameters:
            kinds = {"Glejt-Approval": "approval", "before": "award", "after": "approval"}
            for text in sorted(ids.get(kinds.get(parameter["name"], parameter["name"]), ())):
                place = "headers" if parameter["in"] == "header" else "params"
                theirs, none = ({place: {parameter["name"]: each}} for each in (text, nobodys(text)))
                await other.compare((method, path, parameter["name"]), sent | theirs, sent | none, absent=False)
        for leaf in leaves(sent.get("json")):
            name = next((step for step in reversed(leaf) if isinstance(step, str)), "")
            wanted = everything if LONG else set().union(*(ids.get(kind, set()) for kind in LEAVES.get(name, ())))
            for text in sorted(wanted):
                theirs, none = (sent | {"json": put(sent["json"], leaf, each)} for each in (text, nobodys(text)))
                named = (text, nobodys(text))
                await other.compare((method, path, leaf, text), theirs, none, named=named, absent=False)
    assert not other.different
    assert other.asked > 10
    assert await everything_of(node, A, ids) == before, "nothing of it has changed"


@pytest.mark.threat(77)
async def test_no_list_has_anything_of_another_organisation(stage):
    node, ids = stage
    unique = {text for each in ids.values() for text in each if text != "desk"} | {MARKER, "org-a"}
    for path, (_, content) in (await everything_of(node, B, {})).items():
        assert not [text for text in unique if text.encode() in content], path


@pytest.mark.threat(77)
async def test_the_store_is_asked_the_same_for_what_is_another_ones_and_what_is_nobodys(stage):
    """The watch over statements sees what it is for: one more of them, and one that is another."""
    node, ids = stage
    other, path = Other(node), f"/organisation/awards/{min(ids['award'])}"
    absent = await other.watched(method="GET", path=f"/organisation/awards/{nobodys(min(ids['award']))}")
    theirs = await other.watched(method="GET", path=path)
    assert theirs == absent
    assert any("awards" in statement for statement, _ in theirs[1])
    with statements_of(node.database) as own:
        await node.client.get(path, headers=node.key("owner"))
    assert len(own) > len(theirs[1]), "for one's own there is more to ask"


if LONG:

    @pytest.mark.threat(77)
    async def test_how_long_both_take(stage, record_property):
        """For information: on a machine that does other things, too, times say nothing that a test could hold to."""
        node, ids = stage
        other, measured = Other(node), {}
        for kind, path in (("award", "/organisation/awards/{}"), ("profile", "/organisation/profiles/{}")):
            theirs = min(ids[kind])
            values = {"another one's": theirs, "nobody's": nobodys(theirs)}
            took = {who: [] for who in values}
            for _ in range(300):
                for who, value in values.items():  # in turn: what else the machine does is the same for both
                    began = time.perf_counter()
                    await other.send("GET", path.format(value))
                    took[who].append(time.perf_counter() - began)
            measured[kind] = {who: round(statistics.median(each) * 1e6) for who, each in took.items()}
        record_property("microseconds", measured)
