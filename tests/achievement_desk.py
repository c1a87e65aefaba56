"""How a designer begins and publishes achievements over HTTP, for tests."""

from node_support import A
from register_support import draft

HOME = "/organisation/achievements"
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


async def begin(node, content=None, organisation=A):
    answer = await node.client.post(HOME, json=content or draft(), headers=node.key("designer", organisation))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def publish(node, shown, organisation=A, **headers):
    return await node.client.post(
        f"{HOME}/{shown['id']}/publish",
        json={"revision": shown["revision"]},
        headers={**node.key("designer", organisation), **headers},
    )


async def published(node, content=None, organisation=A):
    """The id of an achievement that is published."""
    shown = await begin(node, content, organisation)
    answer = await publish(node, shown, organisation)
    assert answer.status_code == 201, answer.text
    return shown["id"]
