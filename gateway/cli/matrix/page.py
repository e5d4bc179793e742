"""The matrix as one page of HTML: nothing is loaded from anywhere, no script runs, and paper shows all of it."""

from __future__ import annotations

from pathlib import Path

from gateway.cli.matrix import telling
from gateway.cli.pages import rendered
from policies.conditions import SHANGHAI
from policies.matrix import Matrix, Section
from policies.model import ALLOW, DENY, FieldClass, Words
from policies.policyset import PolicySet

CLASSES = {
    FieldClass.PUBLIC: Words("公开", "public"),
    FieldClass.AUTHORIZED: Words("授权查询", "with the subject's authorisation"),
    FieldClass.GOV_SHARED: Words("政务共享", "shared among government departments"),
    FieldClass.RESTRICTED: Words("受限", "restricted"),
    FieldClass.PROHIBITED: Words("禁止", "prohibited"),
}
LOOKS = {ALLOW: "full", DENY: "none"}


def html(found: Matrix, policies: PolicySet) -> str:
    """The whole page."""
    return rendered(
        Path(__file__).parent,
        found=found,
        catalogue=policies.catalogue,
        notes=telling.notes(found, policies),
        telling=telling,
        classes=CLASSES,
        look=lambda cell: LOOKS.get(cell.effect, "part"),
        at=found.at.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        word={True: "yes", False: "no", None: ""}.get,
        crowded=_crowded,
    )


def _crowded(section: Section) -> bool:
    return len(section.columns) > 12
