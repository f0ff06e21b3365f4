"""The spans of a batch: what a reader takes in bulk stands in the trace of each message."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opentelemetry.trace import Span, SpanKind

from chassis.kafka import Envelope
from chassis.telemetry import span_from, traceparent_of


class Spans:
    """One consumer span a trace in a batch, so that a batch of one trace costs one span."""

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self._counts: dict[tuple[str | None, str], int] = defaultdict(int)
        for one in envelopes:
            self._counts[one.traceparent, one.type] += 1
        self._open: dict[tuple[str | None, str], tuple[Any, Span]] = {}

    def __enter__(self) -> "Spans":
        return self

    def entered(self, envelope: Envelope) -> Envelope:
        """Return ``envelope`` as seen from inside its span: what it says next is a child."""
        if envelope.traceparent is None:
            return envelope
        key = (envelope.traceparent, envelope.type)
        if key not in self._open:
            manager = span_from(
                envelope.traceparent, f"take {envelope.type}", kind=SpanKind.CONSUMER
            )
            span = manager.__enter__()
            span.set_attribute("messages", self._counts[key])
            self._open[key] = (manager, span)
        return replace(envelope, traceparent=traceparent_of(self._open[key][1]))

    def __exit__(self, *why: Any) -> None:
        for manager, _ in reversed(self._open.values()):
            manager.__exit__(None, None, None)
