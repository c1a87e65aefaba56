"""The holder's agent against parties in memory: taking, showing, ending anywhere, and those who do not play fair."""

import asyncio
from dataclasses import replace

import pytest
from disclosure_support import HOLDER as ANOTHER
from disclosure_support import badge as sample
from disclosure_support import issued, thin
from wallet_party import PLACE, Kept, KilledError, Party, Way, asking, holder

from node.didcomm.message import compose
from node.didcomm.pack import pack
from node.didcomm.protocols import issue_credential
from node.didcomm.protocols.changes import NotifyStatus, SendReceipts
from node.proofs.disclosure import mandatory_pointers_of
from node.wallet.accepting import accept, decline, offered
from node.wallet.contents import write_contents
from node.wallet.errors import WalletError
from node.wallet.showing import asked, possible, show


async def taken(party, agent=None):
    agent = agent or holder(Way(party))
    key, _ = await offered(agent, party.invitation())
    return agent, await accept(agent, key)


async def shown(agent, party, invitation=None, extra=()):
    key, demand = await asked(agent, invitation or party.asks())
    return await show(agent, key, demand, possible(agent, demand)[0].showing(extra))


async def refused(work, code):
    with pytest.raises(WalletError) as error:
        await work
    assert error.value.code == code
    assert error.value.remedy
    return str(error.value)


def states(party):
    return {each.state for each in party.exchanges.values()}


@pytest.mark.parametrize("form", ["ecdsa-sd", "bbs"])
async def test_what_is_offered_is_taken_and_a_part_of_it_is_shown(form):
    party = Party(form)
    agent, held = await taken(party)
    assert held.credential["credentialSubject"]["id"] == held.method.partition("#")[0]
    assert states(party) == {"done"}
    verdict = await shown(agent, party)
    assert (verdict.accepted, verdict.report) == (True, {"verdict": "said"})
    (made,) = party.presentations
    (derived,) = made["verifiableCredential"]
    assert derived["credentialSubject"]["identifier"]
    assert "result" not in derived["credentialSubject"]
    assert made["proof"]["domain"] == PLACE
    (noted,) = agent.contents.shown
    assert "/credentialSubject/identifier/0/identityHash" in noted["shown"]


async def test_each_relation_and_each_credential_has_keys_of_its_own():
    one, two = Party(), Party()
    agent = holder(Way(one, two))
    held = [(await taken(party, agent))[1] for party in (one, two)]
    assert len({each.method for each in held}) == 2
    assert len({each.ours for each in held}) == 2


async def test_who_says_no_takes_and_shows_nothing():
    party = Party()
    agent = holder(Way(party))
    key, offer = await offered(agent, party.invitation())
    assert offer.name
    await decline(agent, key)
    assert agent.contents.held == {}
    assert states(party) == {"abandoned"}


# Ending anywhere.


class Dying:
    """Counts what a wallet does to the outside, and ends the process at one of them, before or after it."""

    def __init__(self, keep, way, at, *, after):
        self.keep, self.way, self.left, self.after = keep, way, at, after

    def load(self):
        return self.keep.load()

    def save(self, contents):
        self._count(before=True)
        self.keep.save(contents)
        self._count(before=False)

    async def __call__(self, address, data):
        self._count(before=True)
        answers = await self.way(address, data)
        self._count(before=False)
        return answers

    def _count(self, *, before):
        if before:
            self.left -= 1
        if self.left == 0 and before != self.after:
            raise KilledError


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_wallet_that_ends_at_any_point_goes_on_when_the_command_is_given_again(after):
    """At each write and each message, until one run comes through: once issued, once shown, once noted."""
    point, finished = 0, False
    while not finished:
        point += 1
        party, keep = Party(), Kept()
        way = Way(party)
        invitation, asks = party.invitation(), party.asks()

        async def whole(agent, invitation=invitation, asks=asks, party=party):
            key, _ = await offered(agent, invitation)
            await accept(agent, key)
            return await shown(agent, party, asks)

        dying = Dying(keep, way, point, after=after)
        try:
            await whole(holder(dying, dying))
            finished = True
        except KilledError:
            verdict = await whole_again(holder(way, keep), invitation, asks)
            assert verdict.accepted is True, point
        agent = holder(way, keep)
        assert len(agent.contents.held) == 1, point
        assert len(agent.contents.shown) == 1, point
        assert agent.contents.unsent == (), point
        assert len(party.presentations) == 1, point
        assert [each.kind for each in party.effects].count(issue_credential.REQUESTED) == 1, point
        assert states(party) == {"done"}, point
    assert point > 12


async def whole_again(agent, invitation, asks):
    key, _ = await offered(agent, invitation)
    await accept(agent, key)
    key, demand = await asked(agent, asks)
    return await show(agent, key, demand, possible(agent, demand)[0].showing())


