"""What the tests of status share: lists of any shape, signed by anybody, and credentials that point into them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from verification_support import AT, ISSUER, Party, credential, one

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.status.bitstring import MIN_ENTRIES, Bitstring
from node.status.entry import Purpose, StatusEntry
from node.status.status_list import build_status_list
from node.verification.check import Check, CheckName
from node.verification.errors import UnreachableError
from node.verification.material import Origin, ResolutionFailure, StatusListCopy, VerificationMaterial
from node.verification.policy import built_in
from node.verification.sources import Fetched

LIST = "https://school.example/status/1"
OTHER = "https://school.example/status/2"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def status_list(  # noqa: PLR0913 -- one keyword per thing that a test varies
    values: Mapping[int, int] | Iterable[int] = (),
    *,
    issuer: Party = ISSUER,
    url: str = LIST,
    purpose: str = Purpose.REVOCATION,
    size: int = 1,
    signed: datetime = AT - HOUR,
    until: datetime | None = AT + DAY,
    ttl: timedelta | None = None,
    suite: str = "",
    **members: JsonValue,
) -> JsonObject:
    """A signed list with these entries set; members replace those of the document, None takes one away."""
    set_to = dict(values) if isinstance(values, Mapping) else dict.fromkeys(values, 1)
    bits = Bitstring.zeros(MIN_ENTRIES, size).changed(set_to)
    document = build_status_list(url, issuer.did, bits, purpose=purpose, valid_from=signed, valid_until=until, ttl=ttl)
    whole = {name: value for name, value in {**document, **members}.items() if value is not None}
    return issuer.sign(whole, suite, created=signed)


def subject_of(document: JsonObject, **members: JsonValue) -> JsonObject:
    """The list's subject with other members; None takes one away."""
    subject = {**document["credentialSubject"], **members}
    return {name: value for name, value in subject.items() if value is not None}


def copy_of(
    document: JsonObject | str, origin: Origin = Origin.LIVE, *, url: str = LIST, obtained: datetime = AT
) -> StatusListCopy:
    content = document if isinstance(document, str) else json.dumps(document)
    return StatusListCopy(url, content, origin, obtained)


def having(*lists: StatusListCopy | JsonObject, failures: Mapping[str, str] = {}) -> VerificationMaterial:
    """Material with these lists, fetched just now unless they are copies already."""
    copies = tuple(item if isinstance(item, StatusListCopy) else copy_of(item, url=item["id"]) for item in lists)
    return VerificationMaterial(
        status_lists=copies,
        status_failures={url: ResolutionFailure("fetch.status", said, AT) for url, said in failures.items()},
    )


def entry(index: int = 7, **members: object) -> JsonObject:
    """An entry as it is issued."""
    return StatusEntry(**({"list_url": LIST, "index": index} | members)).to_json()


def pointing(*entries: JsonValue, issuer: Party = ISSUER, suite: str = "", **members: JsonValue) -> JsonObject:
    """A signed credential with these status entries, or one that points to place 7."""
    status = list(entries) or [entry()]
    return issuer.sign(credential(issuer, credentialStatus=status, **members), suite)


ARCHIVE = built_in("archive")
DOCUMENT = pointing()
SUSPENDABLE = pointing(entry(purpose="suspension"))
GOOD = status_list()


def status(document: JsonObject = DOCUMENT, *lists: StatusListCopy | JsonObject, **inputs: object) -> Check:
    """The check, as it ended for a document under these lists."""
    material = inputs.pop("material", None) or having(*lists)
    return one(document, material=material, **inputs).check(CheckName.STATUS)


def told(document: JsonObject = DOCUMENT, *lists: StatusListCopy | JsonObject, **inputs: object) -> tuple[str, str]:
    """How it ended, and its code."""
    check = status(document, *lists, **inputs)
    return check.outcome.value, check.code


class Web:
    """A Fetch over what a test put there; a text, bytes, or an error to be raised. It keeps count."""

    def __init__(self, pages: Mapping[str, object]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.accepted: set[str] = set()
        self.limits: set[int] = set()

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        self.asked.append(url)
        self.accepted.add(accept)
        self.limits.add(max_bytes)
        page = self.pages.get(url)
        if page is None:
            raise UnreachableError(f"{url} answers 404", code="fetch.status", remedy="Ask.", status=404)
        if isinstance(page, Exception):
            raise page
        body = page if isinstance(page, bytes) else json.dumps(page).encode()
        return Fetched(body, "application/json", url, AT)


def at(moment: datetime) -> str:
    return format_timestamp(moment)
