"""How fast a run goes on, and how long it will take."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from node.ports.runs import MOVING, Run


@dataclass(frozen=True, slots=True)
class Pace:
    """By the clock of this process."""

    now: Callable[[], datetime]

    def of(self, run: Run) -> tuple[float | None, float | None]:
        """Rows a second since it was started, and the seconds that are left; None where nothing can be told yet."""
        if run.started_at is None or not run.done:
            return None, None
        took = ((run.ended_at or self.now()) - run.started_at).total_seconds()
        rate = run.done / max(took, 0.001)
        left = (run.rows - run.done) / rate if run.state in MOVING else None
        return round(rate, 1), None if left is None else round(left, 1)
