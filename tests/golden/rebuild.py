"""Whole documents for a fixed key and time, byte for byte as we would serve them, and the canonical forms under them.

``python -m tests.golden.rebuild`` writes them anew; ``--check`` only says whether they would change, and fails if so. A
changed file means that we issue other bytes than before for the same facts: say why in the change.
"""

from __future__ import annotations

import sys
from pathlib import Path

from badgeissuer.vc import strictjson
from badgeissuer.vc.build import open_badge_credential
from tests.support import issued

FOLDER = Path(__file__).parent
# Equal bits, but not on every machine the same text: builds of zlib pack differently. So the texts are given.
EMPTY = "uH4sIAAAAAAAC_-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
ONE_REVOKED = "uH4sIAAAAAAAC_-3QAQ0AAAwCIO1f2hz_IAIJAAAAAAAAAAAAAADfVAEAAADAOQNQdb5gAEAAAA"


def documents() -> dict[str, bytes]:
    """File name → content."""
    full, minimal = issued.facts(), issued.minimal_facts()
    made = {
        "badge-full.json": strictjson.dumps(issued.signed(full)),
        "badge-minimal.json": strictjson.dumps(issued.signed(minimal)),
        "status-list-empty.json": strictjson.dumps(issued.status_list(encoded=EMPTY)),
        "status-list-one-revoked.json": strictjson.dumps(issued.status_list(encoded=ONE_REVOKED)),
        "did.json": strictjson.dumps(issued.controller()),
    }
    forms = {
        "badge-full.nq": issued.prepared(open_badge_credential(full)).canonical.nquads,
        "badge-minimal.nq": issued.prepared(open_badge_credential(minimal)).canonical.nquads,
    }
    return {name: text.encode("utf-8") for name, text in made.items()} | forms


def differing() -> list[str]:
    """The names of files that are not what would be written now, missing and left-over ones among them."""
    made = documents()
    there = {path.name for path in FOLDER.iterdir() if path.suffix in (".json", ".nq")}
    changed = {name for name in made.keys() & there if (FOLDER / name).read_bytes() != made[name]}
    return sorted(changed | (made.keys() ^ there))


def main(arguments: list[str]) -> int:
    changed = differing()
    if "--check" in arguments:
        for name in changed:
            print(f"tests/golden/{name} would change: run make golden, and say why in the change")
        return 1 if changed else 0
    made = documents()
    for name in changed:
        path = FOLDER / name
        if name in made:
            path.write_bytes(made[name])
        else:
            path.unlink()
        print(f"tests/golden/{name} {'written' if name in made else 'removed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
