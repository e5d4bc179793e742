"""The kinds of sources: everything that is compiled in, by name.

A new protocol is a file or a folder here, its line below, and the model of its sources in `connectors.sources`, which
`declaration.AnySource` names.
"""

from __future__ import annotations

from typing import Any

from connectors.kinds.chaos import Chaos
from connectors.kinds.file import File
from connectors.kinds.graphql import Graphql
from connectors.kinds.peer import Peer
from connectors.kinds.rest import Rest
from connectors.kinds.soap import Soap
from connectors.kinds.sql import Sql
from connectors.kinds.static import Static

KINDS: dict[str, Any] = {
    "chaos": Chaos,
    "file": File,
    "graphql": Graphql,
    "peer": Peer,
    "rest": Rest,
    "soap": Soap,
    "sql": Sql,
    "static": Static,
}
