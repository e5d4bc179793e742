"""What the verbs of a platform's life share: the desk of a home, the operator's key, whose platforms one may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from gateway.checking import HomeError, kinds_of
from gateway.cli.governing.options import WAIT
from gateway.documents import listed, suggestion
from gateway.environment import store_of
from gateway.governing import seen
from gateway.governing.obeying import begin
from gateway.governing.officers import Officer, Officers, load_officers
from gateway.governing.signing import read_key
from gateway.registering import enrolment
from gateway.registering.desk import Desk, may_see
from gateway.registering.enrolment import Enrolled
from gateway.settings import Settings, load
from gateway.wiring import drafts_of
from policies.model import Catalogue

_path = click.Path(path_type=Path, dir_okay=False)
key_option = click.option(
    "--key", type=_path, required=True, help="The file of your private key; HOME/officers.yaml says whose key it is."
)
own_option = click.option(
    "--key",
    type=_path,
    default=None,
    help="Your private key: where a region has operators, they and its officers of policies see its platforms.",
)
note_option = click.option("--note", default=None, help="Why; kept with the step.")
wait_option = click.option(
    "--wait", type=float, default=WAIT, show_default=True, help="Seconds to wait until every running gateway obeys."
)


class Counter:
    """A home with its desk, as long as a verb lasts. What takes long is read when it is needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.store = settings, store_of(settings)
        self.desk = Desk(settings.home, self.store, lambda: self.catalogue, kinds=lambda: self.kinds)

    @cached_property
    def kinds(self) -> Mapping[str, Any]:
        """Those of other packages that the settings name."""
        return kinds_of(self.settings)

    @cached_property
    def catalogue(self) -> Catalogue:
        """That of the policies in force."""
        return begin(self.settings.home, self.settings.province).policies.catalogue

    @cached_property
    def enrolled(self) -> Enrolled:
        """What was said of platforms so far."""
        return enrolment.begin(self.settings.home, self.store)

    @property
    def platforms(self) -> list[str]:
        """Every platform of which there is a file or a step."""
        files = listed(self.settings.home / "platforms")
        return sorted({path.stem for path in files} | set(self.enrolled.course.platforms))


@contextmanager
def at_the_desk(home: Path | None) -> Iterator[Counter]:
    settings = load(home)
    if not settings.home.is_dir():
        raise HomeError(f"{settings.home} is missing; `credit-gateway init` makes a home")
    counter = Counter(settings)
    try:
        yield counter
    finally:
        counter.store.close()


def tell_who_lags(counter: Counter) -> None:
    """What is told is what was said; a running gateway that does not obey it answers by what was said before."""
    for each in seen.running(counter.settings.home):
        refused = seen.refusal(each, seen.STEP)
        if refused is not None and isinstance(each, seen.Seen):
            told = f"step {refused['seq']} is not obeyed ({refused['reason']}); its log says why"
            click.echo(f"warning: gateway {each.worker} answers by step {each.step}: {told}", err=True)


def tell_drafts(counter: Counter, key: Path) -> None:
    """From the first `live` on no file of a region with operators answers: those that nobody has put live are named."""
    sight = Sight.of(counter.settings, key)
    for name in filter(sight.sees, drafts_of(counter.settings, counter.enrolled).unasked):
        click.echo(f"note: platforms/{name}.yaml is asked by nobody: it is not live")


@dataclass(frozen=True, slots=True)
class Sight:
    """What whoever looks may see: platforms of regions without operators, and those of one's own regions."""

    officers: Officers
    officer: Officer | None

    @classmethod
    def of(cls, settings: Settings, key: Path | None) -> Sight:
        officers = load_officers(settings.home)
        return cls(officers, officers.of_key(read_key(key).public) if key is not None else None)

    def sees(self, platform: str) -> bool:
        return may_see(self.officers, self.officer, platform[:6])

    def require(self, platform: str, known: list[str]) -> None:
        """Raises click's error when there is no such platform for whoever looks: nobody else's is told."""
        seen = [name for name in known if self.sees(name)]
        if platform not in seen:
            hint = "" if self.officer else "; `--key` shows those of your regions"
            raise click.BadParameter(
                f"no platform `{platform}`{suggestion(platform, seen)}{hint}", param_hint="PLATFORM"
            )
