"""What `make mutate` found: the share of mutants that some test notices, by file, and the name of each survivor.

Mutants that were not tried yet do not count. It fails below LEAST. Why the survivors survive is written in MUTANTS.md,
beside this file.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

LEAST = 0.9
NOTICED = frozenset({"killed", "timeout"})  # a mutant that never ends is noticed as well
ROOT = Path(__file__).parent.parent


def results() -> Iterator[tuple[str, str]]:
    """Name and fate of every mutant, as mutmut tells them."""
    command = [str(Path(sys.executable).with_name("mutmut")), "results", "--all", "true"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for line in told.splitlines():
        name, _, fate = line.strip().rpartition(": ")
        if name:
            yield name, fate


def lines(found: Iterable[tuple[str, str]]) -> tuple[list[str], float]:
    """A table of files, then the survivors; and the share that is noticed."""
    whole, noticed, survivors = Counter[str](), Counter[str](), []
    for name, fate in found:
        if fate == "not checked":
            continue
        file = name.partition(".x")[0].replace(".", "/") + ".py"
        whole[file] += 1
        noticed[file] += fate in NOTICED
        if fate not in NOTICED:
            survivors.append(f"{name}: {fate}")
    share = noticed.total() / max(1, whole.total())
    rows = [
        f"{file:28}{noticed[file]:6} of {whole[file]:5}{noticed[file] / whole[file]:9.1%}" for file in sorted(whole)
    ]
    return [*survivors, *rows, f"{'together':28}{noticed.total():6} of {whole.total():5}{share:9.1%}"], share


def main() -> None:
    told, share = lines(results())
    print("\n".join(told))
    if share < LEAST:
        sys.exit(f"fewer than {LEAST:.0%} of the mutants are noticed")


if __name__ == "__main__":
    main()
