"""Asking for heads: in the round of the receipts, only what is promised; and lists from mirrors, by their bytes."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from heads_support import DOCUMENT, HEADS, NEW, NEW_HEAD, OLD, TRUST, Heads, head, promising, published
from ledger_support import CHAIN, STRANGE, anchored, block_of, naming, trusted_chain, trusting
from status_support import HOUR, LIST, OTHER, Web, copy_of, entry, pointing, status_list
from verification_support import AT, ISSUER, badge, found, one, presentation

from anchoring.checkpoint import Chain
from anchoring.errors import UnprovenError
from anchoring.facts import AnchorOf, HeadOf
from anchoring.heads import cid_of, digest_of, list_id
from anchoring.layout import slots_of
from node.credentials.record_name import RecordName
from node.verification import mirror_gathering
from node.verification.chains import ChainKind
from node.verification.errors import UnreachableError
from node.verification.gather import gather
from node.verification.ledger_gathering import MAX_QUESTIONS
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import Origin
from node.verification.sources import Sources

RECORD = Heads({LIST: NEW_HEAD})
MIRROR, SECOND = "https://mirror.example/ipfs", "https://second.example/ipfs/"
CID = cid_of(NEW_HEAD.digest)
QUESTION = HeadOf(HEADS.namespace, list_id(LIST))


@dataclass
class Node:
    """A LedgerReader over one state."""

    state: object
    chain: Chain = CHAIN
    error: Exception | None = None
    asked: list = field(default_factory=list)

    @property
    def contract(self):
        return self.state.contract

    async def final_block(self):
        if self.error is not None:
            raise self.error
        return block_of(self.state, self.chain)

    async def prove(self, questions, block):
        self.asked.append(tuple(questions))
        assert block.hash == self.state.hash
        return self.state.proof(slot for question in self.asked[-1] for slot in slots_of(question))


def _gathered(subject=DOCUMENT, node=None, *, trust=TRUST, pages=None, lists=(), ledgers=None):  # noqa: PLR0913 -- inputs of a run
    node, web = node or Node(RECORD.state), Web(pages or {})

    async def resolve(did):
        raise AssertionError(did)

    sources = Sources(resolve, lambda: AT, web, lambda _chain: node)
    material = asyncio.run(gather(subject, sources, trust, lists=lists, ledgers=ledgers))
    return material, node, web


def _mirrored(*mirrors):
    return trusting(ISSUER, chains=[trusted_chain(mirrors=mirrors or (MIRROR,))])


def test_the_head_is_asked_for_and_the_list_is_judged_by_it():
    material, node, _ = _gathered(pages={LIST: published(NEW).encode()})
    assert node.asked == [(QUESTION,)]
    check = found(one(DOCUMENT, material=material, trust=TRUST), "status")
    assert check == ("passed", "status.passed")
    material, _, _ = _gathered(pages={LIST: published(OLD).encode()})
    assert found(one(DOCUMENT, material=material, trust=TRUST), "status") == ("indeterminate", "status.rolled_back")
    material, _, _ = _gathered(node=Node(Heads().state), pages={LIST: published(NEW).encode()})
    assert found(one(DOCUMENT, material=material, trust=TRUST), "status") == ("failed", "status.no_anchored_list")


def test_a_receipt_and_heads_are_asked_for_in_one_round():
    document = ISSUER.sign(badge(credentialStatus=entry(), evidence=naming(HEADS.record, HEADS)))
    case = anchored(document)
    pending_ = replace(case.receipt, progress=None)
    held = LedgerMaterial((pending_.encode(),))
    _, node, _ = _gathered(document, Node(case.record.state), ledgers=held)
    ((first, second),) = node.asked
    assert first == QUESTION
    assert isinstance(second, AnchorOf)


@pytest.mark.parametrize(
    ("subject", "trust"),
    [
        (pointing(), TRUST),
        (promising(HEADS.record), TRUST),
        (promising(replace(HEADS, contract=bytes([3]) * 20)), TRUST),
        (promising(replace(HEADS, chain_id=5)), TRUST),
        (DOCUMENT, trusting(ISSUER, chains=[trusted_chain(ChainKind.TEST)])),
        (ISSUER.sign(badge(evidence=naming(HEADS))), TRUST),
    ],
    ids=["no promise", "an anchor only", "another contract", "another chain", "a test network", "no status"],
)
def test_nobody_is_asked_about_anything_else(subject, trust):
    _, node, _ = _gathered(subject, trust=trust)
    assert node.asked == []


def test_many_credentials_of_one_list_are_one_question():
    document = promising(entries=[entry(), entry(9), entry(list_url=OTHER)])
    _, node, _ = _gathered(presentation(DOCUMENT, document, pointing()))
    assert node.asked == [(QUESTION, HeadOf(HEADS.namespace, list_id(OTHER)))]


def test_questions_are_bounded():
    documents = [
        promising(entries=[entry(list_url=f"https://s{number}.example/{place}") for place in range(8)])
        for number in range(9)
    ]
    _, node, _ = _gathered(presentation(*documents))
    ((*questions,),) = node.asked
    assert len(questions) == MAX_QUESTIONS


def test_a_chain_that_does_not_answer_leaves_it_open():
    node = Node(RECORD.state, error=UnprovenError("gone", code="rpc.quorum", remedy="Wait."))
    material, _, _ = _gathered(node=node, pages={LIST: published(NEW).encode()})
    assert found(one(DOCUMENT, material=material, trust=TRUST), "status") == ("indeterminate", "status.head.unproven")
    assert material.ledgers.failures["eip155:1"].code == "rpc.quorum"


# Mirrors


def test_a_list_that_nobody_brings_is_had_from_a_mirror_by_its_bytes():
    pages = {f"{MIRROR}/{CID}": published(NEW).encode()}
    material, _, web = _gathered(trust=_mirrored(), pages=pages)
    assert set(web.asked) == {LIST, f"{MIRROR}/{CID}"}
    (copy,) = material.status_lists
    assert (copy.url, copy.content, copy.origin) == (LIST, published(NEW), Origin.SAVED)
    assert found(one(DOCUMENT, material=material, trust=_mirrored()), "status") == ("passed", "status.passed")


@pytest.mark.threat(48)
def test_an_issuers_host_that_serves_an_old_list_does_not_hide_the_new_one():
    pages = {LIST: published(OLD).encode(), f"{MIRROR}/{CID}": published(NEW).encode()}
    material, _, _ = _gathered(trust=_mirrored(), pages=pages)
    assert found(one(DOCUMENT, material=material, trust=_mirrored()), "status") == ("passed", "status.passed")
    withdrawn = status_list([7], signed=AT - HOUR)
    record = Heads({LIST: head(withdrawn, 2)})
    pages[f"{MIRROR}/{cid_of(digest_of(published(withdrawn).encode()))}"] = published(withdrawn).encode()
    material, _, _ = _gathered(node=Node(record.state), trust=_mirrored(), pages=pages)
    assert found(one(DOCUMENT, material=material, trust=_mirrored()), "status") == ("failed", "status.revoked")


def test_mirrors_are_asked_only_for_what_is_not_at_hand():
    for pages, lists in (({LIST: published(NEW).encode()}, ()), ({}, (copy_of(published(NEW), Origin.FILE),))):
        _, _, web = _gathered(trust=_mirrored(), pages=pages, lists=lists)
        assert not [url for url in web.asked if MIRROR in url]
    for node, document in ((Node(Heads().state), DOCUMENT), (None, pointing())):
        _, _, web = _gathered(document, node, trust=_mirrored())
        assert not [url for url in web.asked if MIRROR in url]
    _, _, web = _gathered()
    assert web.asked == [LIST]


@pytest.mark.parametrize(
    "wrong",
    [
        published(OLD).encode(),
        published(NEW).encode() + b" ",
        b"",
        b"\xff",
        UnreachableError("no", code="fetch.status", remedy="Wait.", status=404),
    ],
    ids=["another list", "a byte more", "nothing", "no text", "nothing there"],
)
def test_what_a_mirror_brings_that_is_something_else_is_dropped(wrong):
    first, second = f"{MIRROR}/{CID}", f"{SECOND}{CID}"
    material, _, web = _gathered(trust=_mirrored(), pages={first: wrong})
    assert material.status_lists == ()
    assert first in web.asked
    both = _mirrored(MIRROR, SECOND)
    material, _, web = _gathered(trust=both, pages={first: wrong, second: published(NEW).encode()})
    assert [copy.content for copy in material.status_lists] == [published(NEW)]
    assert web.asked[-2:] == [first, second]


def test_bytes_with_the_digest_that_are_no_text_are_dropped():
    record = Heads({LIST: replace(NEW_HEAD, digest=digest_of(b"\xff\xfe"))})
    url = f"{MIRROR}/{cid_of(digest_of(b'\xff\xfe'))}"
    material, _, web = _gathered(node=Node(record.state), trust=_mirrored(), pages={url: b"\xff\xfe"})
    assert url in web.asked
    assert material.status_lists == ()


def test_a_mirror_that_takes_too_long(monkeypatch):
    monkeypatch.setattr(mirror_gathering, "MIRROR_SECONDS", 0.05)

    async def slowly(url, *, accept, max_bytes):
        del accept, max_bytes
        if url.startswith(MIRROR):
            await asyncio.sleep(30)
        raise UnreachableError("no", code="fetch.status", remedy="Wait.", status=404)

    async def resolve(did):
        raise AssertionError(did)

    sources = Sources(resolve, lambda: AT, slowly, lambda _chain: Node(RECORD.state))
    material = asyncio.run(gather(DOCUMENT, sources, _mirrored()))
    assert material.status_lists == ()


def test_mirrors_are_asked_for_so_many_lists_at_the_most(monkeypatch):
    monkeypatch.setattr(mirror_gathering, "MAX_MIRRORED", 2)
    urls = [f"https://school.example/status/{number}" for number in range(5)]
    heads = {url: head(status_list(url=url, signed=AT - HOUR), 1) for url in urls}
    document = promising(entries=[entry(list_url=url) for url in urls])
    _, _, web = _gathered(document, Node(Heads(heads).state), trust=_mirrored())
    assert len([url for url in web.asked if MIRROR in url]) == 2


@pytest.mark.parametrize(
    "published_",
    [
        "\ufeff{}",
        "{}\r\n",
        '{"a": "\u0000"}',
        "{}\n\n \t",
        "\u2028 ż 漢 🦆 e\u0301",
        '{ "b":1,  "a" :2 }',
    ],
)
def test_a_copy_keeps_its_bytes(published_):
    """From the network, into material, through its JSON form: the digest is of what was published."""
    data = published_.encode()
    material, _, _ = _gathered(pages={LIST: data})
    again = type(material).from_json(material.to_json(), own=True)
    for each in (material, again):
        assert each.status_lists[0].content.encode() == data
        assert each.status_lists[0].digest == digest_of(data)


def test_whose_the_record_is_is_not_asked_yet():
    foreign = RecordName(CHAIN.id, HEADS.contract, STRANGE, HEADS.promise)
    _, node, _ = _gathered(promising(foreign))
    assert node.asked == [(HeadOf(STRANGE, list_id(LIST)),)]  # whether it counts is judged