async def test_what_comes_twice_has_one_effect():
    party = Party()
    way = Way(party)
    agent, held = await taken(party, holder(way))
    before = write_contents(agent.contents)
    for data in list(way.sent):
        for answer in party.answer(data):
            await agent.take(answer)
    assert write_contents(agent.contents)["held"] == before["held"]
    assert list(agent.contents.held) == [held.id]


async def test_no_answer_is_no_loss():
    party = Party()
    way = Way(party)
    invitation = party.invitation()
    silent = holder(way, send=_silent)
    await refused(offered(silent, invitation), "wallet.waiting")
    agent = holder(way, silent.keep)
    key, _ = await offered(agent, invitation)
    assert (await accept(agent, key)).name


async def _silent(_address, _data):
    return ()


# Who does not play fair.


class Forging(Party):
    """Issues what does not hold, or something else than was offered."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def offered(self):
        document = super().offered()
        document["credentialSubject"]["narrative"] = "Welded a frame."
        return document

    def credential(self, holder):
        return self.make(self, holder)


def _altered(place, value):
    def make(party, holder):
        made = Party.credential(party, holder)
        target = made
        for step in place[:-1]:
            target = target[step]
        target[place[-1]] = value
        return made

    return make


def _bad_proof(party, holder):
    """A value that need not be shown is another than the one that was signed, and is as it was offered."""
    document = party.offered()
    document["credentialSubject"]["id"] = holder
    document["credentialSubject"]["narrative"] = "Mallory was here."
    made = issued("ecdsa-sd", document)
    assert not [each for each in mandatory_pointers_of(made) if "narrative" in each]
    made["credentialSubject"]["narrative"] = party.offered()["credentialSubject"]["narrative"]
    return made


def _somebody_else(party, _holder):
    return Party.credential(party, ANOTHER.did)


def _nobody(party, _holder):
    return issued("ecdsa-sd", party.offered())


def _another_issuer(_party, holder):
    document = sample("bbs")
    document["credentialSubject"]["id"] = holder
    return issued("bbs", document)


FORGED = {
    "hidden-value-after-signing": (_bad_proof, "does not hold"),
    "always-shown-value-after-signing": (_altered(("validFrom",), "2020-01-01T00:00:00Z"), "does not hold"),
    "another-claim": (_altered(("credentialSubject", "name"), "Mallory"), "something else than was offered"),
    "about-somebody-else": (_somebody_else, "about somebody else"),
    "about-nobody": (_nobody, "about somebody else"),
    "by-another-issuer": (_another_issuer, "another issuer"),
}


@pytest.mark.threat(34)
@pytest.mark.parametrize("how", sorted(FORGED))
async def test_what_does_not_hold_or_was_not_offered_is_refused_and_said_why(how):
    make, reason = FORGED[how]
    party = Forging(make)
    agent = holder(Way(party))
    key, _ = await offered(agent, party.invitation())
    assert reason in await refused(accept(agent, key), "wallet.refused")
    assert agent.contents.held == {}
    assert states(party) == {"abandoned"}, "the issuer is told"
    await refused(accept(agent, key), "wallet.refused")


async def test_what_cannot_be_verified_now_is_neither_kept_nor_acknowledged_nor_lost():
    party = Party()
    way = Way(party)
    invitation = party.invitation()

    async def untold(credential):
        report = await holder(way).judge(credential)
        entry = report.credentials[0]
        checks = tuple(
            [replace(each, outcome="indeterminate") if each.name == "proof" else each for each in entry.checks]
        )
        return replace(report, credentials=(replace(entry, checks=checks),))

    agent = holder(way, judge=untold)
    key, _ = await offered(agent, invitation)
    await refused(accept(agent, key), "wallet.unverified")
    assert agent.contents.held == {}
    assert "done" not in states(party)
    again = holder(way, agent.keep)
    key, _ = await offered(again, invitation)
    assert (await accept(again, key)).id == "1"


@pytest.mark.threat(66)
async def test_a_request_of_another_party_on_the_same_thread_changes_nothing():
    party, thief = Party(), Party()
    agent, _ = await taken(party, holder(Way(party, thief)))
    key, _ = await asked(agent, party.asks())
    exchange = agent.contents.talks[key].exchange
    before = write_contents(agent.contents)
    message = compose(
        "https://didcomm.org/present-proof/3.0/request-presentation",
        {},
        sender=thief.did,
        to=[exchange.connection.ours],
        thid=exchange.thread,
    )
    assert not await agent.take(thief.packed(message, exchange.connection.ours))
    assert write_contents(agent.contents) == before


@pytest.mark.threat(65)
async def test_what_nobody_is_known_to_have_sent_changes_nothing():
    party, stranger = Party(), Party()
    agent, held = await taken(party, holder(Way(party)))
    before = write_contents(agent.contents)
    kind = "https://w3id.org/glejt/protocols/revocation-notification/1.0/status-changed"
    body = {"credential": held.identifier, "status": "withdrawn"}
    for sender in (stranger.did, None):
        message = compose(kind, body, sender=sender, to=[held.ours], pthid=held.thread)
        data = pack(
            message,
            to=[held.ours],
            sender=sender,
            secrets=stranger.secrets,
            documents=agent.library,
            at=stranger.at(),
        ).data
        assert not await agent.take(data)
    assert not await agent.take(b"no envelope")
    assert write_contents(agent.contents) == before


@pytest.mark.parametrize(
    "domain", ["https://bank.example", "bank.example", "https://party.example:8443", "https://x@bank.example"]
)
@pytest.mark.threat(69)
async def test_a_request_that_was_passed_on_from_another_place_is_not_answered(domain):
    party = Party()
    agent, _ = await taken(party)
    party.domain = domain
    await refused(asked(agent, party.asks()), "wallet.relayed")
    assert party.presentations == []
    assert agent.contents.shown == ()


async def test_a_request_that_comes_from_where_it_says_is_told_so():
    party = Party(address=f"{PLACE}/didcomm")
    agent, _ = await taken(party)
    _, demand = await asked(agent, party.asks())
    assert demand.placed is True


@pytest.mark.threat(42)
@pytest.mark.parametrize("path", ["$", "$.credentialSubject", "$.*"])
async def test_who_asks_for_everything_is_shown_as_such(path):
    party = Party()
    agent, _ = await taken(party)
    party.definition = asking(path)
    _, demand = await asked(agent, party.asks())
    (choice,) = possible(agent, demand)
    assert choice.too_much
    party.definition = asking("$.credentialSubject.identifier")
    _, demand = await asked(agent, party.asks())
    (choice,) = possible(agent, demand)
    assert not choice.too_much
    assert choice.showing().hidden


@pytest.mark.threat(42)
async def test_what_is_not_required_is_shown_only_if_it_is_chosen():
    party = Party()
    agent, _ = await taken(party)
    party.definition = asking("$.credentialSubject.identifier", optional=("$.credentialSubject.result",))
    _, demand = await asked(agent, party.asks())
    (choice,) = possible(agent, demand)
    assert choice.optional == ("/credentialSubject/result",)
    paths = [each.path for each in choice.showing().seen]
    assert not [each for each in paths if each.startswith("/credentialSubject/result/0/value")]
    await shown(agent, party, party.asks(), choice.optional)
    (made,) = party.presentations
    assert made["verifiableCredential"][0]["credentialSubject"]["result"]


async def test_nothing_is_shown_where_something_required_is_missing():
    party = Party()
    agent, _ = await taken(party)
    party.definition = asking("$.credentialSubject.absent")
    _, demand = await asked(agent, party.asks())
    assert possible(agent, demand) == ()


async def test_what_is_not_accepted_is_told_with_the_report():
    party = Party()
    agent, _ = await taken(party)
    party.accepted = False
    verdict = await shown(agent, party)
    assert (verdict.accepted, verdict.report) == (False, {"verdict": "said"})


async def test_an_invitation_for_something_else_is_not_taken_up():
    party = Party()
    agent = holder(Way(party))
    await refused(asked(agent, party.invitation()), "wallet.goal")
    await refused(offered(agent, party.asks()), "wallet.goal")
    assert agent.contents.relations == {}


# What comes later.


async def test_receipts_and_notices_count_for_the_credential_of_their_relation_alone():
    party, other = Party(), Party()
    agent, held = await taken(party, holder(Way(party, other)))
    _, foreign = await taken(other, agent)
    for sender, about in ((other, held), (party, held)):
        ours = foreign.ours if sender is other else held.ours
        for event in (
            NotifyStatus(credential=str(held.identifier), status="withdrawn"),
            SendReceipts(credential=str(held.identifier), receipts=({"receipt": "x", "state": "final"},)),
        ):
            _, messages = sender.begin(event, ours, pthid=about.thread)
            for message in messages:
                assert await agent.take(sender.packed(message, ours))
        found = agent.contents.held[held.id]
        honest = sender is party
        assert (found.status, len(found.receipts)) == (("withdrawn", 1) if honest else (None, 0))


def test_presentations_are_bound_to_their_request():
    """What was made for one request is no answer to another: its challenge and domain are signed."""
    party = Party()
    agent, _ = asyncio.run(taken(party))
    asyncio.run(shown(agent, party))
    (made,) = party.presentations
    assert (made["proof"]["challenge"], made["proof"]["domain"]) == (party.challenge, party.domain)


async def test_a_credential_that_shows_the_least_is_taken_first():
    party = Party()
    agent, held = await taken(party)
    document = party.offered()
    document["credentialSubject"]["id"] = held.method.partition("#")[0]
    more = thin("ecdsa-sd", document, tuple(f"/{name}" for name in document if name != "@context"))
    await agent.change(lambda contents: contents.with_held(replace(held, id="0", credential=more)))
    _, demand = await asked(agent, party.asks())
    assert [each.held.id for each in possible(agent, demand)] == ["1", "0"]
