"""A trace as a tree, from the spans that the services wrote down; no outside service is asked."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

MILLISECOND = 1_000_000
SHOWN = ("http.method", "http.route", "http.target", "messaging.destination.name", "error.type")


@dataclass(frozen=True)
class Span:
    """A finished span as a service wrote it."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    service: str
    start_ns: int
    end_ns: int
    status: str
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]


def read_spans(folder: Path) -> Iterator[Span]:
    """Read all spans below ``folder``; a line cut off by a crash is left out."""
    for path in sorted(folder.glob("*.jsonl*")):
        with path.open("rb") as lines:
            for line in lines:
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                links = tuple((link["trace_id"], link["span_id"]) for link in row.pop("links"))
                yield Span(**row, links=links)


def belonging_to(trace_id: str, spans: Iterable[Span]) -> list[Span]:
    """Return the spans of a trace and of every trace that a link leads to it from."""
    everything = list(spans)
    linking: dict[str, set[str]] = defaultdict(set)
    for span in everything:
        for linked, _ in span.links:
            linking[linked].add(span.trace_id)
    wanted, new = {trace_id}, [trace_id]
    while new:
        found = linking[new.pop()] - wanted
        wanted |= found
        new.extend(found)
    return [span for span in everything if span.trace_id in wanted]


def as_tree(trace_id: str, spans: Iterable[Span]) -> Tree | None:
    """Hang each span below its parent, or below the span of this trace that it links to."""
    by_id = {span.span_id: span for span in belonging_to(trace_id, spans)}
    children: dict[str | None, list[Span]] = defaultdict(list)
    for span in by_id.values():
        children[_above(span, by_id)].append(span)
    if not by_id:
        return None
    began = min(span.start_ns for span in by_id.values())
    root = Tree(f"trace {trace_id}")
    waiting: list[tuple[Tree, str | None]] = [(root, None)]
    while waiting:
        branch, above = waiting.pop()
        for span in sorted(children[above], key=lambda span: span.start_ns):
            is_linked = above is not None and span.parent_id != above
            waiting.append((branch.add(_line(span, began, is_linked=is_linked)), span.span_id))
    return root


def _above(span: Span, by_id: dict[str, Span]) -> str | None:
    if span.parent_id in by_id:
        return span.parent_id
    return next((linked for _, linked in span.links if linked in by_id), None)


def _line(span: Span, began: int, *, is_linked: bool) -> Text:
    line = Text("⇢ " if is_linked else "")
    line.append(f"{span.service:<18}", style="cyan")
    line.append(span.name, style="bold red" if span.status == "ERROR" else "bold")
    after, took = (span.start_ns - began) / MILLISECOND, (span.end_ns - span.start_ns) / MILLISECOND
    line.append(f"  +{after:.1f} ms, {took:.1f} ms", style="green")
    facts = " ".join(f"{key}={span.attributes[key]}" for key in SHOWN if key in span.attributes)
    return line.append(f"  {facts}", style="dim") if facts else line


def show(folder: Path, trace_id: str, console: Console) -> bool:
    """Print a trace; say whether there was one."""
    tree = as_tree(trace_id.lower(), read_spans(folder))
    if tree:
        console.print(tree, soft_wrap=True)
    return tree is not None
