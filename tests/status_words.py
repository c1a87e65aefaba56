"""Documents with a status and the words on them: name, subject, sentence in both languages, row 3, what they meet."""

from datetime import timedelta

from status_support import ARCHIVE, HOUR, copy_of, entry, having, status_list
from verification_support import AT, ISSUER, badge, listing

from node.status.status_list import SEALED_UNTIL
from node.verification.material import Origin

GENUINE = ("Genuine.", "Dokument autentyczny.")
UNKNOWN = (
    "We cannot tell: we could not check whether it was withdrawn.",
    "Nie da się tego rozstrzygnąć: nie udało się sprawdzić, czy go wycofano.",
)
AT_EN, AT_PL = "12 June 2026, 13:03 UTC", "12 czerwca 2026, 13:03 UTC"
LAST_YEAR = AT - timedelta(days=365)

BADGE = ISSUER.sign(badge(credentialStatus=entry()))
SUSPENDABLE = ISSUER.sign(badge(credentialStatus=entry(purpose="suspension")))


def _case(name, sentence, row, *copies, subject=BADGE, **inputs):
    return name, subject, *sentence, {3: row}, {"trust": listing(ISSUER), "material": having(*copies), **inputs}


def _good(origin, en, pl):
    row = (f"Not withdrawn as of {AT_EN} ({en}).", f"Nie wycofano; stan na {AT_PL} ({pl}).")
    return _case(f"a good list, {en}", GENUINE, row, copy_of(status_list(), origin))


STATUS_CASES = [
    _good(Origin.LIVE, "live", "na żywo"),
    _good(Origin.SAVED, "saved copy", "kopia zapisana"),
    _good(Origin.FILE, "copy in the file", "kopia z pliku"),
    _case(
        "a sealed list, in the archive",
        GENUINE,
        (
            "Not withdrawn as of 12 June 2025, 14:03 UTC (final list, closed by the issuer).",
            "Nie wycofano; stan na 12 czerwca 2025, 14:03 UTC (lista końcowa, zamknięta przez wystawcę).",
        ),
        copy_of(status_list(signed=LAST_YEAR, until=SEALED_UNTIL), Origin.FILE),
        policy=ARCHIVE,
    ),
    _case(
        "a list of long ago, in the archive",
        GENUINE,
        (
            "Not withdrawn as of 12 June 2025, 14:03 UTC (saved copy).",
            "Nie wycofano; stan na 12 czerwca 2025, 14:03 UTC (kopia zapisana).",
        ),
        copy_of(status_list(signed=LAST_YEAR, until=LAST_YEAR + HOUR), Origin.SAVED),
        policy=ARCHIVE,
    ),
    _case(
        "a list of long ago",
        UNKNOWN,
        (
            "Not checked. Last known: not withdrawn on 12 June 2025, 14:03 UTC.",
            "Nie sprawdzono. Ostatnia wiadomość: 12 czerwca 2025, 14:03 UTC, nie wycofano.",
        ),
        status_list(signed=LAST_YEAR, until=LAST_YEAR + HOUR),
    ),
    _case(
        "a list that was replaced by an older one",
        UNKNOWN,
        (
            "The list offered is older than one already seen (12 June 2026, 10:03 UTC).",
            "Podana lista jest starsza niż już widziana (12 czerwca 2026, 10:03 UTC).",
        ),
        copy_of(status_list(signed=AT - 4 * HOUR, until=AT - HOUR), Origin.SAVED),
        copy_of(status_list(signed=AT - 5 * HOUR)),
    ),
    _case(
        "withdrawn",
        (
            f"Withdrawn by the issuer on {AT_EN} or earlier.",
            f"Dokument wycofany przez wystawcę: {AT_PL} lub wcześniej.",
        ),
        (
            f"Withdrawn on {AT_EN} or earlier. Reason: not given.",
            f"Wycofano: {AT_PL} lub wcześniej. Powód: nie podano.",
        ),
        status_list([7]),
    ),
    _case(
        "suspended",
        (
            f"Suspended by the issuer since {AT_EN} or earlier.",
            f"Dokument zawieszony przez wystawcę od {AT_PL} lub wcześniej.",
        ),
        (
            f"Suspended since {AT_EN} or earlier; it may come back into force.",
            f"Zawieszono: {AT_PL} lub wcześniej; ważność może wrócić.",
        ),
        status_list([7], purpose="suspension"),
        subject=SUSPENDABLE,
    ),
]
