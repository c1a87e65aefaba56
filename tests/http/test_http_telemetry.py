"""Row 44: whatever is sent, and wherever, nothing of it is in a line of log, a metric, a trace or an error page."""

import io
import json
import logging
from datetime import timedelta

import httpx2
import pytest
from http_samples import sent, things
from node_support import Clock
from opentelemetry.sdk.trace.export import SpanExportResult

from node.adapters.telemetry import ATTRIBUTES, OtlpExporter, message, sending
from node.http.reference import routes_of
from node.http.telemetry import ALLOWED, DailyNames, LibraryLines, Telemetry, as_text, listen_to_libraries

MARKER = "MARKERxZofiaxNowakx4711"
BODY = {"name": MARKER, MARKER: [MARKER], "email": f"{MARKER}@example.org", "id": f"did:web:{MARKER}"}


def told(node):
    """Everything that the node has told those who run it."""
    node.services.telemetry.log("flush")
    spans = json.dumps(message(node.traces.get_finished_spans()))
    everything = json.dumps([json.loads(span.to_json()) for span in node.traces.get_finished_spans()])
    return node.log.getvalue().decode() + node.services.telemetry.metrics().decode() + spans + everything


async def _ask_everything(node):
    """Each route, with the marker in each part of the request, by each caller; what was answered."""
    answers = []
    for route in routes_of(node.app):
        path = route.path_format
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", MARKER)
        for role in (None, "owner", "node"):
            headers = {
                "Accept": f"application/{MARKER}",
                "Cookie": f"a={MARKER}",
                "Idempotency-Key": MARKER,
                "If-None-Match": MARKER,
                "Referer": f"https://{MARKER}.example/",
                "User-Agent": MARKER,
                "X-Forwarded-For": MARKER,
                "X-Request-Id": MARKER,
                "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
                "tracestate": f"a={MARKER}",
                "baggage": f"a={MARKER}",
            }
            headers |= {} if role is None else node.key(role)
            for content in (json.dumps(BODY), MARKER):
                answers.append(  # noqa: PERF401 -- one after the other
                    await node.client.request(
                        route.declared.method,
                        path,
                        params={MARKER: MARKER, "size": MARKER},
                        content=content,
                        headers=headers | {"Content-Type": "application/json"},
                    )
                )
    answers += [
        await node.client.get(f"/{MARKER}", headers={"Authorization": f"Bearer {MARKER}"}),
        await node.client.get("/health/live", headers={"Authorization": f"Bearer glejt_{MARKER}"}),
        await node.client.request(MARKER, "/health/live"),
    ]
    return answers


@pytest.mark.threat(44)
async def test_nothing_that_is_sent_is_told(node):
    answers = await _ask_everything(node)
    assert MARKER not in told(node)
    problems = [each for each in answers if each.headers.get("content-type") == "application/problem+json"]
    assert len(problems) > 100
    assert not [each.request.url.path for each in problems if MARKER in each.text]
    assert not [key for key in node.keys.values() if key in told(node)]
    secrets = [part for key in node.keys.values() for part in key.split("_")[1:]]
    assert not [part for part in secrets if part in told(node)]
    assert "org-a" not in told(node)
    assert "b" * 16 not in told(node), "a trace of somebody else is not gone on with"


@pytest.mark.threat(44)
async def test_what_a_request_does_is_told_also_where_the_program_fails(sampled):
    await sampled.client.get(f"/fails?word={MARKER}")
    await sampled.client.get(f"/mine/{MARKER}", headers=sampled.key("issuer"))
    assert MARKER not in told(sampled)
    failed, first, second = sampled.lines()[:3]
    assert failed["error"] == "ZeroDivisionError"
    assert (first["route"], first["status"], first["problem"]) == ("/fails", 500, "program.failed")
    assert (second["route"], second["status"], second["problem"]) == ("/mine/{thing}", 404, "store.absent")
    assert set(second) <= ALLOWED
    assert [span.name for span in sampled.traces.get_finished_spans()] == ["GET /fails", "GET /mine/{thing}"]
    assert all(set(span.attributes) <= ATTRIBUTES for span in sampled.traces.get_finished_spans())
    assert not [span.events for span in sampled.traces.get_finished_spans() if span.events]


@pytest.mark.threat(44)
async def test_a_step_that_fails_is_traced_without_the_text_of_its_error(sampled):
    with pytest.raises(ValueError, match=MARKER), sampled.services.telemetry.step("work"):
        raise ValueError(MARKER)
    (span,) = sampled.traces.get_finished_spans()
    assert span.name == "work"
    assert MARKER not in span.to_json()


async def test_a_caller_has_another_name_each_day(sampled):
    for _ in range(2):
        await sampled.client.get(things(), headers=sampled.key("issuer"))
    sampled.clock.move(timedelta(hours=12))
    await sampled.client.get(things(), headers=sampled.key("issuer"))
    first, second, later = [(line["organisation"], line["caller"]) for line in sampled.lines()]
    assert first == second
    assert not set(first) & set(later)
    names = DailyNames(Clock())
    assert names.of("organisation", "a") != names.of("key", "a")
    assert names.of("organisation", "a") != DailyNames(Clock()).of("organisation", "a")


