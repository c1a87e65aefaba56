"""Badges of Open Badges 2, and the words on them: name, subject, sentence in both languages, rows, inputs."""

from datetime import timedelta

from open_badges_2_support import (
    EVIL,
    SCHOOL,
    assertion,
    badge_class,
    jws,
    key_document,
    material,
    profile,
    recipient,
    signed_assertion,
    signing_world,
    world,
)
from verification_support import AT, AT_EN, AT_PL

from node.verification.material import EMPTY, Origin

PLACE, ISSUER = f"{SCHOOL}/assertions/1", f"{SCHOOL}/issuer"
HERE = (
    f"It is what the issuer publishes today at {PLACE}. It carries no signature.",
    f"To samo publikuje dziś wystawca pod adresem {PLACE}. Dokument nie ma podpisu.",
)
CHANGED = (
    (
        f"The issuer publishes it today at {PLACE}, and what is published counts: "
        "the file says otherwise in /badge/name. It carries no signature."
    ),
    (
        f"Wystawca publikuje go dziś pod adresem {PLACE} i liczy się to, co publikuje: "
        "w pliku co innego mówi /badge/name. Dokument nie ma podpisu."
    ),
)
UNLISTED = (
    f"Published by {ISSUER}, which is on none of your lists (none). That is no fault of the document.",
    f"Publikuje {ISSUER}; brak na Twoich listach (brak). To nie jest wada dokumentu.",
)


def _tell(gap_en, gap_pl):
    return f"We cannot tell: {gap_en}.", f"Nie da się tego rozstrzygnąć: {gap_pl}."


def _confirm(gap_en, gap_pl):
    return (
        f"It carries no signature; only its host can confirm it: {gap_en}.",
        f"Dokument nie ma podpisu; potwierdzić go może tylko miejsce, w którym leży: {gap_pl}.",
    )


def _unknown(gap_en, gap_pl):
    return f"Its issuer is not known: {gap_en}.", f"Nie wiadomo, kto jest wystawcą: {gap_pl}."


UNPUBLISHED = (
    "what the issuer publishes of it could not be fetched",
    "nie udało się pobrać tego, co publikuje o nim wystawca",
)
FROM_FILE = (
    "what the issuer publishes of it came only with the file itself",
    "to, co publikuje o nim wystawca, pochodzi tylko z tego pliku",
)
ELSEWHERE = (
    "the place where it is kept is not known to be the issuer's",
    "nie wiadomo, czy miejsce, w którym leży, należy do wystawcy",
)
HIDDEN = ("that it is for the same recipient cannot be told", "nie da się ustalić, czy jest dla tej samej osoby")
UNNAMED = ("the issuer does not say with which key it signs", "wystawca nie podaje, jakim kluczem podpisuje")
WEAK = ("its key is too weak to be relied upon", "jego klucz jest za słaby, by na nim polegać")
STRIPPED = (
    "the issuer publishes only that it is withdrawn",
    "wystawca publikuje już tylko to, że go wycofano",
)
GONE = material({**world(), PLACE: b""}, gone=(PLACE,), at=AT)
STOLEN = assertion(EVIL, badge=f"{SCHOOL}/badges/welding")
BORROWED = signed_assertion(EVIL, badge=badge_class(issuer=f"{EVIL}/issuer"))

