"""Taking what is offered: who offers what, a key of the holder's choosing, and a look at what came before it is kept.

    key, offer = await offered(agent, invitation)
    held = await accept(agent, key, method)

Spec: https://github.com/decentralized-identity/waci-didcomm/tree/main/issue_credential
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from did_methods import key as did_key
from did_methods.did import parse_did_url
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.credential import Credential
from node.credentials.timestamps import format_timestamp
from node.didcomm.message import Message
from node.didcomm.protocols.exchange import FINAL
from node.didcomm.protocols.formats import DI_CREDENTIAL
from node.didcomm.protocols.holder_binding import Challenge, bind
from node.didcomm.protocols.issue_credential import (
    CREDENTIAL,
    OFFER_RECEIVED,
    OFFERED,
    RECEIVED,
    Accept,
    Propose,
    Request,
)
from node.didcomm.protocols.out_of_band import GOAL_ISSUE
from node.didcomm.protocols.step import Abandon
from node.documents import JsonObject, JsonValue, pointer
from node.proofs.disclosure import BBS, ECDSA_SD
from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.proof import proofs_of
from node.proofs.sd_jwt.proof import open_sd_jwt
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.proofs.signatures import local_signer
from node.verification.check import CheckName
from node.verification.received import SELECTIVE, open_token
from node.verification.report import Report
from node.wallet.agent import Agent
from node.wallet.contents import Contents, Held
from node.wallet.derive import derive
from node.wallet.disclosed import Disclosed, all_of
from node.wallet.errors import WalletError

KEY_TYPES: Final = (KeyType.P256, KeyType.ED25519)
"""Keys that sign messages and presentations; the first is the usual one."""
WRONG: Final = (CheckName.STRUCTURE, CheckName.CONTEXT, CheckName.PROOF, CheckName.ISSUER_KEY)
"""Checks that no holder should let fail: nobody would accept what is shown."""
DECLINED: Final = "e.p.req.declined"
_BESIDE: Final = frozenset({"@context", "proof"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Who offers what: the issuer's name as they write it themselves, and every value that the credential will have."""

    issuer: str
    issuer_name: str
    name: str
    comment: str | None
    values: tuple[Disclosed, ...]
    formats: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """The offer as a program reads it."""
        return {
            "issuer": self.issuer,
            "issuerName": self.issuer_name,
            "name": self.name,
            "comment": self.comment,
            "values": [each.to_json() for each in self.values],
            "formats": [*self.formats],
        }


async def offered(agent: Agent, invitation: Message) -> tuple[str, Offer]:
    """Take up an invitation: the exchange, and what is offered in it. Asked again, it is the same."""
    key = await agent.take_up(invitation, GOAL_ISSUE, Propose())
    return key, read_offer(await agent.until(key, OFFERED))


def read_offer(told: JsonObject) -> Offer:
    """What an offer says to people."""
    credential = _object(told.get("credential"))
    issuer, listed = credential.get("issuer"), told.get("formats")
    comment = told.get("comment")
    named = _object(issuer).get("name") if isinstance(issuer, dict) else None
    identifier = _object(issuer).get("id") if isinstance(issuer, dict) else issuer
    return Offer(
        issuer=str(identifier or told.get("audience")),
        issuer_name=named if isinstance(named, str) else "",
        name=name_of(credential),
        comment=comment if isinstance(comment, str) else None,
        values=all_of(credential),
        formats=tuple([each for each in listed if isinstance(each, str)]) if isinstance(listed, list) else (),
    )


def name_of(credential: JsonObject) -> str:
    """What a credential is called: its own name, or that of its achievement, or its last type."""
    subject = credential.get("credentialSubject")
    first = _object(subject[0] if isinstance(subject, list) and subject else subject)
    types = credential.get("type")
    last = types[-1] if isinstance(types, list) and types else types
    for found in (_object(first.get("achievement")).get("name"), credential.get("name"), last):
        if isinstance(found, str):
            return found
    return ""


async def decline(agent: Agent, key: str) -> None:
    """Say no; whoever offered is told."""
    if not agent.contents.talks[key].exchange.final:
        await agent.decide(key, Abandon(DECLINED))
        await agent.flush(agent.contents.talks[key].exchange.connection.ours)


async def new_key(agent: Agent, type_: KeyType = KEY_TYPES[0]) -> str:
    """A key for one credential alone, so that issuers cannot tell that two have the same holder; its method."""
    made = PrivateKey.generate(type_)
    return await bring_key(agent, did_key.method_id(made.public), made)


async def bring_key(agent: Agent, method: str, key: PrivateKey) -> str:
    """A key that the holder has already; its method."""
    await agent.change(lambda contents: contents.with_key(method, key))
    return method


async def accept(agent: Agent, key: str, method: str | None = None, *, type_: KeyType = KEY_TYPES[0]) -> Held:
    """Take what was offered, bound to a key of the holder's; without one a new one is made.

    1. The holder of the key signs the nonce of the offer. What was signed before is not signed anew.
    2. What comes is verified, and compared with the offer, before it is kept.
    3. It is kept together with the acknowledgement.

    Raises WalletError for what is refused, and the issuer is told; and for what cannot be told now, which stays open.
    """
    talk = agent.contents.talks[key]
    if talk.exchange.state == OFFER_RECEIVED:  # 1.
        offer = talk.told[OFFERED]
        method = method or await new_key(agent, type_)
        binding = bind(
            Challenge(str(offer["nonce"]), str(offer["audience"])), method, local_signer(agent.contents.keys[method])
        )
        request = Request(format=_best(read_offer(offer).formats), binding=binding)
        await agent.decide(key, request, lambda contents: _chosen(contents, key, str(method)))
    given = await agent.until(key, CREDENTIAL)
    talk = agent.contents.talks[key]
    held = next((each for each in agent.contents.held.values() if _of_talk(each, talk.exchange.thread)), None)
    if held is None:
        held = await _kept(agent, key, given)
    await agent.flush(talk.exchange.connection.ours)
    return held


