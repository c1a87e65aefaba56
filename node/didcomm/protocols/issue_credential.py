"""Issue credential 3.0: what is proposed, offered, requested, issued and accepted, as both sides see it.

One exchange issues one credential, in one format, to one holder. What travels is what was signed, and beside it what
anchors it.

Spec: https://github.com/decentralized-identity/waci-didcomm/tree/main/issue_credential
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from node.didcomm.attachment import Attachment
from node.didcomm.errors import ProtocolError, shown
from node.didcomm.message import Message
from node.didcomm.message_type import MessageType
from node.didcomm.protocols.exchange import DONE, START
from node.didcomm.protocols.formats import (
    CREDENTIALS,
    DI_CREDENTIAL,
    DI_OFFER,
    DI_REQUEST,
    MAX_COMMENT_CHARS,
    OFFER,
    PROPOSAL,
    RECEIPT,
    REQUEST,
    attach,
    commented,
    contents,
    only,
    said,
)
from node.didcomm.protocols.holder_binding import ATTACHMENT, MAX_NONCE_CHARS, METHOD, Challenge, bound_holder
from node.didcomm.protocols.machine import (
    Draft,
    Effect,
    Event,
    Move,
    Problem,
    ProtocolDeclaration,
    Turn,
    named,
    protocol_type,
    transitions,
)
from node.didcomm.protocols.problems import text_of
from node.documents import JsonObject, JsonValue

TYPE: Final = protocol_type("https://didcomm.org/issue-credential/3.0")
ISSUER, HOLDER = "issuer", "holder"
PROPOSAL_SENT, PROPOSAL_RECEIVED = "proposal-sent", "proposal-received"
OFFER_SENT, OFFER_RECEIVED = "offer-sent", "offer-received"
REQUEST_SENT, REQUEST_RECEIVED = "request-sent", "request-received"
ISSUED, RECEIVED = "credential-issued", "credential-received"

PROPOSED: Final = "credential-proposed"
OFFERED: Final = "credential-offered"
REQUESTED: Final = "credential-requested"
CREDENTIAL: Final = "credential-received"
ACCEPTED: Final = "credential-accepted"

LIFETIME: Final = timedelta(days=7)
"""How long one side waits for the other: people are asked, and phones are off."""
MAX_RECEIPTS: Final = 8
"""Anchors of one credential on several chains."""
_PREVIEW: Final = "https://didcomm.org/issue-credential/3.0/credential-credential"
_CREDENTIAL_ID, _MAX_FORMATS = "credential", 16


@dataclass(frozen=True, slots=True)
class Propose(Event):
    """A holder would like a credential, or another than was offered; `wanted` says which, if that is known."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = HOLDER
    states: ClassVar[frozenset[str]] = frozenset({START, OFFER_RECEIVED})

    wanted: JsonObject | None = None
    comment: str | None = None

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The proposal; without a word of what is wanted, the invitation says it."""
        attached = () if self.wanted is None else (attach(PROPOSAL, self.wanted, id="proposal"),)
        draft = Draft(name="propose-credential", body=commented(self.comment), attachments=attached)
        return Move(state=PROPOSAL_SENT, drafts=(draft,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Event):
    """An issuer will issue `credential`, as yet unsigned, in one of these formats, to who answers the challenge."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = ISSUER
    states: ClassVar[frozenset[str]] = frozenset({START, PROPOSAL_RECEIVED})

    credential: JsonObject
    formats: tuple[str, ...]
    challenge: Challenge
    model: str = "2.0"
    comment: str | None = None
    replacement_id: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    expires_time: int | None = None

    def move(self, turn: Turn) -> Move:  # noqa: ARG002 -- as every event has it
        """The offer, in our format and, where the credential can come with a Data Integrity proof, in that of Aries."""
        if not self.formats or not CREDENTIALS.issuperset(self.formats):
            raise ProtocolError(f"no credential comes as {shown(', '.join(self.formats))}")
        listed: list[JsonValue] = [*self.formats]
        method = self.challenge.as_method()
        terms: JsonObject = {"credential": self.credential, "formats": listed, "binding_method": method}
        attached = [attach(OFFER, terms, id="offer")]
        if DI_CREDENTIAL in self.formats:
            aries: JsonObject = {
                "data_model_versions_supported": [self.model],
                "binding_required": True,
                "binding_method": method,
                "credential": self.credential,
            }
            attached.append(attach(DI_OFFER, aries, id="offer-di"))
        body = commented(self.comment)
        if self.replacement_id is not None:
            body["replacement_id"] = self.replacement_id
        if self.attributes:
            given: list[JsonValue] = [{"name": name, "value": value} for name, value in self.attributes]
            body["credential_preview"] = {"type": _PREVIEW, "body": {"attributes": given}}
        return Move(
            state=OFFER_SENT,
            record={"nonce": self.challenge.nonce, "audience": self.challenge.audience, "formats": listed},
            drafts=(
                Draft(
                    name="offer-credential",
                    body=body,
                    attachments=tuple(attached),
                    expires_time=self.expires_time,
                ),
            ),
            expires_time=self.expires_time,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Event):
    """A holder takes up the offer, in one of its formats; `binding` is what `bind` made for the offer's challenge."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = HOLDER
    states: ClassVar[frozenset[str]] = frozenset({OFFER_RECEIVED})

    format: str
    binding: JsonObject
    comment: str | None = None

    def move(self, turn: Turn) -> Move:
        """The request."""
        offered = turn.exchange.record.get("formats")
        if not isinstance(offered, list) or self.format not in offered:
            raise ProtocolError(f"{shown(self.format)} was not offered")
        proof: JsonObject = {METHOD: {"attachment_id": ATTACHMENT}}
        attached = [attach(REQUEST, {"format": self.format, "binding_proof": proof}, id="request")]
        if self.format == DI_CREDENTIAL:
            model = turn.exchange.record.get("model", "2.0")
            attached.append(attach(DI_REQUEST, {"data_model_version": model, "binding_proof": proof}, id="request-di"))
        draft = Draft(name="request-credential", body=commented(self.comment), attachments=(*attached, self.binding))
        return Move(state=REQUEST_SENT, record={"format": self.format}, drafts=(draft,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Event):
    """An issuer hands over the credential that was requested: secured JSON, or a token; receipts go beside it."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = ISSUER
    states: ClassVar[frozenset[str]] = frozenset({REQUEST_RECEIVED})

    credential: JsonObject | str
    receipts: tuple[JsonObject, ...] = ()
    comment: str | None = None
    replacement_id: str | None = None

    def move(self, turn: Turn) -> Move:
        """The credential in the format that was asked for; it goes out once."""
        format_ = turn.exchange.record.get("format")
        if not isinstance(format_, str) or isinstance(self.credential, str) == (format_ == DI_CREDENTIAL):
            raise ProtocolError(f"the holder asked for {shown(format_)}, and this is another form")
        if len(self.receipts) > MAX_RECEIPTS:
            raise ProtocolError(f"there are {len(self.receipts)} receipts; at most {MAX_RECEIPTS} go with a credential")
        value: JsonObject | str = self.credential
        if isinstance(value, dict):
            value = {"credential": value}
        receipts = [attach(RECEIPT, each, id=f"receipt-{place}") for place, each in enumerate(self.receipts)]
        body = commented(self.comment)
        if self.replacement_id is not None:
            body["replacement_id"] = self.replacement_id
        draft = Draft(
            name="issue-credential",
            body=body,
            attachments=(attach(format_, value, id=_CREDENTIAL_ID), *receipts),
            asks_for_ack=True,
        )
        return Move(state=ISSUED, drafts=(draft,))


