"""Nobody changes the audit log unseen: every tampering is found, by the next start and by the auditor."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gateway.auditing import AuditLog, keys, tree, verifying
from gateway.auditing.encoding import Encoder
from gateway.auditing.entries import LogDamaged
from gateway.cli.audit import audit
from tests.promises.recorded import fill, record, segments


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
    body = Encoder(keys.Pseudonyms(b"k" * 32)).encode(record(99))
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


async def test_a_damaged_middle_refuses_the_start(tmp_path: Path) -> None:
    """Damage with records after it is not a crash's work: no start, and the message names file and line."""
    await fill(tmp_path, 30, segment_bytes=4000)
    path = segments(tmp_path)[1]
    path.write_bytes(path.read_bytes().replace(b"court-37", b"court-38", 1))
    with pytest.raises(LogDamaged, match=rf"^{path.name}:1: the record does not fit its hash"):
        AuditLog.open(tmp_path)


async def test_damage_after_the_last_checkpoint_is_no_torn_tail(tmp_path: Path) -> None:
    """After a crash some records are not yet signed; damage among them with records after it refuses the start."""
    await fill(tmp_path, 4)
    checkpoint = tmp_path / "audit" / "checkpoint.json"
    early = checkpoint.read_bytes()
    await fill(tmp_path, 4)
    checkpoint.write_bytes(early)
    [path] = segments(tmp_path)
    good = path.read_bytes()
    path.write_bytes(good.replace(b"decision-5", b"decision-9"))
    with pytest.raises(LogDamaged, match=rf"^{path.name}:6: the record does not fit its hash"):
        AuditLog.open(tmp_path)
    assert not (tmp_path / "audit" / "repairs.jsonl").exists()
    path.write_bytes(good)
    result = verifying.verify(tmp_path)
    assert (result.problem, result.size, result.signed) == (None, 8, 4)


async def test_a_missing_segment_is_found(tmp_path: Path) -> None:
    """A whole file that went missing is named by the one that follows."""
    await fill(tmp_path, 30, segment_bytes=4000)
    segments(tmp_path)[1].unlink()
    assert f"{segments(tmp_path)[1].name}:1: the file begins elsewhere" in str(verifying.verify(tmp_path).problem)


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
