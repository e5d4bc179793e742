"""Every request is recorded before it is answered, and nobody can change the record unseen."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Row, SubjectKey
from gateway.auditing import AuditLog, keys, tree, verifying
from gateway.auditing.entries import LogDamaged
from gateway.auditing.log import AuditUnavailable, LogInUse
from gateway.auditing.record import Outcome, Record, encode
from gateway.cli.audit import audit
from gateway.model import Branch, Caller, Part, Plan, Replies, Reply, Root, Ruling, Subject, Verdict, Window
from policies.model import Decision, Words

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DONE = Outcome(status=200, errors=(), complete=True, milliseconds=1.5)


def record(number: int, text: str = "甲") -> Record:
    caller = Caller(
        id="court-37",
        client_class="court",
        region="370000",
        scopes=frozenset({"credit.restricted"}),
        purpose="court.execution",
        evidence={"operator": text, "caseNo": f"(2026)鲁01执{number}号"},
        own=None,
        issuer="https://issuer.example",
        token_id=f"token-{number}",
    )
    return Record(f"decision-{number}", NOW, caller, "ab" * 32, DONE)


async def fill(home: Path, count: int, segment_bytes: int = 1 << 20) -> None:
    """A log of `count` records, several segments when they are small, closed in order."""
    log = AuditLog.open(home, segment_bytes=segment_bytes)
    for number in range(log.size, log.size + count):
        await log.append(record(number))
    await log.close()


def segments(home: Path) -> list[Path]:
    return sorted((home / "audit").glob("records-*.jsonl"))


# --- the tree -----------------------------------------------------------------------------------------


def naive(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return tree.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return tree.node_hash(naive(leaves[:k]), naive(leaves[k:]))


def hashes(count: int) -> list[bytes]:
    return [tree.leaf_hash(bytes([number % 256, number // 256])) for number in range(count)]


def test_the_root_is_the_one_of_the_standard() -> None:
    """Known answers of RFC 9162's hashing: the empty tree, one empty entry, and the example of eight entries."""
    assert tree.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [tree.leaf_hash(bytes.fromhex(entry)) for entry in entries]
    assert tree.root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.integers(0, 70))
def test_the_growing_root_equals_the_recursion(count: int) -> None:
    """The root kept from full subtrees alone is the recursion's at every size."""
    growing = tree.Frontier()
    for size, leaf in enumerate(hashes(count)):
        assert (growing.size, growing.root) == (size, naive(hashes(size)))
        growing.append(leaf)
    assert growing.root == naive(hashes(count))


@given(st.data())
def test_inclusion_is_proved_and_nothing_else(data: st.DataObject) -> None:
    """Every entry's proof holds; with another entry, index, size, root or step it does not."""
    count = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, count - 1))
    leaves = hashes(count)
    path, root, leaf = tree.prove_inclusion(leaves, index), naive(leaves), leaves[index]
    assert tree.verify_inclusion(leaf, index, count, path, root)
    assert not tree.verify_inclusion(tree.leaf_hash(b"other"), index, count, path, root)
    assert not tree.verify_inclusion(leaf, index, count, path, tree.EMPTY_ROOT)
    assert not tree.verify_inclusion(leaf, index, count, [*path, leaf], root)
    if path:
        assert not tree.verify_inclusion(leaf, index, count, path[:-1], root)
        turned = [tree.leaf_hash(path[0]), *path[1:]]
        assert not tree.verify_inclusion(leaf, index, count, turned, root)
    for other in {index - 1, index + 1, count + index} - {index}:
        assert not tree.verify_inclusion(leaf, other, count, path, root)


@given(st.data())
def test_growth_is_proved_and_rewriting_is_not(data: st.DataObject) -> None:
    """A later tree proves that it only grew; a tree whose past was changed cannot."""
    count = data.draw(st.integers(0, 70))
    earlier = data.draw(st.integers(0, count))
    leaves = hashes(count)
    old, new = naive(leaves[:earlier]), naive(leaves)
    proof = tree.prove_consistency(leaves, earlier)
    assert tree.verify_consistency(earlier, old, count, new, proof)
    assert not tree.verify_consistency(earlier, tree.leaf_hash(b"x"), count, new, proof)
    assert not tree.verify_consistency(count + 1, old, count, new, proof)
    if earlier:
        changed = [tree.leaf_hash(b"changed"), *leaves[1:]]
        rewritten = tree.prove_consistency(changed, earlier)
        assert not tree.verify_consistency(earlier, old, count, naive(changed), rewritten)
    if 0 < earlier < count:
        assert not tree.verify_consistency(earlier, old, count, tree.leaf_hash(b"x"), proof)
        assert not tree.verify_consistency(earlier, old, count, new, proof[:-1])
        assert not tree.verify_consistency(earlier, old, count, new, [*proof, new])


