"""Packing a message: signed or not, for the keys of its recipients, from a known sender or an unknown one.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#iana-media-types
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from did_methods.did import DidUrl, parse_did_url
from did_methods.document import Relationship
from did_methods.errors import DidMethodsError
from did_methods.multikey import KeyType, PublicKey
from node.didcomm.agreement import CURVES, AgreementKey, Point, point_of
from node.didcomm.content_encryption import A256CBC_HS512, ContentEncryption
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, MAX_RECIPIENTS, encrypt
from node.didcomm.errors import EnvelopeError, PackError, UnsupportedEnvelopeError, shown
from node.didcomm.message import Message, write_message
from node.didcomm.parties import Documents, Secrets, agreement_keys, document_of, key_id, public_key
from node.didcomm.signed import SIGNING, sign
from node.didcomm.wrapping import LAYERS, Layer, Wrapping
from node.proofs.signatures import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A message as it is sent, and the keys that were used."""

    data: bytes
    wrapping: Wrapping
    sender_kid: str | None
    signer_kid: str | None
    recipient_kids: tuple[str, ...]


def pack(  # noqa: PLR0913 -- each is a choice of the sender's
    message: Message,
    *,
    to: Sequence[str],
    sender: str | None = None,
    sign_by: str | None = None,
    hide_sender: bool = False,
    encryption: ContentEncryption = A256CBC_HS512,
    secrets: Secrets,
    documents: Documents,
    at: datetime,
) -> Packed:
    """The message, encrypted for the agreement keys of its recipients.

    Parties are named by DID, and then all their keys on one curve are used, or by the id of a key. With a `sender` the
    recipients know who sent it, and nobody else can be shown; with `sign_by` everybody can; with neither it is
    anonymous. `hide_sender` hides the sender from those on the way. `encryption` is that of an anonymous layer; with a
    sender it is always A256CBC-HS512.

    1. One of both is chosen: a sender that is authenticated does not sign.
    2. The message is from the sender or signer, and for the recipients, if it says so; one that is signed does.
    3. Keys are chosen: the first curve, in the order of the first recipient's document, that all parties have.
    4. The message is signed, then encrypted, then encrypted again if the sender is to be hidden.

    Raises PackError, and UnresolvedError where a document is not at hand.
    """
    if sender is not None and sign_by is not None:  # 1.
        raise PackError("a message is signed, or from an authenticated sender, not both", code="didcomm.pack.nesting")
    if hide_sender and sender is None:
        raise PackError("there is no sender to hide", code="didcomm.pack.nesting")
    parties = [_party(each) for each in to]
    _check_parties(
        message, parties, [_party(each) for each in (sender, sign_by) if each], signed=sign_by is not None
    )  # 2.
    keys, chosen = _choose(parties, None if sender is None else _party(sender), secrets, documents, at)  # 3.
    content = write_message(message)  # 4.
    layers: list[Layer] = []
    signer_kid: str | None = None
    if sign_by is not None:
        signer_kid, signer = _signer(_party(sign_by), secrets, documents, at)
        content = sign(content, signer_kid, signer)
        layers.insert(0, Layer.SIGNED)
    if chosen is not None:
        content = encrypt(content, keys, encryption=A256CBC_HS512, sender=chosen)
        layers.insert(0, Layer.AUTHCRYPT)
    if chosen is None or hide_sender:
        content = encrypt(content, keys, encryption=encryption)
        layers.insert(0, Layer.ANONCRYPT)
    return Packed(
        data=_bounded(content),
        wrapping=LAYERS[tuple(layers)],
        sender_kid=chosen[0] if chosen else None,
        signer_kid=signer_kid,
        recipient_kids=tuple(keys),
    )


def pack_signed(message: Message, *, sign_by: str, secrets: Secrets, documents: Documents, at: datetime) -> Packed:
    """The message, signed and readable by everybody; raises PackError and UnresolvedError."""
    _check_parties(message, [], [_party(sign_by)], signed=False)
    kid, signer = _signer(_party(sign_by), secrets, documents, at)
    return Packed(
        data=_bounded(sign(write_message(message), kid, signer)),
        wrapping=Wrapping.SIGNED,
        sender_kid=None,
        signer_kid=kid,
        recipient_kids=(),
    )


def pack_for_keys(
    content: Message, to: Sequence[str], *, encryption: ContentEncryption, documents: Documents, at: datetime
) -> bytes:
    """An anonymous message for the keys of one hop, each named by its id or by the DID of the hop."""
    keys, _ = _choose([_party(each) for each in to], None, None, documents, at)
    return _bounded(encrypt(write_message(content), keys, encryption=encryption))


