"""Serves the naive stack: `python -m tests.benchmarks.naive_server SETTINGS.json PORT`, uvicorn on uvloop."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import uvicorn
import uvloop

from tests.benchmarks.naive import Application, House, Settings


async def serve(settings: Settings, port: int) -> None:
    application = Application(House(settings))
    config = uvicorn.Config(application, "127.0.0.1", port, log_level="warning", access_log=False, lifespan="off")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    said = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Settings(**{**said, "home": Path(said["home"])}), int(sys.argv[2])))