async def _kept(agent: Agent, key: str, given: JsonObject) -> Held:
    """Steps 2 and 3."""
    talk = agent.contents.talks[key]
    if talk.exchange.state in FINAL or talk.exchange.state != RECEIVED:
        raise WalletError("what came was refused", code="wallet.refused", remedy="Ask for a new invitation.")
    credential = given.get("credential")
    if not isinstance(credential, dict | str):
        raise TypeError("the protocol hands over a credential of another kind")
    method = str(talk.told[_CHOICE]["method"])
    try:
        await look_at(agent, credential, talk.told[OFFERED], method)
    except WalletError as error:
        if error.code != "wallet.unverified":
            await agent.decide(key, Abandon(DECLINED))
            await agent.flush(talk.exchange.connection.ours)
        raise
    document, receipts = document_of(credential), given.get("receipts")
    identifier = document.get("id")
    held = Held(
        id=str(len(agent.contents.held) + 1),
        credential=credential,
        method=method,
        issuer=_issuer(document) or "",
        name=name_of(document),
        identifier=identifier if isinstance(identifier, str) else None,
        ours=talk.exchange.connection.ours,
        thread=talk.exchange.thread,
        receipts=tuple([each for each in receipts if isinstance(each, dict)]) if isinstance(receipts, list) else (),
        status=None,
        received_at=format_timestamp(agent.now()),
    )
    await agent.decide(key, Accept(), lambda contents: contents.with_held(held))
    return held


async def look_at(agent: Agent, credential: JsonObject | str, offer: JsonObject, method: str) -> Report:
    """Whether a credential is what was offered, about this holder, and holds; raises WalletError.

    1. Issuer and claims are those of the offer.
    2. It is about whoever has the key.
    3. Everything that can ever be shown of it is verified by the one pipeline: all of it, not only what is mandatory.
    """
    document, wanted = document_of(credential), _object(offer.get("credential"))
    if _issuer(document) != _issuer(wanted):  # 1.
        raise _refused("it is of another issuer than the one that was offered")
    if _claims(document) != _claims(wanted):
        raise _refused("it says something else than was offered")
    did = str(parse_did_url(method).did)
    if [each for each in Credential(document).subject_ids if each is not None] != [did]:  # 2.
        raise _refused("it is about somebody else than the owner of the key that was named")
    try:
        whole = await asyncio.to_thread(whole_of, credential, agent.jsonld)  # 3.
    except (ProofsError, WalletError) as error:
        raise _refused(f"its proof does not hold: {error}") from error
    report = await agent.judge(whole)
    for entry in report.credentials:
        for name in WRONG:
            if entry.check(name).failed:
                raise _refused(f"it does not hold: {entry.check(name).message}")
        if not entry.check(CheckName.PROOF).passed:
            raise WalletError(
                f"whether it holds cannot be told now: {entry.check(CheckName.PROOF).message}",
                code="wallet.unverified",
                remedy="Give the same command again later, with a network. Until then nothing is kept or acknowledged.",
            )
    return report


def document_of(credential: JsonObject | str) -> JsonObject:
    """What a credential says, whatever its form."""
    if isinstance(credential, dict):
        return credential
    if SELECTIVE in credential:
        return open_sd_jwt(parse_sd_jwt(credential)).claims
    return _object(open_token(credential, "").value)


def whole_of(credential: JsonObject | str, jsonld: JsonLd) -> JsonObject | str:
    """The credential as its holder would show all of it: base proofs are for deriving, and are not verified."""
    if isinstance(credential, str) or not {ECDSA_SD, BBS} & {each.kind for each in proofs_of(credential)}:
        return credential
    everything = tuple([pointer(name) for name in credential if name not in _BESIDE])
    return derive(credential, everything, jsonld=jsonld).credential


_CHOICE: Final = "wallet.choice"
"""What is told in an exchange by the holder: the key that they chose."""


def _chosen(contents: Contents, key: str, method: str) -> Contents:
    talk = contents.talks[key]
    return contents.with_talk(replace(talk, told={**talk.told, _CHOICE: {"method": method}}))


def _of_talk(held: Held, thread: str) -> bool:
    return held.thread == thread


def _best(formats: tuple[str, ...]) -> str:
    """Of the forms that are offered, the one that is known best: with a proof beside it, or else the first."""
    return DI_CREDENTIAL if DI_CREDENTIAL in formats else formats[0]


def _claims(document: JsonObject) -> list[JsonValue]:
    """What is said of somebody, without who that is: that is put in when it is issued."""
    subject = document.get("credentialSubject")
    listed: Sequence[JsonValue] = subject if isinstance(subject, list) else [subject]
    return list(_without_id(listed))


def _without_id(subjects: Sequence[JsonValue]) -> Iterator[JsonValue]:
    for each in subjects:
        yield {name: value for name, value in each.items() if name != "id"} if isinstance(each, dict) else each


def _issuer(document: JsonObject) -> str | None:
    issuer = document.get("issuer")
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    return named if isinstance(named, str) else None


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _refused(reason: str) -> WalletError:
    return WalletError(
        f"the credential is refused: {reason}",
        code="wallet.refused",
        remedy="Nothing was kept, and the issuer is told. Ask the issuer for a sound one.",
    )
