"""Which platforms are asked is what two persons said: signed, in one row, never older or other; else the last good."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from gateway import checking
from gateway.cli.homes import make_home
from gateway.documents import DocumentError
from gateway.governing.officers import load_officers
from gateway.governing.signing import Signer, make_key, read_key
from gateway.governing.statements import Refused, state
from gateway.registering import enrolment
from gateway.registering.answering import Drafts, declared, drafts
from gateway.registering.desk import Desk, may_see
from gateway.registering.enrolment import Enrolled, Enrolment
from gateway.registering.sayings import OF_CONTENT, STEP, Step
from gateway.store import Store, StoreError
from policies.model import Catalogue
from tests.edges.databases import Counterpart
from tests.journeys.operating import DECLARATION, PEOPLE, PLATFORM

CORRUPT: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda raw: raw[: len(raw) // 2],
    "overwritten": lambda raw: raw[:4096] + bytes(len(raw) - 4096),
    "no database": lambda raw: b"nothing of a database" * 400,
    "empty": lambda raw: b"",
}


class Bureau:
    """A home with operators, its store and its desk."""

    def __init__(self, home: Path, catalogue: Catalogue, url: str = "") -> None:
        self.home, self.catalogue = home, catalogue
        self.store = Store(home, url)
        self.desk = Desk(home, self.store, lambda: catalogue)
        self.file = home / "platforms" / f"{PLATFORM}.yaml"
        self.file.write_text(DECLARATION, "utf-8")
        keys = home.parent / "keys"
        keys.mkdir(exist_ok=True)
        lines = ["officers:"]
        for name, (roles, region) in PEOPLE.items():
            public = make_key(keys / name).public
            lines.append(
                f'  {name}: {{name: N, key: "{public}", roles: [{roles}], region: "37", regions: ["{region}"]}}'
            )
        (home / "officers.yaml").write_text("\n".join(lines) + "\n", "utf-8")

    def key(self, name: str) -> Signer:
        return read_key(self.home.parent / "keys" / name)

    def bring_live(self) -> None:
        self.desk.register(self.file, self.key("li"))
        self.desk.step("approve", PLATFORM, self.key("wang"))
        self.desk.step("live", PLATFORM, self.key("li"))

    def begin(self) -> Enrolled:
        return enrolment.begin(self.home, Store(self.home))

    def obeyed(self) -> Enrolled:
        """As a gateway does that takes up what there is."""
        following = Enrolment(self.home, self.store, self.begin())
        following.obeys(following.look())
        return following.enrolled

    def asked(self, enrolled: Enrolled) -> list[str]:
        officers = load_officers(self.home)
        return [document.stem for document in declared(self.home / "platforms", enrolled, officers).asked]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    home = tmp_path_factory.mktemp("shipped")
    make_home(home)
    return checking.read_policies(home / "policies").catalogue


@pytest.fixture
def bureau(tmp_path: Path, catalogue: Catalogue) -> Bureau:
    (tmp_path / "home" / "platforms").mkdir(parents=True)
    return Bureau(tmp_path / "home", catalogue)


def test_a_home_without_operators_is_as_before(bureau: Bureau) -> None:
    """Where nobody is named for a region its files answer as they lie, and no store is made."""
    (bureau.home / "officers.yaml").unlink()
    assert bureau.asked(bureau.begin()) == [PLATFORM]
    assert not (bureau.home / "state").exists()


def test_a_damaged_store_of_counts_stops_nobody(bureau: Bureau) -> None:
    """Where nobody could register anything the store holds counts alone: a gateway starts without it, and says so; as
    soon as somebody may have registered it does not."""
    bureau.store.add_rejections({(PLATFORM, "Honour", "Honour.year is no number", "2026-11-30", ""): 1})
    place = bureau.home / "state" / "platforms.sqlite3"
    place.write_bytes(CORRUPT["no database"](place.read_bytes()))
    with pytest.raises(Refused):
        bureau.begin()
    (bureau.home / "officers.yaml").unlink()
    found = bureau.begin()
    assert bureau.asked(found) == [PLATFORM]
    assert found.declined is not None


def test_a_region_with_operators_is_asked_only_what_was_approved(bureau: Bureau) -> None:
    """A file that nobody put live answers nothing, not even one that is broken; what was put live answers whatever
    becomes of its file; platforms of other regions go on by their files."""
    other = bureau.home / "platforms" / "370600-yantai-other.yaml"
    other.write_text(DECLARATION.replace("371100-rizhao-honours", other.stem).replace('"371100"', '"370600"'), "utf-8")
    officers = load_officers(bureau.home)
    folder = bureau.home / "platforms"
    assert bureau.asked(bureau.begin()) == [other.stem]
    assert drafts(folder, bureau.begin(), officers).unasked == (PLATFORM,)
    bureau.bring_live()
    found = bureau.begin()
    assert bureau.asked(found) == [other.stem, PLATFORM]
    assert drafts(folder, found, officers) == Drafts()
    bureau.file.write_text("broken: [", "utf-8")
    assert bureau.asked(found) == [other.stem, PLATFORM]
    assert drafts(folder, found, officers).edited == (PLATFORM,)
    bureau.file.unlink()
    assert bureau.asked(found) == [other.stem, PLATFORM]


def test_what_the_check_refuses_is_not_registered(bureau: Bureau) -> None:
    """A declaration with a mistake is refused with its line, and no step is written."""
    bureau.file.write_text(DECLARATION.replace("honourName:", "honorName:"), "utf-8")
    with pytest.raises(ValueError, match=rf"{PLATFORM}\.yaml:18: "):
        bureau.desk.register(bureau.file, bureau.key("li"))
    assert bureau.begin() == Enrolled()


@pytest.mark.parametrize(
    ("who", "verb", "reason"),
    [("li", "approve", "role"), ("zhou", "approve", "role"), ("gao", "approve", None), ("li", "live", "approval")],
)
def test_nobody_alone_brings_a_platform_before_callers(bureau: Bureau, who: str, verb: str, reason: str | None) -> None:
    """Neither who registered it, nor another region's operator, nor anybody before it was approved."""
    bureau.desk.register(bureau.file, bureau.key("li"))
    if reason is None:
        bureau.desk.step(verb, PLATFORM, bureau.key(who))
        return
    with pytest.raises(Refused) as refused:
        bureau.desk.step(verb, PLATFORM, bureau.key(who))
    assert refused.value.reason == reason


