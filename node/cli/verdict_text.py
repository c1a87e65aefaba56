"""A report as people read it in a terminal: the sentence, class and person, seven rows, what to do next, details."""

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Final

from node.cli.freshness import freshness
from node.cli.invocation import Invocation
from node.cli.output import Colour, visible
from node.cli.technical_details import technical_details
from node.credentials.micro_credential.findings import Severity
from node.verification.phrases import phrases
from node.verification.report import Report
from node.verification.rows import RowState
from node.verification.wording import CredentialWording, RowWording, wording

CLASS_COLUMN: Final = 48
"""Where the class stands beside a short sentence."""
LONGEST_COMMON_STATE: Final = 7
"""“unknown”: longer states widen their column only where they occur."""
MAX_FINDINGS: Final = 3
"""Findings on the class that are shown with a verdict, which is about something else; `achievement check` shows all."""
UNWRAPPED: Final = 10_000
"""The width of what is no terminal: whoever reads a pipe wraps the lines, or does not want them wrapped."""


def show(invocation: Invocation, report: Report, *, heading: str = "", dated: bool = False) -> None:
    """Write a report to standard output; with `dated`, also as of when each answer is."""
    words, out = invocation.words, invocation.out
    said = wording(report, words.language)
    if heading:
        out.answer(f"{visible(heading)}:", "bold")
    for number, entry in enumerate(said.credentials, start=1):
        counted = f"{number}/{len(said.credentials)}  " if len(said.credentials) > 1 else ""
        out.answer(counted + _first_line(entry), entry.look.colour)
        if entry.person is not None:
            out.answer("  " + " ".join(part for part in (entry.name and f"{entry.name}.", entry.person) if part))
        for line, colour in _rows(entry.rows, invocation):
            out.answer(line, colour)
        for line in _labelled(words("label.class"), _findings(entry, invocation)):
            out.answer(line)
        fresh = freshness(report.credentials[number - 1], words) if dated else ()
        for line in _labelled(words("fresh.label"), fresh):
            out.answer(line)
        for line in _next(entry, words("label.next")):
            out.answer(line)
        for line in _labelled(words("label.technical"), technical_details(report.credentials[number - 1], words)):
            out.answer(line, "grey")
    as_of = phrases(words.language).date(report.at)
    out.answer(f"  {words('verify.rules', policy=visible(report.policy.name), time=as_of)}", "grey")
    if heading:
        out.answer()


def _first_line(entry: CredentialWording) -> str:
    label = ", ".join(part for part in (entry.class_name, entry.score) if part)
    return f"{entry.sentence:{CLASS_COLUMN - 1}} {label}".rstrip()


def _rows(rows: tuple[RowWording, ...], invocation: Invocation) -> list[tuple[str, Colour | None]]:
    states = {row.state: invocation.words(f"state.{row.state}") for row in rows}
    first = max(LONGEST_COMMON_STATE, *map(len, states.values())) + 2
    second = max(len(row.label) for row in rows) + 1
    return [
        (line, row.look.colour if row.state is RowState.FAIL else None)
        for row in rows
        for line in _wrapped(f"  {states[row.state]:{first}}{row.label:{second}}", row.text)
    ]


def _findings(entry: CredentialWording, invocation: Invocation) -> list[str]:
    """What keeps the document from a higher class, the first of it."""
    told = [finding for finding in entry.findings if finding.severity != Severity.INFO]
    texts = [finding.text for finding in told[:MAX_FINDINGS]]
    if len(told) > MAX_FINDINGS:
        texts.append(invocation.words("verify.more_findings", count=str(len(told) - MAX_FINDINGS)))
    return texts


def _next(entry: CredentialWording, label: str) -> list[str]:
    return _labelled(label, entry.next_steps)


def _labelled(label: str, texts: Sequence[str]) -> list[str]:
    lead = f"  {label}: "
    leads = [lead] + [" " * len(lead)] * len(texts)
    return [line for lead, text in zip(leads, texts, strict=False) for line in _wrapped(lead, text)]


def _wrapped(lead: str, text: str) -> list[str]:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNWRAPPED
    if width < 2 * len(lead):  # too narrow for columns
        return [lead + text]
    wrapper = textwrap.TextWrapper(width, lead, " " * len(lead), break_on_hyphens=False)
    return wrapper.wrap(text) or [lead.rstrip()]
