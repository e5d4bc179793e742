"""A Merkle tree over the audit log, hashed as RFC 9162 (Certificate Transparency 2.0), section 2.1.

Holds the running tree (only the roots of its full subtrees, so a log of any length costs a few hundred
bytes), the proofs that one entry stands in the log and that a later log only grew from an earlier one,
and their verification by anybody who holds nothing but hashes. Pure: no file, no clock, no key.

A leaf's hash is SHA-256(0x00 || entry), a node's SHA-256(0x01 || left || right): an entry can never be
passed off as a node. Hashes are 32 raw bytes; indexes count from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The growing tree: `append` a leaf hash, read `size` and `root` at any time.

    `peaks` are the roots of the full subtrees from left to right, one for each bit set in `size`.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        carry = self.size
        while carry & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            carry >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def copy(self) -> Frontier:
        return Frontier(self.size, self.peaks)

    @property
    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root


def prove_inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of all `leaves`, from the leaf up (RFC 9162, 2.1.3.1).

    Raises IndexError for an index outside the tree.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*prove_inclusion(leaves[:split], index), root_of(leaves[split:])]
    return [*prove_inclusion(leaves[split:], index - split), root_of(leaves[:split])]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Does the path lead from `leaf` at `index` to the root of a tree of `size`? (RFC 9162, 2.1.3.2)"""
    if not 0 <= index < size:
        return False
    node, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = node_hash(step, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, step)
        node, last = node >> 1, last >> 1
    return last == 0 and reached == root


def prove_consistency(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """The proof that the tree of all `leaves` grew from its first `earlier` leaves (RFC 9162, 2.1.4.1).

    Empty for `earlier` 0 (every tree grew from nothing) and for the same size. Raises IndexError.
    """
    if not 0 <= earlier <= len(leaves):
        raise IndexError(earlier)
    if earlier in {0, len(leaves)}:
        return []
    return _subproof(leaves, earlier, whole=True)


def verify_consistency(earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Is the tree of `size` an append-only continuation of the tree of `earlier`? (RFC 9162, 2.1.4.2)"""
    if not 0 <= earlier <= size:
        return False
    if earlier == size:
        return not proof and earlier_root == root
    if earlier == 0:
        return not proof and earlier_root == EMPTY_ROOT
    path = list(proof)
    if earlier & (earlier - 1) == 0:  # a full subtree: its root is a node of the later tree and is not sent
        path.insert(0, earlier_root)
    if not path:
        return False
    node, last = earlier - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root


def _subproof(leaves: Sequence[bytes], earlier: int, whole: bool) -> list[bytes]:
    """`whole` while the earlier tree is this subtree itself, whose root the verifier already holds."""
    if earlier == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if earlier <= split:
        return [*_subproof(leaves[:split], earlier, whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], earlier - split, whole=False), root_of(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
