"""`glejt doctor`: what is wrong with this installation and its settings, and how to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from node.cli.errors import CliError, Coded, describe
from node.cli.examinations import (
    examine_chain,
    examine_clock,
    examine_contexts,
    examine_cryptography,
    examine_dependencies,
    examine_key,
    examine_policy,
    examine_python,
    examine_settings,
    examine_terminal,
    examine_trust,
    examine_variables,
)
from node.cli.invocation import Invocation
from node.cli.node_examinations import examine_node
from node.cli.output import visible

type Examination = Callable[[Invocation], str]
"""Returns what it found in order, as it is to be shown; raises an error with a code for what is not."""

EXAMINATIONS: Final[tuple[tuple[str, Examination], ...]] = (
    ("python", examine_python),
    ("dependencies", examine_dependencies),
    ("chain", examine_chain),
    ("contexts", examine_contexts),
    ("cryptography", examine_cryptography),
    ("clock", examine_clock),
    ("terminal", examine_terminal),
    ("settings", examine_settings),
    ("variables", examine_variables),
    ("policy", examine_policy),
    ("trust", examine_trust),
    ("key", examine_key),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One examination: what was found, or what is wrong and how to mend it."""

    name: str
    said: str
    problem: dict[str, str] | None = None


def examine(invocation: Invocation, *, data: str | None = None, as_json: bool) -> int:
    """Examine everything, and the node in a folder; status 1 if anything has to be mended."""
    findings = [*_findings(invocation), *(Finding(*told) for told in examine_node(invocation, data))]
    sound = all(finding.problem is None for finding in findings)
    out, words = invocation.out, invocation.words
    if as_json:
        examined = [
            {"name": found.name, "ok": found.problem is None, "said": found.said} | (found.problem or {})
            for found in findings
        ]
        out.answer_json({"ok": sound, "examined": examined})
        return 0 if sound else 1
    labels = {found.name: words(f"doctor.label.{found.name}") for found in findings}
    width = max(map(len, labels.values())) + 2
    first = max(len(words("state.pass")), len(words("state.fail"))) + 2
    for found in findings:
        state = words("state.pass" if found.problem is None else "state.fail")
        line = f"  {state:{first}}{labels[found.name]:{width}}{found.said}"
        out.answer(line.rstrip(), None if found.problem is None else "red")
        if found.problem is not None:
            indent = " " * (2 + first)
            if "details" in found.problem:
                out.answer(f"{indent}{words('label.details')}: {found.problem['details']}")
            out.answer(f"{indent}{words('label.next')}: {found.problem['remedy']} [{found.problem['code']}]")
    out.answer(words("doctor.sound" if sound else "doctor.unsound"))
    return 0 if sound else 1


def _findings(invocation: Invocation) -> Iterator[Finding]:
    for name, examination in EXAMINATIONS:
        try:
            yield Finding(name, visible(examination(invocation)))
        except Exception as error:
            if not isinstance(error, CliError | Coded):
                raise
            told = describe(error, invocation.words)
            yield Finding(name, told.pop("message"), told)
