"""Uploaded art becomes our own: ``python -m badgeissuer.drawing.cleaning`` reads a file and writes what is left of it.

It runs in a process of its own that can be killed, with bounds on memory and processor time that the kernel keeps:
``workshop`` starts it. What is too much for a renderer is refused like anything else that is wrong with a file.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import dataclass
from typing import Any

from badgeissuer.drawing import raster, vector
from badgeissuer.errors import BadgeissuerError
from badgeissuer.vc.bake import PNG, SVG, media_type
from badgeissuer.vc.carriers.forms import ImageRefused, ImageTooLarge, Limits, Meter, refused

# A drawing of uploaded art may repeat less than one that is only carried: renderers pay for each.
LIMITS = Limits(drawn=20_000)
MEMORY_MIB = 1024
CPU_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Art as it is stored: the file, its size in pixels, and a PNG of it that is at most 800 pixels a side.

    Of an uploaded PNG both are the same.
    """

    media_type: str
    content: bytes
    width: int
    height: int
    picture: bytes


def clean(data: bytes, meter: Meter | None = None) -> Cleaned:
    """The art in a PNG or SVG, whatever it was called. Raises ``ImageRefused`` with the reason."""
    meter = meter or Meter(LIMITS)
    try:
        if len(data) > meter.limits.art_bytes:
            raise refused(f"the file is longer than {meter.limits.art_bytes} bytes")
        match media_type(data):
            case "image/png":
                found = raster.clean_png(data, meter)
                return Cleaned(PNG, found.content, found.width, found.height, found.content)
            case "image/svg+xml":
                drawn = vector.clean_svg(data, meter)
                return Cleaned(SVG, drawn.content, drawn.width, drawn.height, _pixels(drawn))
            case _:
                raise refused("the file is neither PNG nor SVG; other kinds of images are not taken")
    except ImageTooLarge as error:
        raise refused(error.detail) from None


def _pixels(drawn: vector.Vector) -> bytes:
    # A PNG needs no typst, which takes fifty megabytes to have.
    from badgeissuer.drawing.press import press

    side = max(drawn.width, drawn.height)
    size = {"width": 100 * drawn.width / side, "height": 100 * drawn.height / side}
    data = {"art": drawn.content.decode(), **size}
    try:
        made = press("picture.typ", data, "png", ppi=raster.PICTURE_SIDE * 72 / 100).content
    except BadgeissuerError:
        raise refused("the SVG cannot be drawn") from None
    # Encoded anew as an uploaded one would be: text and times of the renderer are nobody's business either.
    return raster.clean_png(made, Meter(LIMITS)).content


def written(cleaned: Cleaned) -> bytes:
    """As the process answers: a line of JSON, the file, the picture."""
    head: dict[str, Any] = {
        "media_type": cleaned.media_type,
        "width": cleaned.width,
        "height": cleaned.height,
        "content": len(cleaned.content),
        "picture": len(cleaned.picture),
    }
    return json.dumps(head).encode() + b"\n" + cleaned.content + cleaned.picture


def read(answer: bytes) -> Cleaned:
    """What ``written`` wrote. Raises ``ImageRefused`` where the process refused the file."""
    line, _, rest = answer.partition(b"\n")
    head = json.loads(line)
    if "refused" in head:
        raise refused(head["refused"])
    content, picture = rest[: head["content"]], rest[head["content"] :]
    if len(picture) != head["picture"]:
        raise ValueError("the answer is cut short")
    return Cleaned(head["media_type"], content, head["width"], head["height"], picture)


def main() -> None:
    """One file from standard input; its answer to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MIB << 20, MEMORY_MIB << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read(LIMITS.art_bytes + 1)
    try:
        answer = written(clean(data))
    except ImageRefused as error:
        answer = json.dumps({"refused": error.detail}).encode() + b"\n"
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
