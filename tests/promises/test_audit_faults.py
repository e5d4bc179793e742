"""Every request is recorded before it is answered: kills, torn files, full disks and a second gateway."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway.auditing import AuditLog, verifying
from gateway.auditing.log import AuditUnavailable
from gateway.auditing.logs import LogInUse
from tests.promises.recorded import fill, record, segments

ROOT = Path(__file__).parents[2]

WRITER = """
    import asyncio, sys
    from pathlib import Path
    from tests.promises.recorded import record
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
    return [sys.executable, "-c", textwrap.dedent(text).format(**words)]


def test_no_acknowledged_record_is_lost_by_a_kill(tmp_path: Path) -> None:
    """After ten `kill -9` in the midst of writing, every record that was acknowledged stands at its place."""
    acknowledged: dict[int, str] = {}
    for turn in range(10):
        process = subprocess.Popen(script(WRITER, home=str(tmp_path)), stdout=subprocess.PIPE, cwd=ROOT)
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
    asyncio.run(fill(tmp_path, 1))  # a start repairs what was torn
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


async def test_two_gateways_never_share_a_home(tmp_path: Path) -> None:
    """A second gateway on the same home is refused with the first one's process; after it closed, a start works."""
    log = AuditLog.open(tmp_path)
    with pytest.raises(LogInUse, match=f"process {os.getpid()}"):
        AuditLog.open(tmp_path)
    code = "from pathlib import Path; from gateway.auditing import AuditLog; AuditLog.open(Path({home!r}))"
    other = await asyncio.create_subprocess_exec(*script(code, home=str(tmp_path)), stderr=subprocess.PIPE, cwd=ROOT)
    assert b"LogInUse: another gateway" in (await other.communicate())[1]
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

    async def fill_up() -> None:
        while True:
            await log.append(record(log.size, "x" * 200))

    with pytest.raises(AuditUnavailable) as caught:
        await fill_up()
    kept = log.size
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
    import asyncio, resource
    from pathlib import Path
    from tests.promises.recorded import record
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
    done = subprocess.run(script(LIMITED, home=str(tmp_path)), capture_output=True, check=True, text=True, cwd=ROOT)
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
    async with asyncio.timeout(30):
        while verifying.verify(tmp_path).signed < 3:
            await asyncio.sleep(0.05)
    await log.close()
