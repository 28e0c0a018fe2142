"""What an export consists of: files at public paths, each with what it is and what it proves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from badgeissuer.errors import Unavailable

Kind = Literal[
    "credential",
    "credential-jwt",
    "credential-png",
    "credential-svg",
    "certificate",
    "clr",
    "clr-png",
    "clr-svg",
    "transcript",
    "endorsement",
    "status",
    "issuer",
    "did",
    "achievement",
    "stack",
    "art",
]
Expected = Literal["valid", "revoked", "suspended", "expired", "invalid"]

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One file. ``expected`` is what the exported bytes alone prove at the time of the export.

    A learner record is ``invalid`` where a badge in it does not hold: it cannot be relied on as a whole. Certificates
    and transcripts prove nothing: their ``expected`` is what they say, which is all that the service knows (a
    suspension that the status list does not show, too).
    """

    kind: Kind
    path: str
    url: str
    expected: Expected = "valid"
    media_type: str = "application/json"


def write(path: Path, content: bytes) -> None:
    """Write the file, whole or not at all. Raises ``Unavailable`` where the disk refuses."""
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from error