@pytest.mark.parametrize("verb", ["register", "approve", "shadow", "live", "pause", "resume", "retire"])
def test_another_region_changes_nothing(bureau: Bureau, verb: str) -> None:
    """Whatever another region's operator signs for a platform is refused at the desk, which tells nothing of it, and by
    every gateway when it was written past the desk."""
    bureau.bring_live()
    key, course = bureau.key("zhou"), bureau.desk.course()
    acts: dict[str, Callable[[], object]] = {
        "register": lambda: bureau.desk.register(bureau.file, key),
        "pause": lambda: bureau.desk.pause("pause", PLATFORM, "Honour", key),
        "resume": lambda: bureau.desk.pause("resume", PLATFORM, "Honour", key),
    }
    act = acts.get(verb, lambda: bureau.desk.step(verb, PLATFORM, key))
    with pytest.raises(Refused) as refused:
        act()
    assert refused.value.reason == "role"
    live = course.platforms[PLATFORM].live
    assert live is not None
    words: dict[str, object] = {"seq": course.seq + 1, "previous": course.last, "verb": verb, "platform": PLATFORM}
    words |= {"content": live.content, "version": live.version} if verb in OF_CONTENT else {}
    words |= {"type": "Honour"} if verb in ("pause", "resume") else {}
    step = Step.model_validate(words)
    signed = state(STEP, bureau.desk.officer(key), key, datetime.now(UTC), step.plain)
    bureau.store.append(step.seq, signed.id, signed.raw)
    with pytest.raises(Refused) as refused:
        bureau.begin()
    assert refused.value.reason == "role"


def test_a_changed_declaration_needs_a_new_approval(bureau: Bureau) -> None:
    """An approval is of the very bytes: what is registered afterwards waits for its own, and the old one answers."""
    bureau.bring_live()
    before = bureau.begin().course.platforms[PLATFORM].live
    bureau.file.write_text(DECLARATION.replace("version: 1.0.0", "version: 1.1.0"), "utf-8")
    bureau.desk.register(bureau.file, bureau.key("li"))
    with pytest.raises(Refused, match="approval"):
        bureau.desk.step("live", PLATFORM, bureau.key("li"))
    assert bureau.begin().course.platforms[PLATFORM].live == before
    bureau.desk.step("approve", PLATFORM, bureau.key("gao"))
    bureau.desk.step("live", PLATFORM, bureau.key("li"))
    live = bureau.begin().course.platforms[PLATFORM].live
    assert live is not None
    assert (live.version, live.approved_by) == ("1.1.0", "gao")


