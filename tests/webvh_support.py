"""Logs of did:webvh for tests: sound ones, and ones that are signed and hashed soundly but break a rule."""

import json
from datetime import UTC, datetime, timedelta

from did_methods import web
from did_methods.multikey import KeyType, PrivateKey
from did_methods.web import WebPlace
from did_methods.webvh_create import UpdateKey, _finished, create, promise, unfinished_did, update
from did_methods.webvh_log import read_log
from node.proofs.data_integrity import add_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer
from node.verification.did_logs import LOG_TOOLS

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PLACE = WebPlace("good.example.edu", None, ())
_NO_CONTEXTS = JsonLd({})


def private(number):
    return PrivateKey(KeyType.ED25519, bytes([number + 1]) * 32)


def key(number):
    """An update key, the same for the same number."""
    secret = private(number)
    signer = local_signer(secret)

    def prove(document, *, method, created):
        options = ProofOptions(cryptosuite="eddsa-jcs-2022", verification_method=method, created=created)
        return add_proof(document, options, signer, jsonld=_NO_CONTEXTS)["proof"]

    return UpdateKey(secret.public, prove)


KEYS = [key(number) for number in range(12)]
WITNESSES = [key(100 + number) for number in range(4)]


def multikey(number):
    return KEYS[number].public.to_multibase()


def did_key(witness):
    return f"did:key:{witness.public.to_multibase()}"


def rule(threshold, *numbers):
    return {"threshold": threshold, "witnesses": [{"id": did_key(WITNESSES[number])} for number in numbers]}


def first(place=PLACE, document=None, changes=None, at=START, by=0):
    """A log of one entry, with the document of a key."""
    unfinished = unfinished_did(place)
    made = web.new_document(unfinished, private(50).public) | (document or {})
    return create(made, changes or {}, KEYS[by], LOG_TOOLS, at=at)


def chain(length, **options):
    """A log of so many entries, a day apart, with another key in each document."""
    log = first(**options)
    did = did_of(log)
    for number in range(1, length):
        document = web.new_document(did, private(50 + number % 100).public)
        log = update(log, {}, KEYS[0], LOG_TOOLS, at=START + number * DAY, document=document)
    return log


def rotating(length):
    """A log of so many entries in which every entry promises the key of the next."""
    log = first(changes={"nextKeyHashes": [promise(KEYS[1].public)]})
    for number in range(1, length):
        changes = {"updateKeys": [multikey(number)], "nextKeyHashes": [promise(KEYS[number + 1].public)]}
        log = update(log, changes, KEYS[number], LOG_TOOLS, at=START + number * DAY)
    return log


def entries(log):
    return [json.loads(line) for line in log.splitlines()]


def did_of(log):
    from did_methods.did import parse_did  # noqa: PLC0415 - one line of it

    return parse_did(entries(log)[0]["state"]["id"])


def forged(log, changes=None, by=0, **members):
    """The log with one more entry that is hashed and signed as it should be, whatever it says."""
    last = entries(log)[-1]
    number = int(last["versionId"].partition("-")[0])
    entry = {
        "versionId": last["versionId"],
        "versionTime": f"{(START + number * DAY).replace(tzinfo=None).isoformat()}Z",
        "parameters": changes or {},
        "state": last["state"],
    } | members
    return log + _finished(entry, last["versionId"], number + 1, KEYS[by], LOG_TOOLS, at=START)


def signed_again(entry, follows, number=1, by=0):
    """One line, hashed and signed anew after it was changed."""
    body = {name: value for name, value in entry.items() if name != "proof"}
    return _finished(body, follows, number, KEYS[by], LOG_TOOLS, at=START)


def read(log, now=NOW):
    return read_log(log, LOG_TOOLS, now=now)
