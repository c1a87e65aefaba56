"""What a process does for each kind of job: it calls the use case, and tells what came of it as JSON."""

from base64 import b64encode
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import orjson

from anchoring.errors import AnchoringError, IndeterminateError
from did_methods.errors import DidMethodsError, UnavailableError
from did_methods.multikey import PublicKey
from did_methods.resolution_result import older_result_json, result_json
from node.adapters.judging.outside import Outside
from node.adapters.judging.protocol import (
    Bake,
    Check,
    CleanPicture,
    Confirm,
    Derive,
    Examine,
    Job,
    Possess,
    PrintPage,
    ReadAccreditation,
    ReadPicture,
    Resolve,
    ReviewDraft,
    Secure,
    SetUp,
    Verify,
)
from node.adapters.judging.resolving import Library, Resolver
from node.adapters.judging.table_protocol import TableJob
from node.adapters.judging.told import Told
from node.credentials.errors import CredentialsError
from node.credentials.pictures import png
from node.credentials.pictures.picture import PDF, bake, unbake
from node.documents import (
    MAX_CREDENTIAL_BYTES,
    MAX_PRESENTATION_BYTES,
    DocumentError,
    JsonObject,
    JsonValue,
    UnsecuredDocument,
    parse_object,
)
from node.issuance.errors import IssuanceError, ListUncheckedError, UncheckedError
from node.ports.judging import Form, SigningOrder
from node.proofs.errors import ProofIndeterminate, ProofsError
from node.status.errors import StatusError
from node.verification.brought import brought_list
from node.verification.errors import PossessionError, VerificationError
from node.verification.gather import gather
from node.verification.ledger_material import LedgerMaterial
from node.verification.linked_gathering import judged_with_resources
from node.verification.material import Origin, ResourceCopy, StatusListCopy, VerificationMaterial
from node.verification.opened_capsule import Opened, opened
from node.verification.policy import DEFAULT, built_in_policies
from node.verification.received import receive, subject_of
from node.verification.report import Report
from node.verification.seen import Seen, blocks_in, heads_in
from node.verification.sources import Sources
from node.verification.subject import read_subject
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary
from node.wallet.errors import WalletError

if TYPE_CHECKING:
    from node.adapters.judging.securing import Signatures
    from node.adapters.judging.table_jobs import Tables

MEDIA_TYPES: Final = MappingProxyType(
    {Form.PROOF: "application/vc", Form.JWT: "application/vc+jwt", Form.SD_JWT: "application/vc+sd-jwt"}
)
WALLET_MEDIA_TYPE: Final = "application/dc+sd-jwt"
REFUSALS: Final = (
    AnchoringError,
    CredentialsError,
    DidMethodsError,
    IssuanceError,
    ProofsError,
    StatusError,
    VerificationError,
    WalletError,
)
"""Errors that say what is the matter with the input."""
_UNTOLD: Final = (IndeterminateError, ListUncheckedError, ProofIndeterminate, UnavailableError, UncheckedError)
"""Those of them by which nothing was found to be wrong."""
_MARKUP: Final = b"<"
MAX_AROUND_BYTES: Final = 64 * 1024
"""Of a message beside the document in it: its options."""


