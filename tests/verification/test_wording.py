"""The words of a result, in both languages, word for word as the catalogue's source has them."""

import re
import string
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from verification_support import AT, AT_EN, AT_PL, EVERYDAY, ISSUER, STRICT, made_up

from node.verification.gaps import BY_CODE, FAILED, UNKNOWN
from node.verification.phrases import LANGUAGES, phrases, shown
from node.verification.policy import INDISPENSABLE, Policy
from node.verification.report import Sentence
from node.verification.wording import wording

LISTED = (
    "indeterminate",
    "authority.listed",
    {"lists": [{"list": "demo", "issuer": "Example University", "domain": "university.example"}], "known": ["demo"]},
)
UNLISTED = ("indeterminate", "authority.unknown", {"lists": [], "known": ["demo", "sector"]})
ACCREDITED = ("passed", "authority.accredited", {"body": "Quality Board", "issuer": "Example University"})
POLICIES = {
    "everyday": EVERYDAY,
    "strict": STRICT,
    "lenient": Policy("lenient", INDISPENSABLE),
    "class": Policy("class", INDISPENSABLE | {"class"}),
    "status": Policy("status", INDISPENSABLE | {"status"}),
}
WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
MINE = {"issuer": {"id": ISSUER.did}}


def say(report, language):
    """The words on the only credential, which are also those on the whole."""
    said = wording(report, language)
    (entry,) = said.credentials
    assert (said.sentence, said.look) == (entry.sentence, entry.look)
    return entry


def _made(case):
    """The report that a case of words.toml describes."""
    checks = {
        name: value if isinstance(value, str) else (value["outcome"], value["code"], value.get("evidence", {}))
        for name, value in case.get("checks", {}).items()
    }
    return made_up(POLICIES[case.get("policy", "everyday")], MINE, **checks)


def _row(entry, number):
    row = entry.rows[number - 1]
    assert row.number == number
    return row


@pytest.mark.parametrize("case", WORDS["sentence"], ids=lambda case: case["key"])
def test_sentence(case):
    report = _made(case)
    assert report.sentence == case["key"]
    assert say(report, "en").sentence == case["en"]
    assert say(report, "pl").sentence == case["pl"]


@pytest.mark.parametrize("case", WORDS["gap"], ids=lambda case: case["name"])
def test_gap(case):
    report = _made(case)
    assert say(report, "en").sentence == case["en"]
    assert say(report, "pl").sentence == case["pl"]


def test_every_gap_is_said_in_a_case():
    texts = {key.removeprefix("gap."): text for key, text in phrases("en").texts.items() if key.startswith("gap.")}
    said = [re.split("Genuine, but |: ", case["en"])[-1].removesuffix(".") for case in WORDS["gap"]]
    assert set(said) == set(texts.values())
    assert {*BY_CODE.values(), *FAILED.values(), *UNKNOWN.values()} <= texts.keys()
    keys = {case["key"] for case in WORDS["sentence"]}
    assert keys | {"genuine_but", "cannot_tell", "refused"} == set(Sentence)


@pytest.mark.parametrize("case", WORDS["row"], ids=lambda case: f"{case['number']}-{case['state']}")
def test_row(case):
    report = _made(case)
    for language in LANGUAGES:
        row = _row(say(report, language), case["number"])
        assert row.state == case["state"]
        assert row.text == case[language]


def test_every_row_text_is_said_in_a_case():
    unsaid = {
        key
        for key, text in phrases("en").texts.items()
        if key.startswith("row.")
        and not any(re.fullmatch(re.sub(r"\\\{\w+\\\}", ".*", re.escape(text)), case["en"]) for case in WORDS["row"])
    }
    assert unsaid == {"row.does_not_apply"}  # for rows whose checks always apply: see the next test


