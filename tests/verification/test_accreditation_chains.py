"""Chains of accreditations: from a body that is believed to an issuer, and every way in which they lead nowhere."""

from dataclasses import replace

import pytest
from accreditation_support import (
    AGENCY,
    BODY,
    EQF_4,
    OFFICE,
    START,
    STRANGER,
    YEAR,
    Ground,
    accreditation,
    authority,
    award,
    board,
    judged,
    moment,
    shown_of,
    signed,
    with_anchor,
)
from verification_support import ISSUER, MALLORY, one

from node.credentials.accreditation import multibase
from node.issuance.accrediting import SignedAccreditation
from node.verification.trust import ListedIssuer

ACCREDITED = ("passed", "authority.accredited")


@pytest.fixture
def ground():
    return Ground()


@pytest.fixture
def name(ground):
    return ground.name("body")


@pytest.fixture
def document():
    return ISSUER.sign(award(), created=moment(START))


def _chain(  # noqa: PLR0913 -- each is bent by some test
    ground, names, *, depths=(2, 1, 0), scopes=None, parties=(BODY, AGENCY, OFFICE, ISSUER), bend=None
):
    """Accreditations from the body down, each recorded by whom it is by; `bend` changes what one is composed of."""
    made, parent = [], None
    for index, depth in enumerate(depths):
        by, whom = parties[index], parties[index + 1]
        members = {"mayAccredit": depth, "scopes": [(scopes or [{}] * len(depths))[index]]}
        if parent is not None:
            members["parent"] = parent
        members |= (bend or {}).get(index, {})
        last = index == len(depths) - 1
        members.setdefault("namespaces", [] if last else [str(names[index + 1])])
        document = accreditation(by, whom, records=[names[index]], **members)
        parent = signed(document, by)
        ground.accredit(parent, names[index])
        made.append(parent)
    ground.pass_time(1000)
    return made


@pytest.fixture
def names(ground, name):
    return [name, ground.name("agency"), ground.name("office"), ground.name("fourth")]


def test_a_chain_of_three(ground, names, document):
    links = _chain(ground, names)
    entry = judged(ground, document, ground.trust(board(names[0])), *links)
    assert authority(entry) == ACCREDITED
    assert [step["body"] for step in shown_of(entry)["chain"]] == [OFFICE.did, AGENCY.did, BODY.did]
    for missing in range(3):
        others = [link for index, link in enumerate(links) if index != missing]
        assert authority(judged(ground, document, ground.trust(board(names[0])), *others))[0] == "indeterminate"


def test_a_chain_of_four(ground, names, document):
    parties = (BODY, AGENCY, OFFICE, STRANGER, ISSUER)
    links = _chain(ground, names, depths=(2, 1, 0), parties=parties[:4])
    last = signed(
        accreditation(STRANGER, ISSUER, records=[names[3]], parent=_as_parent(links[2])),
        STRANGER,
    )
    ground.accredit(last, names[3])
    ground.pass_time(1000)
    entry = judged(ground, document, ground.trust(board(names[0])), *links, last)
    assert authority(entry)[1] == "authority.unknown"
    assert shown_of(entry)["why"] in (["parent"], ["depth"])


def _as_parent(data):
    return data


def test_a_wider_scope_than_the_parents(ground, names, document):
    links = _chain(ground, names, scopes=[EQF_4, {}, EQF_4])
    entry = judged(ground, document, ground.trust(board(names[0])), *links)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.unknown", ["wider"])
    fitting = _chain(ground, names, scopes=[{}, EQF_4, {**EQF_4, "types": ["Certificate"]}])
    assert authority(judged(ground, document, ground.trust(board(names[0])), *fitting)) == ACCREDITED


@pytest.mark.parametrize("depths", [(1, 1, 0), (0, 0, 0), (2, 2, 0), (2, 0, 0)])
def test_deeper_than_was_permitted(ground, names, document, depths):
    links = _chain(ground, names, depths=depths)
    assert authority(judged(ground, document, ground.trust(board(names[0])), *links))[1] == "authority.unknown"


def test_a_parent_of_somebody_else(ground, names, document):
    of_agency = _chain(ground, names, depths=(1,), parties=(BODY, AGENCY))[0]
    stolen = signed(accreditation(MALLORY, ISSUER, records=[names[1]], parent=of_agency), MALLORY)
    ground.accredit(stolen, names[1])
    ground.pass_time(1000)
    entry = judged(ground, document, ground.trust(board(names[0])), of_agency, stolen)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.unknown", ["parent"])


def test_another_digest_or_another_id_of_the_parent(ground, names, document):
    of_agency = _chain(ground, names, depths=(1,), parties=(BODY, AGENCY))[0]
    read = SignedAccreditation.read(of_agency)
    right = {"id": read.accreditation.id, "digestMultibase": multibase(read.digest)}
    for parent, why in (
        ({**right, "digestMultibase": multibase(bytes(32))}, ["no_parent"]),
        ({**right, "id": "urn:uuid:00000000-0000-4000-8000-000000000000"}, ["parent"]),
    ):
        data = signed(accreditation(AGENCY, ISSUER, records=[names[1]], parent=parent), AGENCY)
        ground.accredit(data, names[1])
        ground.pass_time(100)
        entry = judged(ground, document, ground.trust(board(names[0])), of_agency, data)
        assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.unknown", why)