@dataclass(frozen=True, slots=True)
class Accept(Event):
    """A holder keeps the credential."""

    protocol: ClassVar[MessageType] = TYPE
    role: ClassVar[str] = HOLDER
    states: ClassVar[frozenset[str]] = frozenset({RECEIVED})

    def move(self, turn: Turn) -> Move:
        """The acknowledgement."""
        ids = (turn.exchange.taken[-1].id,) if turn.exchange.taken else ()
        return Move(state=DONE, drafts=(Draft(name="ack", body={"status": "OK"}, acks=ids),))


def _proposed(_: Turn, message: Message) -> Move:
    """What a holder would like; also a request that no offer went before is but a wish: nothing binds it to a nonce."""
    found = contents(message, {PROPOSAL}, required=False)
    wanted = found[0].value if found else None
    return Move(state=PROPOSAL_RECEIVED, effects=(Effect(PROPOSED, said(message) | {"wanted": wanted}),))


def _offered(_: Turn, message: Message) -> Move:
    """What an issuer offers.

    1. It is in a format that is known, ours before that of Aries.
    2. It says in which formats the credential may come, and what is to be signed by its holder.
    """
    found = contents(message, {OFFER, DI_OFFER})  # 1.
    chosen = next((each for each in found if each.format == OFFER), found[0])
    terms = chosen.document
    formats = terms.get("formats", [DI_CREDENTIAL] if chosen.format == DI_OFFER else None)  # 2.
    listed = formats if isinstance(formats, list) and len(formats) <= _MAX_FORMATS else []
    known: list[JsonValue] = [each for each in listed if isinstance(each, str) and each in CREDENTIALS]
    if not known:
        raise Problem("e.m.msg.attachment-format", ", ".join(sorted(CREDENTIALS)))
    credential = terms.get("credential")
    if not isinstance(credential, dict):
        raise Problem("e.m.msg.attachment", "the offer shows no credential")
    models = terms.get("data_model_versions_supported", ["2.0"])
    challenge = _challenge(terms, credential, message)
    record: JsonObject = {
        "formats": known,
        "nonce": challenge.nonce,
        "audience": challenge.audience,
        "model": models[0] if isinstance(models, list) and models else "2.0",
    }
    told = said(message) | {
        "credential": credential,
        "preview": message.body.get("credential_preview"),
        "formats": known,
        "nonce": challenge.nonce,
        "audience": challenge.audience,
        "expires_time": message.expires_time,
    }
    return Move(
        state=OFFER_RECEIVED, record=record, effects=(Effect(OFFERED, told),), expires_time=message.expires_time
    )