def test_a_row_whose_checks_always_apply_has_words_if_they_ever_do_not():
    report = made_up(EVERYDAY, MINE, holder="not_applicable", validity="not_applicable")
    assert [_row(say(report, "en"), number).text for number in (4, 6)] == ["Does not apply."] * 2
    assert [_row(say(report, "pl"), number).text for number in (4, 6)] == ["Nie dotyczy."] * 2


LABELS = [
    ("Unchanged", "Treść bez zmian"),
    ("Issuer recognised", "Rozpoznany wystawca"),
    ("Not withdrawn", "Brak wycofania"),
    ("In force", "Ważność"),
    ("Anchored in time", "Zakotwiczenie w czasie"),
    ("Holder", "Posiadacz"),
    ("Who guarantees quality", "Kto gwarantuje jakość"),
]


def test_labels_and_states():
    report = made_up(EVERYDAY, MINE, authority=LISTED, holder="failed", validity="failed", anchor="not_applicable")
    for language, index in (("en", 0), ("pl", 1)):
        assert [row.label for row in say(report, language).rows] == [label[index] for label in LABELS]
    spoken = [row.spoken for row in say(report, "en").rows]
    assert spoken == ["In order", "In order", "Does not apply", "Problem", "Does not apply", "Problem", "Unknown"]
    spoken = [row.spoken for row in say(report, "pl").rows]
    assert spoken == ["W porządku", "W porządku", "Nie dotyczy", "Problem", "Nie dotyczy", "Problem", "Nie wiemy"]


def test_looks_never_rest_on_colour_alone():
    looks = {case["key"]: say(_made(case), "en").look for case in WORDS["sentence"]}
    assert (looks["genuine"].colour, looks["genuine"].sign) == ("green", "tick")
    assert (looks["withdrawn"].colour, looks["withdrawn"].sign) == ("red", "barred")
    assert (looks["suspended"].colour, looks["suspended"].sign) == ("amber", "pause")
    assert {(looks[key].colour, looks[key].sign) for key in ("ended", "not_yet")} == {("amber", "clock")}
    assert {
        (looks[key].colour, looks[key].sign)
        for key in ("malformed", "ambiguous", "altered", "revoked_key", "wrong_key")
    } == {("red", "cross")}
    rows = say(made_up(EVERYDAY, MINE, authority=LISTED, validity="failed", holder="failed"), "en").rows
    assert (rows[0].look.colour, rows[0].look.sign) == ("green", "tick")
    assert (rows[2].look.colour, rows[2].look.sign) == ("grey", "dash")
    assert (rows[3].look.colour, rows[3].look.sign) == ("amber", "clock")
    assert (rows[5].look.colour, rows[5].look.sign) == ("red", "cross")
    assert (rows[6].look.colour, rows[6].look.sign) == ("grey", "question")


