"""What holders are written about what became of their awards: in both languages, of every change and every reason."""

import string
from datetime import UTC, datetime

import pytest

from node.issuance.aftercare.telling import About, _words, letter_about
from node.ports.aftercare import REASONS, Change, Notice
from node.ports.awarding import Award
from node.ports.mail import LANGUAGES

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


def letter(language, change, reason, words=""):
    notice = Notice("notice-1", "award-1", change, reason, words, AT)
    award = Award("award-1", "row-1", None, None, "profile", AT, "Demo\r\nLearner")
    return letter_about(
        About(
            notice=notice,
            award=award,
            title="<b>MIG</b>",
            issuer="Uni & Co",
            recipient="x@y.example",
            language=language,
        )
    )


def places(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_the_languages_have_the_same_words_with_the_same_places():
    first, *others = (_words(language) for language in LANGUAGES)
    for other in others:
        assert other.keys() == first.keys()
        assert {key: places(text) for key, text in other.items()} == {key: places(text) for key, text in first.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_letter_for_every_change_and_reason(language):
    seen = set()
    for change, reasons in REASONS.items():
        for reason in reasons:
            made = letter(language, change, reason, "Because.")
            assert "{" not in made.text
            assert "Demo Learner" in made.text
            assert "Because." in made.text
            assert "<b>" not in made.html.replace("</b>", "")
            assert "Uni &amp; Co" in made.html
            seen.add(made.text)
    assert len(seen) == sum(len(reasons) for reasons in REASONS.values()), "no two say the same"


def test_what_others_wrote_makes_no_other_line():
    made = letter("en", Change.REVOKED, "other", "One\nSubject: two")
    assert "One Subject: two" in made.text
    assert "\n" not in made.subject
    assert made.message_id == "notice-1.notice"
