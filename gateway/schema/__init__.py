"""The catalogue as a GraphQL schema: what a caller may write, and how the finished answer is read out.

Strawberry builds the types once, at start. No resolver does I/O, decides or masks: each reads the tree
that `shaping` made. `Face` is the only door; the rest of the house sees graphql-core's AST, not Strawberry. A `view`
of it is for reading: the part that one caller may see.
"""

from gateway.schema.face import Face
from gateway.schema.viewing import sight, view

__all__ = ["Face", "sight", "view"]