class Desk:
    """What a process works with: what it was set up by, what it remembers, and the way to the key of a task."""

    def __init__(self, set_up: SetUp, signatures: "Signatures") -> None:
        self.trust = set_up.trust
        self.seen = set_up.seen
        self._set_up = set_up
        self._signatures = signatures
        self._library = Library()
        self._tables: Tables | None = None
        self.told = Told()

    def learn(self, news: Seen) -> None:
        """Take over what others saw."""
        self.seen = self.seen.learning(news.heads, news.blocks)

    async def do(self, job: Job, outside: Outside) -> JsonObject:  # noqa: C901, PLR0911, PLR0912 -- one for each kind of job
        """What comes of a job."""
        match job:
            case Verify():
                return {"report": self.judge(job)}
            case Examine():
                return await self._examine(job, outside)
            case Secure():
                return await self._secure(job)
            case Derive():
                return self._derive(job)
            case Check(document):
                return _check(document)
            case Resolve(did, version):
                return await self._resolve(did, dict(version), outside)
            case ReadPicture(data):
                return _picture(data)
            case Bake(picture, credential):
                return {"picture": _text(bake(picture, credential, replace=True))}
            case ReviewDraft(draft, url, number):
                from node.issuance.achievement_review import review  # noqa: PLC0415 -- few jobs need it

                return review(draft, url, number).to_json()
            case CleanPicture(data):
                return _cleaned(data)
            case ReadAccreditation(document):
                from node.issuance.accrediting import SignedAccreditation  # noqa: PLC0415 -- as above

                return {"about": SignedAccreditation.read(document).accreditation.subject}
            case Possess():
                return await self._possess(job, outside)
            case PrintPage(credential, language):
                return {"picture": _text(_printed(credential, language))}
            case Confirm():
                return await self._confirm(job, outside)
            case TableJob():
                return self._tables_here().do(job)

    def judge(self, job: Verify) -> JsonObject:
        """The report on one document; raises DocumentError for bytes that are none."""
        subject = subject_of(job.document)
        report = verify(
            subject, job.material, job.policy, job.at, trust=self.trust, request=job.request, beside=job.beside
        )
        return report.to_json()

    async def _examine(self, job: Examine, outside: Outside) -> JsonObject:
        """The report on what was handed over, in whatever it came.

        1. It is taken out of the message around it; a capsule is opened, a badge taken out of its picture. What was
           handed over beside it is read.
        2. Everything is gathered.
        3. It is judged, again once what it pins is there.
        4. Beside the report stands what chains were seen to hold.
        """
        question = job.question
        data, value = _given(job.document, question.inside)  # 1.
        data, capsule = _document(data)
        held, now = question.held, outside.now()
        ledgers = LedgerMaterial(held.receipts, seen=self.seen) if held.receipts or self.seen else None
        lists = tuple([_list(text, now) for text in held.status_lists])
        beside = tuple([subject_of(label) for label in held.labels])
        accreditations = tuple([ResourceCopy("", each, Origin.FILE, now) for each in held.accreditations])
        if capsule is not None:
            ledgers, lists, beside = capsule.ledgers(ledgers), (*lists, *capsule.lists), (*beside, *capsule.beside)
        subject = read_subject(value if value is not None and capsule is None else subject_of(data))
        sources = self._sources(outside)
        material = await gather(  # 2.
            subject,
            sources,
            self.trust,
            lists=lists,
            beside=beside,
            ledgers=ledgers,
            accreditations=accreditations,
            brought=capsule.accreditations if capsule else (),
        )
        if capsule is not None:
            material = capsule.within(material)

        async def judge(known: VerificationMaterial) -> Report:
            return verify(
                subject,
                known,
                question.policy,
                question.at,
                trust=self.trust,
                request=question.request,
                beside=beside,
            )

        report, material = await judged_with_resources(judge, material, sources)  # 3.
        told: JsonObject = {"report": report.to_json()}
        if capsule is not None:
            told["capsule"] = capsule.told(self.trust)
        if self.trust.chains:  # 4.
            news = Seen(tuple(heads_in(report, self.trust)), tuple(blocks_in(material.ledgers)))
            told["seen"] = news.to_json()
        return told

    async def _secure(self, job: Secure) -> JsonObject:
        from node.adapters.judging.securing import secured  # noqa: PLC0415 -- what judges strangers signs nothing

        document = UnsecuredDocument(parse_object(job.document, max_bytes=MAX_CREDENTIAL_BYTES))
        key = PublicKey.from_multibase(job.key)
        made = await secured(document, job.order, key, self._signatures, self.trust, created=job.created)
        return {
            "body": made.body.decode(),
            "mediaType": _media_type(job.order),
            "choosable": list(made.choosable),
            "lost": list(made.lost),
            "kept": list(made.kept),
            "commitment": None if made.commitment is None else made.commitment.hex(),
        }

    def _derive(self, job: Derive) -> JsonObject:
        from node.wallet.derive import derive  # noqa: PLC0415 -- few jobs need it

        subject = subject_of(job.document)
        if not isinstance(subject, str):
            subject = parse_object(job.document, max_bytes=MAX_PRESENTATION_BYTES)
        made = derive(subject, job.reveal, jsonld=vocabulary(self.trust.contexts).jsonld, request=job.request)
        return {
            "form": made.form,
            "credential": made.credential,
            "disclosed": [one.to_json() for one in made.disclosed],
            "hidden": list(made.hidden),
            "remarks": list(made.remarks),
        }

    async def _resolve(self, did: str, version: dict[str, str], outside: Outside) -> JsonObject:
        resolver = Resolver(outside, self._set_up, self._library)
        result = await resolver.resolve_version(did, version)
        return {
            "result": result_json(result),
            "older": older_result_json(result),
            "problem": None if result.problem is None else result.problem.value,
            "deactivated": result.deactivated,
        }

    async def _possess(self, job: Possess, outside: Outside) -> JsonObject:
        """Who has shown a key; raises PossessionError where nobody has."""
        from node.verification.possession import possession  # noqa: PLC0415 -- few jobs need it

        subject = subject_of(_given(job.document, job.inside)[0])
        material = await gather(subject, self._sources(outside), self.trust)
        policy = built_in_policies()[DEFAULT]
        check = possession(subject, material, policy, job.at, trust=self.trust, request=job.request)
        holder = check.evidence.get("holder")
        if not check.passed or not isinstance(holder, str):
            raise PossessionError(
                check.message, code=check.code, remedy="Sign the challenge anew, with a key of yours."
            )
        return {"holder": holder}

    async def _confirm(self, job: Confirm, outside: Outside) -> JsonObject:
        from node.adapters.judging.confirming import confirmed  # noqa: PLC0415 -- few verifiers trust chains

        return (await confirmed(job, self.trust, self._sources(outside))).to_json()

    def _tables_here(self) -> "Tables":
        from node.adapters.judging.table_jobs import Tables  # noqa: PLC0415 -- what judges strangers signs nothing

        if self._tables is None:
            self._tables = Tables(self._signatures, self.trust)
        return self._tables

    def _sources(self, outside: Outside) -> Sources:
        return Resolver(outside, self._set_up, self._library).sources(self.seen)


