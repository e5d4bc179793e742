"""A Starlette application as a process of its own on the loopback interface.

It promises that the ready line is printed only when the socket is open, and that nobody but this machine
can reach it: an address other than loopback is refused.
"""

from __future__ import annotations

import ipaddress
import socket
import sys

import uvicorn
from starlette.types import ASGIApp

from deploy.demo.servers import leash


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address; port 0 takes a free one. Exits with 2 on another host."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        print(
            f"`{host}` is not a loopback address: demo processes serve this machine only; use 127.0.0.1",
            file=sys.stderr,
        )
        raise SystemExit(2)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart takes the same port again
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited: no answer waits for an acknowledgement
    listening.bind((host, port))
    listening.listen(512)
    return listening


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Run until the leash is let go. Requests that come before the first accept wait in the socket's queue."""
    leash.end_with_parent()
    leash.ready(url=address(listening))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
