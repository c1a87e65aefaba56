"""How long a node takes from its command line to being ready, on a fresh machine and later, and how long to end.

`python bench/serve_start.py [ROUNDS]`: each round starts a node in a new folder, ends it, and starts it again. Ready is
when it has told its address and `/health/ready` answers; beside it stands what the interpreter takes to import the
server alone. The exit status is 1 where half of the fresh starts take longer than they may.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 3.0
ROUNDS = 5


def environment(home: Path) -> dict[str, str]:
    """Nobody's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}


def started(home: Path) -> tuple[float, float, float]:
    """Seconds until it tells that it is ready, until it answers so, and until it has ended."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "node", "serve", "--json", "--port", "0"],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        told = json.loads(process.stdout.readline()) if process.stdout else {}
        ready = time.perf_counter() - began
        httpx2.get(f"{told['listens']}/health/ready", timeout=30).raise_for_status()
        answers = time.perf_counter() - began
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        return ready, answers, time.perf_counter() - began


def imported(home: Path) -> float:
    """Seconds for the interpreter and the imports alone."""
    began = time.perf_counter()
    line = [sys.executable, "-c", "import node.app.server"]
    subprocess.run(line, env=environment(home), cwd=home, check=True)  # noqa: S603 -- our own program
    return time.perf_counter() - began


def main() -> int:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    fresh, later, floor = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        imported(Path(folder))  # compiles what was never imported
        for number in range(rounds):
            home = Path(folder) / str(number)
            home.mkdir()
            floor.append(imported(home))
            fresh.append(started(home))
            later.append(started(home))
    rows = [("fresh machine", fresh), ("started again", later)]
    print(f"{'':16}{'told':>8}{'answers':>9}{'ended':>8}")
    for name, figures in rows:
        medians = [statistics.median(column) for column in zip(*figures, strict=True)]
        print(f"{name:16}{medians[0]:7.2f}s{medians[1]:8.2f}s{medians[2]:7.2f}s")
    answers = statistics.median(each[1] for each in fresh)
    alone = statistics.median(floor)
    print(f"imports alone {alone:.2f}s; a fresh start takes {answers / alone:.1f} of it")
    print(f"limit {LIMIT_SECONDS:.1f}s: {'kept' if answers <= LIMIT_SECONDS else 'MISSED'}")
    return 0 if answers <= LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