def test_what_a_gateway_still_answers_can_be_paused(bureau: Bureau) -> None:
    """A field that the declaration which is live now has dropped is answered where that could not be taken up: it is
    paused as any other; one that was never answered is not."""
    bureau.bring_live()
    lines = [line for line in DECLARATION.splitlines(keepends=True) if "organ" not in line]
    bureau.file.write_text("".join(lines).replace("1.0.0", "2.0.0"), "utf-8")
    bureau.bring_live()
    bureau.desk.pause("pause", PLATFORM, "Honour.organ", bureau.key("li"))
    assert bureau.begin().course.closed(PLATFORM, ["Honour"]) == {"Honour": {"organ"}}
    with pytest.raises(Refused, match=r"does not answer `Honour\.basis`"):
        bureau.desk.pause("pause", PLATFORM, "Honour.basis", bureau.key("li"))
    with sqlite3.connect(bureau.home / "state" / "platforms.sqlite3") as database:
        database.execute("DELETE FROM contents WHERE digest = (SELECT digest FROM contents ORDER BY rowid LIMIT 1)")
    database.close()
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))


@pytest.mark.parametrize("change", CORRUPT)
def test_a_damaged_store_leaves_the_last_good(bureau: Bureau, change: str) -> None:
    """A gateway that runs, and one that starts, go on with what was obeyed and say so; a pause among it holds."""
    bureau.bring_live()
    bureau.desk.pause("pause", PLATFORM, "Honour.organ", bureau.key("li"))
    before = bureau.obeyed()
    assert before.course.seq == 4
    place = bureau.home / "state" / "platforms.sqlite3"
    place.write_bytes(CORRUPT[change](place.read_bytes()))
    following = Enrolment(bureau.home, Store(bureau.home), before)
    for found in (following.look(), bureau.begin()):
        assert found.declined is not None
        assert (found.course, found.files) == (before.course, before.files)
        assert bureau.asked(found) == [PLATFORM]
    with pytest.raises((Refused, StoreError)):
        bureau.desk.pause("resume", PLATFORM, "Honour.organ", bureau.key("li"))


@pytest.mark.parametrize("verb", ["pause", "retire"])
def test_a_worker_that_comes_back_opens_nothing(bureau: Bureau, verb: str) -> None:
    """A process that begins with what was read long ago, and finds the store gone, closes what this home has closed
    since; where it cannot ask what it began with, it asks what the home obeyed last."""
    bureau.bring_live()
    long_ago = bureau.obeyed()
    if verb == "pause":
        bureau.desk.pause(verb, PLATFORM, "Honour", bureau.key("li"))
    else:
        bureau.desk.step(verb, PLATFORM, bureau.key("li"))
    now = bureau.obeyed()
    (bureau.home / "state" / "platforms.sqlite3").unlink()
    found = Enrolment(bureau.home, Store(bureau.home), long_ago).look()
    assert found.declined is not None
    assert found.closing is not None
    assert found.closing.closed(PLATFORM, ["Honour"]) == {"Honour": frozenset()}
    assert found.course is long_ago.course
    again = enrolment.before(bureau.home, long_ago)
    assert again is not None
    assert again.course == now.course
    assert enrolment.before(bureau.home, now) is None


def test_an_older_store_is_not_obeyed(bureau: Bureau) -> None:
    """A store without the last step, in which something was paused, is one that was brought back."""
    bureau.bring_live()
    place = bureau.home / "state" / "platforms.sqlite3"
    old = place.read_bytes()
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    before = bureau.obeyed()
    place.write_bytes(old)
    found = bureau.begin()
    assert found.declined is not None
    assert found.declined.reason == "replayed"
    assert found.course == before.course
    (bureau.home / enrolment.COPY).unlink()
    with pytest.raises(Refused, match="platforms-obeyed"):
        bureau.begin()


