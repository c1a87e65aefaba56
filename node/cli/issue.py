"""`glejt issue`: sign with a key from a file: a finished credential, or one that is composed of what files say."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from node.cli.errors import CliError, describe
from node.cli.files import require_free, write_whole
from node.cli.inputs import moment, read_document, trust_for
from node.cli.invocation import Invocation, path_of
from node.cli.signing import signing_for
from node.credentials.credential import Credential
from node.credentials.errors import CompositionError, CredentialsError, RecordNameError
from node.credentials.record_name import RecordName, with_records
from node.credentials.structure import is_url
from node.documents import MAX_CREDENTIAL_BYTES, SecuredDocument, UnsecuredDocument, parse_object
from node.issuance.disclosable import DISCLOSABLE, NOTHING_MORE, SUITE_OF_FORM, Disclosure
from node.issuance.errors import IssuanceError
from node.issuance.privacy import PrivacyFinding, PrivacyLinter
from node.issuance.secure import Signing
from node.issuance.token import secure_as_token
from node.proofs.cryptosuites import SUITES
from node.proofs.errors import ProofsError
from node.status.errors import StatusError
from node.verification.vocabulary import vocabulary

if TYPE_CHECKING:
    from node.cli.places import Places
    from node.status.token_status_list import TokenStatusEntry

JWT: Final = "jwt"
SD_JWT: Final = "sd-jwt"
FORMS: Final = (*SUITE_OF_FORM, SD_JWT, JWT)
"""Forms of a credential, by what people call them; without one, the usual proof for the key is put into it."""
HIDING: Final = (*(form for form, suite in SUITE_OF_FORM.items() if suite in DISCLOSABLE), SD_JWT)
"""Forms of which the holder chooses what to show."""
TOKENS: Final = frozenset({JWT, SD_JWT})
"""Forms that are a text around the credential."""
KINDS: Final = ("achievement", "award", "endorsement", "accreditation")
"""Files of which a credential is composed."""
MAX_INDEX_DIGITS: Final = 9
"""A list has at most eight million places."""
MAX_REMARKS: Final = 20
"""Remarks of the privacy linter that are told at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked of `issue`."""

    key: str | None
    passphrase_file: str | None
    suite: str | None
    created: str | None
    proof_array: bool
    form: str | None = None
    mandatory: tuple[str, ...] = ()
    awarded_date: bool = True
    vct: str | None = None
    token_status: str | None = None
    anchors: tuple[str, ...] = ()

    @property
    def records(self) -> tuple[RecordName, ...]:
        """The records on chains that the credential is to name; raises CliError for what names none."""
        try:
            return tuple([RecordName.parse(name) for name in self.anchors])
        except RecordNameError as error:
            raise CliError("usage.anchor", details=str(error)) from error

    @property
    def form_suite(self) -> str | None:
        """The cryptosuite that was named, by itself or by a form."""
        return self.suite or SUITE_OF_FORM.get(self.form or "")

    @property
    def disclosure(self) -> Disclosure:
        """What is kept from being hidden."""
        return Disclosure(self.mandatory, self.awarded_date)


@dataclass(frozen=True, slots=True)
class Input:
    """The files that say what is to be signed: one of the kinds; `parent` belongs to an accreditation."""

    file: str | None = None
    achievement: str | None = None
    award: str | None = None
    endorsement: str | None = None
    accreditation: str | None = None
    parent: str | None = None

    @property
    def composed(self) -> bool:
        """Whether the credential is composed here, rather than written by hand."""
        return self.file is None


@dataclass(frozen=True, slots=True)
class TableOrder:
    """What was asked of `issue` about a table, and about where the result goes, as typed."""

    csv: str | None = None
    out: str | None = None
    force: bool = False
    columns: Sequence[str] = ()
    encoding: str | None = None
    status: str | None = None
    rejects: str | None = None
    strict: bool = False
    dry_run: bool = False


def require_no_table(asked: TableOrder, order: Order) -> None:
    """Refuse what makes sense for a table only; a place in a Token Status List is given to a single token, too."""
    given = {
        "--column": asked.columns,
        "--encoding": asked.encoding,
        "--status": asked.status if order.vct is None else None,
        "--rejects": asked.rejects,
        "--dry-run": asked.dry_run,
    }
    for option, value in given.items():
        if value:
            raise CliError("usage.table_only", option=option)


def issue_file(invocation: Invocation, source: Input, order: Order, asked: TableOrder) -> int:
    """Sign one credential.

    1. Read everything, compose what is to be composed, and refuse before a passphrase is asked for. Say what would
       betray its holder; in a strict run, that is a reason to refuse, too.
    2. Sign, or say what keeps the document from being signed.
    3. Write the signed credential whole, or not at all. The place that it has in a list is taken before.
    """
    check_source(source)  # 1
    created = checked(invocation, order)
    if asked.out is not None:
        require_free(Path(asked.out).expanduser(), force=asked.force)
    if asked.strict and order.form not in HIDING:
        raise CliError("usage.strict")
    if asked.status is not None and order.token_status is not None:
        raise CliError("usage.two_places")
    document = _document(invocation, source, order, created)
    if document is None:
        return 1
    with _reserved(asked) as places:
        try:
            order = placed(replace(order, proof_array=order.proof_array or source.composed), places)
            return _issue_document(invocation, document, order, asked, created=created, places=places)
        except StatusError as error:
            invocation.out.error(describe(error, invocation.words), file=asked.status or "")
            return 1


def placed(order: Order, places: "Places | None") -> Order:
    """The order with the next place in the Token Status List; raises StatusFullError where none is left."""
    if places is None:
        return order
    place = places.next_of_tokens()
    return replace(order, token_status=f"{place.uri}#{place.index}")


def _reserved(asked: TableOrder) -> "AbstractContextManager[Places | None]":
    if asked.status is None:
        return nullcontext()
    from node.cli.places import reserved  # noqa: PLC0415 -- few credentials are given a place

    return reserved(asked.status, trial=False, tokens=True)


def _issue_document(  # noqa: PLR0913 -- what was typed, and what was made of it
    invocation: Invocation,
    document: UnsecuredDocument,
    order: Order,
    asked: TableOrder,
    *,
    created: datetime,
    places: "Places | None",
) -> int:
    found = betrayed(linter_for(invocation, order), document, order, created)
    if remark_on_privacy(invocation, found) and asked.strict:
        return 1
    signing = signing_for(
        invocation,
        order.key,
        order.passphrase_file,
        suite=order.form_suite,
        proof_array=order.proof_array,
        disclosure=order.disclosure,
    )
    if places is not None:
        places.require_issuer(signing.profile.issuer)
    try:  # 2
        secured = asyncio.run(_secured(invocation, document, signing, order, created))
    except (IssuanceError, CompositionError, ProofsError) as error:
        invocation.out.error(describe(error, invocation.words))
        return 1
    _remark_on_what_is_missing(invocation, document)
    token = secured if isinstance(secured, str) else None
    if places is not None:  # 3
        places.keep()
        invocation.out.remark("remark.place", index=str(order.token_status).rpartition("#")[2], name=asked.status)
    if asked.out is None:
        if token is None:
            invocation.out.answer_json(secured, indent=2)
        else:
            invocation.out.answer(token)
        return 0
    text = token or json.dumps(secured, indent=2, ensure_ascii=False)
    write_whole(Path(asked.out).expanduser(), f"{text}\n".encode(), force=asked.force)
    suite = signing.profile.cryptosuite if token is None else (order.form or JWT).upper()
    invocation.out.remark("remark.signed", issuer=signing.profile.issuer, suite=suite, name=asked.out)
    return 0


def checked(invocation: Invocation, order: Order) -> datetime:
    """The moment at which is signed; raises CliError for an order that cannot be carried out."""
    created = moment("--created", order.created) if order.created else datetime.now(UTC).replace(microsecond=0)
    suites = [suite.name for suite in SUITES.values() if suite.creates]
    if order.suite is not None and order.suite not in suites:
        raise CliError("usage.choice", option="--suite", value=order.suite, known=", ".join(suites))
    if order.form is not None and order.form not in FORMS:
        raise CliError("usage.choice", option="--form", value=order.form, known=", ".join(FORMS))
    if order.form is not None and (order.suite is not None or (order.proof_array and order.form in TOKENS)):
        raise CliError("usage.form_conflict")
    _check_kind(order)
    _ = order.records  # named soundly, before anything is read
    if order.form not in HIDING and order.disclosure != NOTHING_MORE:
        raise CliError("usage.disclosure", known=", ".join(HIDING))
    if path_of(order.key, invocation.settings.key) is None:
        raise CliError("usage.missing", name="--key")
    return created


async def _secured(
    invocation: Invocation, document: UnsecuredDocument, signing: Signing, order: Order, created: datetime
) -> SecuredDocument | str:
    """The signed credential: a document with its proof, or a token; what is lost in a form is said."""
    if order.form in TOKENS:
        token = await token_of(document, signing, order, created)
        remark_on_losses(invocation, token)
        return token.text
    return await signing.secure(document, created=created)


class Token(NamedTuple):
    """A token, and what is lost in its form, or kept beside it."""

    text: str
    lost: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


async def token_of(document: UnsecuredDocument, signing: Signing, order: Order, created: datetime) -> Token:
    """The token for a document, in the form that was asked for."""
    if order.form == JWT:
        return Token(await secure_as_token(document, signing, created=created))
    from node.issuance.selective_token import VCT_OF, secure_as_sd_jwt  # noqa: PLC0415 -- as above

    vct = None if order.vct is None else VCT_OF[order.vct]
    made = await secure_as_sd_jwt(document, signing, created=created, vct=vct, status=_place(order.token_status))
    return Token(made.text, made.lost, made.kept)


def remark_on_losses(invocation: Invocation, token: Token) -> None:
    """Say which elements the form has no place for."""
    if token.lost:
        invocation.out.remark("remark.lost", elements=", ".join(token.lost))
    if token.kept:
        invocation.out.remark("remark.kept", elements=", ".join(token.kept))


def _check_kind(order: Order) -> None:
    """Refuse a kind of SD-JWT VC that is not known, and what only such a one has with another form."""
    if order.vct is None and order.token_status is None:
        return
    from node.issuance.selective_token import VCT_OF  # noqa: PLC0415 -- few orders name a kind

    if order.form != SD_JWT or order.vct is None:
        raise CliError("usage.vct")
    if order.vct not in VCT_OF:
        raise CliError("usage.choice", option="--vct", value=order.vct, known=", ".join(VCT_OF))
    _place(order.token_status)


def _place(text: str | None) -> "TokenStatusEntry | None":
    """The place in a Token Status List, as typed: the address of the list, a number sign, the index."""
    if text is None:
        return None
    from node.status.token_status_list import TokenStatusEntry  # noqa: PLC0415 -- few orders name a place

    url, sign, index = text.rpartition("#")
    if not (sign and is_url(url) and index.isascii() and index.isdigit() and len(index) <= MAX_INDEX_DIGITS):
        raise CliError("usage.token_status", value=text)
    return TokenStatusEntry(int(index), url)


def linter_for(invocation: Invocation, order: Order) -> PrivacyLinter:
    """The privacy linter for what this order signs."""
    known = vocabulary(trust_for(invocation, None).contexts)
    return PrivacyLinter(order.form_suite or "", order.disclosure, known.jsonld)


def betrayed(
    linter: PrivacyLinter, document: UnsecuredDocument, order: Order, created: datetime
) -> list[PrivacyFinding]:
    """What the privacy linter says of one credential; of an SD-JWT, by the claims that it will have."""
    if order.form != SD_JWT:
        return linter.look(document)
    from node.issuance.selective_token import VCT_OF, claims_of  # noqa: PLC0415 -- as above

    vct, status = None if order.vct is None else VCT_OF[order.vct], _place(order.token_status)
    try:
        made = claims_of(document, order.disclosure, created=created, vct=vct, status=status)
    except (IssuanceError, CredentialsError, ProofsError):
        return []  # refused for that before it is signed
    return linter.look_at_claims(made.claims, made.choosable)


def remark_on_privacy(invocation: Invocation, found: Sequence[PrivacyFinding]) -> bool:
    """Say what would betray the holder, each with its mend; whether there is anything."""
    words = invocation.words
    for one in found[:MAX_REMARKS]:
        said, mend = words(f"{one.code}.said"), words(f"{one.code}.remedy")
        invocation.out.remark("remark.privacy", said=said, remedy=mend, path=one.path, code=one.code)
    return bool(found)


def check_source(source: Input) -> None:
    """That the files belong together: one finished credential, or what one is composed of."""
    given = [name for name in KINDS if getattr(source, name) is not None]
    known: tuple[list[str], ...] = ([], ["achievement", "award"], ["endorsement"], ["accreditation"])
    parented = source.parent is None or source.accreditation is not None
    if given not in known or source.composed is not bool(given) or not parented:
        raise CliError("usage.what_to_sign")


def _document(invocation: Invocation, source: Input, order: Order, now: datetime) -> UnsecuredDocument | None:
    """What is to be signed, or None where it was told why there is nothing."""
    if source.file is not None:
        data = read_document(invocation, source.file, limit=MAX_CREDENTIAL_BYTES)
        return UnsecuredDocument(with_records(parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES), order.records))
    from node.cli.composing import composed_award, composed_endorsement, fresh_for  # noqa: PLC0415 -- where it is used

    fresh = fresh_for(invocation, order.key, now)
    if source.endorsement is not None:
        endorsement = composed_endorsement(invocation, source.endorsement, fresh)
        return None if endorsement is None else UnsecuredDocument(with_records(endorsement, order.records))
    if source.accreditation is not None:
        from node.cli.accrediting import composed_accreditation  # noqa: PLC0415 -- as above

        accreditation = composed_accreditation(invocation, source.accreditation, fresh, source.parent)
        return None if accreditation is None else UnsecuredDocument(with_records(accreditation, order.records))
    return composed_award(invocation, source.achievement or "", source.award or "", fresh, order.records)


def _remark_on_what_is_missing(invocation: Invocation, document: UnsecuredDocument) -> None:
    """Nothing is filled in; what people often forget is said."""
    if Credential(document).validity.start is None:
        invocation.out.remark("remark.no_start")
