"""A wallet that a node mediates for: what is told while it is off waits, is taken once, and is then deleted."""

from didcomm_support import resolvable
from phone_support import posting
from wallet_party import Party, Way, holder

from did_methods.did import parse_did
from node.didcomm.forward import wrap
from node.didcomm.parties import document_of
from node.didcomm.protocols.changes import NotifyStatus
from node.didcomm.protocols.out_of_band import read_invitation_url
from node.didcomm.service import routes
from node.wallet.accepting import accept, offered
from node.wallet.collecting import be_served, collect, serve_here
from node.wallet.contents import write_contents


async def test_what_an_issuer_tells_while_the_wallet_is_off_waits_at_the_mediator(node):
    party = Party()
    party.at = node.clock
    way, post = Way(party), posting(node.client)

    async def send(address, data):
        return await way(address, data) if party.did.encode() in data else tuple(await post(data))

    agent = holder(send, now=node.clock)
    invited = await node.client.post("/organisation/mediation-invitations", headers=node.key("owner"))
    await be_served(agent, read_invitation_url(invited.json()["url"]))
    key, _ = await offered(agent, party.invitation())
    relation = agent.contents.relations[agent.contents.talks[key].exchange.connection.ours]
    await serve_here(agent, relation)
    held = await accept(agent, key)
    assert (await collect(agent)).messages == 0

    (route,) = routes(document_of(parse_did(held.ours), resolvable), resolvable)[:1]
    _, messages = party.begin(
        NotifyStatus(credential=str(held.identifier), status="withdrawn"), held.ours, pthid=held.thread
    )
    for message in messages:
        packed = party.packed(message, held.ours)
        keys = route.routing_keys
        await post(wrap(packed, next_hop=held.ours, routing_keys=keys, documents=resolvable, at=node.clock()))
    found = await collect(agent)
    assert (found.messages, found.changed, found.unreached) == (1, (held.id,), ())
    assert agent.contents.held[held.id].status == "withdrawn"
    before = write_contents(agent.contents)["held"]
    assert (await collect(agent)).messages == 0, "it was deleted once it was received"
    assert write_contents(agent.contents)["held"] == before
    assert {each.state for each in party.exchanges.values()} == {"done"}, "the issuer has heard that it came"