@pytest.mark.parametrize("lost", ["older", "gone", "cut short"])
def test_what_was_obeyed_is_put_back_into_a_store_that_lost_it(bureau: Bureau, lost: str) -> None:
    """From the home's own copy, after which people go on: what was paused still is, and the live declaration is there.
    A store that holds other steps, or that cannot be read, is not written over."""
    place = bureau.home / "state" / "platforms.sqlite3"
    bureau.bring_live()
    old = place.read_bytes()
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    before = bureau.obeyed()
    if lost == "older":
        place.write_bytes(old)
    elif lost == "gone":
        place.unlink()
    else:
        place.write_bytes(CORRUPT[lost](place.read_bytes()))
        with pytest.raises(StoreError, match="move it away"):
            enrolment.restore(bureau.home, bureau.store)
        place.rename(place.with_name("damaged"))
    assert enrolment.restore(bureau.home, Store(bureau.home)) == (1 if lost == "older" else 4, 4)
    assert enrolment.restore(bureau.home, Store(bureau.home)) == (0, 4)
    found = bureau.begin()
    assert (found.course, found.files, found.declined) == (before.course, before.files, None)
    bureau.desk.pause("resume", PLATFORM, "Honour", bureau.key("li"))
    with sqlite3.connect(place) as database:
        database.execute("UPDATE steps SET raw = x'00' WHERE seq = 2")
    database.close()
    with pytest.raises(Refused, match="other steps"):
        enrolment.restore(bureau.home, Store(bureau.home))


def test_what_cannot_be_said_is_refused_without_a_trace(bureau: Bureau) -> None:
    """A note that is none, a field that is not named, an officer whose time is over, a name that is nearly right."""
    bureau.bring_live()
    for note in ("", "x" * 2001):
        with pytest.raises(Refused, match=r"`note` cannot be written down .* 1 to 2000 characters"):
            bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"), note)
    with pytest.raises(Refused, match=r"does not answer `Honour\.`"):
        bureau.desk.pause("pause", PLATFORM, "Honour.", bureau.key("li"))
    with pytest.raises(Refused, match=f"did you mean `{PLATFORM}`"):
        bureau.desk.step("retire", f"{PLATFORM}s", bureau.key("li"))
    path = bureau.home / "officers.yaml"
    path.write_text(path.read_text("utf-8").replace("name: N", "name: N, until: 2026-01-01"), "utf-8")
    with pytest.raises(Refused, match="may not register at this time"):
        bureau.desk.register(bureau.file, bureau.key("gao"))


def test_a_store_that_nothing_was_obeyed_of_refuses_the_start(bureau: Bureau) -> None:
    """Where nothing good is known a gateway does not start with a guess."""
    bureau.bring_live()
    place = bureau.home / "state" / "platforms.sqlite3"
    place.write_bytes(CORRUPT["cut short"](place.read_bytes()))
    with pytest.raises(Refused):
        bureau.begin()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE contents SET raw = CAST(replace(CAST(raw AS TEXT), 'RIZHAO_BASE', 'OTHER_BASE') AS BLOB)", "content"),
        ("DELETE FROM contents", "content"),
        ("DELETE FROM steps WHERE seq = 2", "gap"),
        (
            "UPDATE steps SET raw = CAST(replace(CAST(raw AS TEXT), '1.0.0', '1.0.1') AS BLOB) WHERE seq = 1",
            "signature",
        ),
        ("UPDATE steps SET raw = (SELECT raw FROM steps WHERE seq = 1) WHERE seq = 2", "replayed"),
    ],
)
def test_what_is_changed_in_the_store_is_found(bureau: Bureau, statement: str, reason: str) -> None:
    """Whoever may write the database but holds no key changes neither a declaration nor what was said about it."""
    bureau.bring_live()
    with sqlite3.connect(bureau.home / "state" / "platforms.sqlite3") as database:
        database.execute(statement)
    database.close()
    with pytest.raises(Refused) as refused:
        bureau.begin()
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE steps SET raw = CAST(replace(CAST(raw AS TEXT), 'resume', 'retire') AS BLOB) WHERE seq = 6",
        "DELETE FROM contents WHERE rowid IN (SELECT max(rowid) FROM contents)",
    ],
    ids=["a step that nobody signed", "a declaration that is gone"],
)
def test_what_cannot_be_obeyed_hides_no_pause_before_it(bureau: Bureau, statement: str) -> None:
    """A pause that a gateway finds together with what it does not obey is told apart: it closes; nothing else is so."""
    bureau.bring_live()
    bureau.obeyed()
    following = Enrolment(bureau.home, Store(bureau.home), bureau.begin())
    bureau.desk.pause("pause", PLATFORM, "Honour.organ", bureau.key("li"))
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    bureau.desk.pause("resume", PLATFORM, "Honour", bureau.key("li"))
    if "contents" in statement:
        bureau.file.write_text(DECLARATION.replace("1.0.0", "1.1.0"), "utf-8")
        bureau.bring_live()
    with sqlite3.connect(bureau.home / "state" / "platforms.sqlite3") as database:
        database.execute(statement)
    database.close()
    found = following.look()
    assert following.news(found)
    assert (found.course.seq, found.course.paused) == (3, {})
    assert found.declined is not None
    assert found.closing is not None
    whole = frozenset[str]() if "steps" in statement else frozenset({"organ"})
    assert found.closing.paused == {PLATFORM: {"Honour": whole}}
    following.obeys(found)
    assert not following.news(following.look())


