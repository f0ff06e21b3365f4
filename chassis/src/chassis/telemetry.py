"""What operators see of a process: traces, metrics, logs that carry the trace id."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson
import structlog
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Scope

from chassis.sampling import AFew

tracer = trace.get_tracer("chassis")
SHOW_ERRORS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Writes an error with its frames, never with their variables: passwords would be among them."""

MESSAGES = Counter(
    "hub_messages_total", "Messages taken from Kafka, by what became of them", ["type", "outcome"]
)
MESSAGE_AGE = Histogram(
    "hub_message_age_seconds",
    "Seconds between the commit of a fact and its effect in this reader",
    ["type"],
    buckets=(0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
OUTBOX_WAITING = Gauge("hub_outbox_waiting", "Facts committed and not yet on Kafka")
OUTBOX_OLDEST = Gauge("hub_outbox_oldest_seconds", "Age of the oldest fact not yet on Kafka")
OUTBOX_SENT = Counter("hub_outbox_sent_total", "Facts sent to Kafka", ["topic"])
DEPENDENCY_DOWN = Gauge(
    "hub_dependency_down", "1 while a reader waits for something that is down", ["reader"]
)
JOB_FAILURES = Counter("hub_job_failures_total", "Scheduled jobs that failed", ["job"])
REQUESTS = Histogram(
    "hub_request_seconds",
    "Seconds to answer an HTTP request",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 1, 2, 5, 10),
)

UNTRACED = ("/livez", "/readyz", "/metrics", "/assets")


def _is_untraced(scope: Scope) -> bool:
    return str(scope["path"]).startswith(UNTRACED)


REQUEST_SPANS: TelemetryConfig = {
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "exclude": _is_untraced,
}
"""One span a request, named by its route; what probes ask leaves none."""


class SpanFile(SpanExporter):
    """Finished spans as JSON lines, for ``make trace``; a collector can tail the same file."""

    def __init__(self, path: Path, service: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._service = service

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append ``spans``, one JSON object a line."""
        self._file.write(b"".join(orjson.dumps(self._row(span)) + b"\n" for span in spans))
        self._file.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        self._file.close()

    def _row(self, span: ReadableSpan) -> dict[str, object]:
        return {
            "trace_id": f"{span.context.trace_id:032x}",
            "span_id": f"{span.context.span_id:016x}",
            "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
            "name": span.name,
            "service": self._service,
            "start_ns": span.start_time,
            "end_ns": span.end_time,
            "status": span.status.status_code.name,
            "attributes": dict(span.attributes or {}),
            "links": [
                {
                    "trace_id": f"{link.context.trace_id:032x}",
                    "span_id": f"{link.context.span_id:016x}",
                }
                for link in span.links
            ],
        }


def start_telemetry(service: str, *, traces_file: Path | None, ratio: float, level: str) -> None:
    """Turn on traces and logs for this process; metrics need no start."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBased(AFew(ratio)),
    )
    if traces_file:
        provider.add_span_processor(
            BatchSpanProcessor(
                SpanFile(traces_file, service), schedule_delay_millis=500, max_queue_size=16384
            )
        )
    trace.set_tracer_provider(provider)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            _add_trace_id,
            SHOW_ERRORS,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def stop_telemetry() -> None:
    """Send what waits and close."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush()


def _dumps(row: object, **_: object) -> str:
    return orjson.dumps(row, default=str).decode()


def _add_trace_id(
    _: object, __: str, row: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        row["trace_id"] = f"{context.trace_id:032x}"
    return row


def traceparent_of(span: Span) -> str | None:
    """Return the W3C ``traceparent`` of ``span``, or None where it leads nowhere."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def current_traceparent() -> str | None:
    """Return the ``traceparent`` of the current span, to send along with a message."""
    return traceparent_of(trace.get_current_span())


def context_of(traceparent: str | None) -> SpanContext | None:
    """Read a ``traceparent``; None where it is absent or malformed."""
    parts = (traceparent or "").split("-")
    if len(parts) != 4 or [len(part) for part in parts] != [2, 32, 16, 2]:
        return None
    try:
        trace_id, span_id, flags = (int(part, 16) for part in parts[1:])
    except ValueError:
        return None
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None


def is_kept(traceparent: str | None) -> bool:
    """Say whether what happens below ``traceparent`` is written down."""
    context = context_of(traceparent)
    return context is not None and context.trace_flags.sampled


def parent_of(traceparent: str | None) -> Context:
    """Return the context under which a new span becomes the child of ``traceparent``."""
    context = context_of(traceparent)
    if context is None:
        return Context()
    return trace.set_span_in_context(NonRecordingSpan(context), Context())


@contextmanager
def span_from(
    traceparent: str | None,
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Iterable[str | None] = (),
) -> Iterator[Span]:
    """Open a span below ``traceparent`` (a new trace where None), linked to other traces.

    Of a trace that is not kept nobody would see it: its place is held by the span that is there.
    """
    context = context_of(traceparent)
    if context and not context.trace_flags.sampled:
        with trace.use_span(NonRecordingSpan(context)) as held:
            yield held
        return
    linked = [Link(context) for context in map(context_of, links) if context]
    with tracer.start_as_current_span(
        name, context=parent_of(traceparent), kind=kind, links=linked
    ) as span:
        yield span
