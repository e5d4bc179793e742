"""A running gateway obeys what is activated: at once, whole, and never an old, a cut or an unapproved version."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import reloading
from gateway.authenticating.ledger import Ledger
from gateway.governing import keeping, statements
from gateway.governing.bundles import Bundles
from gateway.governing.floor import Floors
from gateway.governing.obeying import Governed, Obeying, begin
from gateway.governing.officers import load_officers
from gateway.governing.overlay import Suspension
from gateway.governing.recalling import recalled
from gateway.governing.sayings import Approval, Evidence, Limit, Partner, Pointer, Submission
from gateway.governing.statements import APPROVAL, POINTER, SUBMISSION, Refused
from gateway.wiring import Configuration, redecided
from tests.conftest import House, gateway_beside
from tests.edges.drafts import catalogue, texts
from tests.promises.officers import NOTE, Chamber, Clock, obeyed, open_chamber
from tests.promises.small_sets import MORE, TWO_FIELDS, seal, shipped_with, write

FIELDS = "documentNo caseName decisionDate"
QUERY = f"query($id: SubjectKey!) {{ subject(id: $id) {{ administrativePenalties {{ nodes {{ {FIELDS} }} }} }} }}"
CLOSED = "two-fields/closed"
SOON = timedelta(minutes=1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Sets as shipped, with two fields closed, with a later catalogue, with one that no platform was written for."""
    place = tmp_path_factory.mktemp("sets")
    path = "catalogue/catalogue.yaml"
    version = re.compile(r'^version: "(\d+)\.\d+"', re.MULTILINE)
    assert version.search(texts()[path])
    later, foreign = version.sub(r'version: "\1.99"', texts()[path]), version.sub('version: "9999.1"', texts()[path])
    return {
        "shipped": shipped_with(place / "shipped", {}),
        "tightened": shipped_with(place / "tightened", TWO_FIELDS),
        "renewed": shipped_with(place / "renewed", {**TWO_FIELDS, path: later}),
        "foreign": shipped_with(place / "foreign", {path: foreign}),
    }


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def both(house: House, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Chamber]]:
    """A gateway that began without a pointer, with officers; the shipped set is in force by pointer 1."""
    with gateway_beside(house, tmp_path_factory.mktemp("own"), now=clock) as beside:
        first = ready(beside)
        assert (first["seq"], first["since"], first["refused"]) == (0, None, None)
        chamber = open_chamber(beside.home, clock)
        obeyed(beside.home, chamber.begin().seq)
        assert ready(beside)["policy"] == first["policy"]
        yield beside, chamber


@pytest.fixture(autouse=True)
def shipped(both: tuple[House, Chamber], folders: dict[str, Path], clock: Clock) -> None:
    """Each test begins where the shipped set is in force and nothing is refused."""
    gateway, chamber = both
    digest = chamber.office.bundles.freeze(folders["shipped"]).digest
    if chamber.office.course().in_force(clock()).bundle != digest:
        obeyed(gateway.home, chamber.change(folders["shipped"], widens=True).seq)
    assert ready(gateway)["policy"] == digest
    until(gateway, lambda body: body["refused"] is None)


def ready(house: House) -> dict[str, Any]:
    body: dict[str, Any] = house.client.get("/ready").json()
    return body


