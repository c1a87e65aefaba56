"""Which contexts a document uses and where, and whether they are the ones its types call for.

An RDF proof covers meanings, not names: whoever may choose the contexts of a signed document may exchange what its
members seem to say. So they are compared, exactly and in order, with a profile:

1. the base context of the data model;
2. the context of the credential's type, where the type has one, and behind it those that it is used with;
3. contexts that only add terms for proofs, status and schemas, and those the verifier pinned: each once. No two of the
   former define one term differently, so their order carries no meaning, and issuers write them in any;
4. nowhere an inline context, and no list of contexts but on a credential or a proof.

The same hold for each credential that stands inside another document.

Spec: https://www.w3.org/TR/vc-data-integrity/#validating-contexts
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from node.credentials.contexts import BUNDLED
from node.credentials.errors import shown
from node.credentials.findings import Finding, indeterminate, wrong
from node.credentials.objects import Objects, trail_pointer
from node.credentials.presentation import MAX_PRESENTED, kind_of
from node.credentials.records import SET_TYPE
from node.credentials.structure import (
    BASE_CONTEXTS,
    MAX_CONTEXTS,
    one_or_many,
    types_of,
)
from node.documents import JsonObject, JsonValue

MAX_CONTEXTS_IN_DOCUMENT: Final = 64
"""Contexts in a whole credential: the largest published badge has 17, three for each endorsement it carries."""
MAX_CONTEXTS_IN_SET: Final = 4 * MAX_PRESENTED
"""Contexts in a set of credentials, each of which brings along its own; what is the same is compiled once."""

_OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/"
_CLR = "https://purl.imsglobal.org/spec/clr/v2p0/"
_SUITES = "https://w3id.org/security/suites/"

OPEN_BADGES_CONTEXTS: Final = frozenset(
    _OPEN_BADGES + name for name in ("context.json", "context-3.0.1.json", "context-3.0.2.json", "context-3.0.3.json")
)
"""The versions of the Open Badges 3.0 context; a document uses one."""
CLR_CONTEXTS: Final = frozenset({_CLR + "context.json", _CLR + "context-2.0.1.json"})
"""The versions of the context of Comprehensive Learner Records 2.0; a document uses one."""
DID_CONFIGURATION_CONTEXT: Final = "https://identity.foundation/.well-known/did-configuration/v1"
"""The terms by which an identifier and a domain point to each other."""
GLEJT_CONTEXT: Final = "https://w3id.org/glejt/v1"
"""The terms by which an Open Badges achievement says what a micro-credential has to say."""
_DATA_INTEGRITY_CONTEXTS = frozenset(
    {"https://w3id.org/security/data-integrity/v1", "https://w3id.org/security/data-integrity/v2"}
)
SUPPLEMENTS: Final = _DATA_INTEGRITY_CONTEXTS | {
    _SUITES + "ed25519-2018/v1",
    _SUITES + "ed25519-2020/v1",
    _SUITES + "jws-2020/v1",
    "https://www.w3.org/ns/credentials/status/v1",
    "https://w3id.org/vc/status-list/2021/v1",
    _OPEN_BADGES + "extensions.json",
    GLEJT_CONTEXT,
}
"""Bundled contexts that may follow in any credential or presentation."""

TYPE_CONTEXTS: Final[Mapping[str, frozenset[str]]] = {
    "OpenBadgeCredential": OPEN_BADGES_CONTEXTS,
    "AchievementCredential": OPEN_BADGES_CONTEXTS,
    "EndorsementCredential": OPEN_BADGES_CONTEXTS,
    SET_TYPE: CLR_CONTEXTS,
    "DomainLinkageCredential": frozenset({DID_CONFIGURATION_CONTEXT}),
}
"""Types whose specification says which context stands second: Open Badges 3.0, section B.1, Comprehensive Learner
Record 2.0, section ClrCredential, and DID Configuration."""
THIRD_CONTEXTS: Final[Mapping[str, frozenset[str]]] = {SET_TYPE: OPEN_BADGES_CONTEXTS}
"""Types whose specification also names the context that stands third: a record uses the classes of Open Badges."""

_ONE_OF = (frozenset(BASE_CONTEXTS), OPEN_BADGES_CONTEXTS, CLR_CONTEXTS, _DATA_INTEGRITY_CONTEXTS)
_PROOF_PATH = re.compile(r"/proof(?:/[0-9]+)?/@context", re.ASCII)
_ANOTHER_DOCUMENT = "Ask the issuer for a document that uses the contexts of its type, in their order, and no others."
_PIN_IT = "If you know this vocabulary, add its context and digest to your trust file."


@dataclass(frozen=True, slots=True)
class ContextList:
    """The contexts at one place of a document, as written and in order."""

    path: str
    items: tuple[JsonValue, ...]
    owner: JsonObject
    """The object that carries them."""


@dataclass(frozen=True, slots=True)
class ContextProfile:
    """What a document uses as contexts."""

    lists: tuple[ContextList, ...]
    """Every `@context`, the document's own first, then in the order of the document."""
    urls: tuple[str, ...]
    """Every URL among them, in order, repeated where it is repeated."""
    inline: tuple[str, ...]
    """Pointers to contexts that are written out, or null, instead of named."""
    unknown: tuple[tuple[str, str], ...]
    """Pointer and URL of each context that is neither bundled nor pinned."""
    vocabularies: tuple[str, ...]
    """Pointers to contexts that use `@vocab`: with one, any member counts as defined, misspelt ones too."""


