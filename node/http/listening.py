"""Those who listen: streams of server-sent events, so many at one time.

    listeners = Listeners("run.streams", "Ask for the run itself from time to time, or come again later.")
    listeners.require_room()
    return listeners.stream(events(…))

1. Each that listens looks into the database twice a second: one too many is answered 503.
2. Who was let in at the same moment as the last one is told when to come again, by an end of the stream.
3. Where what is listened to is erased meanwhile, the stream ends; who comes again is answered 404.

Spec: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import StreamingResponse

from node.http.problems import ProblemError
from node.ports.errors import AbsentError

EVENTS: Final = "text/event-stream"
LOOK_SECONDS: Final = 0.5
"""Between two looks at how far something has come."""
MAX_STREAMS: Final = 64
"""Listeners of one kind at one time."""
AGAIN_SECONDS: Final = 10


class Listeners:
    """Those who listen to things of one kind."""

    def __init__(self, code: str, instead: str) -> None:
        self._code, self._instead = code, instead
        self._count = 0

    def require_room(self) -> None:
        """Raise ProblemError where as many listen as may."""
        if self._count >= MAX_STREAMS:
            raise ProblemError(
                503,
                self._code,
                f"{MAX_STREAMS} others listen already",
                self._instead,
                headers={"Retry-After": str(AGAIN_SECONDS)},
            )

    def stream(self, events: AsyncIterator[bytes]) -> StreamingResponse:
        """The answer with these events."""
        return StreamingResponse(self._counted(events), media_type=EVENTS, headers={"Cache-Control": "no-store"})

    async def _counted(self, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        if self._count >= MAX_STREAMS:  # 2.
            yield b"retry: %d\n\n" % (AGAIN_SECONDS * 1000)
            return
        self._count += 1  # 1.
        try:
            async for event in events:
                yield event
        except AbsentError:
            return  # 3.
        finally:
            self._count -= 1
