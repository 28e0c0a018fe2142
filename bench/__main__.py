"""What the service costs: ``make bench`` and its like. Without a word: every ratio, in one run (``ratios``)."""

from __future__ import annotations

import importlib
import sys

# Each is a module of this package, and what stands after its name is for it.
PARTS = ("catalogue", "hostile", "pages", "reads", "retroactive", "scale")


def main() -> int:
    part = sys.argv[1] if sys.argv[1:] else ""
    name, arguments = (part, sys.argv[2:]) if part in PARTS else ("ratios", sys.argv[1:])
    return int(importlib.import_module(f"bench.{name}").main(arguments))


if __name__ == "__main__":
    sys.exit(main())
