"""How much one document may ask of the JSON-LD processor; what lies beyond is refused, never truncated."""

from typing import Final

MAX_CONTEXTS: Final = 10
"""Entries of one @context array; the largest published sample has five."""
MAX_CONTEXT_NESTING: Final = 10
"""Contexts that name contexts that name contexts; published ones go two deep."""
MAX_CONTEXT_WORK: Final = 250_000
"""Term definitions made or copied for one document, about a second of work. An Open Badge with all its scoped contexts
needs a tenth of it once, and nothing thereafter; thousands of inline contexts reach it."""
MAX_DEPTH: Final = 64
"""Arrays and objects inside one another. The strict parser stops at 32; this guards documents made in memory."""
MAX_QUADS: Final = 10_000
"""Statements of one document; a large badge has some hundred, a presentation of ten the tenfold."""
MAX_SECOND_READING_QUADS: Final = 1_000
"""Statements of a document that is read twice: the second reader is some thirty times slower."""
MAX_SECOND_READING_WORK: Final = 50_000
"""Context work of a document that is read twice, for the same reason."""

MEMO_WEIGHT: Final = 400_000
"""Term definitions that each of the memo's two generations may hold: some 40 MB in all where every context is
foreign, a few MB in practice."""
MAX_CACHED_IRIS: Final = 8_192
"""Identifiers whose N-Quads form is remembered: mostly issuers, types and achievements, which recur."""
MAX_CACHED_CHARS: Final = 256
"""A longer identifier or member name is not remembered: it is most likely unique, and costs memory."""
MAX_CACHED_KEYS: Final = 4_096
"""Member names remembered for one context. Only @vocab and absolute IRIs can make more than its terms."""
