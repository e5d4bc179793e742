"""Shanghai's gateway of the demo: its home is written, and a process started that serves it (see `neighbouring`)."""

from __future__ import annotations

import json
import shutil
import time

from deploy.demo.neighbour import BOOK, DECLARATIONS, PLATFORM, RESOURCE, SOURCE, VARIABLE, Neighbour
from deploy.demo.processes import START_WITHIN, Child, Source
from deploy.demo.province import Province
from deploy.demo.servers.database import FILE, make
from gateway.cli.homes import make_home


def begin(province: Province, neighbour: Neighbour) -> None:
    """Writes the home and starts the process, which joins the province. Raises NotReady."""
    home = neighbour.home
    shutil.rmtree(home, ignore_errors=True)  # another start, another world
    make_home(home)
    shutil.copyfile(DECLARATIONS / f"{BOOK}.yaml", home / "platforms" / f"{BOOK}.yaml")
    make(home / FILE, dict(neighbour.tables()))
    clients = neighbour.clients_document(province.issuer, province.jwks_uri)
    (home / "clients.yaml").write_text(json.dumps(clients, ensure_ascii=False), "utf-8")  # every JSON is YAML
    (home / "gateway.env").write_text(f"SHANGHAI_PENALTIES=sqlite+aiosqlite:///{home / FILE}\n", "utf-8")
    child = Child(PLATFORM, "gateway.cli.neighbouring", home, {"home": str(home), "port": 0, "resource": RESOURCE})
    child.start()
    province.join(Source(PLATFORM, SOURCE, "peer", PLATFORM[:6], VARIABLE, child))
    child.wait(time.monotonic() + START_WITHIN)
