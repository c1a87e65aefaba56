"""SD-JWT VCs, and the words on them: name, subject, sentence, rows, inputs."""

from certificate_support import LEAF, ROOTS, URL, certified
from sd_jwt_support import sd_jwt, shown, without
from verification_support import REQUEST

UNCERTIFIED_EN = "its certificates lead to no authority that you trust"
UNCERTIFIED_PL = "jego certyfikaty nie prowadzą do urzędu, któremu ufasz"

SELECTIVE_CASES = [
    (
        "an SD-JWT VC of which something is hidden",
        without(sd_jwt(), "given_name"),
        "Genuine, but we do not know the issuer.",
        "Dokument autentyczny, ale nie znamy wystawcy.",
        {
            1: (
                "What is shown has not changed since it was signed; the holder chose what to show.",
                "To, co pokazano, nie zmieniło się od podpisania; co pokazać, wybrał posiadacz.",
            )
        },
        {},
    ),
    (
        "an SD-JWT VC shown live",
        shown(sd_jwt()),
        "Genuine, but we do not know the issuer.",
        "Dokument autentyczny, ale nie znamy wystawcy.",
        {
            6: (
                "Shown live with the holder's own key, for this request.",
                "Pokazano na żywo kluczem posiadacza, na tę prośbę.",
            )
        },
        {"request": REQUEST},
    ),
    (
        "certificates, and no authority",
        certified(LEAF),
        f"We cannot tell: {UNCERTIFIED_EN}.",
        f"Nie da się tego rozstrzygnąć: {UNCERTIFIED_PL}.",
        {2: (f"Its issuer is not known: {UNCERTIFIED_EN}.", f"Nie wiadomo, kto jest wystawcą: {UNCERTIFIED_PL}.")},
        {},
    ),
    (
        "certificates of an authority",
        certified(LEAF),
        "Genuine, but we do not know the issuer.",
        "Dokument autentyczny, ale nie znamy wystawcy.",
        {
            2: (
                f"Signed by {URL}, which is on none of your lists (none). That is no fault of the document.",
                f"Podpisane przez {URL}; brak na Twoich listach (brak). To nie jest wada dokumentu.",
            )
        },
        {"trust": ROOTS},
    ),
]
