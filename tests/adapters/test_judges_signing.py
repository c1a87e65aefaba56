"""Credentials are signed for issuers by processes that have no key, and those never read what strangers send."""

import asyncio
import base64
import json
import os
import pickle
import signal
import threading
from datetime import UTC

import pytest
from judges_support import Shared, judging, liar, question, raw
from ledger_support import NAME
from samples import badge
from status_support import Web
from verification_support import AT, UNIVERSITY, credential

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.adapters.judging import signing as signing_module
from node.adapters.judging.signing import OneKey
from node.credentials.record_name import with_records
from node.documents import DocumentError
from node.ports import KeyNotHeldError, KeyRetiredError
from node.ports.judging import Form, InputRefusedError, JudgeFailedError, SigningOrder
from node.proofs.commitment import commitment_of
from node.proofs.data_integrity import verify_proof
from node.proofs.proof import proofs_of
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary

shared = Shared()
KEYS = {kind: PrivateKey.generate(kind) for kind in (KeyType.ED25519, KeyType.P256, KeyType.BLS12_381_G2)}


def method_of(private):
    return did_key.method_id(private.public)


ED = method_of(KEYS[KeyType.ED25519])
HELD = HeldKeys({method_of(private): private for private in KEYS.values()})
ORDER = SigningOrder(ED, "eddsa-rdfc-2022")


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    shared.close()


def unsigned(private=None, **members):
    did = str(did_key.create((private or KEYS[KeyType.ED25519]).public))
    return badge(issuer={"id": did, "type": ["Profile"], "name": "Test School"}, **members)


def secured(document, order=ORDER, keys=HELD):
    async def story():
        async with shared.over() as service:
            made = await service.secure(raw(document), order, keys, created=AT)
            return made, await service.examine(made.body, question())

    return shared.run(story())


@pytest.mark.parametrize(
    ("kind", "suite"),
    [
        (KeyType.ED25519, "eddsa-rdfc-2022"),
        (KeyType.ED25519, "eddsa-jcs-2022"),
        (KeyType.P256, "ecdsa-rdfc-2019"),
        (KeyType.P256, "ecdsa-sd-2023"),
    ],
)
def test_what_is_signed_without_the_key_at_hand_holds(kind, suite):
    private = KEYS[kind]
    made, examined = secured(unsigned(private), SigningOrder(method_of(private), suite))
    assert (made.media_type, json.loads(made.body)["proof"]["cryptosuite"]) == ("application/vc", suite)
    assert (examined.verdict == "accepted") is (suite != "ecdsa-sd-2023")  # of that, something has to be derived first


def test_bbs_is_signed_on_another_thread(monkeypatch):
    private, threads = KEYS[KeyType.BLS12_381_G2], []
    sign = HeldKeys.sign_messages

    async def noting(self, *arguments):
        threads.append(threading.current_thread())
        return await sign(self, *arguments)

    monkeypatch.setattr(HeldKeys, "sign_messages", noting)
    achievement = "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55"
    order = SigningOrder(method_of(private), "bbs-2023", signs=achievement, epoch="2026")
    made, _ = secured(unsigned(private), order)
    assert json.loads(made.body)["proof"]["cryptosuite"] == "bbs-2023"
    assert threads
    assert threading.main_thread() not in threads


def test_tokens_are_signed_too():
    made, examined = secured(unsigned(), SigningOrder(ED, "eddsa-rdfc-2022", Form.JWT))
    assert (made.media_type, examined.verdict) == ("application/vc+jwt", "accepted")
    made, examined = secured(unsigned(), SigningOrder(ED, "eddsa-rdfc-2022", Form.SD_JWT))
    assert (made.media_type, examined.verdict) == ("application/vc+sd-jwt", "accepted")
    assert made.choosable


def test_the_commitment_is_what_an_anchor_is_made_of():
    made, _ = secured(with_records(unsigned(), (NAME,)), SigningOrder(ED, "eddsa-rdfc-2022", anchored=True))
    document = json.loads(made.body)
    proof = proofs_of(document)[0]
    held = verify_proof(document, proof, KEYS[KeyType.ED25519].public, jsonld=vocabulary(NO_TRUST.contexts).jsonld)
    assert made.commitment == commitment_of(held).value
    with pytest.raises(InputRefusedError, match="names no record"):
        secured(unsigned(), SigningOrder(ED, "eddsa-rdfc-2022", anchored=True))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"@context": []}, "issuance.malformed"),
        (unsigned(proof={"type": "DataIntegrityProof"}), "issuance.secured"),
        (credential(UNIVERSITY), "issuance.issuer"),
        (unsigned(unknownMember=1), "context.undefined_term"),
    ],
)
def test_what_must_not_be_signed_is_refused_as_elsewhere(document, code):
    with pytest.raises(InputRefusedError) as refused:
        secured(document)
    assert (refused.value.code, refused.value.wrong) == (code, True)


def test_bytes_that_are_no_document_are_refused_by_the_parser():
    with pytest.raises(DocumentError):
        secured(b'{"a":1,"a":2}')


def test_a_key_that_is_not_held_or_is_retired_says_so_and_the_process_lives():
    class Retired(HeldKeys):
        async def sign(self, verification_method, data):  # noqa: ARG002 -- as the port has it
            raise KeyRetiredError(f"{verification_method} signs no more")

    async def story():
        async with shared.over() as service:
            before = service.signers.pids
            with pytest.raises(KeyNotHeldError):
                await service.secure(raw(unsigned()), ORDER, HeldKeys({}), created=AT)
            with pytest.raises(KeyRetiredError):
                await service.secure(raw(unsigned()), ORDER, Retired({ED: KEYS[KeyType.ED25519]}), created=AT)
            await service.secure(raw(unsigned()), ORDER, HELD, created=AT)
            return before == service.signers.pids

    assert shared.run(story())


