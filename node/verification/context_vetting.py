"""What a policy makes of the contexts that a document uses, before its terms are read.

The profile of the document's types says what differs from it. A context inside the document is the one difference that
is weighed: where it gives a known word another meaning, the document can be read in two ways; where it only adds words,
nobody but the document vouches for them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from node.credentials.context_profile import check_contexts, context_profile
from node.credentials.findings import Finding, FindingOutcome
from node.credentials.objects import CONTEXT, Objects
from node.credentials.structure import MAX_CONTEXTS
from node.documents import JsonObject, JsonValue
from node.verification.policy import Policy
from node.verification.vocabulary import Vocabulary, definitions_of

INLINE: Final = "context.inline"
CATCH_ALL: Final = "context.vocab"
REDEFINED: Final = "context.redefined"
MAX_PROFILES: Final = 1_024
"""Pairs of contexts and types whose findings are kept; each takes some 1 kB, and never more than 10."""
MAX_KEPT_CHARS: Final = 256
"""Contexts and types with longer names are looked at anew each time."""
ALIASES: Final = frozenset({"id", "type"})
"""Words that every context of the field maps to keywords."""


def vet(
    document: JsonObject, path: str, vocabulary: Vocabulary, policy: Policy, objects: Objects | None = None
) -> Iterator[Finding]:
    """What can be held against the contexts of a credential or presentation under the policy.

    Path says where the document stands in the one that was handed over; objects are its own, where they are at hand.
    """
    findings = _profiled(objects or Objects(document), path, vocabulary)
    redefined = _redefined_term(document, vocabulary) if any(each.code == INLINE for each in findings) else None
    for finding in findings:
        if finding.code == INLINE:
            yield from _inline(finding, redefined, policy)
        elif finding.code != CATCH_ALL:
            yield finding
        elif not policy.accepts_vocabulary:
            yield replace(finding, message=f"unvetted vocabulary: {finding.message}")


def _profiled(objects: Objects, path: str, vocabulary: Vocabulary) -> Sequence[Finding]:
    """What differs from the profile of the document's types.

    Where the only contexts are those at the top, they and the types decide: the answer for a pair is kept, because
    issuers use few.
    """
    document = objects.document
    listed, types = _short_texts(document.get(CONTEXT)), _short_texts(document.get("type"))
    if listed is None or types is None or any(CONTEXT in value for value in objects.all[1:]):
        return check_contexts(document, vocabulary.contexts, pinned=vocabulary.pinned, path=path)
    key = (path, *listed, None, *types)
    found = vocabulary.profiles.get(key)
    if found is None:
        top: JsonObject = {"@context": document["@context"], "type": document["type"]}
        found = tuple(check_contexts(top, vocabulary.contexts, pinned=vocabulary.pinned, path=path))
        if len(vocabulary.profiles) >= MAX_PROFILES:
            vocabulary.profiles.clear()
        vocabulary.profiles[key] = found
    return found


def _short_texts(value: JsonValue) -> tuple[str, ...] | None:
    """The texts in a list that has nothing else and is short enough to be kept."""
    if not isinstance(value, list) or len(value) > MAX_CONTEXTS:
        return None
    texts = tuple([item for item in value if isinstance(item, str) and len(item) <= MAX_KEPT_CHARS])
    return texts if len(texts) == len(value) else None


def _inline(finding: Finding, term: str | None, policy: Policy) -> Iterator[Finding]:
    if term is not None:
        message = f"the document gives “{term[:96]}” another meaning than the contexts it names"
        yield replace(finding, code=REDEFINED, message=message, remedy="Do not rely on it.")
    elif not policy.accepts_inline_contexts:
        remedy = "Ask the issuer for a document under published contexts, or accept inline contexts in your policy."
        yield replace(finding, outcome=FindingOutcome.INDETERMINATE, remedy=remedy)


def _redefined_term(document: JsonObject, vocabulary: Vocabulary) -> str | None:
    """A word that a context inside the document gives another meaning, hides, or makes a keyword of."""
    contexts = [context for used in context_profile(document).lists for context in used.items]
    named = [context for context in contexts if isinstance(context, str) and context in vocabulary.contexts]
    known = [vocabulary.definitions(url) for url in named]
    inline = [definitions_of(context) for context in contexts if not isinstance(context, str)]
    for own in inline:
        for term, meanings in own.items():
            others = [meaning for definitions in (*known, *inline) for meaning in definitions.get(term, ())]
            if any(meaning != other for other in others for meaning in meanings):
                return term
            if term not in ALIASES and any(meaning is None or _is_keyword(meaning) for meaning in meanings):
                return term
    return None


def _is_keyword(meaning: JsonValue) -> bool:
    target = meaning.get("@id") if isinstance(meaning, dict) else meaning
    return isinstance(target, str) and target.startswith("@")
