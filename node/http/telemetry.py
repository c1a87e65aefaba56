"""What the node tells those who run it: lines of log, metrics, traces. None of them knows a person, a claim or a key.

Everything goes by one list of what may be told. Fields that are not in it are dropped, so whoever adds one has to think
of it here; a route is told by its template, never by its address; organisations and keys are told under a name that is
made anew each day with a key nobody keeps, so that a log joins what belongs together today and nothing else. Lines of
libraries lose their arguments, for those are values.

Spec: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import hmac
import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from typing import Any, BinaryIO, Final

import orjson
import structlog
from opentelemetry.trace import INVALID_SPAN, Span, Tracer
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from node.http.call import Call
from node.ports.judging_load import PoolLoad

type Field = str | int | float | bool | None

ALLOWED: Final = frozenset(
    {
        "at", "attempts", "bytes", "caller", "code", "count", "error", "event", "kind", "level", "logger", "method",
        "milliseconds", "organisation", "place", "port", "problem", "profile", "request", "route", "state", "status",
        "version",
    }
)  # fmt: skip
"""The fields that a line may have. Each has few values, or a number, or a name of a day."""
MAX_CHARS: Final = 120
"""Of a value: names and codes are shorter; what is longer is not what it should be."""
LEVELS: Final = ("debug", "info", "warning", "error")
_QUIET: Final = frozenset({"node.busy", "request.rate"})
"""Problems that are counted and get no line: a flood would write as many lines as it has requests."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TOLD_LIBRARIES: Final = frozenset({"uvicorn.error"})
"""Whose lines, without their values, say something that an administrator needs; of others there is level and place."""
_PLACEHOLDER: Final = re.compile(r" ?\[?%[a-z]\]?")
"""Where a library would put a value into its line."""
_NAME_BYTES: Final = 8
_NO_SPAN: Final = nullcontext[Span](INVALID_SPAN)


class DailyNames:
    """Names for what must not be told: the same all day, in this process, and never again."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._day: date | None = None
        self._key = b""

    def of(self, kind: str, text: str) -> str:
        """The name of this day."""
        today = self._now().date()
        if today != self._day:
            self._day, self._key = today, secrets.token_bytes(32)
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), "sha256")[:_NAME_BYTES].hex()


class Telemetry:
    """`Telemetry(stream=sys.stderr.buffer)`; without a stream nothing is logged, without a tracer nothing is traced."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        stream: BinaryIO | None = None,
        level: str = "info",
        render: Callable[[Mapping[str, Any]], bytes] = orjson.dumps,
        tracer: Tracer | None = None,
    ) -> None:
        self.names = DailyNames(now)
        self.registry = CollectorRegistry()
        self._now = now
        self._least = LEVELS.index(level)
        self._tracer = tracer
        self._log = None if stream is None else structlog.BytesLogger(stream)
        self._render = render
        self._requests = Counter(
            "glejt_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "glejt_http_seconds", "From a request to its answer.", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self._refused = Counter("glejt_http_refused", "Requests not let in.", ("reason",), registry=self.registry)
        self._in_flight = Gauge("glejt_http_in_flight", "Requests being answered.", registry=self.registry)
        self._outbox = Gauge(
            "glejt_outbox_oldest_seconds", "For how long the task in line has been due.", registry=self.registry
        )

    def log(self, event: str, level: str = "info", **fields: Field) -> None:
        """Write a line: an event by its fixed name, and fields of `ALLOWED`."""
        if self._log is not None and LEVELS.index(level) >= self._least:
            at = self._now().isoformat(timespec="milliseconds")
            self._log.msg(self._render(_only_allowed({"at": at, "level": level, **fields, "event": event})))

    def request(self, method: str) -> AbstractContextManager[Span]:
        """The span of a request."""
        return self._span(_known(method))

    def step(self, name: str) -> AbstractContextManager[Span]:
        """A part of a request or of a piece of work, in traces, by its fixed name."""
        return self._span(name)

    def _span(self, name: str) -> AbstractContextManager[Span]:
        if self._tracer is None:
            return _NO_SPAN
        # The text of an exception may hold anything.
        return self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False)

    def answered(self, call: Call, span: Span, status: int, size: int, seconds: float) -> None:
        """A request is over."""
        method = _known(call.method)
        self._requests.labels(method, call.template, str(status)).inc()
        self._seconds.labels(call.template).observe(seconds)
        if span.is_recording():
            span.update_name(f"{method} {call.template}")
            span.set_attributes(
                {
                    "http.request.method": method,
                    "http.route": call.template,
                    "http.response.status_code": status,
                    "glejt.request": call.id,
                }
            )
        if call.problem in _QUIET:
            return
        caller = call.caller
        self.log(
            "request",
            request=call.id,
            method=method,
            route=call.template,
            status=status,
            bytes=size,
            milliseconds=round(seconds * 1000, 1),
            problem=call.problem,
            organisation=None if caller is None else self.names.of("organisation", caller.organisation),
            caller=None if caller is None else self.names.of("key", caller.key),
        )

    def failure(self, request: str, error: str, place: str) -> None:
        """Something that nobody expected."""
        self.log("request.failed", "error", request=request, error=error, place=place)

    def refused(self, reason: str) -> None:
        """A request was not let in."""
        self._refused.labels(reason).inc()

    def in_flight(self, count: int) -> None:
        """So many are being answered."""
        self._in_flight.set(count)

    def outbox(self, seconds: float) -> None:
        """For how long the oldest task of the outbox has been due; nobody gets on where this grows."""
        self._outbox.set(seconds)

    def watch_judges(self, loads: Callable[[], Mapping[str, PoolLoad]]) -> None:
        """Tell how the pools of judges fare, by their names, whenever somebody asks for metrics."""
        self.registry.register(_JudgesCollector(loads))

    def metrics(self) -> bytes:
        """All metrics, in the text format of Prometheus."""
        return generate_latest(self.registry)


