"""Codes that pass their check and belong to nobody: subjects that no platform can know. Keys that nobody knows.

Codes are made, not drawn: an organisation's body of letters that no register gives out, a person born in 1900. A real
person's number must not be asked about for the sake of a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from connectors.contract import SubjectKey
from connectors.declaration import Key

_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BODIES = {
    "uscc": lambda: (f"91370000YYYY{serial:04}0" for serial in range(1, 1000)),
    "citizenId": lambda: (
        f"3701021900{day:02}01{serial:03}" for serial, day in product(range(991, 1000), range(1, 13))
    ),
}


def strangers(kind: str, check: Callable[[str], bool] | None) -> Iterator[SubjectKey]:
    """Subjects of a kind, as many as there are."""
    key: Key = "uscc" if kind == "uscc" else "citizenId"
    for body in _BODIES[key]():
        for last in _LETTERS:
            if check is None or check(body + last):
                yield SubjectKey(key, body + last)
                break


def key_like(pem: str) -> str:
    """A private key in PEM, new and of the sort of this one. Raises ValueError where this is none."""
    try:
        held = load_pem_private_key(pem.encode(), None)
    except (TypeError, UnsupportedAlgorithm, ValueError):
        raise ValueError("no private key in PEM") from None
    made: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if isinstance(held, ec.EllipticCurvePrivateKey):
        made = ec.generate_private_key(held.curve)
    elif isinstance(held, rsa.RSAPrivateKey):
        made = rsa.generate_private_key(65537, held.key_size)
    else:
        raise ValueError("a private key of another sort")
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
