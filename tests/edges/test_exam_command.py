"""`credit-gateway connector` and the pytest plugin: the exam as an operator, a build server and a developer meet it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import etree

from deploy.demo.province import DECLARATIONS
from gateway.cli import cli
from gateway.cli.homes import make_home, shipped
from gateway.governing.officers import Officers
from gateway.registering.answering import drafts
from gateway.registering.enrolment import Enrolled

ROOT = Path(__file__).parents[2]
YANTAI = "370600-yantai-credit"
GROUPS = (
    "1 Declaration",
    "2 Mapping on samples",
    "3 Connection",
    "4 Claims are true",
    "5 Limits and faults",
    "6 Privacy",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two of the demo's declarations, which nobody serves."""
    place = tmp_path_factory.mktemp("examined") / "home"
    make_home(place)
    for name in (f"{YANTAI}.yaml", "370700-weifang-drop.yaml"):
        shutil.copyfile(DECLARATIONS / name, place / "platforms" / name)
    shutil.copytree(DECLARATIONS / "samples", place / "platforms" / "samples", dirs_exist_ok=True)
    return place


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["connector", *map(str, words)])


def test_the_tree_tells_six_groups_and_what_to_do(home: Path) -> None:
    """Offline, a good declaration with samples is C; what was not asked for is told, with the word that asks for it."""
    told = run("check", home / "platforms" / f"{YANTAI}.yaml", "--home", home)
    assert told.exit_code == 0, told.output
    assert [line[2:] for line in told.output.splitlines() if line[:2] in ("├ ", "└ ")] == list(GROUPS)
    assert told.output.count("-> say --live") == 3
    assert "readiness: C  (for B: say --live, with a test subject that the platform knows)" in told.output
    assert "\x1b" not in told.output


def test_exit_codes(home: Path, tmp_path: Path) -> None:
    """1 when something failed, 2 when something could not be done or the command line is wrong."""
    file = home / "platforms" / f"{YANTAI}.yaml"
    alive = run("check", file, "--live", "--home", home)
    assert alive.exit_code == 2
    assert "`env:YANTAI_API_KEY` is not set" in alive.output or "`env:YANTAI_BASE` is not set" in alive.output
    broken = tmp_path / file.name
    broken.write_text(file.read_text("utf-8").replace("counterpartyName:", "counterpartName:"), "utf-8")
    failed = run("check", broken, "--home", home)
    assert failed.exit_code == 1
    assert "unknown field `AdministrativePenalty.counterpartName`, did you mean `counterpartyName`?" in failed.output
    assert {run(*words).exit_code for words in (["check"], ["check", file, "--offline", "--live"])} == {2}
    person = run("check", file, "--live", "--subject", "no-code", "--home", home)
    assert (person.exit_code, "a code that passes its check is expected" in person.output) == (2, True)


PEER = shipped("connectors") / "platforms" / "_template-peer.yaml"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--purpose", "gov.licence"], "did you mean `gov.licensing`?"),
        (["--purpose", "gov.payment"], "`gov.payment` requires `operator=...`"),
        (["--purpose", "gov.licensing", "--class", "goverment"], "did you mean `government`?"),
        (["--evidence", "operator=li"], "say for which --purpose"),
    ],
)
def test_on_whose_behalf_is_said_in_words_of_the_catalogue(words: list[str], said: str, home: Path) -> None:
    """A purpose, class or evidence that the catalogue does not know is told before anybody is asked."""
    told = run("check", PEER, "--live", *words, "--home", home)
    assert (told.exit_code, said in told.output) == (2, True), told.output