@pytest.mark.threat(44)
def test_no_private_key_ever_goes_to_a_process(monkeypatch):
    told = []
    dumps = pickle.dumps

    def noting(thing, *rest):
        data = dumps(thing, *rest)
        told.append(data)
        return data

    monkeypatch.setattr(pickle, "dumps", noting)
    secured(unsigned())
    secret = KEYS[KeyType.ED25519].raw
    assert told
    assert not any(secret in data or base64.b64encode(secret) in data for data in told)


def test_processes_that_sign_read_nothing_of_strangers():
    async def story():
        async with judging(Web({})) as service:
            readers, signers = service.readers.pids, service.signers.pids
            for pid in signers:
                os.kill(pid, signal.SIGSTOP)  # nothing that follows may need one of them
            await service.examine(raw(unsigned()), question())
            await service.check(raw(unsigned()))
            await service.resolve(UNIVERSITY.did)
            with pytest.raises(InputRefusedError):
                await service.picture(b"<svg")
            with pytest.raises(InputRefusedError):
                await service.derive(raw(unsigned()), ("/name",))
            return readers & signers

    assert asyncio.run(story()) == set()


def test_and_processes_that_read_for_strangers_sign_nothing():
    async def story():
        async with judging(Web({})) as service:
            for pid in service.readers.pids:
                os.kill(pid, signal.SIGSTOP)
            return await service.secure(raw(unsigned()), ORDER, HELD, created=AT)

    assert asyncio.run(story()).body


ASKING = 'tell(b"#", {{"method": {method!r}, "data": base64.b64encode(b"x").decode()}})'
ANSWER = """
told = {"body": heard.hex(), "mediaType": "x", "choosable": [], "lost": [], "kept": []}
tell(b"=", b"w" + json.dumps(told).encode())
"""


def by_liar(tmp_path, monkeypatch, body):
    liar(tmp_path, monkeypatch, body)

    async def story():
        async with judging(Web({})) as service:
            before = service.signers.pids
            try:
                made = await service.secure(raw(unsigned()), ORDER, HELD, created=AT)
            finally:
                await asyncio.sleep(0.1)
                replaced = service.signers.pids != before
                story.replaced = replaced
            return made

    return asyncio.run(story()), story.replaced


def test_a_process_gets_a_signature_by_the_key_of_its_task_once(tmp_path, monkeypatch):
    body = f"{ASKING.format(method=ED)}\nheard = hear()\n{ANSWER}"
    made, _ = by_liar(tmp_path, monkeypatch, body)
    assert len(bytes.fromhex(made.body.decode())) == 64


OTHER_KEY = method_of(KEYS[KeyType.P256])


@pytest.mark.parametrize(
    "body",
    [
        f"{ASKING.format(method=OTHER_KEY)}\nheard = hear()\n{ANSWER}",
        f"{ASKING.format(method=ED)}\nhear()\n{ASKING.format(method=ED)}\nheard = hear()\n{ANSWER}",
        'tell(b"#", {"method": 1})\nheard = hear()\n' + ANSWER,
        'tell(b"#", {"method": "METHOD", "data": "?"})\nheard = hear()\n' + ANSWER,
        'tell(b"#", {"method": "METHOD"})\nheard = hear()\n' + ANSWER,
        'tell(b"#", b"no json")\nheard = hear()\n' + ANSWER,
        'tell(b"#", {"method": "METHOD", "data": "A" * 4000000})\nheard = hear()\n' + ANSWER,
    ],
    ids=["another key", "twice", "no method", "no base64", "nothing", "no json", "too much"],
)
def test_and_no_other_signature(tmp_path, monkeypatch, body):
    with pytest.raises(JudgeFailedError):
        by_liar(tmp_path, monkeypatch, body.replace("METHOD", ED))


def test_a_process_that_reads_for_strangers_gets_no_signature_at_all(tmp_path, monkeypatch):
    liar(tmp_path, monkeypatch, f"{ASKING.format(method=ED)}\nhear()\n{ANSWER.replace('heard', 'b')}")

    async def story():
        async with judging(Web({})) as service:
            await service.examine(raw(unsigned()), question())

    with pytest.raises(JudgeFailedError, match="not given"):
        asyncio.run(story())


def test_a_key_far_away_does_not_cost_the_process_its_time():
    class Far(HeldKeys):
        async def sign(self, verification_method, data):
            await asyncio.sleep(2.3)  # also longer than the process allows itself
            return await super().sign(verification_method, data)

    async def story():
        async with judging(Web({}), seconds=1.0) as service:
            return await service.secure(raw(unsigned()), ORDER, Far({ED: KEYS[KeyType.ED25519]}), created=AT)

    assert asyncio.run(story()).body


def test_but_not_for_ever(monkeypatch):
    monkeypatch.setattr(signing_module, "SIGN_SECONDS", 0.2)

    class Gone(HeldKeys):
        async def sign(self, verification_method, data):  # noqa: ARG002 -- as the port has it
            await asyncio.sleep(3600)

    key = OneKey(Gone({ED: KEYS[KeyType.ED25519]}), ED)
    with pytest.raises(JudgeFailedError, match="too long"):
        asyncio.run(key.sign({"method": ED, "data": ""}))


def test_the_clock_of_an_order_is_its_own():
    made, _ = secured(unsigned())
    assert json.loads(made.body)["proof"]["created"] == AT.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
