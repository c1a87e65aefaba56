"""What a policy makes of the contexts that a document uses, before its terms are read.

The profile of the document's types says what differs from it. A context inside the document is the one difference that
is weighed: where it gives a known word another meaning, the document can be read in two ways; where it only adds words,
nobody but the document vouches for them.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from node.credentials.context_profile import check_contexts
from node.credentials.findings import Finding, FindingOutcome
from node.documents import JsonValue
from node.verification.case import Case
from node.verification.vocabulary import definitions_of

INLINE: Final = "context.inline"
CATCH_ALL: Final = "context.vocab"
REDEFINED: Final = "context.redefined"
ALIASES: Final = frozenset({"id", "type"})
"""Words that every context of the field maps to keywords."""


def vet(case: Case) -> Iterator[Finding]:
    """What can be held against the contexts of this document under the policy."""
    vocabulary = case.vocabulary
    for finding in check_contexts(
        case.document, vocabulary.contexts, pinned=vocabulary.pinned, path=case.credential.path
    ):
        if finding.code == INLINE:
            yield from _inline(case, finding)
        elif finding.code != CATCH_ALL:
            yield finding
        elif not case.policy.accepts_vocabulary:
            yield replace(finding, message=f"unvetted vocabulary: {finding.message}")


def _inline(case: Case, finding: Finding) -> Iterator[Finding]:
    term = _redefined_term(case)
    if term is not None:
        message = f"the document gives “{term[:96]}” another meaning than the contexts it names"
        yield replace(finding, code=REDEFINED, message=message, remedy="Do not rely on it.")
    elif not case.policy.accepts_inline_contexts:
        remedy = "Ask the issuer for a document under published contexts, or accept inline contexts in your policy."
        yield replace(finding, outcome=FindingOutcome.INDETERMINATE, remedy=remedy)


def _redefined_term(case: Case) -> str | None:
    """A word that a context inside the document gives another meaning, hides, or makes a keyword of."""
    listed = case.document.get("@context")
    contexts: list[JsonValue] = listed if isinstance(listed, list) else [listed]
    named = [context for context in contexts if isinstance(context, str) and context in case.vocabulary.contexts]
    known = [case.vocabulary.definitions(url) for url in named]
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