class _JudgesCollector(Collector):
    """The pools of judges, as they are when they are asked for."""

    def __init__(self, loads: Callable[[], Mapping[str, PoolLoad]]) -> None:
        self._loads = loads

    def collect(self) -> Iterator[Metric]:
        """Jobs by how they ended, processes, and who waits for one."""
        jobs = CounterMetricFamily(
            "glejt_judges_jobs", "Jobs of processes that read foreign input.", labels=("pool", "outcome")
        )
        ended = CounterMetricFamily("glejt_judges_ended", "Processes that were replaced.", labels=("pool",))
        gauges = {
            "processes": GaugeMetricFamily("glejt_judges_processes", "Processes there are.", labels=("pool",)),
            "at_work": GaugeMetricFamily("glejt_judges_at_work", "Jobs under way.", labels=("pool",)),
            "waiting": GaugeMetricFamily("glejt_judges_waiting", "Callers in line for one.", labels=("pool",)),
        }
        for pool, load in self._loads().items():
            for outcome, count in load.jobs.items():
                jobs.add_metric((pool, outcome.value), count)
            ended.add_metric((pool,), load.ended)
            for name, gauge in gauges.items():
                gauge.add_metric((pool,), getattr(load, name))
        yield from (jobs, ended, *gauges.values())


class LibraryLines(logging.Handler):
    """What libraries log, told by the same list: never their values, and never the text of an exception."""

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__()
        self._telemetry = telemetry

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line of a library."""
        level = record.levelname.lower()
        told = record.name in _TOLD_LIBRARIES and isinstance(record.msg, str)
        kind = record.exc_info[0] if record.exc_info else None
        self._telemetry.log(
            "library",
            level if level in LEVELS else "error",
            logger=record.name,
            state=_PLACEHOLDER.sub("", record.msg) if told else None,
            place=f"{record.module}:{record.lineno}",
            error=None if kind is None else kind.__name__,
        )


def listen_to_libraries(telemetry: Telemetry) -> None:
    """Tell what libraries log, from now on and in the whole process, and nothing but by this list."""
    lines = LibraryLines(telemetry)
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(logging.WARNING)
    for name in _TOLD_LIBRARIES:
        library = logging.getLogger(name)
        library.handlers[:] = []
        library.propagate = True
        library.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True


def as_text(line: Mapping[str, Any]) -> bytes:
    """A line for people, who watch a node on their own machine."""
    rest = " ".join(f"{name}={value}" for name, value in line.items() if name not in {"at", "event", "level"})
    return f"{line.get('at', '')[11:23]} {line.get('level', '')} {line.get('event', '')} {rest}".rstrip().encode()


def _known(method: str) -> str:
    return method if method in _METHODS else "OTHER"


def _only_allowed(line: Mapping[str, Field]) -> Mapping[str, Field]:
    return {name: _bounded(value) for name, value in line.items() if name in ALLOWED and value is not None}


def _bounded(value: object) -> Field:
    if isinstance(value, bool | int | float):
        return value
    return str(value)[:MAX_CHARS] if isinstance(value, str) else type(value).__name__