NEXT = [
    (
        {"proof": "failed", "holder": "indeterminate"},
        ["Ask the person for the original file."],
        ["Poproś o oryginalny plik."],
    ),
    (
        {"structure": ("failed", "proof.malformed.base_proof", {}), "holder": "indeterminate"},
        ["Ask the person to choose what to show: glejt derive."],
        ["Poproś tę osobę, aby wybrała, co pokazać: glejt derive."],
    ),
    (
        {"authority": UNLISTED, "holder": "indeterminate", "status": "indeterminate"},
        [
            "Ask the issuer which list it is on, or add it to yours.",
            "Connect and check again.",
            "Ask for a live presentation.",
            "Ask the issuer who assures quality.",
        ],
        [
            "Zapytaj wystawcę, na jakiej jest liście, albo dodaj go do swojej.",
            "Połącz się z siecią i sprawdź ponownie.",
            "Poproś o okazanie na żywo.",
            "Zapytaj wystawcę, kto zapewnia jakość.",
        ],
    ),
    (
        {
            "authority": LISTED,
            "status": ("indeterminate", "status.undisclosed", {}),
            "validity": ("indeterminate", "validity.undisclosed", {}),
            "anchor": ("indeterminate", "anchor.waiting", {"within": "10 min"}),
        },
        [
            (
                "Ask the holder to show since when and until when it counts and where its withdrawal is looked up, or "
                "the issuer to sign these as always shown."
            ),
            "Nothing to do; check again later.",
            "Ask the issuer who assures quality.",
        ],
        [
            (
                "Poproś posiadacza, aby pokazał, od kiedy i do kiedy jest ważny i gdzie sprawdza się wycofanie, albo "
                "wystawcę, aby podpisał to jako zawsze widoczne."
            ),
            "Nic nie trzeba robić; sprawdź później.",
            "Zapytaj wystawcę, kto zapewnia jakość.",
        ],
    ),
    (
        {"authority": LISTED, "anchor": ("indeterminate", "anchor.waiting", {"within": "10 min"})},
        ["Nothing to do; check again later.", "Ask the issuer who assures quality."],
        ["Nic nie trzeba robić; sprawdź później.", "Zapytaj wystawcę, kto zapewnia jakość."],
    ),
    ({"authority": ACCREDITED}, [], []),
    ({"issuer_key": "failed", "authority": UNLISTED, "holder": "indeterminate"}, [], []),
]


@pytest.mark.parametrize(("checks", "en", "pl"), NEXT)
def test_next_steps(checks, en, pl):
    report = made_up(EVERYDAY, MINE, **checks)
    assert list(say(report, "en").next_steps) == en
    assert list(say(report, "pl").next_steps) == pl


CLASSES = [
    ("micro-credential", "Micro-credential", "Mikropoświadczenie"),
    ("achievement", "Achievement badge", "Odznaka osiągnięcia"),
    ("participation", "Participation badge", "Odznaka uczestnictwa"),
    ("unclassified", "Class not stated", "Klasy nie podano"),
]


@pytest.mark.parametrize(("name", "en", "pl"), CLASSES)
def test_class_line(name, en, pl):
    made = {"class_": ("passed", "class.passed", {"class": name, "score": {"met": 9, "of": 11}})}
    report = made_up(EVERYDAY, MINE, **made)
    assert (say(report, "en").class_name, say(report, "en").score) == (en, "9 of 11 elements")
    assert (say(report, "pl").class_name, say(report, "pl").score) == (pl, "9 z 11 elementów")
    for broken in ("proof", "issuer_key", "context", "structure"):
        entry = say(made_up(EVERYDAY, MINE, **made, **{broken: "failed"}), "en")
        assert (entry.class_name, entry.score) == (None, None)


def test_a_class_that_was_not_computed_is_not_called_not_stated():
    report = made_up(EVERYDAY, MINE, class_=("indeterminate", "class.not_run", {}))
    assert say(report, "en").class_name is None
    assert say(report, "en").findings == ()


FOUND = [
    {"code": "mc.quality.missing", "severity": "error", "path": "/credentialSubject/achievement/alignment"},
    {"code": "mc.of.a.later.version", "severity": "error", "path": ""},
    {"code": "mc.level.claimed", "severity": "info", "path": "/a\u202eb"},
]


def test_findings_on_the_class_are_said_where_the_issuer_signed():
    made = {"class_": ("passed", "class.passed", {"class": "achievement", "findings": FOUND})}
    said = say(made_up(EVERYDAY, MINE, **made), "en").findings
    assert [(one.severity, one.text, one.path) for one in said] == [
        ("error", "Say who assures quality, with a link.", "/credentialSubject/achievement/alignment"),
        ("info", "The level is stated by the issuer alone.", "/a\\u202eb"),
    ]
    spoken = say(made_up(EVERYDAY, MINE, **made), "pl").findings
    assert spoken[0].text == "Podaj, kto zapewnia jakość, z odnośnikiem."
    for broken in ("proof", "issuer_key", "context", "structure"):
        assert say(made_up(EVERYDAY, MINE, **made, **{broken: "failed"}), "en").findings == ()


