"""How much one document may ask of the JSON-LD processor; what lies beyond is refused, never truncated."""

from typing import Final

MAX_CONTEXTS: Final = 10
"""Entries of one @context array; the largest published sample has five."""
MAX_CONTEXT_NESTING: Final = 10
"""Contexts that name contexts that name contexts; published ones go two deep."""
MAX_TERM_NESTING: Final = 16
"""Terms of one context that need one another to be defined, as a compact IRI needs its prefix; published contexts go
two deep, and each step costs several frames of the stack."""
MAX_TERM_CHARS: Final = 512
"""What a context may put behind a short word: the IRI of a term, its datatype or language, a vocabulary. The longest
published one has 92 characters. A document repeats it with a few bytes of its own, thousands of times."""
MAX_CONTEXT_WORK: Final = 50_000
"""Term definitions made or copied for one document, about a quarter of a second of work. The largest published sample
needs 3,500 the first time, and no time thereafter; thousands of inline contexts reach the limit."""
MAX_DEPTH: Final = 64
"""Arrays and objects inside one another. The strict parser stops at 32; this guards documents made in memory."""
MAX_QUADS: Final = 10_000
"""Statements of one document; a large badge has some hundred, a presentation of ten the tenfold."""
MAX_SECOND_READING_QUADS: Final = 1_000
"""Statements of a document that is read twice: the second reader is some thirty times slower."""
MAX_SECOND_READING_WORK: Final = 10_000
"""Context work of a document that is read twice, for the same reason."""

MEMO_WEIGHT: Final = 100_000
"""What each of the memo's two generations may hold, in term definitions of about half a kilobyte: 100 MB in all where
every context is foreign and new, a few MB in practice."""
MEMO_ENTRY_WEIGHT: Final = 64
"""What an active context weighs by itself, with the member names it remembers beyond its terms."""
MEMO_CHARS_PER_UNIT: Final = 32
"""An inline context is kept as JSON, and weighs by its length too."""
MAX_CACHED_MEMBERS: Final = 64
"""Member names remembered by one active context beyond its own terms, as @vocab and absolute IRIs allow."""
MAX_CACHED_IRIS: Final = 8_192
"""Identifiers whose N-Quads form is remembered: mostly issuers, types and achievements, which recur."""
MAX_CACHED_CHARS: Final = 256
"""A longer identifier or member name is not remembered: it is most likely unique, and costs memory."""
