"""What can go wrong with a proof; "wrong" and "could not be checked" are different types.

ProofsError
├── ProofFailure                     what was handed over is wrong
│   ├── JsonLdError                  context.…
│   │   ├── DataLossError            context.undefined_term, .undefined_type, .relative_iri, …
│   │   └── ContextInvalidError      context.invalid…
│   ├── MalformedTermError           quads.iri, .language, .predicate, .surrogate
│   ├── ProofOptionsError            proof.options.…
│   ├── JcsError                     jcs.value, .too_deep
│   ├── MalformedProofError          proof.malformed.…
│   └── InvalidProofError            proof.invalid…
└── ProofIndeterminate               could not be checked
    ├── UnknownContextError          context.unknown
    ├── UnsupportedProofError        proof.unsupported…
    └── BudgetExceededError          budget.exceeded
        └── CanonicalizationBudgetError   canonicalization.budget, .quads
"""

from typing import ClassVar

MAX_SHOWN_CHARS = 96
"""How much of an offending value a message repeats: enough to recognise it, too little to flood a log."""


class ProofsError(Exception):
    """Everything this package raises about what it was given."""

    default_code: ClassVar[str] = "proof"
    default_remedy: ClassVar[str] = "Ask whoever made the document for a corrected one."

    def __init__(self, message: str, *, code: str = "", path: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.path = path
        self.remedy = remedy or self.default_remedy


class ProofFailure(ProofsError):  # noqa: N818 - names the outcome "failed"; its leaves end in Error
    """What was handed over is wrong."""

    default_code = "proof.failed"


class JsonLdError(ProofFailure):
    """The document is not usable JSON-LD."""

    default_code = "context.json_ld"


class DataLossError(JsonLdError):
    """Part of the document has no meaning in its contexts, so no RDF statement, and no signature, would cover it."""

    default_code = "context.data_loss"
    default_remedy = "The issuer must define the term in a context of the document, or leave it out, and sign again."


class ContextInvalidError(JsonLdError):
    """A context in the document breaks the rules of JSON-LD."""

    default_code = "context.invalid"


class MalformedTermError(ProofFailure):
    """A text cannot be a term of RDF."""

    default_code = "quads.malformed_term"


class ProofOptionsError(ProofFailure):
    """A proof cannot be made as it was asked for; nothing was signed."""

    default_code = "proof.options"
    default_remedy = "Correct the option and sign again."


class JcsError(ProofFailure):
    """The value has no canonical JSON form."""

    default_code = "jcs.value"
    default_remedy = "Write numbers beyond 9007199254740991 as strings, and whole Unicode characters only."


class MalformedProofError(ProofFailure):
    """The proof, or a part of it, does not have the form its specification demands."""

    default_code = "proof.malformed"


class InvalidProofError(ProofFailure):
    """The proof is well formed and does not hold for this document and key."""

    default_code = "proof.invalid"
    default_remedy = "Do not rely on the document: ask its issuer or holder for an unaltered copy."


class ProofIndeterminate(ProofsError):  # noqa: N818 - names the outcome "indeterminate"; its leaves end in Error
    """The proof could not be checked; nothing is known about it."""

    default_code = "proof.indeterminate"


class UnknownContextError(ProofIndeterminate):
    """The document names a context that is not in the registry; none is ever fetched."""

    default_code = "context.unknown"
    default_remedy = "Add the context from a file you trust and pin its digest in the trust file."

    def __init__(self, message: str, *, url: str = "", code: str = "", path: str = "", remedy: str = "") -> None:
        super().__init__(message, code=code, path=path, remedy=remedy)
        self.url = url


class UnsupportedProofError(ProofIndeterminate):
    """The proof is of a kind this program does not implement."""

    default_code = "proof.unsupported"
    default_remedy = "Use a program that supports this kind of proof, or ask for a document with a supported one."


class BudgetExceededError(ProofIndeterminate):
    """Checking would cost more work than one document may."""

    default_code = "budget.exceeded"
    default_remedy = "Ask for a document with a simpler structure; this one is refused to keep the service available."


class CanonicalizationBudgetError(BudgetExceededError):
    """The document has more statements, or more interlinked blank nodes, than canonicalization may work through."""

    default_code = "canonicalization.budget"


def shown(value: object) -> str:
    """The value as a message may repeat it: quoted, escaped and bounded in length."""
    text = repr(value) if not isinstance(value, str) else repr(value[: MAX_SHOWN_CHARS + 1])
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + "…"