def test_a_claim_that_lacks_no_element_names_none():
    """All eleven are stated, and an outcome is open."""
    elements = {f"E{number}": "met" for number in range(1, 12)}
    report = made_up(EVERYDAY, MINE, class_=("indeterminate", "mc.claim.unsupported", {"elements": elements}))
    assert _row(say(report, "en"), 7).text == "Only the issuer says so; nobody else has signed for the quality."


IDENTITY = [
    ("supervised-onsite-identified", "checked in person", "sprawdzona na miejscu"),
    ("supervised-online-identified", "checked online", "sprawdzona zdalnie"),
    ("supervised", "not checked", "niesprawdzona"),
    ("unsupervised", "not checked", "niesprawdzona"),
    (None, "not stated", "nie podano"),
    ("by telepathy", "not stated", "nie podano"),
]


@pytest.mark.parametrize(("supervision", "en", "pl"), IDENTITY)
def test_person_line(supervision, en, pl):
    summary = {**MINE, "subject": {"name": "Sample Learner"}, "supervision": supervision}
    report = made_up(EVERYDAY, summary)
    entry = say(report, "en")
    assert entry.name == "Sample Learner"
    assert entry.person == f"Name stated by the issuer; identity at the assessment: {en}."
    expected = f"Imię i nazwisko podał wystawca; tożsamość przy ocenie: {pl}."
    assert say(report, "pl").person == expected
    for unsaid in ("failed", "indeterminate"):
        for check in ("proof", "issuer_key", "context"):
            entry = say(made_up(EVERYDAY, summary, **{check: unsaid}), "en")
            assert (entry.name, entry.person) == (None, None)


def test_a_name_that_is_not_shown():
    report = made_up(EVERYDAY, MINE)
    assert (say(report, "en").name, say(report, "en").person) == (None, "Name not shown.")
    assert say(report, "pl").person == "Nie pokazano imienia i nazwiska."


VALUES = {
    "assessment": {
        "written-exam": ("written exam", "egzamin pisemny"),
        "oral-exam": ("oral exam", "egzamin ustny"),
        "practical": ("practical task", "zadanie praktyczne"),
        "portfolio": ("portfolio", "portfolio"),
        "project": ("project", "projekt"),
        "peer": ("assessment by peers", "ocena koleżeńska"),
        "prior-learning": ("recognition of prior learning", "potwierdzenie wcześniejszego uczenia się"),
        "other": ("other", "inna"),
        "none": ("none", "brak"),
    },
    "supervision": {
        "unsupervised": ("unsupervised", "bez nadzoru"),
        "supervised": ("supervised", "z nadzorem"),
        "supervised-online-identified": (
            "supervised online, identity checked",
            "nadzór zdalny, tożsamość sprawdzona",
        ),
        "supervised-onsite-identified": (
            "supervised on site, identity checked",
            "nadzór na miejscu, tożsamość sprawdzona",
        ),
    },
    "participation": {
        "online": ("online", "zdalnie"),
        "on-site": ("on site", "na miejscu"),
        "blended": ("blended", "mieszana"),
        "work-based": ("at work", "w pracy"),
        "volunteering": ("volunteering", "wolontariat"),
        "self-directed": ("self-study", "samodzielna nauka"),
    },
    "quality": {
        "institutional-accreditation": ("institution accredited", "akredytacja instytucji"),
        "programme-accreditation": ("programme accredited", "akredytacja programu"),
        "national-agency": ("national agency", "agencja krajowa"),
        "sector-body": ("sector body", "organizacja branżowa"),
        "public-register": ("public register", "rejestr publiczny"),
        "internal-only": ("issuer's own system", "własny system wystawcy"),
    },
}


