"""HMAC-SHA-256 under one key, many times, and its 128 bits as 26 letters: what pseudonyms are made of.

RFC 2104 with the key's two blocks hashed beforehand, a third of what `hmac` costs each time; base32 as RFC 4648 writes
it, without padding, two letters at a time.
"""

from __future__ import annotations

from hashlib import sha256

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
PAIRS = [first + second for first in LETTERS for second in LETTERS]
BLOCK = 64  # bytes


class Keyed:
    """`key` is at most a block long; ours have 32 bytes."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > BLOCK:
            raise ValueError("a longer key would have to be hashed first")
        block = key.ljust(BLOCK, b"\0")
        self._inner, self._outer = (sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def digest(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    def letters(self, message: bytes) -> str:
        """The first 16 bytes of the digest, in 26 letters."""
        number = int.from_bytes(self.digest(message)[:16], "big") << 2  # 130 bits
        return "".join([PAIRS[number >> place & 1023] for place in range(120, -1, -10)])
