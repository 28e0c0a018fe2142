"""How a learner record is divided into records that every peer reads.

Pure: sizes in, places out. What belongs together by a stack (isPartOf, isChildOf) stays together where it fits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

__all__ = ["PEER_BYTES", "divide"]

# The longest document that openbadgeslib takes (interop notes: 256 KiB).
PEER_BYTES = 256 * 1024


def divide(sizes: Sequence[int], together: Iterable[Collection[int]], *, most: int) -> list[list[int]]:
    """The places of members, part by part; each part is at most ``most`` bytes, but for a member that is larger itself.

    ``sizes`` are those of the members, in bytes and in order; ``together`` are sets of places that belong together.
    Every place is in exactly one part, in order within it. A set that does not fit into one part is cut in order.
    """
    parts: list[list[int]] = []
    room = 0
    for group in _groups(len(sizes), together):
        whole = sum(sizes[place] for place in group)
        if whole <= most and whole > room:
            parts.append([])
            room = most
        for place in group:
            if not parts or (sizes[place] > room and parts[-1]):
                parts.append([])
                room = most
            parts[-1].append(place)
            room -= sizes[place]
    return [sorted(part) for part in parts]


def _groups(count: int, together: Iterable[Collection[int]]) -> list[list[int]]:
    """The places in the groups that the sets join, each by its first place."""
    leader = list(range(count))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for places in together:
        first, *others = sorted(find(place) for place in places)
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[int, list[int]] = {}
    for place in range(count):
        groups.setdefault(find(place), []).append(place)
    return sorted(groups.values())