def refusal(error: Exception) -> JsonObject:
    """An error of REFUSALS as it is told."""
    return {
        "message": str(error),
        "code": getattr(error, "code", "") or "document",
        "remedy": getattr(error, "remedy", ""),
        "path": getattr(error, "path", ""),
        "wrong": not isinstance(error, _UNTOLD),
    }


def _given(data: bytes, member: str | None) -> tuple[bytes, JsonObject | None]:
    """The document that is the value of this member of a message, or the whole; and what it says, if that was read."""
    if member is None:
        return data, None
    value = parse_object(data, max_bytes=MAX_PRESENTATION_BYTES + MAX_AROUND_BYTES).get(member)
    if isinstance(value, str):
        return value.encode(), None
    text = orjson.dumps(value)
    return text, value if isinstance(value, dict) and len(text) <= MAX_PRESENTATION_BYTES else None


def _document(data: bytes) -> tuple[bytes, Opened | None]:
    """What is judged of what was handed over, and the capsule it was in."""
    if data.startswith((png.SIGNATURE, PDF)) or data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_MARKUP):
        return unbake(data).text, None
    capsule = opened(data)
    return (data, None) if capsule is None else (capsule.document, capsule)


def _list(data: bytes, now: datetime) -> StatusListCopy:
    try:
        copy = brought_list(data.decode(), now)
    except UnicodeDecodeError as error:
        raise DocumentError("a status list is no text", code="document.not_utf8") from error
    if copy is None:
        raise DocumentError("what was handed over as a status list is none", code="document.not_object")
    return copy


def _check(data: bytes) -> JsonObject:
    """The class of an achievement or a credential, out of the token or the envelope that it came in."""
    from node.credentials.micro_credential.classification import (  # noqa: PLC0415 -- few jobs need it
        classify,
        classify_achievement,
    )
    from node.credentials.micro_credential.readers.envelope import open_envelope  # noqa: PLC0415 -- as above
    from node.credentials.structure import types_of  # noqa: PLC0415 -- as above

    place = open_envelope(_readable(subject_of(data), data))
    draft = "credentialSubject" not in place.object and "Achievement" in types_of(place.object)
    found = classify_achievement(place.object) if draft else classify(place.object, path=place.path)
    return {"kind": "achievement" if draft else "credential", **found.to_json()}


def _readable(subject: JsonValue, data: bytes) -> JsonObject:
    if not isinstance(subject, str):
        return parse_object(data, max_bytes=MAX_PRESENTATION_BYTES)
    received = receive(subject)
    if received.badge is not None and not received.badge.address_only:
        return received.badge.document
    if isinstance(received.value, dict):
        return received.value
    problem = next(iter(received.problems), None)
    message = "it lies elsewhere, at the address that was given" if problem is None else problem.message
    raise DocumentError(message, code="document.not_object" if problem is None else problem.code)


def _picture(data: bytes) -> JsonObject:
    """What an uploaded picture is; one that would do something when opened is refused."""
    from node.credentials.pictures.facts import read_facts  # noqa: PLC0415 -- few jobs need it

    facts = read_facts(data)
    badge = None if facts.badge is None else facts.badge.decode()
    return {"mediaType": facts.media_type, "width": facts.width, "height": facts.height, "badge": badge}


def _cleaned(data: bytes) -> JsonObject:
    from node.credentials.pictures.cleaning import clean  # noqa: PLC0415 -- few jobs need it

    found = clean(data)
    return {
        "image": _text(found.image),
        "mediaType": found.media_type,
        "width": found.width,
        "height": found.height,
        "leftOut": list(found.left_out),
    }


def _printed(credential: bytes, language: str) -> bytes:
    from node.adapters.printer import print_page  # noqa: PLC0415 -- few jobs need it
    from node.issuance.printed_page import page_of  # noqa: PLC0415 -- as above

    return print_page(page_of(credential, "pl" if language == "pl" else "en"))


def _media_type(order: SigningOrder) -> str:
    return WALLET_MEDIA_TYPE if order.vct is not None else MEDIA_TYPES[order.form]


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
