"""A policy file that was cut, wherever, is refused: never a wider answer, never a crash, never a part of a set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.checking import policy_documents
from gateway.documents import Document, DocumentError
from gateway.governing.bundles import Bundles, digest_of, read_files, require_whole
from gateway.governing.statements import Refused as ChangeRefused
from policies.bundles import MANIFEST, assemble
from policies.findings import Refused
from tests.edges.drafts import SHIPPED
from tests.promises.small_sets import RULES, small, write

LAYERS = ("rules/00-national.yaml", "rules/10-shandong.yaml", "rules/30-qingdao.yaml", "rules/50-shanghai.yaml")


def lines(raw: bytes) -> Iterator[bytes]:
    """The file cut before each of its lines, and without its last line break."""
    place = 0
    for line in raw.splitlines(keepends=True):
        yield raw[:place]
        place += len(line)
    yield raw[:-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("cut"))


@pytest.mark.parametrize("path", LAYERS)
def test_a_bundle_cut_at_any_byte_is_refused(folder: Path, path: str) -> None:
    """Of each layer one file is cut at every byte: the bundle is refused before any of it is parsed."""
    files = read_files(folder)
    digest = digest_of(files)
    require_whole(files, digest)
    for end in range(len(files[path])):
        with pytest.raises(ChangeRefused) as refused:
            require_whole({**files, path: files[path][:end]}, digest)
        assert refused.value.reason == "bundle"


def test_the_shipped_bundle_cut_at_any_line_is_refused() -> None:
    """Every file of the shipped set, the manifest too, cut before each line or lost: refused."""
    files = read_files(SHIPPED)
    digest = digest_of(files)
    require_whole(files, digest)
    cuts = 0
    for path, raw in files.items():
        others = {name: text for name, text in files.items() if name != path}
        for cut in lines(raw):
            with pytest.raises(ChangeRefused):
                require_whole({**others, path: cut}, digest)
            cuts += 1
        with pytest.raises(ChangeRefused):
            require_whole(others, digest)
    assert cuts > 1000


def test_a_home_without_pointer_refuses_cut_files(folder: Path) -> None:
    """HOME/policies is refused, too, when any file of a layer or the manifest is cut before any line."""
    documents = policy_documents(folder)
    assert assemble(documents).digest == digest_of(read_files(folder))
    for path in [*RULES, MANIFEST]:
        for cut in lines((folder / path).read_bytes()):
            if cut.rstrip() == (folder / path).read_bytes().rstrip() and path == MANIFEST:
                continue  # a manifest without its last line break names the same files
            with pytest.raises((Refused, DocumentError)):
                assemble({**documents, path: Document(path, cut)})


def test_a_bundle_on_disk_is_proved_at_each_reading(folder: Path, tmp_path: Path) -> None:
    """What was good when it was read first is refused when it is cut, changed, lost or joined by another file later."""
    bundles = Bundles(tmp_path)
    digest = bundles.freeze(folder).digest
    place = tmp_path / "bundles" / digest[7:]
    path = place / "rules/00-national.yaml"
    whole = path.read_bytes()
    assert bundles.policies(digest).digest == digest
    for damaged in (whole[:-1], whole.replace(b"deny", b"surname", 1), None):
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
        with pytest.raises(ChangeRefused, match="not as it was frozen"):
            bundles.policies(digest)
    path.write_bytes(whole)
    assert bundles.policies(digest).digest == digest
    (place / "rules/99-more.yaml").write_text(small()["rules/30-qingdao.yaml"], "utf-8")
    with pytest.raises(ChangeRefused, match="not as it was frozen"):
        bundles.policies(digest)
