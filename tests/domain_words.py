"""Documents of an issuer whose domain was asked, and the words on them: name, subject, sentence, row 2, inputs."""

from domain_support import DOMAIN, asking, linked, page, said
from verification_support import ISSUER, MALLORY, badge

BADGE = ISSUER.sign(badge())
OPEN = (
    f"Example University is on the list “demo”; that {DOMAIN} belongs to it could not be confirmed.",
    f"Example University: na liście „demo”; nie udało się potwierdzić, że domena {DOMAIN} należy do wystawcy.",
)
GENUINE = ("Genuine.", "Dokument autentyczny.")
UNKNOWN = ("Genuine, but we do not know the issuer.", "Dokument autentyczny, ale nie znamy wystawcy.")


def _case(name, sentence, row, material):
    return name, BADGE, *sentence, {2: row}, {"trust": asking(), "material": material}


DOMAIN_CASES = [
    _case(
        "a domain that confirms its issuer",
        GENUINE,
        (
            f"Example University is on the list “demo” and controls {DOMAIN}.",
            f"Example University: na liście „demo”; domena {DOMAIN} należy do wystawcy.",
        ),
        said(page(linked())),
    ),
    _case(
        "a domain that does not confirm its issuer",
        UNKNOWN,
        (
            f"“demo” says that {DOMAIN} belongs to {ISSUER.did}, but the domain does not confirm it.",
            f"Według listy „demo” domena {DOMAIN} należy do {ISSUER.did}, ale domena tego nie potwierdza.",
        ),
        said(page(linked(MALLORY))),
    ),
    _case("a domain that does not answer", GENUINE, OPEN, said(failure="nobody answers")),
]