async def test_metrics_count_routes_and_nothing_that_anybody_can_make_up(sampled):
    for number in range(50):
        await sampled.client.get(f"/nothing/{number}")
        await sampled.client.request(f"METHOD{number}", "/open")
        await sampled.client.get(f"/mine/{number}", headers=sampled.key("issuer"))
    answer = await sampled.client.get("/metrics", headers=sampled.key("node"))
    assert answer.headers["content-type"].startswith("text/plain; version=")
    counted = [line for line in answer.text.splitlines() if line.startswith("glejt_http_requests_total")]
    assert sorted(counted) == [
        'glejt_http_requests_total{method="GET",route="/mine/{thing}",status="404"} 50.0',
        'glejt_http_requests_total{method="GET",route="unknown",status="404"} 50.0',
        'glejt_http_requests_total{method="OTHER",route="unknown",status="405"} 50.0',
    ]
    assert (await sampled.client.get("/metrics", headers=sampled.key("owner"))).status_code == 403


async def test_who_is_not_let_in_is_counted_and_gets_no_line(sampled):
    wrong = {"Authorization": "Bearer x"}
    await sent(sampled.app, "GET", "/open", headers=wrong)
    assert [line["status"] for line in sampled.lines()] == [401]


@pytest.mark.threat(44)
def test_a_line_has_the_listed_fields_and_values_of_a_bounded_length():
    out = io.BytesIO()
    telemetry = Telemetry(now=Clock(), stream=out)
    telemetry.log("x", count=1, name=MARKER, body=MARKER, code="a" * 500, state=None, kind={MARKER: 1})
    assert json.loads(out.getvalue()) == {
        "at": "2026-09-01T12:00:00.000+00:00",
        "level": "info",
        "event": "x",
        "count": 1,
        "code": "a" * 120,
        "kind": "dict",
    }
    telemetry.log("y", "debug")
    assert b"y" not in out.getvalue().splitlines()[-1]
    Telemetry().log("nobody listens")


@pytest.mark.threat(44)
def test_lines_of_libraries_lose_what_they_were_told():
    out = io.BytesIO()
    lines = LibraryLines(Telemetry(now=Clock(), stream=out))
    caught = (ValueError, ValueError(MARKER), None)
    for name in ("uvicorn.error", "some.library"):
        record = logging.LogRecord(name, logging.ERROR, "/x/module.py", 7, "said %s", (MARKER,), caught)
        lines.emit(record)
    record = logging.LogRecord("other", logging.CRITICAL, "/x/module.py", 7, f"said {MARKER}", (), None)
    lines.emit(record)
    assert MARKER.encode() not in out.getvalue()
    told_of = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("state") for line in told_of] == ["said", None, None]
    assert [line.get("error") for line in told_of] == ["ValueError", "ValueError", None]
    assert told_of[0]["place"] == "module:7"


def test_the_lines_of_all_libraries_go_by_the_list(monkeypatch):
    root, uvicorn, access = (logging.getLogger(name) for name in ("", "uvicorn.error", "uvicorn.access"))
    for logger in (root, uvicorn):
        monkeypatch.setattr(logger, "handlers", [])
        monkeypatch.setattr(logger, "level", logger.level)
        monkeypatch.setattr(logger, "propagate", logger.propagate)
    monkeypatch.setattr(access, "disabled", False)
    out = io.BytesIO()
    listen_to_libraries(Telemetry(now=Clock(), stream=out, render=as_text))
    uvicorn.info("Started process [%d]", 7)
    uvicorn.info("Cancel %s tasks", MARKER)
    access.info("GET /%s", MARKER)
    logging.getLogger("sqlalchemy.engine").warning("SELECT %s", MARKER)
    assert MARKER.encode() not in out.getvalue()
    first, next_one, second = out.getvalue().decode().splitlines()
    assert first.startswith("12:00:00.000 info library logger=uvicorn.error state=Started process place=")
    assert "state=Cancel tasks place=" in next_one
    assert "sqlalchemy.engine" in second
    logging.getLogger("").manager._clear_cache()


def test_traces_go_to_where_the_administrator_says_and_say_what_is_listed():
    got = []

    def collector(request):
        got.append((str(request.url), request.headers["content-type"], json.loads(request.content)))
        return httpx2.Response(200)

    exporter = OtlpExporter("http://collector.example:4318", httpx2.MockTransport(collector))
    with sending(exporter) as tracer:  # noqa: SIM117 -- it sends at its end
        with tracer.start_as_current_span("outer", attributes={"http.route": "/a", "url.full": MARKER}) as outer:
            outer.add_event(MARKER)
            with tracer.start_as_current_span("inner", attributes={"http.response.status_code": 200}):
                pass
    ((url, kind, body),) = got
    assert (url, kind) == ("http://collector.example:4318/v1/traces", "application/json")
    assert MARKER not in json.dumps(body)
    (group,) = body["resourceSpans"]
    assert group["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "glejt"}}]
    inner, outer = group["scopeSpans"][0]["spans"]
    assert inner["parentSpanId"] == outer["spanId"]
    assert inner["traceId"] == outer["traceId"]
    assert (len(inner["traceId"]), len(inner["spanId"]), inner["kind"]) == (32, 16, 1)
    assert outer["attributes"] == [{"key": "http.route", "value": {"stringValue": "/a"}}]
    assert inner["attributes"] == [{"key": "http.response.status_code", "value": {"intValue": "200"}}]
    assert int(inner["startTimeUnixNano"]) <= int(inner["endTimeUnixNano"])


@pytest.mark.parametrize("answer", [httpx2.Response(500), httpx2.ConnectError("no"), httpx2.Response(307)])
def test_a_collector_that_is_not_there_holds_up_nobody(answer):
    def collector(_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    exporter = OtlpExporter("https://collector.example/own/path", httpx2.MockTransport(collector))
    assert exporter.export(()) is SpanExportResult.FAILURE
    exporter.shutdown()
