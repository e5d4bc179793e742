"""Signatures of agreements: both sides sign what an agreement file says, and each signature is verified.

What is signed is the file's content without `signed`, as canonical JSON: white space, comments and the order of words
change nothing. Under `signed` each side has an entry `{by, key, date, signature}`; `key` is the id of an officer of
that side's province in officers.yaml. An entry without `signature` names a party and proves nothing.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gateway.documents import Document
from gateway.governing import keeping
from gateway.governing import officers as roles
from gateway.governing.officers import Officer, Officers
from gateway.governing.signing import Signer
from gateway.governing.statements import Refused, canonical
from policies.conditions import midnight

SIGNS = (roles.APPROVER, roles.LAW)


def content(data: Mapping[str, Any]) -> bytes:
    """What is signed of an agreement file."""
    return b"credit-gateway agreement 1\n" + canonical({key: value for key, value in data.items() if key != "signed"})


def unsigned(document: Document, officers: Officers, at: datetime) -> Iterator[str]:
    """For each side of an agreement that did not sign it, one finding with file and line."""
    between = document.data["between"]
    message = content(document.data)
    for side in ("provider", "consumer"):
        if not any(_signs(entry, str(between[side]), message, officers, at) for entry in document.data["signed"]):
            yield (
                f"{document.where(['signed'])}: the {side}, province {between[side]}, has not signed what this "
                "agreement says now; `credit-gateway policy sign` it with the key of an officer there"
            )


def sign(path: Path, officer: Officer, signer: Signer, today: date) -> None:
    """Write the officer's entry under `signed`, in place of an older one of the same side. Raises Refused."""
    document = Document(path.name, path.read_bytes())
    data = document.data
    if data.get("kind") != "agreement" or not isinstance(data.get("between"), dict):
        raise Refused("agreement", f"{path}: not an agreement; only agreements are signed")
    signed = data.get("signed") or []
    if not isinstance(signed, list) or not all(isinstance(each, dict) for each in signed):
        raise Refused("agreement", f"{path}: `signed` holds entries such as {{by, key, date}}; leave it out, to begin")
    sides = {str(data["between"].get(side)) for side in ("provider", "consumer")}
    if officer.region not in sides or not officer.may(SIGNS, officer.region, midnight(today)):
        raise Refused("role", f"{path}: `{officer.id}` speaks for neither side ({', '.join(sorted(sides))})")
    yaml = YAML(typ="rt")
    yaml.width = 4096
    tree = yaml.load(path.read_text("utf-8"))
    entry = {
        "by": officer.name,
        "key": officer.id,
        "date": today,
        "signature": base64.b64encode(signer.sign(content(data))).decode(),
    }
    standing = tree["signed"] = tree.get("signed") or []
    mine = [number for number, each in enumerate(standing) if each.get("key") == officer.id]
    if mine:
        standing[mine[0]] = entry
    else:
        standing.append(entry)
    written = io.StringIO()
    yaml.dump(tree, written)
    keeping.replace(path, written.getvalue().encode())


def _signs(entry: Mapping[str, Any], province: str, message: bytes, officers: Officers, at: datetime) -> bool:
    officer = officers.by_id.get(str(entry.get("key")))
    if officer is None or not officer.may(SIGNS, province, at):
        return False
    try:
        signature = base64.b64decode(str(entry.get("signature", "")), validate=True)
    except (ValueError, binascii.Error):
        return False
    return officer.key.verifies(signature, message)
