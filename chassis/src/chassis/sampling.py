"""Which new traces are kept: at rest every one, under load so many a second."""

import time
from collections.abc import Callable, Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import (
    Decision,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

A_SECOND = 20


class AFew(Sampler):
    """Keep ``ratio`` of the new traces, and at most ``a_second`` of them each second.

    Traces that somebody else has begun are theirs to keep: put it below ``ParentBased``. A client
    that sends a sampled ``traceparent`` is always traced.
    """

    def __init__(
        self,
        ratio: float = 1.0,
        *,
        a_second: int = A_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share = TraceIdRatioBased(ratio)
        self._a_second = a_second
        self._left = float(a_second)
        self._clock = clock
        self._counted_at = clock()

    def should_sample(  # noqa: PLR0913 the signature is that of OpenTelemetry
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide about a new trace."""
        found = self._share.should_sample(parent_context, trace_id, name, kind, attributes, links)
        if found.decision is Decision.DROP or self._has_room():
            return found
        return SamplingResult(Decision.DROP)

    def get_description(self) -> str:
        """Say how new traces are chosen."""
        return f"AFew({self._share.get_description()}, {self._a_second} a second)"

    def _has_room(self) -> bool:
        moment = self._clock()
        earned = (moment - self._counted_at) * self._a_second
        self._left = min(self._left + earned, float(self._a_second))
        self._counted_at = moment
        if self._left < 1:
            return False
        self._left -= 1
        return True
