"""What a run measured, as a table for a terminal: median (least to most) of the rounds, and ratios of medians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

HEAD = ("stack", "answers/s", "least-most", "ours is", "cpu ms", "p50 ms", "p99 ms", "calls", "KB", "MB", "not 2xx")
OWN = (
    "alone p99",
    "p99 ratio",
    "newcomers answered",
    "answered in ms",
    "newcomers shed",
    "shed in ms",
    "newcomers lost",
)
Rounds = Mapping[str, Sequence[Mapping[str, Any]]]


def summary(rounds: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """min, median and max of every number that the rounds measured."""
    found = {}
    for name in dict.fromkeys(name for round_ in rounds for name in round_):
        values = [round_[name] for round_ in rounds if isinstance(round_.get(name), int | float)]
        if values:
            found[name] = {"min": min(values), "median": median(values), "max": max(values)}
    return found


def lines(found: Rounds, first: str = "ours") -> list[str]:
    """One line for each stack; `ours is` says how often `first` is this stack, by answers a second."""
    summaries = {name: summary(rounds) for name, rounds in found.items() if rounds}
    ours = summaries.get(first)
    own = [name for name in OWN if any(name in s for s in summaries.values())]
    rows: list[tuple[str, ...]] = [(*HEAD, *own)]
    for name, s in summaries.items():
        speed = s["per_second"]
        ratio = f"{ours['per_second']['median'] / speed['median']:.2f} x" if ours and speed["median"] else ""
        failed = sum(round_["refused"] + round_["broken"] + round_["timeouts"] for round_ in found[name])
        rows.append(
            (
                name, f"{speed['median']:.0f}", f"{speed['min']:.0f}-{speed['max']:.0f}", ratio,
                _median(s, "cost", ".3f"), _median(s, "p50", ".1f"), _median(s, "p99", ".1f"),
                _median(s, "calls", ".2f"),
                f"{s['size']['median'] / 1024:.1f}{_cut(found[name])}", f"{s['memory']['max'] / 1e6:.0f}", str(failed),
                *(_median(s, each, ".4g") for each in own),
            )
        )  # fmt: skip
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, the first column to the left and the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]


def _cut(rounds: Sequence[Mapping[str, Any]]) -> str:
    """A mark for answers that were shorter than the whole one in some round: many of them were partial, or errors."""
    return "!" if any(0 < round_["size"] < 0.95 * round_.get("whole", 0) for round_ in rounds) else ""


def _median(found: Mapping[str, Mapping[str, float]], name: str, form: str) -> str:
    return format(found[name]["median"], form) if name in found else "-"
