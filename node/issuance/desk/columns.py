"""What columns probably mean, by their headings: a proposal, which whoever awards looks at and corrects.

Nothing is guessed that would say something of a learner that is not there: a heading that is not known is left open.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from node.credentials.award_table import DID, NUMBERS, TEXTS
from node.credentials.identity import is_identity_type
from node.ports.awarding import search_key

_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "name": ("full name", "learner", "student", "participant", "imie i nazwisko", "nazwisko i imie", "uczestnik"),
        "emailAddress": ("e mail", "mail", "email", "email address", "e mail address", "adres e mail", "adres email"),
        DID: ("learner did", "decentralized identifier"),
        "creditsEarned": ("credits", "credit points", "ects", "punkty", "punkty ects"),
        "validFrom": ("valid from", "wazny od", "od kiedy"),
        "validUntil": ("valid until", "expires", "wazny do", "do kiedy"),
        "awardedDate": ("awarded", "date", "awarded on", "date of award", "data", "data przyznania", "data wydania"),
        "narrative": ("comment", "remarks", "opis", "uwagi", "komentarz"),
        "licenseNumber": ("license number", "licence number", "numer uprawnien", "nr uprawnien"),
        "sourcedId": ("student number", "student id", "album", "nr albumu", "numer albumu"),
    }
)
_RESULT: Final = ("grade", "result", "mark", "score", "ocena", "wynik", "nota")
_MEANING: Final = MappingProxyType({word: name for name, words in _WORDS.items() for word in words})


def suggested(headings: Sequence[str], descriptions: Sequence[str] = ()) -> dict[str, str]:
    """A meaning for each heading that has a probable one, each meaning once.

    `descriptions` are the results that the achievement describes: of one alone it is clear which a grade is about.
    """
    found: dict[str, str] = {}
    for heading in headings:
        meaning = _meaning(heading, descriptions)
        if meaning and meaning not in found.values():
            found[heading] = meaning
    return found


def _meaning(heading: str, descriptions: Sequence[str]) -> str:
    if heading in TEXTS or heading in NUMBERS or heading == DID or is_identity_type(heading) or ":" in heading:
        return heading
    words = " ".join(re.sub(r"[\W_]+", " ", search_key(heading)).split())
    by_case = {name.casefold(): name for name in (*TEXTS, *NUMBERS, "name", "emailAddress", DID)}
    known = _MEANING.get(words) or by_case.get(words.replace(" ", ""))
    if known is None and words in _RESULT and len(descriptions) == 1:
        return f"value:{descriptions[0]}"
    return known or ""