def until(house: House, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until /ready says so."""
    end = time.monotonic() + 60
    while not holds(found := ready(house)):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def penalties(house: House) -> tuple[bool, str]:
    """Whether the two fields are told to the public, and by which policies."""
    answer = house.ask(QUERY, "penalised")
    nodes = answer["data"]["subject"]["administrativePenalties"]["nodes"]
    assert nodes
    told = {node[name] is not None for node in nodes for name in ("documentNo", "caseName")}
    rules = {entry["rule"] for entry in answer["extensions"]["withheld"]}
    assert told == ({False} if CLOSED in rules else {True})
    return told == {True}, answer["extensions"]["policy"]


def test_an_activation_reaches_a_running_gateway(both: tuple[House, Chamber], folders: dict[str, Path]) -> None:
    """What is activated is answered by as soon as it was acknowledged; ready, metrics and notes say which it is."""
    gateway, chamber = both
    assert penalties(gateway) == (True, ready(gateway)["policy"])
    course = chamber.change(folders["tightened"])
    obeyed(gateway.home, course.seq)
    digest = course.current.digest
    assert penalties(gateway) == (False, digest)
    now = ready(gateway)
    assert (now["seq"], now["policy"], now["refused"]) == (course.seq, digest, None)
    assert datetime.fromisoformat(now["since"]) == course.current.since
    text = gateway.client.get("/metrics").text
    assert f'credit_gateway_policy_info{{digest="{digest}",worker="0"}} 1.0' in text
    assert f'credit_gateway_policy_seq{{worker="0"}} {course.seq}.0' in text
    assert 'credit_gateway_requests_total{outcome="answered",worker="0"}' in text
    changes = gateway.client.get("/policy/changes.json").json()
    assert [change["seq"] for change in changes] == list(range(course.seq, 0, -1))
    assert changes[0]["note"] == {"zh": NOTE.zh, "en": NOTE.en}


def test_an_old_pointer_is_not_obeyed_again(
    both: tuple[House, Chamber], folders: dict[str, Path], clock: Clock
) -> None:
    """An old pointer that is put back changes nothing, is told, and is refused by a gateway that starts anew, too."""
    gateway, chamber = both
    place = chamber.office.journal.place
    old = place.read_bytes()
    course = chamber.change(folders["tightened"])
    obeyed(gateway.home, course.seq)
    new = place.read_bytes()
    place.write_bytes(old)
    found = until(gateway, lambda body: body["refused"] is not None)
    assert found["refused"] == {"seq": course.seq - 1, "reason": "replayed"}
    assert penalties(gateway) == (False, course.current.digest)
    assert (
        'credit_gateway_activation_failures_total{reason="replayed",worker="0"} 1.0'
        in gateway.client.get("/metrics").text
    )
    started = begin(gateway.home, "37", clock)
    assert (started.course.seq, started.policies.digest) == (course.seq, course.current.digest)
    assert started.declined is not None
    assert started.declined.reason == "replayed"
    place.write_bytes(new)
    until(gateway, lambda body: body["refused"] is None)


def test_what_cannot_be_obeyed_hides_nothing_before_it(
    both: tuple[House, Chamber], folders: dict[str, Path], clock: Clock
) -> None:
    """A process that begins with what was read long ago and finds a pointer cut, and one that finds a good pointer and
    one that nobody signed at once, obey the last good one and say what they do not."""
    gateway, chamber = both
    long_ago = begin(gateway.home, "37", clock)
    course = chamber.change(folders["tightened"])
    obeyed(gateway.home, course.seq)
    place = chamber.office.journal.place
    whole = place.read_bytes()
    floor = gateway.home / "keys" / "policy-floor.json"
    noted = floor.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    until(gateway, lambda body: body["refused"] is not None)
    found = Obeying(gateway.home, "37", long_ago, clock).look()
    assert (found.course.seq, found.policies.digest) == (course.seq, course.current.digest)
    assert found.declined is not None
    floor.unlink()
    place.write_bytes(whole)
    following = Obeying(gateway.home, "37", long_ago, clock)
    words = statements.read(whole, POINTER, "pointer").words
    place.write_bytes(statements.state(
        POINTER, load_officers(gateway.home).by_id["sun-operator"], chamber.key("li-author"), clock(),
        {**words, "seq": course.seq + 1},
    ).raw)  # fmt: skip
    found = following.look()
    assert (found.course.seq, found.policies.digest) == (course.seq, course.current.digest)
    assert found.declined is not None
    assert found.declined.reason == "signature"
    following.obeys(found)
    assert floor.read_bytes() == noted
    place.write_bytes(whole)
    until(gateway, lambda body: body["refused"] is None)


def test_what_is_cut_leaves_the_last_good_one(
    both: tuple[House, Chamber], folders: dict[str, Path], clock: Clock
) -> None:
    """A pointer cut short, one that is gone, a bundle of which a rule file is cut: told, and nothing else changes;
    when it is mended it is obeyed without a restart."""
    gateway, chamber = both
    course = chamber.change(folders["tightened"])
    obeyed(gateway.home, course.seq)
    place = chamber.office.journal.place
    whole = place.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"null\n", whole[:-1], None):
        place.unlink()
        if damaged is not None:
            place.write_bytes(damaged)
        found = until(gateway, lambda body: body["refused"] is not None)
        assert found["refused"]["reason"] == ("missing" if damaged is None else "unreadable")
        assert penalties(gateway) == (False, course.current.digest)
        started = begin(gateway.home, "37", clock)
        assert started.policies.digest == course.current.digest
        place.write_bytes(whole)
        until(gateway, lambda body: body["refused"] is None)
    back = chamber.change(folders["shipped"], widens=True)
    obeyed(gateway.home, back.seq)
    next_course = chamber.change(folders["renewed"], widens=True)
    obeyed(gateway.home, next_course.seq)
    path = gateway.home / "bundles" / back.current.bundle[7:] / "rules/00-national.yaml"
    raw = path.read_bytes()
    path.write_bytes(raw[: raw.index(b"limit: deny")])
    with pytest.raises(Refused, match="not as it was frozen"):
        chamber.office.submit(back.current.bundle, chamber.key("li-author"), NOTE, widens=True)
    path.write_bytes(raw)
    _, submission = chamber.office.submit(back.current.bundle, chamber.key("li-author"), NOTE, widens=True)
    for person in ("wang-approver", "zhao-lawyer"):
        chamber.office.approve(submission.bundle, chamber.key(person))
    last = chamber.office.activate(submission.bundle, chamber.key("sun-operator"), clock() + SOON)
    path.write_bytes(raw[: raw.index(b"limit: deny")])
    clock.ahead += SOON
    found = until(gateway, lambda body: body["refused"] is not None)
    assert found["refused"] == {"seq": last.seq, "reason": "bundle"}
    assert penalties(gateway) == (False, next_course.current.digest)
    path.write_bytes(raw)
    until(gateway, lambda body: body["policy"] == back.current.digest)
    assert penalties(gateway) == (True, back.current.digest)


def test_another_catalogue_is_taken_up_whole(both: tuple[House, Chamber], folders: dict[str, Path]) -> None:
    """With another catalogue the platforms are read and asked anew, beside the requests that are being answered."""
    gateway, chamber = both
    course = chamber.change(folders["renewed"], widens=True)
    obeyed(gateway.home, course.seq)
    assert penalties(gateway) == (False, course.current.digest)
    token = gateway.ask(QUERY, "penalised", as_="weihai-licensing-desk", purpose="gov.licensing")
    assert token["extensions"]["policy"] == course.current.digest
    assert token["data"]["subject"]["administrativePenalties"]["nodes"]


def test_a_set_that_the_home_does_not_fit_is_not_obeyed(both: tuple[House, Chamber], folders: dict[str, Path]) -> None:
    """Whoever approves a set that the registered platforms do not agree with learns so, and nothing changes."""
    gateway, chamber = both
    before = ready(gateway)["policy"]
    course = chamber.change(folders["foreign"], widens=True)
    found = until(gateway, lambda body: body["refused"] is not None)
    assert found["refused"] == {"seq": course.seq, "reason": "home"}
    assert penalties(gateway) == (True, before)
    after = chamber.change(folders["tightened"], widens=True)
    obeyed(gateway.home, after.seq)
    assert penalties(gateway) == (False, after.current.digest)


def test_an_activation_waits_for_its_time(both: tuple[House, Chamber], folders: dict[str, Path], clock: Clock) -> None:
    """Before its time the gateway says what waits and answers by the old set; then by the new one, unasked."""
    gateway, chamber = both
    before = ready(gateway)["policy"]
    at = clock() + SOON
    course = chamber.change(folders["tightened"], at=at)
    obeyed(gateway.home, course.seq)
    assert course.waiting is not None
    assert ready(gateway)["waiting"]["policy"] == course.waiting.digest
    assert ready(gateway)["policy"] == before
    clock.ahead += SOON
    until(gateway, lambda body: body["policy"] == course.in_force(at).digest)
    assert penalties(gateway)[0] is False


def test_a_gateway_tries_the_cases_itself(both: tuple[House, Chamber], folders: dict[str, Path], clock: Clock) -> None:
    """Two officers who sign a set whose own cases fail, past the desk, do not bring it into force."""
    gateway, chamber = both
    course = chamber.office.course()
    before = course.current
    wrong = shipped_with(gateway.home.parent / "wrong", TWO_FIELDS)
    path = wrong / "rules/60-two-fields.yaml"
    path.write_text(path.read_text("utf-8").replace("to: {id: public}", "to: anyone"), "utf-8")
    bundle = Bundles(gateway.home).freeze(seal(wrong)).digest

    def signed(kind: str, person: str, words: Any) -> statements.Statement:
        officer, _ = chamber.office.officer(chamber.key(person))
        return statements.state(kind, officer, chamber.key(person), clock(), words.plain)

    evidence = Evidence(warnings=0, cases=0, gains=(), agreements=())
    submitted = Submission(bundle=bundle, base=before.base, note=NOTE, evidence=evidence, widens=False)
    submission = signed(SUBMISSION, "li-author", submitted)
    approved = Approval(submission=submission.id, bundle=bundle, base=before.base, widens=False)
    approval = signed(APPROVAL, "wang-approver", approved)
    pointer = Pointer.model_validate(
        {
            "seq": course.seq + 1, "previous": course.pointer, "verb": "activate", "replaces": before.bundle,
            "bundle": bundle, "digest": bundle, "from": clock(), "note": NOTE,
            "submission": submission.plain, "approvals": [approval.plain],
        }
    )  # fmt: skip
    chamber.office.journal.publish(signed(POINTER, "sun-operator", pointer))
    found = until(gateway, lambda body: body["refused"] is not None)
    assert found["refused"] == {"seq": course.seq + 1, "reason": "cases"}
    assert penalties(gateway) == (True, before.digest)


def test_what_could_not_be_written_down_is_written_later(
    both: tuple[House, Chamber], folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that obeys a pointer and cannot note it, its disk being full, notes and tells it as soon as it can:
    only so is an old pointer found out after a restart, and an officer told that the change is obeyed."""
    gateway, chamber = both
    monkeypatch.setattr(reloading, "AGAIN", 0.05)
    floors, lock = Floors(gateway.home, "policy", "pointer"), gateway.home / "keys" / ".policy-floor.json.lock"
    lock.unlink()
    lock.mkdir()
    course = chamber.change(folders["tightened"])
    until(gateway, lambda body: body["seq"] == course.seq)
    assert penalties(gateway) == (False, course.current.digest)
    assert floors.read().seq < course.seq
    lock.rmdir()
    obeyed(gateway.home, course.seq)
    assert floors.read().seq == course.seq


FULL = """
import resource
from pathlib import Path
from gateway.governing import keeping

place, raw = Path({place!r}), b"x" * 5000
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for write, what in ((keeping.once, raw), (keeping.replace, raw), (keeping.tree, {{"inner/file": raw}})):
    try:
        write(place / "there", what)
    except OSError as error:
        print(error.strerror)
"""


def test_what_the_disk_does_not_take_leaves_nothing_there(tmp_path: Path) -> None:
    """A file or folder that cannot be written whole, or put in its place, leaves no part beside it: what is tried again
    until there is room would take it all, and the audit log would find none."""
    command = [sys.executable, "-c", FULL.format(place=str(tmp_path))]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.splitlines() == ["File too large"] * 3
    assert not list(tmp_path.iterdir())
    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="directory"):
        keeping.replace(tmp_path / "there", b"x")
    assert list(tmp_path.iterdir()) == [tmp_path / "there"]


