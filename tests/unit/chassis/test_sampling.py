"""New traces: every one at rest, a few a second under load, and those of clients always."""

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased

from chassis.sampling import AFew
from chassis.telemetry import parent_of


def kept_of(sampler: AFew, count: int) -> int:
    """Return how many of ``count`` new traces are kept."""
    tracer = TracerProvider(sampler=ParentBased(sampler)).get_tracer("test")
    return sum(tracer.start_span("push").is_recording() for _ in range(count))


def test_every_trace_is_kept_while_there_are_few() -> None:
    clock = [0.0]
    sampler = AFew(a_second=20, clock=lambda: clock[0])
    kept = 0
    for _ in range(100):
        clock[0] += 0.1
        kept += kept_of(sampler, 1)
    assert kept == 100


def test_under_load_a_few_a_second_arekept_of() -> None:
    clock = [0.0]
    sampler = AFew(a_second=20, clock=lambda: clock[0])
    assert kept_of(sampler, 500) == 20
    clock[0] += 0.5
    assert kept_of(sampler, 500) == 10


def test_a_trace_that_a_client_has_begun_is_kept_whatever_the_load() -> None:
    sampler = AFew(a_second=1, clock=lambda: 0.0)
    tracer = TracerProvider(sampler=ParentBased(sampler)).get_tracer("test")
    theirs = parent_of(f"00-{'a' * 32}-{'b' * 16}-01")
    assert all(tracer.start_span("push", context=theirs).is_recording() for _ in range(50))


def test_a_ratio_of_none_keeps_none() -> None:
    assert kept_of(AFew(0.0), 50) == 0