def test_two_changes_at_one_time_are_both_seen(bureau: Bureau) -> None:
    """A file system tells times in ticks: a pause that comes in the tick of another change is looked at."""
    bureau.bring_live()
    following = Enrolment(bureau.home, bureau.store, bureau.begin())
    place = bureau.home / "state" / "platforms.sqlite3"
    same = time.time_ns() + 1_000_000_000
    os.utime(place, ns=(same, same))
    following.obeys(following.look())
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    os.utime(place, ns=(same, same))
    assert following.stirred()


def test_what_could_not_be_written_down_is_written_later(bureau: Bureau) -> None:
    """A gateway that obeys a step and cannot note it, its disk being full, notes it as soon as it can: only so is an
    older store found out, and a pause kept that the store has lost."""
    bureau.bring_live()
    now = [0.0]
    following = Enrolment(bureau.home, bureau.store, bureau.begin(), monotonic=lambda: now[0])
    following.obeys(following.look())
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    copy = bureau.home / enrolment.COPY
    copy.unlink()
    copy.mkdir()
    with pytest.raises(OSError, match="directory"):
        following.obeys(following.look())
    copy.rmdir()
    now[0] += enrolment.AGAIN
    assert following.stirred()
    again = following.look()
    assert following.news(again)
    following.obeys(again)
    (bureau.home / "state" / "platforms.sqlite3").unlink()
    assert bureau.begin().course.paused == {PLATFORM: {"Honour": frozenset()}}


def test_a_pause_of_an_approver_is_lifted_by_an_approver(bureau: Bureau) -> None:
    """What the gateway's side closed the platform's side does not open; what an operator paused either may."""
    bureau.bring_live()
    desk = bureau.desk
    desk.pause("pause", PLATFORM, "Honour", bureau.key("wang"))
    with pytest.raises(Refused, match=r"platform\.approver"):
        desk.pause("resume", PLATFORM, "Honour", bureau.key("li"))
    desk.pause("resume", PLATFORM, "Honour", bureau.key("wang"))
    desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    desk.pause("resume", PLATFORM, "Honour", bureau.key("wang"))
    assert bureau.begin().course.paused == {}


def test_who_left_approves_nothing_more(bureau: Bureau) -> None:
    """Steps of a person whose time is over stay proved; new ones are refused. An entry that is gone proves nothing."""
    bureau.bring_live()
    path = bureau.home / "officers.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('regions: ["370000"]', 'regions: ["370000"], until: 2026-01-01'), "utf-8")
    with pytest.raises(Refused, match="`wang` may not approve"):
        bureau.begin()  # the approval is younger than that
    path.write_text(text.replace('regions: ["370000"]', 'regions: ["370000"], until: 2099-01-01'), "utf-8")
    assert bureau.begin().course.seq == 3
    path.write_text("\n".join(line for line in text.splitlines() if "wang" not in line) + "\n", "utf-8")
    with pytest.raises(Refused, match=r"not in officers\.yaml"):
        bureau.begin()


@pytest.mark.parametrize(
    ("old", "new"), [('regions: ["371100"]', 'regions: ["370300"]'), ("platform.operator]", "platform.approver]")]
)
def test_an_entry_by_which_something_was_obeyed_stays_as_it_was(bureau: Bureau, old: str, new: str) -> None:
    """Who is given another region, or another role, in the old entry takes the ground from under what was signed: it is
    told what to do, and all is as before when the entry is."""
    bureau.bring_live()
    bureau.obeyed()
    path = bureau.home / "officers.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        "".join(line.replace(old, new) if "li:" in line else line for line in text.splitlines(True)), "utf-8"
    )
    with pytest.raises(Refused, match=r"step 1: `li` may not register .* put the entry back"):
        bureau.begin()
    path.write_text(text, "utf-8")
    assert bureau.begin().declined is None


