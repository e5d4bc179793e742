"""The transport that kinds use: this one line chooses it (`own`, or `library`, which needs pyreqwest)."""

from connectors.transport.own import Pool as Pool