# --- what a record holds ------------------------------------------------------------------------------


def test_a_record_has_the_decision_and_no_value(tmp_path: Path) -> None:
    """Subjects and search terms are keyed pseudonyms; the record names fields and rules, never what they hold."""
    person = Subject(SubjectKey("citizenId", "370100199001010014"), "NaturalPerson", True, "张三丰")
    plan = Plan(
        roots=(
            Root("subject", "subject", {"id": {"citizenId": "370100199001010014"}}, (person,)),
            Root("search", "search", {"name": "烟台某某商贸", "first": 20}),
        ),
        branches=(Branch(("subject", "penalties"), ("subject",), person, "Penalty", frozenset({"no"}), Window()),),
    )
    words = Words("甲", "A")
    ruling = Ruling(
        platform="370600-yantai-penalties",
        type="Penalty",
        decisions={
            "no": Decision("allow", "national/open", words),
            "idNo": Decision("deny", "national/ceiling", words),
        },
        asked=frozenset({"no", "status"}),
        rows=(),
    )
    caller = record(1).caller
    assert caller is not None
    verdict = Verdict(plan, "sha256:77", caller, NOW, (Part(0, ruling, ()),), frozenset(), (), frozenset())
    rows = (Row("r-1", person.key, {"no": "鲁烟罚〔2026〕1号", "decidedOn": date(2026, 1, 2)}),)
    replies = Replies({0: Reply("ANSWERED", rows, rejected=2)})
    pseudonyms = keys.pseudonyms(tmp_path)
    raw = encode(Record("d-1", NOW, caller, "cd" * 32, DONE, verdict, replies, {0: 1}), pseudonyms)
    for value in ("370100199001010014", "张三丰", "烟台某某商贸", "鲁烟罚", "2026-01-02", "token-1", "r-1"):
        assert value.encode() not in raw
    read = orjson.loads(raw)
    assert read["asks"] == [
        {
            "asked": ["no", "status"],
            "denied": None,
            "fields": {"idNo": ["deny", "national/ceiling"], "no": ["allow", "national/open"]},
            "kind": "NaturalPerson",
            "platform": "370600-yantai-penalties",
            "replies": [[0, "ANSWERED", 3, 1]],
            "rows": [],
            "type": "Penalty",
        }
    ]
    assert read["subjects"] == [
        {"given": ["citizenId", "name"], "id": pseudonyms.of("citizenId", person.key.value), "kind": "NaturalPerson"}
    ]
    assert read["roots"][1] == {"field": "search", "terms": {"name": pseudonyms.of("name", "烟台某某商贸")}}
    assert read["caller"]["evidence"] == {"operator": "甲", "caseNo": "(2026)鲁01执1号"}
    assert raw == orjson.dumps(read, option=orjson.OPT_SORT_KEYS)


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=40))
def test_no_text_breaks_a_line(text: str) -> None:
    """Whatever a caller says, a record is one line without control or direction characters, and says it still."""
    raw = encode(record(1, text), keys.Pseudonyms(b"k" * 32))
    shown = raw.decode()
    assert len(shown.splitlines()) == 1
    assert not any(character in shown for character in "\x00\x1b\x7f\x85\u200b\u200f\u2028\u2029\u202e\u2066\ufeff")
    said = text.encode("utf-8", "replace").decode()
    assert orjson.loads(raw)["caller"]["evidence"]["operator"] == said


