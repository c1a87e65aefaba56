"""Documents that promise anchored lists, and the words on them: name, subject, sentence, row 3, inputs."""

from heads_support import DOCUMENT, NEW, NEW_HEAD, OLD, TRUST, Heads, head, promising, shown
from status_support import HOUR, LIST, entry, status_list
from status_words import GENUINE, UNKNOWN
from verification_support import AT

RECORD = Heads({LIST: NEW_HEAD})
SUSPENDABLE = promising(entries=[entry(purpose="suspension")])
GOOD, BAD = (status_list(each, purpose="suspension", signed=AT - HOUR) for each in ((), [7]))


def _case(name, sentence, row, *records, lists=(NEW,), subject=DOCUMENT):
    return name, subject, *sentence, {3: row}, {"trust": TRUST, "material": shown(*records, lists=lists)}


HEAD_CASES = [
    _case(
        "a list that its head names",
        GENUINE,
        (
            "Not withdrawn as of 12 June 2026, 13:53 UTC (last anchored list).",
            "Nie wycofano; stan na 12 czerwca 2026, 13:53 UTC (ostatnia zakotwiczona lista).",
        ),
        RECORD,
    ),
    _case(
        "a list from before its head",
        UNKNOWN,
        (
            "The list offered is older than one already seen (12 June 2026, 13:33 UTC).",
            "Podana lista jest starsza niż już widziana (12 czerwca 2026, 13:33 UTC).",
        ),
        RECORD,
        lists=(OLD,),
    ),
    _case(
        "a list that no head names yet",
        UNKNOWN,
        (
            "The list offered is not the one that Ethereum names.",
            "Podana lista nie jest tą, którą wskazuje sieć Ethereum.",
        ),
        RECORD,
        lists=(status_list(signed=AT - HOUR / 4),),
    ),
    _case(
        "no head where one was promised",
        (
            "Genuine, but your rules do not accept it: the anchored withdrawal list it promises is not there.",
            "Dokument autentyczny, ale nie spełnia Twoich zasad: brak zakotwiczonej listy wycofań, którą zapowiada.",
        ),
        (
            "It promises an anchored withdrawal list; Ethereum holds none.",
            "Zapowiada zakotwiczoną listę wycofań; w sieci Ethereum jej nie ma.",
        ),
        Heads(),
    ),
    _case(
        "two lists of one date",
        UNKNOWN,
        (
            "There are two answers to which list counts (Ethereum).",
            "Są dwie odpowiedzi na to, która lista obowiązuje (Ethereum).",
        ),
        Heads({LIST: head(GOOD, 2)}),
        lists=(GOOD, BAD),
        subject=SUSPENDABLE,
    ),
    _case(
        "a head that nothing proves",
        UNKNOWN,
        (
            "Not checked. Last known: not withdrawn on 12 June 2026, 13:03 UTC.",
            "Nie sprawdzono. Ostatnia wiadomość: 12 czerwca 2026, 13:03 UTC, nie wycofano.",
        ),
    ),
]
