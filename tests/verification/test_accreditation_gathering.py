"""Gathering accreditations: from files, from addresses that are named, up to a body; and asking their chains."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from accreditation_support import (
    AGENCY,
    BODY,
    EQF_4,
    START,
    STRANGER,
    Ground,
    accreditation,
    authority,
    award,
    board,
    copy_of,
    moment,
    signed,
)
from verification_support import ISSUER, UNIVERSITY, one

from did_methods.resolution import Resolution
from node.cli.verify import Judge
from node.verification.accreditation_gathering import MAX_FETCHED, NUMBERS_AT_ONCE
from node.verification.accreditation_standing import MAX_ACCREDITATIONS
from node.verification.capsule import Capsule
from node.verification.errors import FetchRefusedError
from node.verification.gather import gather
from node.verification.material import Origin
from node.verification.opened_capsule import Opened
from node.verification.policy import built_in
from node.verification.sources import Fetched, Sources

PLACE = "https://body.example/accreditations/1"


@pytest.fixture
def ground():
    return Ground()


class World:
    """What answers to a verifier: hosts, identifiers and the chain; and what they were asked."""

    def __init__(self, ground, pages=(), documents=()):
        self.ground, self.pages, self.documents = ground, dict(pages), dict(documents)
        self.asked, self.resolved, self.proofs = [], [], 0
        self.offline = False

    async def resolve(self, did):
        self.resolved.append(did)
        document = self.documents.get(did)
        return Resolution(document, {}, {} if document else {"error": {"type": "x#NOT_FOUND"}})

    async def fetch(self, url, *, accept, max_bytes):
        self.asked.append(url)
        assert max_bytes <= 256 * 1024
        assert "application/vc" in accept
        if url not in self.pages:
            raise FetchRefusedError("nothing there", code="fetch.status", remedy="Ask later.")
        return Fetched(self.pages[url], "application/vc", url, self.ground.now)

    def ledger(self, _chain):
        return None if self.offline else self

    async def final_block(self):
        return await self.ground.ledger.final_block()

    async def prove(self, questions, block):
        self.proofs += 1
        return await self.ground.ledger.prove(questions, block)

    def gathered(self, document, trust, *held, **more):
        sources = Sources(self.resolve, lambda: self.ground.now, self.fetch, self.ledger)
        copies = tuple(map(copy_of, held))
        return asyncio.run(gather(document, sources, trust, accreditations=copies, **more))

    def answer(self, document, trust, *held):
        material = self.gathered(document, trust, *held)
        at = self.ground.now + timedelta(seconds=30)
        return authority(one(document, material=material, trust=trust, at=at)), material


@pytest.fixture
def name(ground):
    return ground.name("body")


@pytest.fixture
def document():
    return ISSUER.sign(award(), created=moment(START))


@pytest.fixture
def data(ground, name):
    made = signed(accreditation(BODY, ISSUER, records=[name], scopes=[EQF_4]), BODY)
    ground.accredit(made, name)
    return made


def test_one_that_was_handed_over_is_asked_about_on_its_chain(ground, name, document, data):
    world = World(ground)
    answer, material = world.answer(document, ground.trust(board(name)), data)
    assert answer == ("passed", "authority.accredited")
    assert (world.asked, world.resolved, world.proofs) == ([], [], 1)
    assert [block.origin for block in material.ledgers.blocks] == [Origin.LIVE]
    world.offline = True
    assert world.answer(document, ground.trust(board(name)), data)[0][1] == "authority.claimed"


def test_who_believes_no_body_asks_nobody(ground, document, data):
    world = World(ground, {PLACE: data})
    world.gathered(document, ground.trust())
    assert (world.asked, world.proofs) == ([], 0)


def test_from_the_addresses_of_a_body(ground, name, document, data):
    elsewhere = signed(accreditation(BODY, STRANGER, records=[name]), BODY)
    world = World(ground, {PLACE: data, f"{PLACE}/2": elsewhere})
    body = board(name, addresses=(PLACE, f"{PLACE}/2", f"{PLACE}/3"))
    answer, material = world.answer(document, ground.trust(body))
    assert answer == ("passed", "authority.accredited")
    assert world.asked == [PLACE, f"{PLACE}/2", f"{PLACE}/3"]
    assert [copy.content for copy in material.accreditations] == [data]  # of others nobody is asked anything


def test_from_the_service_of_the_issuers_own_document(ground, name):
    made = signed(accreditation(BODY, UNIVERSITY, records=[name]), BODY)
    ground.accredit(made, name)
    service = [{"id": "#a", "type": "Accreditation", "serviceEndpoint": [PLACE, "http://plain.example/", 7]}]
    world = World(ground, {PLACE: made}, {UNIVERSITY.did: {**UNIVERSITY.document(), "service": service}})
    document = UNIVERSITY.sign(award(UNIVERSITY), created=moment(START))
    answer, _ = world.answer(document, ground.trust(board(name)))
    assert answer == ("passed", "authority.accredited")
    assert world.asked == [PLACE]


def test_a_parent_is_fetched_where_its_id_is_an_address(ground, name, document):
    agency = ground.name("agency")
    up = signed(accreditation(BODY, AGENCY, records=[name], mayAccredit=1, id=PLACE, namespaces=[str(agency)]), BODY)
    ground.accredit(up, name)
    down = signed(accreditation(AGENCY, ISSUER, records=[agency], parent=up), AGENCY)
    ground.accredit(down, agency)
    world = World(ground, {PLACE: up})
    answer, material = world.answer(document, ground.trust(board(name)), down)
    assert answer == ("passed", "authority.accredited")
    assert world.asked == [PLACE]
    assert {copy.content for copy in material.accreditations} == {up, down}
    # Another text at that address is another accreditation.
    world = World(ground, {PLACE: up + b"\n"})
    assert world.answer(document, ground.trust(board(name)), down)[0][1] == "authority.unknown"


def test_what_leads_to_no_body_costs_nothing(ground, name, document):
    strange = signed(accreditation(STRANGER, ISSUER, records=[name]), STRANGER)
    world = World(ground)
    world.gathered(document, ground.trust(board(name)), strange)
    assert (world.asked, world.proofs) == ([], 0)


def test_the_keys_of_a_body_are_looked_for(ground, name, document):
    body = replace(BODY, name="did:web:body.example")
    made = signed(accreditation(body, ISSUER, records=[name]), body)
    ground.accredit(made, name)
    known = replace(board(name), did=body.did)
    world = World(ground, {}, {body.did: body.document()})
    assert world.answer(document, ground.trust(known), made)[0] == ("passed", "authority.accredited")
    assert world.resolved == [body.did]
    assert World(ground).answer(document, ground.trust(known), made)[0][1] == "authority.open"


@pytest.mark.threat(30)
def test_all_numbers_are_asked_for(ground, name, document):
    """The one that counts may be the tenth: as many as there are, in as few proofs as it takes."""
    for _ in range(NUMBERS_AT_ONCE + 1):
        made = signed(accreditation(BODY, ISSUER, records=[name], at=ground.clock), BODY)
        ground.accredit(made, name)
        ground.withdraw(made, name)
    last = signed(accreditation(BODY, ISSUER, records=[name]), BODY)
    ground.accredit(last, name)
    world = World(ground)
    answer, material = world.answer(document, ground.trust(board(name)), last)
    assert answer == ("passed", "authority.accredited")
    assert world.proofs == 2
    assert sum(len(proof.questions) for proof in material.ledgers.facts) == 2 * NUMBERS_AT_ONCE


def test_no_more_addresses_are_asked_than_there_is_time_for(ground, name):
    world = World(ground)
    service = [{"id": "#a", "type": ["Accreditation"], "serviceEndpoint": [f"{PLACE}/{i}" for i in range(40)]}]
    world.documents[UNIVERSITY.did] = {**UNIVERSITY.document(), "service": service}
    world.gathered(UNIVERSITY.sign(award(UNIVERSITY), created=moment(START)), ground.trust(board(name)))
    assert len(world.asked) == MAX_FETCHED


def test_a_chain_that_does_not_answer_is_noted(ground, name, document, data, monkeypatch):
    class Silent(World):
        async def final_block(self):
            await asyncio.sleep(60)

    monkeypatch.setattr("node.verification.accreditation_gathering.ASK_SECONDS", 0.05)
    answer, material = Silent(ground).answer(document, ground.trust(board(name)), data)
    assert answer[1] == "authority.claimed"
    assert [failure.code for failure in material.ledgers.failures.values()] == ["TIMEOUT"]


# What came in a capsule is a stranger's choice.


def _forged(count, name):
    """What anybody can write: accreditations in the name of the body, which did not sign them."""
    by = replace(STRANGER, name=BODY.did)
    return [copy_of(signed(accreditation(BODY, ISSUER, records=[name], name=f"No. {n}"), by)) for n in range(count)]


@pytest.mark.threat(30)
@pytest.mark.threat(48)
def test_of_one_in_a_capsule_the_chain_is_asked_whether_it_was_withdrawn(ground, name, document, data):
    trust = ground.trust(board(name))
    capsule = Opened(Capsule.of([json.dumps(document).encode()], ground.material(data), made=ground.now))
    world = World(ground)
    sources = Sources(world.resolve, lambda: ground.now, world.fetch, world.ledger)

    def judged():
        judge = Judge(built_in(), trust, None, ground.now, sources)
        return authority(asyncio.run(judge.report(capsule.document, None, capsule)).credentials[0])

    assert judged() == ("passed", "authority.accredited")
    ground.withdraw(data, name)
    ground.pass_time(60)
    assert judged() == ("failed", "authority.not_in_force")
    world.offline = True
    assert judged()[1] == "authority.claimed"


@pytest.mark.threat(30)
@pytest.mark.threat(48)
def test_what_came_with_the_subject_crowds_out_nothing(ground, name, document, data):
    world = World(ground, {PLACE: data})
    trust = ground.trust(board(name, addresses=(PLACE,)))
    strange = _forged(MAX_ACCREDITATIONS, ground.name("strange"))
    material = world.gathered(document, trust, brought=strange)
    assert material.accreditations[0].content == data
    assert len(material.accreditations) == MAX_ACCREDITATIONS
    entry = one(document, material=material, trust=trust, at=ground.now)
    assert authority(entry) == ("passed", "authority.accredited")


@pytest.mark.threat(30)
@pytest.mark.threat(48)
def test_what_could_not_be_asked_about_and_came_with_the_subject_is_left_out(ground, name, document, data, monkeypatch):
    monkeypatch.setattr("node.verification.accreditation_gathering.MAX_PROOFS", 1)
    monkeypatch.setattr("node.verification.accreditation_gathering.QUESTIONS_AT_ONCE", NUMBERS_AT_ONCE)
    world, trust, strange = World(ground), ground.trust(board(name)), _forged(1, ground.name("strange"))
    material = world.gathered(document, trust, brought=[*strange, copy_of(data)])
    assert material.accreditations == tuple(strange)
    assert world.proofs == 1
    kept = world.gathered(document, trust, data, brought=strange)
    assert [copy.content for copy in kept.accreditations] == [data]
    world.offline = True
    assert len(world.gathered(document, trust, brought=[*strange, copy_of(data)]).accreditations) == 2


@pytest.mark.threat(30)
def test_another_text_at_the_address_of_a_parent_does_not_keep_it_from_being_fetched(ground, name, document):
    agency = ground.name("agency")
    up = signed(accreditation(BODY, AGENCY, records=[name], mayAccredit=1, id=PLACE, namespaces=[str(agency)]), BODY)
    ground.accredit(up, name)
    down = signed(accreditation(AGENCY, ISSUER, records=[agency], parent=up), AGENCY)
    ground.accredit(down, agency)
    world, trust = World(ground, {PLACE: up}), ground.trust(board(name))
    strange = replace(copy_of(b"{}"), url=PLACE)
    material = world.gathered(document, trust, brought=[strange, copy_of(down)])
    assert world.asked == [PLACE]
    entry = one(document, material=material, trust=trust, at=ground.now)
    assert authority(entry) == ("passed", "authority.accredited")
