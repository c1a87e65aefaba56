"""Credentials of which the holder chose what to show, and the words on them: name, subject, sentence, rows, inputs."""

from dataclasses import replace
from datetime import UTC, datetime

from disclosure_support import ASKED, JSONLD, badge, issued, thin

from node.verification.check import CheckName
from node.verification.policy import INDISPENSABLE, built_in
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
EVERYDAY = built_in()
ACHIEVED = ("/credentialSubject/achievement",)
THIN = derive(thin("ecdsa-sd", badge("ecdsa-sd"), ("/issuer",)), ACHIEVED, jsonld=JSONLD).credential

DISCLOSURE_CASES = [
    (
        "derived by ecdsa-sd-2023",
        derive(issued("ecdsa-sd"), ("/name",), jsonld=JSONLD).credential,
        *UNKNOWN,
        {1: CHOSEN, 3: ("The issuer provided no way to withdraw it.", "Wystawca nie przewidział wycofania.")},
        WHEN,
    ),
    (
        "derived, of an issuer who lets its holders hide the end",
        THIN,
        "We cannot tell: its holder may have hidden where its withdrawal is looked up.",
        "Nie da się tego rozstrzygnąć: posiadacz mógł ukryć, gdzie sprawdza się jego wycofanie.",
        {
            1: CHOSEN,
            3: (
                "Where its withdrawal is looked up is not shown; the holder may have hidden it.",
                "Nie pokazano, gdzie sprawdza się wycofanie; posiadacz mógł to ukryć.",
            ),
            4: (
                "Since when or until when it counts is not shown; the holder may have hidden it.",
                "Nie pokazano, od kiedy lub do kiedy jest ważny; posiadacz mógł to ukryć.",
            ),
            7: (
                "The holder may have hidden what was not reached, so its class cannot be told.",
                "Posiadacz mógł ukryć, czego nie osiągnięto, więc klasy nie da się ustalić.",
            ),
        },
        WHEN,
    ),
    (
        "the same, where only the dates are asked for",
        THIN,
        "We cannot tell: its holder may have hidden since when or until when it counts.",
        "Nie da się tego rozstrzygnąć: posiadacz mógł ukryć, od kiedy lub do kiedy jest ważny.",
        {},
        {**WHEN, "policy": replace(EVERYDAY, requires=INDISPENSABLE | {CheckName.VALIDITY})},
    ),
    (
        "the same, where only the class is asked for",
        THIN,
        "We cannot tell: its holder may have hidden what was not reached.",
        "Nie da się tego rozstrzygnąć: posiadacz mógł ukryć, czego nie osiągnięto.",
        {},
        {**WHEN, "policy": replace(EVERYDAY, requires=INDISPENSABLE | {CheckName.CLASS})},
    ),
    (
        "the same, under a policy that takes what is not shown for absent",
        THIN,
        *UNKNOWN,
        {1: CHOSEN, 3: NO_WAY, 4: NO_END},
        {**WHEN, "policy": replace(EVERYDAY, undisclosed_is_absent=True)},
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
