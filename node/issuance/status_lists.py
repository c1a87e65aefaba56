"""Status lists as their issuer publishes them: a first version, and each that follows.

A list is published whole, at one address, over and over: with changes, or unchanged before the last version ends. What
was withdrawn stays so in every version, and each is of a later date than the one before, so that of any two copies
everybody can tell which counts.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#generate-algorithm
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.structure import objects_of
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import JsonObject, JsonValue, SecuredDocument, UnsecuredDocument
from node.issuance.errors import ListUncheckedError, NotIssuableError
from node.issuance.secure import Signing
from node.issuance.token import secure_as_token
from node.proofs.proof import OWN_MEMBERS
from node.status.bitstring import MAX_SIZE, MIN_ENTRIES, Bitstring
from node.status.encoded_list import encode
from node.status.entry import Purpose
from node.status.errors import BitstringError, FinalStatusError
from node.status.status_list import SEALED_UNTIL, StatusList, build_status_list, check_change, read_status_list
from node.verification.case import CLOCK_SKEW
from node.verification.check import CheckName
from node.verification.checks.structure import proofs_on
from node.verification.material import VerificationMaterial
from node.verification.policy import INDISPENSABLE, built_in
from node.verification.received import Received, receive
from node.verification.verify import verify

LIFETIME: Final = timedelta(hours=24)
"""How long one version counts: so long can a withdrawal be hidden by showing an old copy."""
STEP: Final = timedelta(milliseconds=1)
"""The least by which a version is later than the one before it."""


async def first_version(  # noqa: PLR0913 -- each is an input of the list
    url: str,
    bits: Bitstring,
    signing: Signing,
    *,
    purpose: str,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    token: bool = False,
) -> SecuredDocument | str:
    """A new list, signed; in a token, if that is asked for.

    Lists with entries of several bits are for messages, and have exactly MIN_ENTRIES of them. So the length of a list
    tells how wide its entries are, which no published context lets it say itself.
    """
    if bits.size > 1 and (purpose != Purpose.MESSAGE or bits.entries != MIN_ENTRIES):
        raise BitstringError(
            f"entries of {bits.size} bits are for messages, in lists of exactly {MIN_ENTRIES} entries",
            code="status.bitstring.entries",
            remedy="Use entries of one bit for every other purpose.",
        )
    document = build_status_list(
        url, signing.profile.issuer, bits, purpose=purpose, valid_from=now, valid_until=now + lifetime
    )
    return await _signed(document, signing, now, token=token)


async def next_version(  # noqa: PLR0913 -- each is an input of the change
    current: JsonValue,
    material: VerificationMaterial,
    changes: Mapping[int, int],
    signing: Signing,
    *,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    seal: bool = False,
) -> SecuredDocument | str:
    """The version of a list that follows the current one, with these entries changed; sealed, it is the last.

    1. The current version is what its issuer signed, by `material`: nobody's changes are signed over.
    2. It is a status list, and not sealed.
    3. Nothing final is taken back.
    4. The new one is later than the current one, by this machine's clock, which must not lie behind it.
    5. All else stays as it was, the form too; that the issuer is the one who signs is seen to by the signing.

    Raises IssuanceError and StatusError for what must not be signed, and what signing raises.
    """
    _check_current(current, material, signing, now)  # 1.
    received = receive(current)
    stated = received.value if isinstance(received.value, dict) else {}
    content = read_status_list(stated)  # 2.
    if Credential(stated).validity.end == SEALED_UNTIL:
        raise FinalStatusError(
            "the list is sealed: its issuer promised that no other version follows",
            code="status.final.list",
            remedy="Issue new credentials with another list; nothing can be changed in this one.",
        )
    bits = bits_of(content)
    check_change(content.purposes, bits, changes)  # 3.
    signed = max(now, _last_date(received, stated, now) + STEP)  # 4.
    (subject,) = objects_of(stated, "credentialSubject")
    own = OWN_MEMBERS if received.envelope is None else OWN_MEMBERS | received.envelope.own_members
    document: JsonObject = {  # 5.
        **{name: value for name, value in stated.items() if name not in own},
        "validFrom": format_timestamp(signed),
        "validUntil": format_timestamp(SEALED_UNTIL if seal else signed + lifetime),
        "credentialSubject": {**subject, "encodedList": encode(bits.changed(changes).data)},
    }
    return await _signed(UnsecuredDocument(document), signing, signed, token=received.envelope is not None)


def bits_of(content: StatusList) -> Bitstring:
    """The entries of a list as wide as they are: as it states, or for one with messages of ours, by its length."""
    size = content.size
    if size is None and Purpose.MESSAGE in content.purposes:
        width, rest = divmod(len(content.data) * 8, MIN_ENTRIES)
        size = width if rest == 0 and 1 <= width <= MAX_SIZE else None
    return Bitstring(content.data, size or 1)


async def _signed(
    document: UnsecuredDocument, signing: Signing, created: datetime, *, token: bool
) -> SecuredDocument | str:
    if token:
        return await secure_as_token(document, signing, created=created)
    return await signing.secure(document, created=created)


def _check_current(current: JsonValue, material: VerificationMaterial, signing: Signing, now: datetime) -> None:
    report = verify(current, material, built_in(), now, trust=signing.trust)
    for name in (each for each in CheckName if each in INDISPENSABLE):  # the key before what rests on it
        for entry in report.credentials:
            check = entry.check(name)
            if name is CheckName.ISSUER_KEY and check.unknown:
                raise ListUncheckedError(check.message)
            if not check.passed:
                raise NotIssuableError(
                    f"the list as it stands was not signed by its issuer: {check.message}",
                    code="issuance.list",
                    remedy="Take the version that was published last; if it is lost, begin a new list.",
                )


def _last_date(received: Received, document: JsonObject, now: datetime) -> datetime:
    """The latest date that the current version states for itself; raises where it is later than now."""
    dates = [proof.created for proof in proofs_on(received)[0]] + [document.get("validFrom")]
    try:
        last = max((parse_timestamp(text) for text in dates if text is not None), default=now - STEP)
    except TimestampError as error:
        raise NotIssuableError(str(error), code="issuance.list", remedy=error.remedy) from error
    if last - now > CLOCK_SKEW:
        raise NotIssuableError(
            f"the list is of {format_timestamp(last)}, and the clock says {format_timestamp(now)}",
            code="issuance.clock",
            remedy="Set the clock: a version with an earlier date would not count.",
        )
    return last