def test_roles_and_regions_belong_together(bureau: Bureau) -> None:
    """An operator without regions, regions without such a role, and a region of another province are refused."""
    path = bureau.home / "officers.yaml"
    good = path.read_text("utf-8")
    for old, new in (
        (', regions: ["370300"]', ""),
        ("roles: [platform.operator], region", "roles: [operator], region"),
        ('regions: ["370300"]', 'regions: ["310000"]'),
    ):
        path.write_text(good.replace(old, new), "utf-8")
        with pytest.raises(DocumentError, match=r"officers\.yaml:[25]: "):
            load_officers(bureau.home)


def test_who_decides_about_policies_sees_where_records_are(bureau: Bureau) -> None:
    """Platforms of a region with operators are seen by its own people and by the province's officers of policies, who
    change none of them; by nobody of another region or province."""
    for name, province in (("fan", "37"), ("shen", "31")):
        words = f'key: "{make_key(bureau.home / name).public}", roles: [law.officer], region: "{province}"'
        with (bureau.home / "officers.yaml").open("a", encoding="utf-8") as file:
            file.write(f"  {name}: {{name: N, {words}}}\n")
    officers = load_officers(bureau.home)
    seen = {name for name, officer in officers.by_id.items() if may_see(officers, officer, PLATFORM[:6])}
    assert seen == {"li", "gao", "wang", "fan"}
    assert not may_see(officers, None, PLATFORM[:6])
    with pytest.raises(Refused, match=r"role|nothing to do"):
        bureau.desk.register(bureau.file, read_key(bureau.home / "fan"))


def test_operators_of_platforms_change_no_policy(bureau: Bureau) -> None:
    """The roles of platforms are none of policies: who runs a city's database suspends no partner."""
    for name in PEOPLE:
        officer = load_officers(bureau.home).by_id[name]
        assert not officer.may(("policy.author", "policy.approver", "law.officer", "operator"), "37", datetime.now(UTC))


def test_two_at_once_are_one_after_the_other(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two steps that follow the same one the later is refused, and the row has no fork."""
    bureau.bring_live()
    course = bureau.desk.course()
    bureau.desk.pause("pause", PLATFORM, "Honour", bureau.key("li"))
    monkeypatch.setattr(bureau.desk, "course", lambda: course)
    with pytest.raises(StoreError, match="try again"):
        bureau.desk.pause("pause", PLATFORM, "Honour.organ", bureau.key("li"))


def test_postgresql_keeps_platforms_as_well(postgresql: Counterpart, tmp_path: Path, catalogue: Catalogue) -> None:
    """A shared database is filled by `store upgrade` alone; then it takes steps, declarations and counts; one that is
    gone leaves the last good, and its address is in no message."""
    url = make_url(postgresql.url("owner")).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    (tmp_path / "home" / "platforms").mkdir(parents=True)
    bureau = Bureau(tmp_path / "home", catalogue, url)
    try:
        with pytest.raises(Refused, match=r"the store's schema is empty, .* `credit-gateway store upgrade`"):
            bureau.bring_live()
        bureau.store.upgrade()
        bureau.store.upgrade()
        bureau.bring_live()
        bureau.desk.pause("pause", PLATFORM, "Honour.organ", bureau.key("li"))
        bureau.file.write_text(DECLARATION.replace("version: 1.0.0", "version: 1.1.0"), "utf-8")
        bureau.desk.register(bureau.file, bureau.key("gao"))
        with pytest.raises(Refused, match="another person"):
            bureau.desk.step("approve", PLATFORM, bureau.key("gao"))
        following = Enrolment(bureau.home, bureau.store, enrolment.begin(bureau.home, bureau.store))
        following.obeys(following.look())
        before = following.enrolled
        assert bureau.asked(before) == [PLATFORM]
        for _ in range(2):
            bureau.store.add_rejections({(PLATFORM, "Honour", "Honour.year is no number", "2026-11-30", "ab" * 8): 3})
        assert [count for _, count in bureau.store.rejections(PLATFORM, "2026-11-30")] == [6]
        assert bureau.store.rejections(PLATFORM, "2026-12-01") == []
        gone = Store(bureau.home, url.replace("host=", "host=/nowhere"))
        found = enrolment.begin(bureau.home, gone)
        assert found.course == before.course
        assert found.declined is not None
        assert (found.declined.reason, "nowhere" in found.declined.message) == ("store", False)
    finally:
        bureau.store.close()
