"""The transport that kinds use."""

from connectors.transport.own import Pool as Pool
