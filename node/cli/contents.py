"""`glejt inspect`: what a file says of itself, without a word on whether it is true."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from node.cli.inputs import carried_by, read_file
from node.cli.invocation import Invocation
from node.cli.kinds import CAPSULE, foreign_kind
from node.cli.output import visible
from node.cli.paper import code_json, codes_found, page_state
from node.cli.words import Words
from node.credentials.contexts import BUNDLED
from node.credentials.errors import PictureError
from node.credentials.presentation import DocumentKind, Presentation, kind_of
from node.credentials.structure import objects_of, types_of, version_of
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_PRESENTATION_BYTES, JsonObject, JsonValue
from node.proofs.jose.jwt import moment_of
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.open_badges_2.received import ReceivedBadge
from node.verification.received import Received, receive, subject_of
from node.wallet.disclosed import Disclosed, all_of

MAX_LINES: Final = 200
"""Lines shown of one file: a presentation of 64 credentials would bury the beginning."""

STATED: Final = ("id", "issuer", "holder", "name", "validFrom", "validUntil", "issuanceDate", "expirationDate")
"""Members of a credential or presentation that are shown as they stand."""
STATED_OF_BADGE: Final = ("id", "issuedOn", "expires")
OF_STATUS: Final = ("type", "statusPurpose", "statusListCredential", "id")
OF_PROOF: Final = ("type", "cryptosuite", "proofPurpose", "verificationMethod", "created", "expires", "challenge")

OF_HEADER: Final = ("typ", "alg", "kid")


def inspect(invocation: Invocation, name: str, *, as_json: bool) -> int:
    """Show what is in a file."""
    data = read_file(invocation, name)
    if CAPSULE in data:
        from node.cli.capsule import show_capsule  # noqa: PLC0415 -- few files are capsules
        from node.verification.opened_capsule import opened  # noqa: PLC0415 -- as above

        if (capsule := opened(data)) is not None:
            return show_capsule(invocation, name, capsule.capsule, as_json=as_json)
    found = _found(invocation, data)
    digest = sha256(data).hexdigest()
    out, words = invocation.out, invocation.words
    if as_json:
        out.answer_json({"file": name, "bytes": len(data), "sha256": digest, **found})
        return 0
    out.answer(words("inspect.file", name=visible(name), size=str(len(data)), digest=digest), "bold")
    lines = list(_lines(found, words))
    width = max(len(label) for label, _ in lines) + 2
    for label, value in lines[:MAX_LINES]:
        out.answer(f"  {label:{width}}{value}".rstrip())
    if len(lines) > MAX_LINES:
        out.answer(f"  {words('inspect.more', count=str(len(lines) - MAX_LINES))}")
    out.remark("inspect.unchecked", name=name)
    return 0


def _found(invocation: Invocation, data: bytes) -> JsonObject:
    """What a file says of itself; a picture says also what it carries, and what it would do when opened.

    A PNG without a badge may show the code of a printed page.
    """
    try:
        carried = carried_by(invocation, data, limit=MAX_PRESENTATION_BYTES, tokens=True)
    except PictureError as error:
        if error.code != "picture.none" or foreign_kind(data) != "png":
            raise
        return {"codes": [code_json(code) for code in codes_found(invocation, data, error)]}
    picture = carried.picture
    if picture is None:
        return contents(subject_of(carried.text))
    read = contents(subject_of(carried.text)) if picture.form != "address" else {}
    activity: list[JsonValue] = [
        {"kind": one.kind.value, "what": one.what, "line": one.line} for one in picture.activity
    ]
    said: JsonObject = {
        "format": picture.format.value,
        "badge": picture.kind.value,
        "form": picture.form.value,
        "activity": activity,
    }
    if picture.format == "pdf":
        said["page"] = page_state(data)
    return {"picture": said, **read}


def contents(document: JsonValue) -> JsonObject:
    """What a document says of itself; values are repeated as they stand, whatever their type."""
    received = receive(document) if isinstance(document, str | dict) else None
    if received is not None and received.badge is not None:
        return _badge(received.badge)
    if received is not None and received.envelope is not None:
        said = _claims(received.value) if received.typed else _contents(received.value)
        return {**said, "token": received.envelope.jws.header, **_disclosed(received)}
    return _contents(document)


def _claims(claims: JsonValue) -> JsonObject:
    """What an SD-JWT VC says of itself."""
    stated = claims if isinstance(claims, dict) else {}
    found: JsonObject = {"kind": "sd_jwt_vc", "types": [stated.get("vct")]}
    if "iss" in stated:
        found["issuer"] = stated["iss"]
    for member, name in (("validFrom", "nbf"), ("validUntil", "exp")):
        moment = moment_of(stated.get(name))
        if moment is not None:
            found[member] = format_timestamp(moment)
    entry = stated.get("status")
    found["status"] = [entry["status_list"]] if isinstance(entry, dict) and "status_list" in entry else []
    return found


def _disclosed(received: Received) -> JsonObject:
    """Each value that an SD-JWT shows, whether its holder can hide it, and how many digests have nothing to them."""
    proof, claims = received.envelope, received.value
    if not isinstance(proof, SdJwtProof) or not isinstance(claims, dict):
        return {}
    places = proof.opened.processed.disclosed
    shown = [
        {**one.to_json(), "always": not any(one.path == place or one.path.startswith(f"{place}/") for place in places)}
        for one in all_of(claims)
    ]
    kb = proof.opened.sd_jwt.key_binding
    bound: JsonObject = {} if kb is None else {"keyBinding": kb.header}
    return {"disclosed": list[JsonValue](shown), "undisclosed": proof.opened.processed.withheld, **bound}


def _contents(document: JsonValue) -> JsonObject:
    kind = kind_of(document) if isinstance(document, dict) else None
    if not isinstance(document, dict) or kind is None:
        return {"kind": "other"}
    version = version_of(document)
    found: JsonObject = {"kind": kind.value, "version": version.value if version else None}
    found |= {member: document[member] for member in STATED if member in document}
    found["types"] = list(types_of(document))
    if kind is DocumentKind.PRESENTATION:
        found["credentials"] = [contents(held.document) for held in Presentation(document).credentials]
    else:
        found["subjects"] = [_subject(subject) for subject in objects_of(document, "credentialSubject")]
    found["contexts"] = [_context(context) for context in _listed(document.get("@context"))]
    found["status"] = [_part(entry, OF_STATUS) for entry in objects_of(document, "credentialStatus")]
    found["proofs"] = [_part(proof, OF_PROOF) for proof in objects_of(document, "proof")]
    return found


def _badge(badge: ReceivedBadge) -> JsonObject:
    """What a badge of Open Badges 2 says of itself; who its recipient is, not even here."""
    document, inside = badge.document, badge.assertion.badge
    found: JsonObject = {"kind": "assertion", "types": list(types_of(document))}
    if badge.assertion.kind is not None:
        found["verification"] = badge.assertion.kind.value
    found |= {member: document[member] for member in STATED_OF_BADGE if member in document}
    found["badge"] = inside.iri if inside.copy is None else {**_part(inside.copy, ("id", "name"))}
    found["contexts"] = [_context(context) for context in _listed(document.get("@context"))]
    return found


def _subject(subject: JsonObject) -> JsonObject:
    achievement = subject.get("achievement")
    title = achievement.get("name") if isinstance(achievement, dict) else None
    found = _part(subject, ("id", "name"))
    return found if title is None else {**found, "achievement": title}


def _context(context: JsonValue) -> JsonObject:
    if isinstance(context, str):
        return {"url": context, "known": context in BUNDLED}
    return {"url": None, "known": False}


def _part(value: JsonObject, members: tuple[str, ...]) -> JsonObject:
    return {member: value[member] for member in members if member in value}


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _lines(found: JsonObject, words: Words) -> Iterator[tuple[str, str]]:
    """The same for people: a label and a value on each line."""
    yield from _picture_lines(found, words)
    if "kind" in found:
        version = found.get("version")
        kind = words(f"inspect.kind.{found['kind']}")
        yield words("inspect.label.kind"), f"{kind} {version}" if version else kind
    for member in ("types", "badge", *STATED, *STATED_OF_BADGE[1:]):
        if member in found:
            yield words(f"inspect.label.{member}"), _text(found[member])
    for member, label in (("subjects", "subject"), ("status", "status"), ("proofs", "proof")):
        for value in _objects(found, member):
            yield words(f"inspect.label.{label}"), " · ".join(_text(part) for part in value.values()) or "-"
    for header in _objects(found, "token"):
        parts = (visible(header[part]) for part in OF_HEADER if part in header)
        yield words("inspect.label.token"), " · ".join(parts)
    yield from _disclosed_lines(found, words)
    for context in _objects(found, "contexts"):
        known = words("inspect.known" if context["known"] else "inspect.unknown")
        url = words("inspect.inline") if context["url"] is None else visible(context["url"])
        yield words("inspect.label.context"), f"{url} ({known})"
    for credential in _objects(found, "credentials"):
        yield "", ""
        yield from _lines(credential, words)


def _disclosed_lines(found: JsonObject, words: Words) -> Iterator[tuple[str, str]]:
    """What the holder of an SD-JWT can hide of what it shows, in words, and how much may be hidden already."""
    for header in _objects(found, "keyBinding"):
        parts = (visible(header[part]) for part in OF_HEADER if part in header)
        yield words("inspect.label.key_binding"), " · ".join(parts)
    for one in _objects(found, "disclosed"):
        if not one["always"]:
            value = one["value"] if not isinstance(one["value"], dict | list) else None
            yield (
                words("inspect.label.disclosed"),
                Disclosed(str(one["path"]), value, always=False).told(words.language),
            )
    if found.get("undisclosed"):
        yield words("inspect.label.undisclosed"), words("inspect.undisclosed", count=str(found["undisclosed"]))


def _picture_lines(found: JsonObject, words: Words) -> Iterator[tuple[str, str]]:
    """The same for what carries a document, or shows the code of one."""
    for picture in _objects(found, "picture"):
        parts = (words(f"inspect.picture.{picture[part]}") for part in ("format", "badge", "form"))
        yield words("inspect.label.picture"), ", ".join(parts)
        for one in _objects(picture, "activity"):
            what, line = visible(one["what"]), str(one["line"])
            yield words("inspect.label.activity"), words(f"inspect.activity.{one['kind']}", what=what, line=line)
        if "page" in picture:
            yield words("inspect.label.page"), words(f"inspect.page.{picture['page']}")
    for code in _objects(found, "codes"):
        yield words("inspect.label.code"), visible(code["text"])
        if code["address"] is not None:
            yield words("inspect.label.address"), visible(code["address"])
        yield words("inspect.label.digest"), visible(code["digest"])


def _objects(found: JsonObject, member: str) -> list[JsonObject]:
    return [value for value in _listed(found.get(member)) if isinstance(value, dict)]


def _text(value: JsonValue) -> str:
    """A value on one line: a party by its name and identifier, a list by its items."""
    match value:
        case {"id": party, **rest}:
            return " · ".join(visible(part) for part in (rest.get("name"), party) if part is not None)
        case list() as items:
            return ", ".join(map(_text, items))
        case _:
            return visible(value)
