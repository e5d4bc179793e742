"""What a platform without a server has in common: its files can be reached only while its process lives.

A file has no process that one could kill, and a demo must be able to lose a platform. So a custodian works in a
folder of its own, and the announced path leads through `/proc/<pid>/cwd`: when the process is gone, even
unreaped, the kernel no longer resolves that path and opening fails at once. The path's first step is a symbolic
link that each custodian points at itself, so that the address survives a restart. Where there is no /proc the
plain path is announced, and killing the custodian changes nothing. (What was open before stays readable:
whoever wants to notice must open per question.)
"""

from __future__ import annotations

import os
from pathlib import Path


def announced(link: Path) -> Path:
    """Point `link` at this process's working directory and return the path by which others reach it."""
    here = Path(f"/proc/{os.getpid()}/cwd")
    if not here.exists():
        return Path.cwd()
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.symlink_to(here)
    fresh.replace(link)
    return link
