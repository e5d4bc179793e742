"""The far end of a leash: how a demo process gets its settings, says that it is ready, and dies with its parent.

A child reads one line of JSON from stdin (so that secrets stand in no argument list), prints one line of
JSON on stdout when it can be asked, and ends when stdin closes: the kernel closes it whenever and however
the parent ends, kill -9 included. It never detaches and leaves nothing running.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any


def settings() -> dict[str, Any]:
    """The settings that the parent wrote on the first line of stdin."""
    line = sys.stdin.buffer.readline()
    if not line:
        raise SystemExit("no settings on stdin: this process is started by deploy.demo.province")
    found = json.loads(line)
    if not isinstance(found, dict):
        raise SystemExit("the settings on stdin must be a JSON object")
    return found


def ready(**announced: Any) -> None:
    """Tell the parent that this process can be asked, and by which address."""
    print(json.dumps({"ready": True, "pid": os.getpid(), **announced}), flush=True)


def end_with_parent(last: Callable[[], None] = lambda: None) -> threading.Thread:
    """Watch stdin from a thread and end this process as soon as it closes, after doing `last`."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        try:
            last()
        finally:
            os._exit(0)  # nothing here is worth saving, and a hanging request must not keep it alive

    thread = threading.Thread(target=watch, name="leash", daemon=True)
    thread.start()
    return thread
