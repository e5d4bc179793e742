"""What a run measured, as a table for a terminal: median (least to most) of the rounds, and ratios of medians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

HEAD = ("stack", "answers/s", "least-most", "p50 ms", "p99 ms", "calls", "KB", "MB", "not 2xx", "ours is")
Rounds = Mapping[str, Sequence[Mapping[str, Any]]]


def summary(rounds: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """min, median and max of everything that the rounds measured."""
    return {
        name: {
            "min": min(round_[name] for round_ in rounds),
            "median": median(round_[name] for round_ in rounds),
            "max": max(round_[name] for round_ in rounds),
        }
        for name in rounds[0]
    }


def lines(found: Rounds, first: str = "ours") -> list[str]:
    """One line for each stack; the last column says how often `first` is this stack."""
    summaries = {name: summary(rounds) for name, rounds in found.items() if rounds}
    ours = summaries.get(first)
    rows = [HEAD]
    for name, s in summaries.items():
        speed = s["per_second"]
        ratio = f"{ours['per_second']['median'] / speed['median']:.2f} x" if ours and speed["median"] else ""
        failed = sum(round_["refused"] + round_["broken"] + round_["timeouts"] for round_ in found[name])
        rows.append(
            (
                name, f"{speed['median']:.0f}", f"{speed['min']:.0f}-{speed['max']:.0f}", f"{s['p50']['median']:.1f}",
                f"{s['p99']['median']:.1f}", f"{s['calls']['median']:.2f}", f"{s['size']['median'] / 1024:.1f}",
                f"{s['memory']['max'] / 1e6:.0f}", str(failed), ratio,
            )
        )  # fmt: skip
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