def test_pseudonyms_need_the_key(tmp_path: Path) -> None:
    """The same subject has one pseudonym per key and kind, with the key's id in it."""
    one, same, other = keys.pseudonyms(tmp_path), keys.pseudonyms(tmp_path), keys.pseudonyms(tmp_path / "other")
    assert one.of("uscc", "91370000MA0000000X") == same.of("uscc", "91370000MA0000000X")
    assert one.of("uscc", "1") != one.of("citizenId", "1")
    assert one.of("uscc", "1") != other.of("uscc", "1")
    assert one.of("uscc", "1").startswith(f"a1:{one.key_id}:")


def test_keys_are_private_and_whole(tmp_path: Path) -> None:
    """Key files are readable by their owner alone; an open, cut or foreign one is refused by name."""
    keys.pseudonyms(tmp_path)
    keys.signer(tmp_path)
    secret, signing, public = (tmp_path / "keys" / name for name in ("audit.key", "checkpoint.key", "checkpoint.pub"))
    assert [path.stat().st_mode & 0o777 for path in (secret, signing)] == [0o600, 0o600]
    secret.chmod(0o644)
    with pytest.raises(keys.KeyFileError, match=r"audit\.key: others may read"):
        keys.pseudonyms(tmp_path)
    secret.chmod(0o600)
    secret.write_text("abcd")
    with pytest.raises(keys.KeyFileError, match="64 hex digits"):
        keys.pseudonyms(tmp_path)
    public.write_bytes(b"-----BEGIN PUBLIC KEY-----\n")
    with pytest.raises(keys.KeyFileError, match="not the public half"):
        keys.signer(tmp_path)


# --- tampering ----------------------------------------------------------------------------------------


def swap(lines: list[bytes]) -> None:
    lines[3], lines[4] = lines[4], lines[3]


def renumbered(lines: list[bytes]) -> None:
    """As `swap`, by somebody who knows the format: every line is right by itself."""
    swap(lines)
    for number in (3, 4):
        rest = lines[number].split(b",", 1)[1]
        lines[number] = b'{"index":%d,' % number + rest


def forged(lines: list[bytes]) -> None:
    """One entry replaced with its own right index and hash."""
    body = encode(record(99), keys.Pseudonyms(b"k" * 32))
    lines[5] = b'{"index":5,"leaf":"%s","record":%s}\n' % (tree.leaf_hash(body).hex().encode(), body)


def edited(lines: list[bytes]) -> None:
    lines[6] = lines[6].replace(b"court-37", b"court-31")


def removed(lines: list[bytes]) -> None:
    del lines[7]


def doubled(lines: list[bytes]) -> None:
    lines.insert(2, lines[2])


def cut_short(lines: list[bytes]) -> None:
    del lines[-1]


def emptied(lines: list[bytes]) -> None:
    lines.clear()