def test_listed_values_in_words():
    for kind, values in VALUES.items():
        for index, language in enumerate(LANGUAGES):
            catalogue = phrases(language)
            assert {value: catalogue.listed(kind, value) for value in values} == {
                value: words[index] for value, words in values.items()
            }
            assert {key for key in catalogue.texts if key.startswith(f"{kind}.")} == {f"{kind}.{v}" for v in values}
    assert phrases("en").listed("assessment", "duel") == "duel"
    assert phrases("pl").listed("assessment", None) == "nie podano"


MONTHS_EN = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
MONTHS_PL = [
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
    "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
]  # fmt: skip


@pytest.mark.parametrize(("language", "months"), [("en", MONTHS_EN), ("pl", MONTHS_PL)])
def test_dates_in_words(language, months):
    said = phrases(language)
    for number, month in enumerate(months, start=1):
        assert said.date(f"2026-{number:02}-03T08:05:00Z") == f"3 {month} 2026, 08:05 UTC"
    assert said.date(AT) == {"en": AT_EN, "pl": AT_PL}[language]
    assert said.date("2026-06-12T16:03:00+02:00") == {"en": AT_EN, "pl": AT_PL}[language]
    assert said.date("0001-01-01T00:00:00Z").endswith(f"1 {months[0]} 0001, 00:00 UTC")


def _catalogue(language):
    return tomllib.loads(files("node.verification").joinpath("catalogue", f"{language}.toml").read_text("utf-8"))


def _leaves(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _places(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_both_catalogues_have_the_same_keys_and_places():
    en, pl = dict(_leaves(_catalogue("en"))), dict(_leaves(_catalogue("pl")))
    assert en.keys() == pl.keys()
    for key, text in en.items():
        if isinstance(text, list):
            assert len(text) == len(pl[key]) == 12
        else:
            assert _places(text) == _places(pl[key]), key
            assert text.strip()
            assert pl[key].strip(), key


def test_no_text_is_left_in_english():
    en, pl = dict(_leaves(_catalogue("en"))), dict(_leaves(_catalogue("pl")))
    same = {key for key, text in en.items() if isinstance(text, str) and text == pl[key]}
    assert same == {"date.pattern", "state.fail", "assessment.portfolio"}


@pytest.mark.threat(14)
@pytest.mark.parametrize(
    ("hostile", "tame"),
    [
        ("plain", "plain"),
        ("Łódź, 12 €", "Łódź, 12 €"),
        ("a\nb\r\nc\td", "a b c d"),
        ("red\x1b[31m", "red\\u001b[31m"),
        ("bell\x07del\x7f", "bell\\u0007del\\u007f"),
        ("c1\x9b31m", "c1\\u009b31m"),
        ("gpj\u202eexe.", "gpj\\u202eexe."),
        ("\u2066isolate\u2069", "\\u2066isolate\\u2069"),
        ("mark\u200e\u200f", "mark\\u200e\\u200f"),
        ("line\u2028par\u2029", "line par"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("tag\U000e0041", "tag\\udb40\\udc41"),
        ("\u05e2\u05d1\u05e8", "\u2068\u05e2\u05d1\u05e8\u2069"),
        ("x" * 400, "x" * 299 + "…"),
        ({"a": "\u202e"}, '{"a": "\\u202e"}'),
        (7, "7"),
    ],
)
def test_received_text_cannot_disturb_the_words_around_it(hostile, tame):
    assert shown(hostile) == tame


@pytest.mark.threat(14)
def test_an_issuer_is_called_by_its_identifier_or_by_its_name_on_a_list_never_by_its_own_word():
    summary = {"issuer": {"id": ISSUER.did, "name": "Harvard \u202eytisrevinU"}}
    for language in LANGUAGES:
        for authority in (UNLISTED, LISTED):
            for key in ("passed", "failed"):
                said = say(made_up(EVERYDAY, summary, authority=authority, issuer_key=key), language)
                assert "Harvard" not in " ".join([said.sentence, *(row.text for row in said.rows)])