def test_a_change_of_clients_meanwhile_is_not_forgotten(
    both: tuple[House, Chamber], folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that is frozen while other policies are taken up is let in again when it is live again."""
    gateway, chamber = both
    client, ledger = "weihai-licensing-desk", Ledger(gateway.home, catalogue())

    def turned_away() -> bool:
        body = {"query": QUERY, "variables": {"id": gateway.key("penalised")}}
        return gateway.post(body, gateway.headers(client, "gov.licensing")).status_code == 403

    def until_turned(away: bool) -> None:
        until(gateway, lambda _: turned_away() is away)

    def slowly(known: Configuration, governed: Governed) -> Configuration | None:
        found = redecided(known, governed)
        ledger.set_state("officer-wang", "client", client, "frozen")
        until_turned(away=True)
        return found

    assert not turned_away()
    monkeypatch.setattr(reloading, "redecided", slowly)
    obeyed(gateway.home, chamber.change(folders["tightened"]).seq)
    monkeypatch.setattr(reloading, "redecided", redecided)
    ledger.set_state("officer-wang", "client", client, "live")
    until_turned(away=False)


def test_a_home_without_anything_good_does_not_start(tmp_path: Path) -> None:
    """A gateway whose pointer cannot be read and that obeyed none before starts with nothing, not with a guess."""
    write(tmp_path / "home" / "policies")
    open_chamber(tmp_path / "home").begin()
    place = tmp_path / "home" / "governing" / "pointer.json"
    place.write_bytes(place.read_bytes()[:-20])
    with pytest.raises(Refused, match=r"pointer\.json: not "):
        begin(tmp_path / "home", "37")


def test_what_is_closed_over_a_bad_set_is_closed_over_the_one_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suspension does not wait until a set can be obeyed: it holds over the one that is, also after a start, and the
    audit's digest leads back to that set."""
    home = tmp_path / "home"
    write(home / "policies")
    chamber = open_chamber(home)
    first = chamber.begin().current
    obeying = Obeying(home, "37", begin(home, "37"))
    obeying.obeys(obeying.look())
    bad, loaded = chamber.change(write(tmp_path / "more", MORE), widens=True).current.bundle, Bundles.tried

    def tried(bundles: Bundles, digest: str) -> Any:
        if digest == bad:
            raise Refused("cases", "a case fails here")
        return loaded(bundles, digest)

    monkeypatch.setattr(Bundles, "tried", tried)
    chamber.office.suspend(Partner(kind="client", id="somebody"), chamber.key("sun-operator"), NOTE)
    for found in (obeying.look(), begin(home, "37")):
        assert found.declined is not None
        assert (found.declined.seq, found.declined.reason) == (3, "cases")
        assert "closed all the same" in found.declined.message
        assert (found.standing.bundle, found.standing.suspended) == (first.bundle, (Suspension("client", "somebody"),))
        assert found.policies.rule("governing/suspended-somebody") is not None
        assert recalled(home, "37", found.policies.digest).policies == found.policies.policies
    obeying.obeys(found := obeying.look())
    assert obeying.look().policies is found.policies  # nothing new: nothing is swapped


def test_what_is_closed_over_a_damaged_bundle_is_closed(tmp_path: Path) -> None:
    """A bundle that was obeyed and is damaged since keeps nobody from closing what it opened."""
    home = tmp_path / "home"
    write(home / "policies")
    chamber = open_chamber(home)
    bundle = chamber.begin().current.bundle
    obeying = Obeying(home, "37", begin(home, "37"))
    rules = next((home / "bundles" / bundle.removeprefix("sha256:")).glob("rules/*.yaml"))
    rules.write_bytes(rules.read_bytes()[:-5])
    course = chamber.office.suspend(Partner(kind="client", id="somebody"), chamber.key("sun-operator"), NOTE)
    found = obeying.look()
    assert found.declined is not None
    assert found.declined.reason == "bundle"
    assert found.policies.digest == course.current.digest


def test_what_is_closed_over_a_set_that_does_not_fit_is_closed(
    both: tuple[House, Chamber], folders: dict[str, Path]
) -> None:
    """Where the registered platforms do not agree with the new set, an emergency above it is obeyed above the old."""
    gateway, chamber = both
    chamber.change(folders["foreign"], widens=True)
    until(gateway, lambda body: body["refused"] is not None)
    before = penalties_closed(gateway)
    chamber.office.break_glass(Limit(names=("documentNo",)), 4, chamber.key("sun-operator"), NOTE)
    until(gateway, lambda body: penalties_closed(gateway))
    assert not before
    assert ready(gateway)["refused"]["reason"] == "home"


def penalties_closed(house: House) -> bool:
    """Whether a break-glass withholds something of penalties from the public."""
    rules = {entry["rule"] for entry in house.ask(QUERY, "penalised")["extensions"]["withheld"]}
    return any(rule.startswith("governing/break-glass-") for rule in rules)