def cut_within(lines: list[bytes]) -> None:
    lines[-1] = lines[-1][:-40]


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (edited, "records-000000000000.jsonl:7: the record does not fit its hash"),
        (removed, "records-000000000000.jsonl:8: not entry 7"),
        (doubled, "records-000000000000.jsonl:4: not entry 3"),
        (swap, "records-000000000000.jsonl:4: not entry 3"),
        (renumbered, "the first 12 records are not those signed"),
        (forged, "the first 12 records are not those signed"),
        (cut_short, "the log ends after 11 of the 12 records signed"),
        (emptied, "the log ends after 0 of the 12 records signed"),
        (cut_within, "records-000000000000.jsonl:12: cut off before its end"),
    ],
)
async def test_tampering_is_found(tmp_path: Path, tamper: Callable[[list[bytes]], None], where: str) -> None:
    """Edited, removed, doubled, moved, forged or cut-off entries are found, and no gateway starts on such a log."""
    await fill(tmp_path, 12)
    assert verifying.verify(tmp_path).problem is None
    [path] = segments(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    tamper(lines)
    path.write_bytes(b"".join(lines))
    problem = verifying.verify(tmp_path).problem
    assert problem is not None
    assert where in problem
    with pytest.raises(LogDamaged):
        AuditLog.open(tmp_path)


async def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    """A single bit, anywhere in the log, does not go unnoticed."""
    await fill(tmp_path, 3)
    [path] = segments(tmp_path)
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert verifying.verify(tmp_path).problem is not None, place
    path.write_bytes(good)
    assert verifying.verify(tmp_path).problem is None


async def test_a_forged_checkpoint_is_found(tmp_path: Path) -> None:
    """A checkpoint that was changed, removed, or signed by another key is not believed."""
    await fill(tmp_path, 5)
    path = tmp_path / "audit" / "checkpoint.json"
    good = path.read_bytes()
    words = orjson.loads(good)
    other = tmp_path / "other"
    await fill(other, 5)
    for changed in (
        orjson.dumps({**words, "size": 4}),
        orjson.dumps({**words, "time": "2020-01-01T00:00:00+00:00"}),
        orjson.dumps({**words, "root": "00" * 32}),
        orjson.dumps({**words, "key": "unknown"}),
        (other / "audit" / "checkpoint.json").read_bytes(),
        b"{}",
        b"",
    ):
        path.write_bytes(changed)
        problem = verifying.verify(tmp_path).problem
        assert problem is not None
        assert "checkpoint.json: " in problem
    path.unlink()
    assert "missing" in str(verifying.verify(tmp_path).problem)


async def test_a_log_put_back_as_a_whole_is_found_by_a_witness(tmp_path: Path) -> None:
    """A checkpoint kept elsewhere shows that a whole log, checkpoint and all, is an earlier one or another one."""
    await fill(tmp_path, 4)
    shutil.copytree(tmp_path / "audit", tmp_path / "backup")
    await fill(tmp_path, 4)
    witness = tmp_path / "witness"
    witness.mkdir()
    shutil.copy(tmp_path / "audit" / "checkpoint.json", witness)
    assert verifying.verify(tmp_path, witness=tmp_path / "backup").problem is None
    shutil.rmtree(tmp_path / "audit")
    shutil.copytree(tmp_path / "backup", tmp_path / "audit")
    assert verifying.verify(tmp_path).problem is None
    assert "ends after 4 of the 8 records" in str(verifying.verify(tmp_path, witness=witness).problem)


async def test_an_old_checkpoint_stays_verifiable_after_a_change_of_keys(tmp_path: Path) -> None:
    """Renamed public keys are still believed, and the next checkpoint is signed by the new key."""
    await fill(tmp_path, 2)
    folder = tmp_path / "keys"
    (folder / "checkpoint.pub").rename(folder / "checkpoint-2026.pub")
    (folder / "checkpoint.key").unlink()
    assert verifying.verify(tmp_path).problem is None
    await fill(tmp_path, 2)
    assert verifying.verify(tmp_path).problem is None
    assert len(keys.public_keys(tmp_path)) == 2


async def test_an_entry_can_be_proved_to_its_owner(tmp_path: Path) -> None:
    """A receipt's entry stands under the signed checkpoint, by a proof that needs nothing but hashes."""
    log = AuditLog.open(tmp_path)
    receipts = [await log.append(record(number)) for number in range(9)]
    await log.close()
    for receipt in receipts:
        proof = verifying.prove(tmp_path, receipt.index)
        assert (proof.leaf.hex(), proof.size) == (receipt.leaf, 9)
        assert proof.holds()
    with pytest.raises(IndexError):
        verifying.prove(tmp_path, 9)


# --- crashes, full disks, two gateways ----------------------------------------------------------------

WRITER = """
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, {here!r})
    from test_audit import record
    from gateway.auditing import AuditLog

    async def one(log, number):
        receipt = await log.append(record(number))
        sys.stdout.write(f"{{receipt.index}} {{receipt.leaf}}\\n")
        sys.stdout.flush()

    async def main():
        log = AuditLog.open(Path({home!r}), segment_bytes=20_000)
        number = 0
        while True:
            await asyncio.gather(*(one(log, number + offset) for offset in range(7)))
            number += 7

    asyncio.run(main())
"""


def script(text: str, **words: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(text).format(here=str(Path(__file__).parent), **words)]


async def test_no_acknowledged_record_is_lost_by_a_kill(tmp_path: Path) -> None:
    """After ten `kill -9` in the midst of writing, every record that was acknowledged stands at its place."""
    acknowledged: dict[int, str] = {}
    for turn in range(10):
        process = subprocess.Popen(script(WRITER, home=str(tmp_path)), stdout=subprocess.PIPE, cwd=Path.cwd())
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(20 + turn * 13)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        for line in lines:
            if line.endswith(b"\n"):
                index, leaf = line.decode().split()
                assert int(index) not in acknowledged
                acknowledged[int(index)] = leaf
    await fill(tmp_path, 1)  # a start repairs what was torn
    assert verifying.verify(tmp_path).problem is None
    written = {line["index"]: line["leaf"] for line in verifying.last(tmp_path, 100_000)}
    assert len(acknowledged) > 500
    assert acknowledged.items() <= written.items()
    assert len(segments(tmp_path)) > 3


@pytest.mark.parametrize("torn", [b"{", b'{"index":4,"leaf":"', b"\x00" * 50, b"garbage\n", b'{"index":9}\n'])
async def test_a_torn_tail_is_cut_and_noted(tmp_path: Path, torn: bytes) -> None:
    """What a crash left after the last whole record is cut off, kept in a side file, and the log goes on."""
    await fill(tmp_path, 4)
    [path] = segments(tmp_path)
    good = path.read_bytes()
    path.write_bytes(good + torn)
    await fill(tmp_path, 2)
    assert path.read_bytes().startswith(good)
    assert verifying.verify(tmp_path).size == 6
    assert verifying.verify(tmp_path).problem is None
    [note] = (tmp_path / "audit" / "repairs.jsonl").read_bytes().splitlines()
    assert orjson.loads(note)["line"] == 5


async def test_a_damaged_middle_refuses_the_start(tmp_path: Path) -> None:
    """Damage with records after it is not a crash's work: no start, and the message names file and line."""
    await fill(tmp_path, 30, segment_bytes=4000)
    path = segments(tmp_path)[1]
    path.write_bytes(path.read_bytes().replace(b"court-37", b"court-38", 1))
    with pytest.raises(LogDamaged, match=rf"^{path.name}:1: the record does not fit its hash"):
        AuditLog.open(tmp_path)


async def test_a_missing_segment_is_found(tmp_path: Path) -> None:
    """A whole file that went missing is named by the one that follows."""
    await fill(tmp_path, 30, segment_bytes=4000)
    segments(tmp_path)[1].unlink()
    assert f"{segments(tmp_path)[1].name}:1: the file begins elsewhere" in str(verifying.verify(tmp_path).problem)


async def test_two_gateways_never_share_a_home(tmp_path: Path) -> None:
    """A second gateway on the same home is refused with the first one's process; after it closed, a start works."""
    log = AuditLog.open(tmp_path)
    with pytest.raises(LogInUse, match=f"process {os.getpid()}"):
        AuditLog.open(tmp_path)
    code = "from pathlib import Path; from gateway.auditing import AuditLog; AuditLog.open(Path({home!r}))"
    other = subprocess.run(script(code, home=str(tmp_path)), capture_output=True, check=False)
    assert b"LogInUse: another gateway" in other.stderr
    await log.close()
    await fill(tmp_path, 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KiB; where mounting is not allowed, the next test covers the promise."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this machine does not allow to mount a tmpfs; RLIMIT_FSIZE is used instead")
    yield place
    subprocess.run(["umount", place], check=True)


async def test_a_full_disk_gives_503_and_recovers(small_disk: Path) -> None:
    """No record, no answer: a full disk raises AUDIT_UNAVAILABLE, loses nothing, and heals when there is room."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 150_000)
    log = AuditLog.open(small_disk)
    kept = 0
    with pytest.raises(AuditUnavailable) as caught:
        while True:
            await log.append(record(kept, "x" * 200))
            kept += 1
    assert (caught.value.code, caught.value.status) == ("AUDIT_UNAVAILABLE", 503)
    assert "No space left" in caught.value.cause
    with pytest.raises(AuditUnavailable):
        await asyncio.gather(*(log.append(record(kept)) for _ in range(20)))
    assert (log.size, kept > 20) == (kept, True)
    ballast.unlink()
    assert (await log.append(record(kept))).index == kept
    await log.close()
    result = verifying.verify(small_disk)
    assert (result.problem, result.size, result.signed) == (None, kept + 1, kept + 1)


LIMITED = """
    import asyncio, resource, sys
    from pathlib import Path
    sys.path.insert(0, {here!r})
    from test_audit import record
    from gateway.auditing import AuditLog
    from gateway.auditing.log import AuditUnavailable

    async def main():
        log = AuditLog.open(Path({home!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        kept = 0
        try:
            while True:
                await log.append(record(kept))
                kept += 1
        except AuditUnavailable as error:
            print(error.status)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print((await log.append(record(kept))).index == kept)
        await log.close()

    asyncio.run(main())
"""


def test_a_write_that_stops_half_way_is_taken_back(tmp_path: Path) -> None:
    """A record of which the disk took only a part is removed, and the next one follows the last whole one."""
    done = subprocess.run(script(LIMITED, home=str(tmp_path)), capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["503", "True"]
    assert verifying.verify(tmp_path).problem is None
    assert not (tmp_path / "audit" / "repairs.jsonl").exists()


async def test_requests_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred requests at once need a few fsyncs, and each of them returns only after one."""
    log = AuditLog.open(tmp_path)
    counted: list[int] = []
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        counted.append(log.size)

    monkeypatch.setattr(os, "fsync", fsync)
    receipts = await asyncio.gather(*(log.append(record(number)) for number in range(200)))
    assert [receipt.index for receipt in receipts] == list(range(200))
    assert 1 <= len(counted) <= 10
    await log.close()


async def test_nothing_is_acknowledged_before_it_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing fsync fails every request of its batch, and none of them stays in the log."""
    log = AuditLog.open(tmp_path)
    await log.append(record(0))
    real = os.fsync

    def fsync(_file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    results = await asyncio.gather(*(log.append(record(number)) for number in range(1, 6)), return_exceptions=True)
    assert all(isinstance(result, AuditUnavailable) for result in results)
    monkeypatch.setattr(os, "fsync", real)
    assert (await log.append(record(6))).index == 1
    await log.close()
    assert [line["record"]["decision"] for line in verifying.last(tmp_path, 9)] == ["decision-0", "decision-6"]


async def test_who_stops_waiting_is_recorded_all_the_same(tmp_path: Path) -> None:
    """A request that was cut off while its record was being written is in the log."""
    log = AuditLog.open(tmp_path)
    waiting = asyncio.create_task(log.append(record(0)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await log.close()
    assert verifying.verify(tmp_path).size == 1
    with pytest.raises(AuditUnavailable):
        await log.append(record(1))


async def test_a_quiet_log_is_signed_within_a_second(tmp_path: Path) -> None:
    """The last records come under a signed checkpoint although nothing follows them."""
    log = AuditLog.open(tmp_path)
    for number in range(3):
        await log.append(record(number))
    async with asyncio.timeout(5):
        while verifying.verify(tmp_path).signed < 3:
            await asyncio.sleep(0.05)
    await log.close()


# --- the command --------------------------------------------------------------------------------------


async def test_the_command_verifies_and_shows(tmp_path: Path) -> None:
    """`audit verify` ends with 0 and the root, or with 1 and the first bad line; `audit show` prints the end."""
    await fill(tmp_path, 5)
    run = CliRunner().invoke
    good = run(audit, ["verify", "--home", str(tmp_path)])
    assert (good.exit_code, good.output.startswith("whole: 5 records, root ")) == (0, True)
    own = run(audit, ["verify", "--home", str(tmp_path), "--key", str(tmp_path / "keys" / "checkpoint.pub")])
    assert own.exit_code == 0
    keys.signer(tmp_path / "other")
    foreign = run(audit, ["verify", "--home", str(tmp_path), "--key", str(tmp_path / "other/keys/checkpoint.pub")])
    assert (foreign.exit_code, "unknown key" in foreign.output) == (1, True)
    shown = run(audit, ["show", "--last", "2", "--home", str(tmp_path)])
    assert [orjson.loads(line)["index"] for line in shown.output.splitlines()] == [3, 4]
    [path] = segments(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"decision-2", b"decision-9"))
    bad = run(audit, ["verify", "--home", str(tmp_path)])
    assert (bad.exit_code, bad.output.startswith("records-000000000000.jsonl:3: ")) == (1, True)


def test_the_command_needs_a_log(tmp_path: Path) -> None:
    """A home without a log is not a whole log."""
    assert CliRunner().invoke(audit, ["verify", "--home", str(tmp_path)]).exit_code == 1