BADGE_CASES = [
    (
        "a badge that its issuer publishes",
        assertion(),
        "Genuine, but we do not know the issuer.",
        "Dokument autentyczny, ale nie znamy wystawcy.",
        {
            1: HERE,
            2: UNLISTED,
            3: (f"Not withdrawn as of {AT_EN} (live).", f"Nie wycofano; stan na {AT_PL} (na żywo)."),
            4: ("No end date.", "Bez daty końcowej."),
        },
        {"material": material(world(), at=AT)},
    ),
    (
        "a badge whose title its bringer has changed",
        assertion(badge=badge_class(name="Doctor of welding")),
        "Genuine, but we do not know the issuer.",
        "Dokument autentyczny, ale nie znamy wystawcy.",
        {
            1: CHANGED,
        },
        {"material": material(world(), at=AT)},
    ),
    (
        "a badge whose host was not asked",
        assertion(),
        *_tell(*UNPUBLISHED),
        {
            1: _confirm(*UNPUBLISHED),
            2: _unknown(*UNPUBLISHED),
            3: (
                "Not checked, and nothing is known from before.",
                "Nie sprawdzono i nic nie wiadomo z wcześniej.",
            ),
        },
        {"material": EMPTY},
    ),
    (
        "a badge whose host came with the file",
        assertion(),
        *_tell(*FROM_FILE),
        {1: _confirm(*FROM_FILE), 2: _unknown(*FROM_FILE)},
        {"material": material(world(), origin=Origin.FILE)},
    ),
    (
        "a badge whose host leads elsewhere",
        assertion(),
        *_tell(*ELSEWHERE),
        {2: _unknown(*ELSEWHERE)},
        {"material": material(world(), served_from={PLACE: f"{EVIL}/1"})},
    ),
    (
        "a badge for somebody else",
        assertion(recipient=recipient(identity="sha256$" + "0" * 64)),
        "Not genuine. This is not what the issuer publishes.",
        "Dokument nieautentyczny. Tej treści wystawca nie publikuje.",
        {1: ("This is not what the issuer publishes.", "Tej treści wystawca nie publikuje.")},
        {"material": material(world())},
    ),
    (
        "a badge for a recipient under another salt",
        assertion(recipient=recipient(salt="another")),
        *_tell(*HIDDEN),
        {1: _confirm(*HIDDEN)},
        {"material": material(world())},
    ),
    (
        "a badge that somebody else hosts",
        STOLEN,
        "Not genuine. The place where it is kept is not the issuer's.",
        "Dokument nieautentyczny. Miejsce, w którym leży, nie należy do wystawcy.",
        {
            2: (
                f"It is kept at a place that {ISSUER} does not name as its own.",
                f"Leży w miejscu, którego wystawca ({ISSUER}) nie podaje jako swojego.",
            )
        },
        {"material": material({**world(), f"{EVIL}/assertions/1": STOLEN})},
    ),
    (
        "a badge that its host took away",
        assertion(),
        f"Withdrawn by the issuer on {AT_EN} or earlier.",
        f"Dokument wycofany przez wystawcę: {AT_PL} lub wcześniej.",
        {
            1: _confirm(*STRIPPED),
            3: (
                f"Withdrawn on {AT_EN} or earlier. Reason: not given.",
                f"Wycofano: {AT_PL} lub wcześniej. Powód: nie podano.",
            ),
        },
        {"material": GONE},
    ),
    (
        "a signed badge of another issuer's class",
        jws(BORROWED),
        "Not genuine. The badge is another issuer's.",
        "Dokument nieautentyczny. To odznaka innego wystawcy.",
        {
            2: (
                f"The badge belongs to another issuer than {EVIL}/issuer.",
                f"Odznaka należy do innego wystawcy niż {EVIL}/issuer.",
            )
        },
        {"material": material({**signing_world(), **signing_world(EVIL)})},
    ),
    (
        "a signed badge of an issuer that names no key",
        jws(signed_assertion()),
        *_tell(*UNNAMED),
        {2: _unknown(*UNNAMED)},
        {"material": material(signing_world(publicKey=None))},
    ),
    (
        "a signed badge with a short key",
        jws(signed_assertion(), bits=1024),
        *_tell(*WEAK),
        {2: _unknown(*WEAK)},
        {"material": material({**signing_world(), f"{SCHOOL}/keys/1": key_document(bits=1024)})},
    ),
    (
        "a signed badge",
        jws(signed_assertion(expires="2026-06-12T14:03:00Z")),
        "Genuine, but we do not know the issuer.",
        "Dokument autentyczny, ale nie znamy wystawcy.",
        {
            1: ("Nothing has changed since it was signed.", "Od chwili podpisania nic nie zmieniono."),
            2: (
                f"Signed by {ISSUER}, which is on none of your lists (none). That is no fault of the document.",
                f"Podpisane przez {ISSUER}; brak na Twoich listach (brak). To nie jest wada dokumentu.",
            ),
            4: (f"In force until {AT_EN}.", f"Ważność do {AT_PL}."),
        },
        {"material": material(signing_world(), at=AT - timedelta(days=1))},
    ),
    (
        "a badge without a recipient",
        assertion(recipient="nobody"),
        "Not a valid document: it does not say properly about whom it is (/recipient).",
        "To nie jest poprawny dokument: nie podaje poprawnie, kogo dotyczy (/recipient).",
        {},
        {"material": material({**world(), ISSUER: profile()})},
    ),
]