def context_profile(
    document: JsonObject, contexts: Mapping[str, JsonObject] = BUNDLED, path: str = ""
) -> ContextProfile:
    """The contexts that a document uses, nested ones too; only what is known is looked into, nothing is fetched."""
    lists = tuple(_lists(document, path))
    placed = [pair for used in lists for pair in _placed(used)]
    named = [(place, item) for item, place in placed if isinstance(item, str)]
    return ContextProfile(
        lists=lists,
        urls=tuple([item for _, item in named]),
        inline=tuple([place for item, place in placed if not isinstance(item, str)]),
        unknown=tuple([(place, item) for place, item in named if item not in contexts]),
        vocabularies=tuple([place for item, place in placed if _uses_vocabulary(item, contexts)]),
    )


def check_contexts(
    document: JsonObject,
    contexts: Mapping[str, JsonObject] = BUNDLED,
    *,
    pinned: Collection[str] = (),
    path: str = "",
) -> list[Finding]:
    """Where the contexts of a credential or presentation differ from the profile of its types; empty if nowhere.

    Pinned names the contexts beyond the bundled ones that the verifier allows; contexts must know them. What is wrong
    makes the document readable in more than one way; what is unknown leaves open what it says.
    """
    return list(_findings(context_profile(document, contexts, path), pinned, path))


def _findings(profile: ContextProfile, pinned: Collection[str], path: str) -> Iterator[Finding]:
    count = sum(len(used.items) for used in profile.lists)
    most = MAX_CONTEXTS_IN_DOCUMENT
    if count > most and any(SET_TYPE in types_of(used.owner) for used in profile.lists[:1]):
        most = MAX_CONTEXTS_IN_SET
    if count > most or any(len(used.items) > MAX_CONTEXTS for used in profile.lists):
        message = f"{count} contexts are used; {MAX_CONTEXTS} in one place and {most} in all are read"
        yield indeterminate("context.limit", path, message, _ANOTHER_DOCUMENT)
        return
    unknown = {place for place, _ in profile.unknown}
    for used in profile.lists:
        if used.path == path + "/@context" or kind_of(used.owner) is not None:
            yield from _check_list(used, types_of(used.owner), unknown, pinned)
        elif not _is_proof(used, path):
            message = "contexts stand on an object that is neither a credential nor a proof"
            yield wrong("context.nested", used.path, message, _ANOTHER_DOCUMENT)
    for place in profile.inline:
        message = "a context is written into the document, so the document itself says what its members mean"
        yield wrong("context.inline", place, message, _ANOTHER_DOCUMENT)
    for place, url in profile.unknown:
        yield indeterminate("context.unknown", place, f"the context {shown(url)} is not known here", _PIN_IT)
    for place in profile.vocabularies:
        message = "the context has @vocab, with which misspelt and undefined members pass as defined"
        remedy = "Ask the issuer for a document whose contexts define each member."
        yield indeterminate("context.vocab", place, message, remedy)


