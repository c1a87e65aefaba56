"""The words of the pages, in each language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from node.credentials.micro_credential.help import help_texts
from node.verification.phrases import Language, flatten, shown


@dataclass(frozen=True, slots=True)
class PageWords:
    """One language: a dotted key names a text with places for values, which are made fit to be shown."""

    language: Language
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under the key, its places filled; a key that no catalogue has is a bug and raises KeyError."""
        return self.texts[key].format_map({name: shown(str(value)) for name, value in values.items()})

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def counted(self, key: str, number: int) -> str:
        """A text with a number in it, in the form that the language has for so many.

        Spec: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
        """
        form = "one" if number == 1 else "many"
        tens, ones = number % 100, number % 10
        if self.language == "pl" and 2 <= ones <= 4 and not 12 <= tens <= 14:  # noqa: PLR2004 -- the rule's own figures
            form = "few"
        return self(f"{key}.{form}", number=number)


def problem_help(code: str, language: Language) -> str:
    """What to do about a problem of a draft, in a language."""
    rule = code.removeprefix("achievement.")
    if rule in (texts := help_texts(language)):
        return texts[rule]
    words, known = words_in(language), code
    while known and f"problem.{known}" not in words:
        known = known.rpartition(".")[0]
    return words(f"problem.{known or 'achievement'}")


@cache
def words_in(language: Language) -> PageWords:
    """The catalogue of a language."""
    table = tomllib.loads(files(__package__).joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
    texts: dict[str, str] = {}
    flatten(table, "", texts)
    return PageWords(language, texts)
