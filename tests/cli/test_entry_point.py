"""A failure of the program never looks like a verdict: its status is 2, told with a code and what to do next."""

import os
import signal
import subprocess
import sys
import time

import pytest
from running import environment, glejt, python

FAILING = """
import sys
import node.cli.program
from node.__main__ import main
def run(argv):
    {body}
node.cli.program.run = run
sys.argv = ["glejt", *{argv}]
sys.exit(main())
"""


def failing(folder, body, *, argv=(), env=None):
    return python(folder, ["-c", FAILING.format(body=body, argv=list(argv))], env=env)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise RuntimeError('a bug that quotes jan.kowalski@example.pl')", "program.failed"),
        ("raise AssertionError", "program.failed"),
        ("raise RecursionError", "program.failed"),
        ("raise KeyError('x')", "program.failed"),
        ("raise MemoryError", "program.memory"),
        ("raise OSError(28, 'No space left on device')", "program.system"),
        ("raise ModuleNotFoundError('no nacl', name='nacl')", "program.installation"),
        ("raise BrokenPipeError", "output.closed"),
    ],
)
@pytest.mark.parametrize("language", ["en", "pl"])
def test_an_unexpected_error_is_2_and_says_what_to_do(tmp_path, body, code, language):
    done = failing(tmp_path, body, argv=["--lang", language])
    assert done.returncode == 2
    assert done.stdout == ""
    assert f": {code}\n" in done.stderr
    assert ("Dalej: " if language == "pl" else "Next: ") in done.stderr
    assert "Traceback" not in done.stderr
    assert "jan.kowalski" not in done.stderr


def test_people_who_ask_for_it_get_the_traceback(tmp_path):
    done = failing(tmp_path, "raise RuntimeError('on purpose')", env={"GLEJT_DEBUG": "1"})
    assert done.returncode == 2
    assert "RuntimeError: on purpose" in done.stderr


def test_a_library_that_leaves_with_1_does_not_accuse_a_document(tmp_path):
    assert failing(tmp_path, "raise SystemExit(1)").returncode == 2
    assert failing(tmp_path, "raise SystemExit('text')").returncode == 2
    assert failing(tmp_path, "raise SystemExit(0)").returncode == 0


def test_a_program_whose_words_are_gone_still_fails_with_2(tmp_path):
    body = "import node.cli.words as w; w.CATALOGUE = None; w.words_in.cache_clear(); raise RuntimeError"
    done = failing(tmp_path, body)
    assert done.returncode == 2
    assert "Code: program.failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_that_cannot_be_written_is_2(tmp_path):
    with open("/dev/full", "wb") as full:  # noqa: PTH123 -- a device
        done = subprocess.run(
            [sys.executable, "-m", "node", "--help"],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"program.system" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_reader_that_left_is_2(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "node", "--help"],
        env=environment(tmp_path),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 2
    assert b"output.closed" in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_closed_streams_are_2_and_not_a_crash(tmp_path):
    done = subprocess.run(  # noqa: S603 -- our own command line
        ["/bin/sh", "-c", f'exec "{sys.executable}" -m node --lang >&- 2>&-'],
        env=environment(tmp_path),
        check=False,
    )
    assert done.returncode == 2


def test_an_interrupted_run_ends_by_that_signal(tmp_path):
    script = FAILING.format(body="print('ready', flush=True); import time; time.sleep(60)", argv=[])
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", script], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT  # a shell shows it as 130
    assert errors == b""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ([], "usage.nothing"),
        (["verifi"], "usage.line"),
        (["verify"], "usage.missing"),
        (["verify", "--sloppy", "x"], "usage.option"),
        (["verify", "x", "--policy"], "usage.line"),
        (["--lang", "de", "doctor"], "config.value"),
        (["did"], "usage.nothing"),
    ],
)
def test_bad_usage_is_2_with_a_code_and_nothing_on_standard_output(tmp_path, line, code):
    done = glejt(tmp_path, *line)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"Code: {code}\n" in done.stderr


def test_options_of_the_program_are_understood_anywhere_on_the_line(tmp_path):
    assert glejt(tmp_path, "verify", "--help", "--lang", "pl").stdout.startswith("Użycie: glejt verify PLIK… [OPCJE]\n")
    assert glejt(tmp_path, "--lang=pl", "verify", "--help").stdout.startswith("Użycie: ")
    assert glejt(tmp_path, "verify", "--help", env={"LANG": "pl_PL.UTF-8"}).stdout.startswith("Użycie: ")
    assert glejt(tmp_path, "verify", "--help", env={"GLEJT_LANG": "pl"}).stdout.startswith("Użycie: ")
    assert glejt(tmp_path, "verify", "--help", "--lang=en", env={"GLEJT_LANG": "pl"}).stdout.startswith("Usage: ")


def test_the_help_of_a_command_names_the_options_of_the_program_and_brackets_what_may_be_left_out(tmp_path):
    page = glejt(tmp_path, "status", "set", "--help").stdout
    assert page.startswith("Usage: glejt status set FILE [INDEX…] [OPTIONS]\n")
    assert "\n  --lang en|pl " in page
    assert "\n  --quiet, -q " in page
    assert "--version" not in page  # it answers in the command's place
    assert glejt(tmp_path, "--help").stdout.count("\n  --lang") == 1


def test_help_and_version_answer_on_standard_output(tmp_path):
    done = glejt(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("verify", "inspect", "issue", "did", "doctor", "demo"):
        assert f"\n  {command} " in done.stdout
    assert "20 cannot tell" in " ".join(done.stdout.split())
    assert glejt(tmp_path, "--version").stdout.startswith("glejt 0.")
