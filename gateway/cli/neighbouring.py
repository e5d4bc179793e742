"""The process of the demo's second gateway: `python -m gateway.cli.neighbouring`, settings on stdin.

It says that it is there as soon as its port is taken, and then reads its home, which takes a second or two: who asks
meanwhile waits in the socket's queue.
"""

from __future__ import annotations

from pathlib import Path

from deploy.demo.servers import leash, web

if __name__ == "__main__":
    given = leash.settings()
    listening = web.open_socket("127.0.0.1", int(given["port"]))
    leash.end_with_parent()
    leash.ready(url=web.address(listening))

    from gateway.app import Application, read  # heavy: not before the port is taken
    from gateway.cli import serving
    from gateway.settings import load

    home = load(Path(given["home"]), resource=given["resource"], province="31")
    settings = serving.on_socket(home, listening)
    serving.serve(Application(settings, read(settings)), listening, lambda: None)