def test_every_platform_on_every_paper(home: Path, tmp_path: Path) -> None:
    """`--all` examines each declaration once; JSON, JUnit XML and the page tell the same checks."""
    junit, html = tmp_path / "exam.xml", tmp_path / "exam.html"
    told = run("check", "--all", "--home", home, "--json", "--junit", junit, "--html", html)
    assert told.exit_code == 0, told.output
    platforms = json.loads(told.stdout)["platforms"]
    assert [each["platform"] for each in platforms] == [YANTAI, "370700-weifang-drop"]
    assert {each["readiness"] for each in platforms} == {"C"}
    suites = etree.fromstring(junit.read_bytes())
    assert [suite.get("name") for suite in suites] == [f"{each['platform']} {each['version']}" for each in platforms]
    for suite, each in zip(suites, platforms, strict=True):
        assert [case.get("name") for case in suite] == [
            f"{check['group']}.{check['name']}: {check['title']}" for check in each["checks"]
        ]
        undone = [check for check in each["checks"] if check["grade"] == "NOT DONE"]
        assert (suite.get("failures"), suite.get("skipped")) == ("0", str(len(undone)))
    page = html.read_text("utf-8")
    assert all(check["title"] in page for each in platforms for check in each["checks"] if "'" not in check["title"])
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_file_that_cannot_be_read_keeps_nobody_from_the_exam(home: Path, tmp_path: Path) -> None:
    """It fails by itself, with its line; the others are examined, and every paper tells of all."""
    broken, html = home / "platforms" / "370300-broken.yaml", tmp_path / "exam.html"
    broken.write_text("platform: 370300-broken\n\tversion: 1.0.0\n", "utf-8")
    try:
        told = run("check", "--all", "--home", home, "--html", html)
    finally:
        broken.unlink()
    assert told.exit_code == 1
    assert "370300-broken.yaml:2: a tab stands here: indent with blanks" in told.output
    assert told.output.count("readiness: D") == 1
    assert told.output.count("readiness: C") == 2
    assert all(name in html.read_text("utf-8") for name in ("370300-broken", YANTAI, "a tab stands here"))
    wrong = home / "platforms" / f"{YANTAI}.yml"
    shutil.copyfile(home / "platforms" / f"{YANTAI}.yaml", wrong)
    assert "rename it to end in .yaml" in run("check", wrong, "--home", home).output
    assert f"platforms/{wrong.name} is not read" in "".join(drafts(wrong.parent, Enrolled(), Officers({})).warnings)
    wrong.unlink()
    nowhere = run("check", "--all", "--home", home, "--html", tmp_path / "none" / "exam.html")
    assert (nowhere.exit_code, "none is not there, or cannot be written into" in nowhere.output) == (2, True)


def test_kinds_list_and_show(home: Path) -> None:
    """What can be declared, what is declared, and what one platform says that it answers."""
    kinds = run("kinds")
    assert {"rest", "sql", "soap", "file"} <= {line.split()[0] for line in kinds.output.splitlines()[1:]}
    listed = run("list", "--home", home)
    assert [line.split()[0] for line in listed.output.splitlines()[1:]] == [YANTAI, "370700-weifang-drop"]
    shown = run("show", YANTAI, "--home", home)
    assert "AdministrativePenalty" in shown.output
    assert "api (rest)" in shown.output
    wrong = run("show", "370600-yantai", "--home", home)
    assert (wrong.exit_code, f"did you mean `{YANTAI}`?" in wrong.output) == (2, True)


def test_a_sandbox_covers_nothing(home: Path) -> None:
    """Invented records are told as such, not as live; signs of a title are shown as they are written."""
    template = shipped("connectors") / "platforms" / "_template-sandbox.yaml"
    (name,) = re.findall(r"(?m)^platform: (\S+)", template.read_text("utf-8"))
    place = home / "platforms" / f"{name}.yaml"
    place.write_text(re.sub(r"zh: [^,]+", 'zh: "试[red]用:x:"', template.read_text("utf-8"), count=1), "utf-8")
    try:
        covered, listed = run("coverage", "--home", home).output, run("list", "--home", home).output
    finally:
        place.unlink()
    assert "sandbox" in covered
    assert "试[red]用:x:" in listed


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """What an installed gateway leaves for pytest to find: the entry points of pyproject.toml."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pytest11"]
    place = tmp_path / "installed" / "credit_gateway-0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: credit-gateway\nVersion: 0\n", "utf-8")
    lines = "".join(f"{name} = {module}\n" for name, module in points.items())
    (place / "entry_points.txt").write_text(f"[pytest11]\n{lines}", "utf-8")
    return place.parent


def test_the_exam_among_other_tests(installed: Path, tmp_path: Path) -> None:
    """`pytest --connector FILE` sits the exam, an item a check; a mistake fails its item and says what to do."""
    folder = tmp_path / "platforms"
    shutil.copytree(shipped("connectors") / "platforms", folder)
    good, bad = folder / "_template.yaml", folder / "_template-soap.yaml"
    bad.write_text(bad.read_text("utf-8").replace('"0": ACTIVE', '"0": REPAIRED'), "utf-8")
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    where = {**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"}
    sat = subprocess.run(
        [*command, "--connector", good, "--connector", bad], cwd=tmp_path, env=where, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert sat.returncode == 1
    assert "_template.yaml::2.values PASSED" in sat.stdout
    assert "1 failed, 15 passed" in sat.stdout
    assert "`status` should be ACTIVE and becomes REPAIRED" in sat.stdout
    assert "Traceback" not in sat.stdout