def _check_list(
    used: ContextList, types: tuple[str, ...], unknown: Collection[str], pinned: Collection[str]
) -> Iterator[Finding]:
    first, second = [item if isinstance(item, str) else None for item in (*used.items, None, None)[:2]]
    # 1. The base context.
    if first not in BASE_CONTEXTS:
        yield wrong("context.base", used.path, "the base context of the data model is not the first", _ANOTHER_DOCUMENT)
    # 2. The context of the type.
    for name in types:
        if name in TYPE_CONTEXTS and second not in TYPE_CONTEXTS[name]:
            message = f"the type {shown(name)} needs its own context in second place, where {shown(second)} stands"
            yield wrong("context.type", used.path, message, _ANOTHER_DOCUMENT)
    # 3. Each once, one version of each; after the first two places only supplements.
    seen: set[str] = set()
    own = OPEN_BADGES_CONTEXTS.union(*(TYPE_CONTEXTS.get(name, frozenset()) for name in types))
    third = frozenset[str]().union(*(THIRD_CONTEXTS.get(name, frozenset()) for name in types))
    for index, item in enumerate(used.items):
        place = f"{used.path}/{index}"
        if not isinstance(item, str):
            continue
        family = next((group for group in _ONE_OF if item in group), frozenset({item}))
        if not family.isdisjoint(seen):
            message = f"{shown(item)} is used again, or beside another version of it"
            yield wrong("context.repeated", place, message, _ANOTHER_DOCUMENT)
        seen.add(item)
        expected = (
            (index == 0 and item in BASE_CONTEXTS)
            or (index == 1 and item in own)
            or (index == 2 and item in third)  # noqa: PLR2004 -- the third place
            or item in SUPPLEMENTS
            or item in pinned
        )
        if not expected and place not in unknown and family.isdisjoint(seen - {item}):
            message = f"{shown(item)} is no part of a credential of this type at this place"
            yield indeterminate("context.unexpected", place, message, _PIN_IT)


def _is_proof(used: ContextList, path: str) -> bool:
    return _PROOF_PATH.fullmatch(used.path.removeprefix(path)) is not None


def _placed(used: ContextList) -> Sequence[tuple[JsonValue, str]]:
    return one_or_many(used.owner["@context"], used.path)


def _lists(document: JsonObject, path: str) -> Iterator[ContextList]:
    for value, trail in Objects(document).placed():
        if "@context" in value:
            items = value["@context"]
            place = trail_pointer(trail, path) + "/@context"
            yield ContextList(place, tuple(items) if isinstance(items, list) else (items,), value)


def _uses_vocabulary(context: JsonValue, contexts: Mapping[str, JsonObject]) -> bool:
    """Whether a context, one it refers to, or one scoped to a term of it, sets `@vocab`."""
    if isinstance(context, str) and context in BUNDLED:
        return False  # no bundled context sets it: a test sees to that, so that none is searched here each time
    pending, looked_up = [context], set[str]()
    while pending:
        value = pending.pop()
        if isinstance(value, str) and value in contexts and value not in looked_up:
            looked_up.add(value)
            pending.extend([] if value in BUNDLED else [contexts[value]["@context"]])
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            if value.get("@vocab") is not None:
                return True
            imported = value.get("@import")
            scoped = [term["@context"] for term in value.values() if isinstance(term, dict) and "@context" in term]
            pending.extend([*scoped, imported])
    return False
