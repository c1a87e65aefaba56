"""`glejt demo`: a true story in the terminal, told by running the commands that it shows.

1. A school makes its key, and with it its name.
2. It describes an achievement, writes down who is awarded it, and signs.
3. An employer checks the award without asking anybody: genuine, by an issuer not known here.
4. The employer puts the school on a list of its own, and checks again: genuine.
5. Somebody changes one letter: refused, with the reason.

Whatever turns out otherwise than told ends the story with an error.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from node.adapters.key_file import read_key_file
from node.cli import did
from node.cli.composing import new_id
from node.cli.demo_award import LETTER_AFTER, LETTER_BEFORE, achievement, award
from node.cli.errors import CliError
from node.cli.files import write_whole
from node.cli.invocation import Invocation
from node.cli.issue import Input, Order, TableOrder, issue_file
from node.cli.output import Output, fit, visible
from node.cli.verify import Question, verify_files
from node.config import Settings

MARKER: Final = ".glejt-demo"
"""Marks a folder as the demo's own, so that a second run may replace what the first one wrote, and nothing else."""
KEY, ACHIEVEMENT, AWARD, SIGNED = "key.json", "achievement.json", "award.json", "signed.json"
TRUST, ALTERED = "trust.toml", "altered.json"
FILES: Final = (KEY, ACHIEVEMENT, AWARD, SIGNED, TRUST, ALTERED)


def tell(invocation: Invocation, name: str, *, wait: bool) -> int:
    """Tell the story; its files stay in the folder."""
    folder = Path(name).expanduser()
    _prepare(folder, name)
    _Story(invocation, folder, wait=wait and sys.stdin.isatty() and sys.stdout.isatty()).tell()
    return 0


class _Story:
    """One telling: the folder, and the settings of a person who has none."""

    def __init__(self, invocation: Invocation, folder: Path, *, wait: bool) -> None:
        self._words = invocation.words
        self._out = invocation.out
        self._wait = wait
        self._folder = folder
        self._person = Invocation(Settings(lang=self._words.language), Output(self._words, quiet=True))

    def tell(self) -> None:
        self._title("title")
        self._say("about")
        self._scene("school")  # 1
        self._command(f"glejt did create --out {self._shown(KEY)} --no-passphrase")
        new = did.NewKey(method="key", key_type="ed25519", domain=None, passphrase_file=None, protected=False)
        self._run(0, lambda: did.create(self._person, new, out=str(self._path(KEY)), document=""))
        self._say("school_then")

        self._scene("award")  # 2
        issuer = str(read_key_file(self._path(KEY)).verification_method.did)
        earned = achievement(self._words, new_id=new_id)
        for name, document in ((ACHIEVEMENT, earned), (AWARD, award(earned, self._words))):
            self._write(name, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        files = f"--achievement {self._shown(ACHIEVEMENT)} --award {self._shown(AWARD)}"
        self._command(f"glejt issue {files} --key {self._shown(KEY)} --out {self._shown(SIGNED)}")
        order = Order(key=str(self._path(KEY)), passphrase_file=None, suite=None, created=None, proof_array=False)
        source = Input(achievement=str(self._path(ACHIEVEMENT)), award=str(self._path(AWARD)))
        self._run(0, lambda: issue_file(self._person, source, order, TableOrder(out=str(self._path(SIGNED)))))
        self._say("award_then")

        self._scene("check")  # 3
        self._verify(SIGNED, status=0)
        self._say("check_then")

        self._scene("trust")  # 4
        self._write(TRUST, _trust_file(issuer, self._words("demo.list"), self._words("demo.school_name")))
        self._verify(SIGNED, status=0, trust=True)
        self._say("trust_then")

        self._scene("alter", before=LETTER_BEFORE, after=LETTER_AFTER)  # 5
        genuine = self._path(SIGNED).read_text("utf-8")
        self._write(ALTERED, genuine.replace(LETTER_BEFORE, LETTER_AFTER, 1))
        self._verify(ALTERED, status=1, trust=True)
        self._say("alter_then")

        self._out.answer()
        self._say("end", folder=self._folder)
        for name in FILES:
            self._out.answer(f"  {name:18}{self._words(f'demo.file.{name.partition(".")[0]}')}")
        self._say("next", award=self._path(SIGNED))

    def _verify(self, name: str, *, status: int, trust: bool = False) -> None:
        option = f" --trust {self._shown(TRUST)}" if trust else ""
        self._command(f"glejt verify {self._shown(name)}{option}")
        question = Question(
            policy=None,
            trust=str(self._path(TRUST)) if trust else None,
            at=None,
            challenge=None,
            domain=None,
            offline=True,  # the story has no need of a network, and says so
        )
        self._run(status, lambda: verify_files(self._person, [str(self._path(name))], question, as_json=False))

    def _run(self, expected: int, command: Callable[[], int]) -> None:
        status = command()
        if status != expected:
            raise CliError("demo.broken", status=status, expected=expected)

    def _scene(self, key: str, **values: object) -> None:
        if self._wait:
            self._out.say(self._words("demo.enter"), "grey")
            sys.stdin.readline()
        self._out.answer()
        self._title(f"{key}_title")
        self._say(key, **values)

    def _say(self, key: str, **values: object) -> None:
        self._out.answer(self._words(f"demo.{key}", **fit(values)))

    def _title(self, key: str) -> None:
        self._out.answer(self._words(f"demo.{key}"), "bold")

    def _command(self, line: str) -> None:
        self._out.answer(f"$ {line}", "grey")

    def _write(self, name: str, text: str) -> None:
        write_whole(self._path(name), text.encode(), force=False)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _shown(self, name: str) -> str:
        return visible(self._folder / name)


def _prepare(folder: Path, name: str) -> None:
    """A folder that is new, empty, or left by an earlier telling; no other is touched."""
    if folder.exists() and not folder.is_dir():
        raise CliError("demo.folder", name=name)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise CliError("demo.folder", name=name)
    for left in FILES:
        (folder / left).unlink(missing_ok=True)
    (folder / MARKER).touch()


def _trust_file(issuer: str, trusted_list: str, school: str) -> str:
    """A trust file with one list of one issuer; JSON strings are TOML strings, too."""
    entry = f'{{did = {json.dumps(issuer)}, name = {json.dumps(school)}, domain = "school.example"}}'
    return f"[[lists]]\nname = {json.dumps(trusted_list)}\nissuers = [{entry}]\n"