def _challenge(terms: JsonObject, credential: JsonObject, message: Message) -> Challenge:
    """What the holder is to sign; an issuer that the offer does not name is who sent it."""
    methods = terms.get("binding_method")
    method = methods.get(METHOD) if isinstance(methods, dict) else None
    nonce = method.get("nonce") if isinstance(method, dict) else None
    if not isinstance(nonce, str) or not 0 < len(nonce) <= MAX_NONCE_CHARS:
        raise Problem("e.m.msg.attachment", f"the offer asks for no {METHOD}")
    issuer = credential.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    stated = method.get("aud", issuer) if isinstance(method, dict) else issuer
    return Challenge(nonce, stated if isinstance(stated, str) else str(message.sender))


def _requested(turn: Turn, message: Message) -> Move:
    """What a holder asks for.

    1. It is one of the formats that were offered.
    2. Whoever is to hold it has signed the nonce of this offer.
    """
    record = turn.exchange.record
    found = contents(message, {REQUEST, DI_REQUEST})
    chosen = next((each for each in found if each.format == REQUEST), found[0])
    terms = chosen.document
    format_ = terms.get("format", DI_CREDENTIAL if chosen.format == DI_REQUEST else None)  # 1.
    offered = record.get("formats")
    listed = [each for each in offered if isinstance(each, str)] if isinstance(offered, list) else []
    if not isinstance(format_, str) or format_ not in listed:
        raise Problem("e.m.msg.attachment-format", ", ".join(listed))
    challenge = Challenge(str(record.get("nonce")), str(record.get("audience")))
    holder = bound_holder(_binding(terms, message), challenge, documents=turn.documents, at=turn.at)  # 2.
    told = said(message) | {"holder": holder, "format": format_}
    return Move(
        state=REQUEST_RECEIVED, record={"format": format_, "holder": holder}, effects=(Effect(REQUESTED, told),)
    )


def _binding(terms: JsonObject, message: Message) -> Attachment | None:
    proofs = terms.get("binding_proof")
    proof = proofs.get(METHOD) if isinstance(proofs, dict) else None
    identifier = proof.get("attachment_id") if isinstance(proof, dict) else None
    return message.attachment(identifier) if isinstance(identifier, str) else None


def _issued(turn: Turn, message: Message) -> Move:
    """The credential: once, in the format that was asked for; whether it is good, and ours, the wallet looks."""
    format_ = str(turn.exchange.record.get("format"))
    content = only(message, {format_})
    credential: JsonValue = content.value
    if isinstance(credential, dict):
        credential = credential.get("credential")
        if not isinstance(credential, dict):
            raise Problem("e.m.msg.attachment", "there is no credential in it")
    receipts = contents(message, {RECEIPT}, required=False)
    if len(receipts) > MAX_RECEIPTS:
        raise Problem("e.m.msg.attachment", f"there are more than {MAX_RECEIPTS} receipts")
    told = said(message) | {
        "format": format_,
        "credential": credential,
        "receipts": [each.value for each in receipts],
        "replacement_id": text_of(message.body, "replacement_id", limit=MAX_COMMENT_CHARS),
    }
    return Move(state=RECEIVED, effects=(Effect(CREDENTIAL, told),))


def _accepted(_: Turn, __: Message) -> Move:
    return Move(state=DONE, effects=(Effect(ACCEPTED),))


ISSUE_CREDENTIAL: Final = ProtocolDeclaration(
    type=TYPE,
    roles=(ISSUER, HOLDER),
    opens=named({"propose-credential": ISSUER, "request-credential": ISSUER, "offer-credential": HOLDER}),
    transitions=transitions(
        {
            (ISSUER, START, "propose-credential"): _proposed,
            (ISSUER, START, "request-credential"): _proposed,
            (ISSUER, PROPOSAL_RECEIVED, "propose-credential"): _proposed,
            (ISSUER, OFFER_SENT, "propose-credential"): _proposed,
            (ISSUER, OFFER_SENT, "request-credential"): _requested,
            (ISSUER, ISSUED, "ack"): _accepted,
            (HOLDER, START, "offer-credential"): _offered,
            (HOLDER, PROPOSAL_SENT, "offer-credential"): _offered,
            (HOLDER, REQUEST_SENT, "issue-credential"): _issued,
        }
    ),
    # The credential is out and holds, whether or not its holder says so.
    settled={(ISSUER, ISSUED): DONE},
    lifetime=LIFETIME,
)
