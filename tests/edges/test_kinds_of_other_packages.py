"""Kinds of other packages: built, installed beside the gateway, admitted by name, and never otherwise imported.

The package is `tests/edges/ndjson_kind`, whole as an author would write it.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from connectors.contract import API
from connectors.kinds.admitted import admitted
from connectors.registry import Registry, load
from connectors.spelling import DeclarationError
from gateway.cli import cli
from tests.edges.invented import FIRM, OTHER, TERMS, Surroundings, ask, connector, declaration, rows
from tests.promises.penalties import platform

PACKAGE = Path(__file__).with_name("ndjson_kind")
MODULE = "credit_gateway_ndjson"
SOURCE = "sources:\n  main:\n    kind: ndjson\n    path: env:INVENTED_FILE\n    limits: {maxRows: 100}\n"
PERMIT = 'key: [id]\nsubject: {uscc: {path: code}}\nfields:\n  state: {path: state, vocabulary: {"1": ACTIVE}}\n'


class Closing:
    """A connector that notes that it was closed, and may fail at it."""

    def __init__(self, fails: bool) -> None:
        self.fails, self.closed = fails, False

    async def close(self) -> None:
        self.closed = True
        if self.fails:
            raise RuntimeError("secret")


async def test_one_that_cannot_be_closed_keeps_no_other_open(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a kind raises when it is closed, the platforms behind it are closed too; the log names it, no text."""
    connectors = [Closing(True), Closing(False)]
    names = ("370200-a", "370600-b")
    platforms = {name: platform(name, connector=each) for name, each in zip(names, connectors, strict=True)}
    await Registry(platforms).close()
    assert all(each.closed for each in connectors)
    assert "370200-a" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built as its author would, without asking any index."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PACKAGE, check=True, capture_output=True, timeout=60)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packages that holds it, among those that this Python knows."""
    place = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(place)
    monkeypatch.syspath_prepend(str(place))
    importlib.invalidate_caches()
    yield place
    for name in [each for each in sys.modules if each.partition(".")[0] in {MODULE, "wrong_kind"}]:
        del sys.modules[name]


Offers = Callable[[str, str], None]


@pytest.fixture
def offers(installed: Path) -> Offers:
    """Installs one more package with a kind, of which the text of its module is given."""

    def offer(name: str, text: str) -> None:
        (installed / "wrong_kind.py").write_text(text, "utf-8")
        about = installed / "wrong_kind-2.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: wrong-kind\nVersion: 2.0\n", "utf-8")
        (about / "entry_points.txt").write_text(f"[credit-gateway.connectors]\n{name} = wrong_kind:Kind\n", "utf-8")
        importlib.invalidate_caches()

    return offer


async def test_a_kind_of_another_package_answers_once_it_is_admitted(installed: Path, tmp_path: Path) -> None:
    """Named in the settings, it reads its own words, is checked like a shipped kind, and its rows come mapped."""
    terms = replace(TERMS, kinds=admitted(["ndjson"]))
    made = connector(load([declaration(SOURCE, PERMIT)], terms))
    held = [{"id": 1, "code": FIRM, "state": "1"}, {"id": 2, "code": OTHER, "state": "1"}]
    (tmp_path / "held").write_text("\n".join(map(json.dumps, held)), "utf-8")
    await made.open(Surroundings({"env:INVENTED_FILE": str(tmp_path / "held")}))
    found = await rows(made, ask(subjects=(FIRM,)))
    assert [(row.id, row.values) for row in found] == [("1", {"state": "ACTIVE"})]
    wrong = [
        (
            SOURCE.replace("path: env:INVENTED_FILE", "paths: env:X"),
            PERMIT,
            "unknown word `paths`, did you mean `path`?",
        ),
        (SOURCE.replace("env:INVENTED_FILE", "/data"), PERMIT, "10: `path`: a literal is refused here"),
        (SOURCE, PERMIT + "table: permits\n", "`table` is a word of kind sql, this source is ndjson"),
        (SOURCE, PERMIT + "filters: {state: [eq]}\n", "this kind filters nothing"),
    ]
    for source, permit, finding in wrong:
        with pytest.raises(DeclarationError, match=finding.replace("?", r"\?")):
            load([declaration(source, permit)], terms)


