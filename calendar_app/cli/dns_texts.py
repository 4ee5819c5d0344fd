"""Looking up TXT records (RFC 1035), for ``calendar-app doctor``: SPF and DMARC are such records.

The standard library looks up addresses only. This asks the resolver of the machine one question
over UDP, and reads the answer when it is whole.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
from pathlib import Path

#: Seconds that the resolver has for an answer.
_PATIENCE = 3.0
_TXT, _INTERNET, _RECURSION = 16, 1, 0x0100
_TRUNCATED, _NO_SUCH_NAME = 0x0200, 3


def resolvers(path: Path = Path("/etc/resolv.conf")) -> list[tuple[str, int]]:
    """Return the resolvers of this machine (address, port); none where nothing says so."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [(w[1], 53) for w in words if len(w) > 1 and w[0] == "nameserver" and _is_ip(w[1])]


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def texts(name: str, resolver: tuple[str, int]) -> list[str] | None:
    """Return the TXT records of a name, none for a name that does not exist; None when the resolver
    gives no answer that can be read."""
    number = secrets.randbits(16)
    labels = b"".join(bytes([len(label)]) + label.encode("idna") for label in name.split("."))
    question = labels + b"\0" + struct.pack("!HH", _TXT, _INTERNET)
    asked = struct.pack("!6H", number, _RECURSION, 1, 0, 0, 0) + question
    family = socket.AF_INET6 if ":" in resolver[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(resolver)
            connection.send(asked)
            answer = connection.recv(4096)
        return _read(answer, number, 12 + len(question))
    except (OSError, struct.error, IndexError, UnicodeError):
        return None


def _read(answer: bytes, number: int, at: int) -> list[str] | None:
    """Return the TXT records of an answer.

    :param at: where the records begin: after the header and the question.
    """
    its_number, flags, _, count, _, _ = struct.unpack_from("!6H", answer)
    code = flags & 0x000F
    if its_number != number or flags & _TRUNCATED or code not in (0, _NO_SUCH_NAME):
        return None
    found = []
    for _ in range(count):
        at = _after_name(answer, at)
        kind, _, _, length = struct.unpack_from("!HHIH", answer, at)
        at += 10
        if kind == _TXT:
            found.append(_strings(answer[at : at + length]))
        at += length
    return found


def _after_name(answer: bytes, at: int) -> int:
    """Return where a name ends: after an empty label, or a pointer of two bytes."""
    while (length := answer[at]) and length < 0xC0:
        at += length + 1
    return at + (2 if length >= 0xC0 else 1)


def _strings(data: bytes) -> str:
    """Return the strings of a record, which belong together (RFC 7208, section 3.3)."""
    parts, at = [], 0
    while at < len(data):
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += data[at] + 1
    return b"".join(parts).decode("ascii", "replace")