def _check_parties(message: Message, to: Sequence[DidUrl], makers: Sequence[DidUrl], *, signed: bool) -> None:
    for maker in makers:
        if message.sender is None or message.sender.did != maker.did:
            raise PackError(
                f"the message is from {shown(str(message.sender))}, not from {shown(str(maker.did))}",
                code="didcomm.pack.from",
            )
    named = {party.did for party in message.to}
    missing = [party for party in to if party.did not in named]
    if missing and (named or signed):
        raise PackError(
            f"the message does not name {shown(str(missing[0].did))} among those it is for", code="didcomm.pack.to"
        )


def _choose(
    parties: Sequence[DidUrl], sender: DidUrl | None, secrets: Secrets | None, documents: Documents, at: datetime
) -> tuple[dict[str, Point], tuple[str, AgreementKey] | None]:
    """The recipients' keys on the first curve that everybody has, and the sender's key on it."""
    if not parties:
        raise PackError("there is nobody to encrypt for", code="didcomm.pack.recipients")
    candidates = [list(_agreeing(party, documents, at)) for party in parties]
    ours = list(_ours(sender, secrets, documents, at)) if sender is not None and secrets is not None else []
    for curve in _in_order(candidates[0]):
        own = next((each for each in ours if each[1].key.type is curve), None)
        keys = [[(kid, key) for kid, key in keys if key.type is curve] for keys in candidates]
        if all(keys) and (own is not None or sender is None):
            chosen = {kid: point_of(key) for each in keys for kid, key in each}
            if len(chosen) > MAX_RECIPIENTS:
                raise PackError(
                    f"the message is for {len(chosen)} keys; at most {MAX_RECIPIENTS} are encrypted for at once",
                    code="didcomm.pack.recipients",
                )
            return chosen, own
    if sender is not None and not ours:
        raise PackError(f"no agreement key of {shown(str(sender))} is held here", code="didcomm.pack.sender")
    raise PackError(
        "the parties have no curve in common on which keys are agreed upon",
        code="didcomm.pack.curve",
        remedy=f"Use documents with keyAgreement keys of {', '.join(CURVES)}, or send to each recipient alone.",
    )


def _in_order(keys: Sequence[tuple[str, PublicKey]]) -> Sequence[KeyType]:
    return list(dict.fromkeys(key.type for _, key in keys))


def _agreeing(party: DidUrl, documents: Documents, at: datetime) -> Iterator[tuple[str, PublicKey]]:
    if party.fragment is None:
        yield from agreement_keys(document_of(party.did, documents), at=at)
        return
    try:
        yield str(party), public_key(party, Relationship.KEY_AGREEMENT, documents, at=at, code="didcomm.pack.key")
    except (EnvelopeError, UnsupportedEnvelopeError) as error:
        raise PackError(str(error), code="didcomm.pack.key") from error


def _ours(sender: DidUrl, secrets: Secrets, documents: Documents, at: datetime) -> Iterator[tuple[str, AgreementKey]]:
    """The sender's keys that are held here, and are those of the sender's document."""
    for kid, key in _agreeing(sender, documents, at):
        held = secrets.agreement(kid)
        if held is not None and held.key == key:
            yield kid, held


def _signer(party: DidUrl, secrets: Secrets, documents: Documents, at: datetime) -> tuple[str, Signer]:
    """The first key of a party that authenticates it, is held here and is that of its document."""
    document = document_of(party.did, documents)
    for kid in [str(party)] if party.fragment is not None else document.methods:
        held = secrets.signer(kid)
        if held is None or held.key.type not in SIGNING:
            continue
        try:
            listed = public_key(key_id(kid), Relationship.AUTHENTICATION, documents, at=at, code="didcomm.pack.key")
        except (EnvelopeError, UnsupportedEnvelopeError):
            continue
        if held.key == listed:
            return kid, held
    raise PackError(f"no key that authenticates {shown(str(party))} is held here", code="didcomm.pack.signer")


def _party(text: str) -> DidUrl:
    try:
        url = parse_did_url(text)
    except DidMethodsError as error:
        raise PackError(f"a party is named by no DID: {error}", code="didcomm.pack.recipients") from error
    if url.path or url.query is not None:
        raise PackError(f"{shown(text)} is no DID, nor the id of a key", code="didcomm.pack.recipients")
    return url


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_ENVELOPE_BYTES:
        raise PackError(
            f"the envelope has {len(data)} bytes; at most {MAX_ENVELOPE_BYTES} are read",
            code="didcomm.pack.too_large",
            remedy="Attach less, or links to what is large.",
        )
    return data
