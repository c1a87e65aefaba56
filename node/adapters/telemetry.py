"""Traces of a node, sent by OTLP over HTTP to where its administrator says.

What leaves is what `ATTRIBUTES` lists, and times. Events of spans, texts of errors and what the environment says of the
machine are left out.

Spec: https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Tracer
from opentelemetry.util.types import AttributeValue

from node.adapters.fetch import tls_of_the_system

ATTRIBUTES: Final = frozenset({"http.request.method", "http.route", "http.response.status_code", "glejt.request"})
"""What a span may say besides its name: no address, no header, nobody's name."""
SERVICE: Final = "glejt"
SECONDS: Final = 10.0
"""To send one batch; what cannot be sent is dropped, and nothing waits for it."""
_PATH: Final = "/v1/traces"


@contextmanager
def traced_to(address: str) -> Iterator[Tracer]:
    """A tracer whose spans go to this address; what is left is sent at the end."""
    with sending(OtlpExporter(address)) as tracer:
        yield tracer


@contextmanager
def sending(exporter: SpanExporter) -> Iterator[Tracer]:
    """A tracer whose spans go to this exporter, from a thread of its own."""
    provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource({"service.name": SERVICE}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider.get_tracer(SERVICE)
    finally:
        provider.shutdown()


class OtlpExporter(SpanExporter):
    """Sends spans in JSON. `address` is that of the collector, or of its `/v1/traces`."""

    def __init__(self, address: str, transport: httpx2.BaseTransport | None = None) -> None:
        self._url = address if urlsplit(address).path.strip("/") else address.rstrip("/") + _PATH
        self._client = httpx2.Client(
            timeout=SECONDS, trust_env=False, verify=tls_of_the_system(), follow_redirects=False, transport=transport
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        try:
            answer = self._client.post(
                self._url, content=orjson.dumps(message(spans)), headers={"Content-Type": "application/json"}
            )
        except httpx2.HTTPError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if answer.is_success else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Close the connection."""
        self._client.close()


def message(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """The message that tells of these spans."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [_attribute("service.name", SERVICE)]},
                "scopeSpans": [{"scope": {"name": SERVICE}, "spans": [_span(span) for span in spans]}],
            }
        ]
    }


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context() or INVALID_SPAN_CONTEXT
    told: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,  # the protocol counts from what is not said
        "startTimeUnixNano": str(span.start_time or 0),
        "endTimeUnixNano": str(span.end_time or 0),
        "attributes": [
            _attribute(name, value) for name, value in (span.attributes or {}).items() if name in ATTRIBUTES
        ],
    }
    return told | ({} if span.parent is None else {"parentSpanId": f"{span.parent.span_id:016x}"})


def _attribute(name: str, value: AttributeValue) -> dict[str, Any]:
    told = {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}
    return {"key": name, "value": told}
