"""The store's tables: made by migrations alone, the same as the program knows them, and never those of another time."""

from __future__ import annotations

import socket
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from gateway.cli import cli
from gateway.cli.homes import make_home
from gateway.governing.statements import Refused
from gateway.store import Store, StoreError
from gateway.store.opening import MIGRATIONS, PLACE
from gateway.store.tables import REVISIONS, metadata


def test_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    """The revisions that the program knows are those of the migrations, and what they make is what it reads."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS
    Store(tmp_path).upgrade()
    engine = create_engine(f"sqlite:///{tmp_path / PLACE}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert stat.S_IMODE((tmp_path / PLACE).stat().st_mode) == 0o600


def test_the_commands_say_how_it_stands(tmp_path: Path) -> None:
    """Before anything was registered there is no store; `upgrade` makes it, and says so once; a database that cannot be
    used, or is newer, is told in one line without its address."""
    make_home(tmp_path / "home")

    def say(verb: str) -> str:
        return CliRunner().invoke(cli, ["store", verb, "--home", str(tmp_path / "home")]).output

    assert "no store yet" in say("check")
    assert say("upgrade") == f"schema {REVISIONS[-1]}, was empty\n"
    assert say("upgrade") == f"schema {REVISIONS[-1]}\n"
    assert say("check") == f"ok: schema {REVISIONS[-1]}, 0 steps\n"
    assert say("restore") == ""  # nothing was ever obeyed here
    floor = tmp_path / "home" / "keys" / "platforms-floor.json"
    floor.parent.mkdir(exist_ok=True)
    floor.write_text('{"seq": 3, "step": "%s"}' % ("0" * 64), "utf-8")
    with pytest.raises(Refused, match="step 3 was obeyed here; `credit-gateway store restore`"):
        CliRunner().invoke(cli, ["store", "check", "--home", str(tmp_path / "home")], catch_exceptions=False)


@pytest.mark.parametrize("url", ["nonsense", "postgresql+asyncpg://h/d", "nobody://h/d", "postgresql+nodriver://h/d"])
def test_an_address_that_cannot_be_used_is_told(tmp_path: Path, url: str) -> None:
    """What is no address, names no database or no driver that can be used here is refused before it is connected to."""
    with pytest.raises(StoreError, match="the store's address cannot be used"):
        Store(tmp_path, url)


def test_nobody_is_told_the_password(tmp_path: Path) -> None:
    """A server that does not answer is told without address, user and password."""
    with pytest.raises(StoreError) as refused:
        Store(tmp_path, "postgresql+psycopg://someone:geheim@127.0.0.1:1/credit").check()
    assert not [word for word in ("geheim", "someone", "127.0.0.1") if word in str(refused.value)]


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """A database that takes a connection and is silent keeps nobody for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as thread:
        store = Store(tmp_path, f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/credit")
        try:
            assert isinstance(thread.submit(store.head).exception(timeout=20), StoreError)
        finally:
            silent.close()


def test_a_store_that_is_held_is_tried_again(tmp_path: Path) -> None:
    """Who holds it will let go: nobody is told to bring back a backup."""
    store = Store(tmp_path)
    store.upgrade()
    holder = sqlite3.connect(tmp_path / PLACE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreError, match=r"database is locked\); another program holds it: try again"):
            store.head()
    finally:
        holder.close()


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    """An older program neither reads nor changes what a newer one made."""
    store = Store(tmp_path)
    store.upgrade()
    engine = create_engine(f"sqlite:///{tmp_path / PLACE}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = (tmp_path / PLACE).read_bytes()
    for verb in (store.check, store.upgrade, Store(tmp_path).head):
        with pytest.raises(StoreError, match="newer than this program"):
            verb()
    assert (tmp_path / PLACE).read_bytes() == before
    engine.dispose()
