"""Has errands of a node carried out by processes that are killed at a point: before or after the nth thing that lasts.

Reads a case a line, {"folder", "errand", "asked", "nth", "after"}, and answers {"killed": whether it came so far}.
"""

import json
import os
import signal
import sys
from pathlib import Path

from node.adapters.database.engine import Database
from node.app.errands import on_machine
from node.config.node_settings import load_node


class Points:
    """Counts what lasts: transactions, and files that get their names."""

    def __init__(self, nth, *, after):
        self.left, self.after = nth, after

    def begin(self):
        if self.left == 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)

    def end(self):
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def watch(points):
    transact, replace = Database.transact, Path.replace

    async def watched(self, work):
        points.begin()
        done = await transact(self, work)
        points.end()
        return done

    def replaced(self, target):
        points.begin()
        done = replace(self, target)
        points.end()
        return done

    Database.transact, Path.replace = watched, replaced


def run(case):
    settings = load_node({"data": case["folder"]}, case.get("environment", {}), folder=None, user_file=None)
    watch(Points(case["nth"], after=case["after"]))
    on_machine(settings, case["errand"], case["asked"])


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or status == 0, status
    sys.stdout.write(json.dumps({"killed": killed}) + "\n")
    sys.stdout.flush()
