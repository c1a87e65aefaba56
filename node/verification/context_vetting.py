"""What can be held against the contexts of a document before its terms are read.

Spec: https://www.w3.org/TR/vc-data-integrity/#context-validation
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import orjson

from node.documents import JsonObject, JsonValue, pointer
from node.verification.case import Case
from node.verification.check import Outcome
from node.verification.vocabulary import facts_of

_OB: Final = "https://purl.imsglobal.org/spec/ob/v3p0/"
OPEN_BADGES: Final = frozenset(
    {f"{_OB}context.json", f"{_OB}context-3.0.1.json", f"{_OB}context-3.0.2.json", f"{_OB}context-3.0.3.json"}
)
FAMILIES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    dict.fromkeys(("OpenBadgeCredential", "AchievementCredential", "EndorsementCredential"), OPEN_BADGES)
)
"""Types whose terms people know: one of these contexts must stand right behind the base context."""

COMPANIONS: Final = frozenset(
    {
        f"{_OB}extensions.json",
        "https://w3id.org/security/data-integrity/v1",
        "https://w3id.org/security/data-integrity/v2",
        "https://w3id.org/security/suites/ed25519-2018/v1",
        "https://w3id.org/security/suites/ed25519-2020/v1",
        "https://w3id.org/security/suites/jws-2020/v1",
        "https://w3id.org/vc/status-list/2021/v1",
        "https://www.w3.org/ns/credentials/status/v1",
    }
)
"""What may follow, besides what the verifier pinned. None gives a word of another a new sense; a test holds that."""

FAMILY: Final = 1
MARK: Final = b'"@context"'
MAX_TERMS: Final = 20
"""Terms named in the evidence of one context."""


@dataclass(frozen=True, slots=True)
class Vetting:
    """Something about the contexts themselves: it fails the check, or leaves it open."""

    outcome: Outcome
    code: str
    message: str
    evidence: JsonObject = field(default_factory=dict)


def vet(case: Case) -> Iterator[Vetting]:
    """Everything that can be held against the contexts of this document.

    1. Each is known.
    2. They are those of a document of this type, in their order.
    3. What the document defines itself gives no known word another meaning, and is accepted by the policy.
    4. Nothing further inside changes the meaning of terms.
    """
    listed = _listed(case.document)
    named = [context for context in listed if isinstance(context, str)]
    inline: list[JsonValue] = [context for context in listed if not isinstance(context, str)]
    unknown = [url for url in named if url not in case.vocabulary.contexts]
    for url in unknown:  # 1.
        yield Vetting(
            Outcome.INDETERMINATE,
            "context.unknown",
            f"The context {url[:160]} is not known here, and none is ever fetched. Add it from a file you trust and "
            "pin its digest in the trust file.",
            {"url": url},
        )
    known = [url for url in named if url not in unknown]
    yield from _off_profile(case, listed)  # 2.
    yield from _own_terms(case, known, inline)  # 3.
    yield from _nested(case)  # 4.


def _off_profile(case: Case, listed: list[JsonValue]) -> Iterator[Vetting]:
    """Where the type has a profile: base, family, companions; each once."""
    family = next((FAMILIES[name] for name in case.credential.types if name in FAMILIES), None)
    if family is None:
        return
    second = listed[FAMILY] if len(listed) > FAMILY else None
    wrong: JsonValue = None
    if second not in family:
        wrong = second
    else:
        for index, context in enumerate(listed[FAMILY + 1 :], FAMILY + 1):
            expected = not isinstance(context, str) or context in COMPANIONS or case.vocabulary.is_pinned(context)
            if context in listed[:index] or (not expected and context in case.vocabulary.contexts):
                wrong = context
                break
        else:
            return
    if isinstance(wrong, str) and wrong not in case.vocabulary.contexts:
        return  # it is unknown, and said to be so
    yield Vetting(
        Outcome.FAILED,
        "context.profile",
        "The contexts are not those of a document of this type, in their order. Ask the issuer for a corrected one.",
        {"context": wrong, "contexts": listed},
    )


def _own_terms(case: Case, known: list[str], inline: list[JsonValue]) -> Iterator[Vetting]:
    for context in inline:
        facts = facts_of(context)
        for term, definitions in facts.definitions.items():
            if any(definition is None or _is_keyword(definition) for definition in definitions) and (
                term not in {"id", "type"}
            ):
                yield _redefined(term, "a keyword or nothing")
            for url in known:
                others = case.vocabulary.facts(url).definitions.get(term, ())
                if any(definition != other for other in others for definition in definitions):
                    yield _redefined(term, url)
        if not case.policy.accepts_inline_contexts:
            yield Vetting(
                Outcome.INDETERMINATE,
                "context.inline",
                "The document defines terms of its own, which your policy does not accept. Ask the issuer for a "
                "document under published contexts, or accept inline contexts in a policy of your own.",
                {"terms": list[JsonValue](sorted(facts.definitions)[:MAX_TERMS])},
            )
        if facts.catches_all and not case.policy.accepts_vocabulary:
            yield _unvetted("a context inside the document")
    for url in known:
        if case.vocabulary.facts(url).catches_all and not case.policy.accepts_vocabulary:
            yield _unvetted(url)


def _nested(case: Case) -> Iterator[Vetting]:
    """Contexts further inside change the meaning from there on; only an embedded credential brings its own."""
    document = {name: value for name, value in case.document.items() if name not in {"@context", "proof"}}
    if MARK not in orjson.dumps(document):
        return
    for value, path in _objects(document, case.credential.path):
        if "@context" not in value:
            continue
        contexts = _listed(value)
        if "VerifiableCredential" not in _texts(value.get("type")) or not all(
            isinstance(context, str) for context in contexts
        ):
            yield Vetting(
                Outcome.FAILED,
                "context.nested",
                "A part of the document changes the meaning of its terms. Ask the issuer for a document without.",
                {"path": path},
            )


def _redefined(term: str, where: str) -> Vetting:
    return Vetting(
        Outcome.FAILED,
        "context.redefined",
        f"The document gives “{term[:96]}” another meaning than {where}. Do not rely on it.",
        {"term": term},
    )


def _unvetted(where: str) -> Vetting:
    return Vetting(
        Outcome.INDETERMINATE,
        "context.vocabulary",
        f"Unvetted vocabulary: {where[:160]} takes every word for a term, also a misspelt one, which your policy does "
        "not accept. Ask the issuer for a document under contexts that define each term.",
        {"context": where},
    )


def _is_keyword(definition: JsonValue) -> bool:
    meaning = definition.get("@id") if isinstance(definition, dict) else definition
    return isinstance(meaning, str) and meaning.startswith("@")


def _listed(value: JsonObject) -> list[JsonValue]:
    contexts = value.get("@context")
    return contexts if isinstance(contexts, list) else [contexts]


def _texts(value: JsonValue) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _objects(value: JsonValue, path: str) -> Iterator[tuple[JsonObject, str]]:
    if isinstance(value, dict):
        yield value, path
        for name, member in value.items():
            if name != "@context":
                yield from _objects(member, path + pointer(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _objects(item, path + pointer(index))