def test_an_agency_without_any_parent(ground, names, document):
    _chain(ground, names, depths=(1,), parties=(BODY, AGENCY))
    data = signed(accreditation(AGENCY, ISSUER, records=[names[1]]), AGENCY)
    ground.accredit(data, names[1])
    ground.pass_time(1000)
    entry = judged(ground, document, ground.trust(board(names[0])), data)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.unknown", ["no_body"])


def test_loops_of_accreditations(ground, names, document):
    """A parent is named by the digest of its bytes, so no document can be its own; people could be in a chain twice."""
    first = signed(accreditation(AGENCY, OFFICE, records=[names[1]], mayAccredit=2), AGENCY)
    second = signed(accreditation(OFFICE, AGENCY, records=[names[2]], mayAccredit=1, parent=first), OFFICE)
    third = signed(accreditation(AGENCY, ISSUER, records=[names[1]], parent=second), AGENCY)
    for data, place in ((first, names[1]), (second, names[2]), (third, names[1])):
        ground.accredit(data, place)
    ground.pass_time(1000)
    entry = judged(ground, document, ground.trust(board(names[0])), first, second, third)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.unknown", ["loop"])


def test_an_issuer_cannot_accredit_itself_even_under_a_body(ground, names, document):
    up = _chain(ground, names, depths=(1,), parties=(BODY, ISSUER), bend={0: {"mayIssue": True}})[0]
    composed = accreditation(ISSUER, AGENCY, records=[names[1]], parent=up)
    composed["credentialSubject"]["id"] = ISSUER.did
    own = signed(composed, ISSUER)
    ground.accredit(own, names[1])
    ground.pass_time(1000)
    narrow = ground.trust(board(names[0]))
    assert shown_of(judged(ground, document, narrow, own, up))["chain"][0]["body"] == BODY.did
    assert authority(judged(ground, document, narrow, own))[1] == "authority.unknown"


@pytest.mark.threat(30)
def test_the_middle_of_a_chain_is_withdrawn(ground, names, document):
    links = _chain(ground, names)
    trust = ground.trust(board(names[0]))
    before = ground.now
    ground.withdraw(links[1], names[1])
    ground.pass_time(1000)
    assert authority(judged(ground, document, trust, *links)) == ("failed", "authority.not_in_force")
    assert authority(judged(ground, document, trust, *links, at=before)) == ACCREDITED


@pytest.mark.threat(30)
def test_a_body_that_lost_its_own_permission_accredits_nobody_for_the_time_before(ground, names):
    """The agency was withdrawn; what it records from then on counts for no time, whatever period it states."""
    bend = {0: {"namespaces": [str(names[1])]}}
    up = _chain(ground, names, depths=(1,), parties=(BODY, AGENCY), bend=bend)[0]
    issuers = ground.name("issuer")
    listed = ListedIssuer(ISSUER.did, "Example University", "university.example", namespaces=frozenset([issuers]))
    trust = ground.trust(board(names[0]), issuers=[listed])
    good = signed(accreditation(AGENCY, ISSUER, records=[names[1]], parent=up), AGENCY)
    ground.accredit(good, names[1])
    made, receipt, operation = ground.anchored(award(), issuers)
    ground.order(operation)
    ground.withdraw(up, names[0])
    ground.pass_time(1000)
    assert authority(with_anchor(ground, made, receipt, trust, up, good)) == ACCREDITED
    late = signed(accreditation(AGENCY, ISSUER, records=[names[1]], parent=up, name="Late"), AGENCY)
    ground.accredit(late, names[1])
    again, receipt, operation = ground.anchored(award(name="Again"), issuers)
    ground.order(operation)
    assert authority(with_anchor(ground, again, receipt, trust, up, late)) == ("failed", "authority.not_in_force")


def test_an_expired_link(ground, names, document):
    end = moment(START + 2000).strftime("%Y-%m-%dT%H:%M:%SZ")
    links = _chain(ground, names, bend={1: {"validUntil": end}})
    trust = ground.trust(board(names[0]))
    assert authority(judged(ground, document, trust, *links)) == ACCREDITED
    ground.pass_time(YEAR)
    assert authority(judged(ground, document, trust, *links)) == ("failed", "authority.not_in_force")


def test_one_link_that_is_merely_signed_makes_the_chain_a_claim(ground, names, document):
    links = _chain(ground, names)
    material = ground.material(*links)
    ledgers = ground.facts(links[0], links[2])
    entry = one(
        document, material=replace(material, ledgers=ledgers), trust=ground.trust(board(names[0])), at=ground.now
    )
    assert authority(entry)[1] == "authority.claimed"


@pytest.mark.threat(30)
def test_who_accredits_before_being_permitted_to(ground, names, document):
    """The agency recorded it first, and was recorded by the body only afterwards."""
    composed = accreditation(BODY, AGENCY, records=[names[0]], mayAccredit=1, namespaces=[str(names[1])])
    up = signed(composed, BODY)
    early = signed(accreditation(AGENCY, ISSUER, records=[names[1]], parent=up), AGENCY)
    ground.accredit(early, names[1])
    ground.pass_time(1000)
    ground.accredit(up, names[0])
    ground.pass_time(1000)
    trust = ground.trust(board(names[0]))
    assert authority(judged(ground, document, trust, up, early))[1] == "authority.claimed"
    late = signed(accreditation(AGENCY, ISSUER, records=[names[1]], parent=up, name="Again"), AGENCY)
    ground.accredit(late, names[1])
    assert authority(judged(ground, document, trust, up, late)) == ACCREDITED
