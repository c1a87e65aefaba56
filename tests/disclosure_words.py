"""Credentials of which the holder chose what to show, and the words on them: name, subject, sentence, rows, inputs."""

from datetime import UTC, datetime

from disclosure_support import ASKED, JSONLD, issued

from node.wallet.derive import derive

WHEN = {"at": datetime(2026, 7, 1, 12, tzinfo=UTC)}
CHOSEN = (
    "What is shown has not changed since it was signed; the holder chose what to show.",
    "To, co pokazano, nie zmieniło się od podpisania; co pokazać, wybrał posiadacz.",
)
NO_WAY = (
    "No way to withdraw it is shown; the holder chose what to show.",
    "Nie pokazano sposobu wycofania; co pokazać, wybrał posiadacz.",
)
NO_END = (
    "No end date is shown; the holder chose what to show.",
    "Nie pokazano daty końcowej; co pokazać, wybrał posiadacz.",
)
UNKNOWN = ("Genuine, but we do not know the issuer.", "Dokument autentyczny, ale nie znamy wystawcy.")
OWN_PL = "to własny egzemplarz posiadacza, z którego najpierw wybiera się, co pokazać"
BASE = issued("bbs")

DISCLOSURE_CASES = [
    (
        "derived by ecdsa-sd-2023",
        derive(issued("ecdsa-sd"), ("/name",), jsonld=JSONLD).credential,
        *UNKNOWN,
        {1: CHOSEN, 3: NO_WAY, 4: NO_END},
        WHEN,
    ),
    (
        "derived by bbs-2023 for this request",
        derive(BASE, ("/name",), jsonld=JSONLD, request=ASKED).credential,
        "We cannot tell: it was not shown live by its holder.",
        "Nie da się tego rozstrzygnąć: posiadacz nie pokazał go na żywo.",
        {
            1: CHOSEN,
            5: (
                "Not anchored, so that two showings cannot be linked.",
                "Bez zakotwiczenia, aby nie dało się powiązać dwóch okazań.",
            ),
            6: (
                "Shown for this request by somebody who has the document; nothing in it shows that it is theirs.",
                "Pokazał je na tę prośbę ktoś, kto ma dokument; nic w nim nie świadczy, że należy do tej osoby.",
            ),
        },
        {**WHEN, "request": ASKED},
    ),
    (
        "the holder's own copy",
        BASE,
        "Not a valid document: it is the holder's own copy, from which what is to be shown is derived first (/proof).",
        f"To nie jest poprawny dokument: {OWN_PL} (/proof).",
        {},
        WHEN,
    ),
]