def test_a_kind_that_nobody_named_is_not_even_imported(installed: Path) -> None:
    """Installed is not admitted: nothing of the package runs, and the finding says what to set."""
    with pytest.raises(DeclarationError) as caught:
        load([declaration(SOURCE, PERMIT)], TERMS)
    (told,) = caught.value.findings
    assert told.startswith(
        "370100-invented.yaml:9: unknown kind `ndjson`; one of another package must be named in the "
    )
    assert "setting CREDIT_GATEWAY_KINDS; known: chaos, file," in told
    assert MODULE not in sys.modules
    with pytest.raises(DeclarationError, match="unknown kind `sqll`, did you mean `sql`"):
        load([declaration(SOURCE.replace("ndjson", "sqll"), PERMIT)], TERMS)


WRONG = [
    ("of an older contract", "mine", f"class Kind:\n    api = {API - 1}\n",
     f"the kind `mine` of wrong-kind 2.0 was written for contract {API - 1}, this gateway has {API}"),
    ("of no contract", "mine", "class Kind: pass\n",
     f"the kind `mine` of wrong-kind 2.0 was written for no contract, this gateway has {API}"),
    ("without words", "mine", f"class Kind:\n    api = {API}\n", "the kind `mine` of wrong-kind 2.0 lacks `words`"),
    ("of another name", "mine", f"from {MODULE} import Ndjson as Kind\n",
     "the kind `mine` of wrong-kind 2.0 lacks `words`, or a `source` whose `kind` it is"),
    ("that breaks when it is imported", "mine", "raise RuntimeError('hunter2')\n",
     "the kind `mine` of wrong-kind 2.0 cannot be loaded: RuntimeError"),
    ("without its class", "mine", "", "the kind `mine` of wrong-kind 2.0 cannot be loaded: AttributeError"),
    ("that another offers too", "ndjson", "", "offered by credit-gateway-ndjson 1.0.0 and wrong-kind 2.0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_kind_that_does_not_fit_is_refused(offers: Offers, name: str, text: str, said: str) -> None:
    """The message names the kind and its package, and says what is wrong with it."""
    offers(name, text)
    with pytest.raises(ValueError, match="the kind") as caught:
        admitted([name])
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_shipped_kinds_and_missing_packages_are_no_guests(installed: Path) -> None:
    """A shipped kind can never be replaced, and a name without a package says so."""
    with pytest.raises(ValueError, match="`sql` is a shipped kind"):
        admitted(["ndjson", "sql"])
    with pytest.raises(ValueError, match="no installed package offers the kind `ldap`"):
        admitted(["ldap"])


def test_the_command_line_knows_what_the_settings_admit(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`connector kinds` lists a guest with its package and version; what cannot be used is told, with the setting."""
    arguments = ["connector", "kinds", "--home", str(tmp_path)]
    assert "ndjson" not in CliRunner().invoke(cli, arguments).stdout
    monkeypatch.setenv("CREDIT_GATEWAY_KINDS", "ndjson")
    listed = CliRunner().invoke(cli, arguments).stdout
    assert "credit-gateway-ndjson 1.0.0" in next(line for line in listed.splitlines() if line.startswith("ndjson"))
    monkeypatch.setenv("CREDIT_GATEWAY_KINDS", "ldap, ndjson")
    refused = CliRunner().invoke(cli, arguments)
    assert refused.exit_code != 0
    assert (
        "CREDIT_GATEWAY_KINDS: no installed package offers the kind `ldap`" in str(refused.exception) + refused.output
    )
