"""Facts for search engines: JSON-LD in the words of schema.org, as data that cannot end the element it stands in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup


def data_block(document: Mapping[str, Any]) -> Markup:
    """The document for a ``<script type="application/ld+json">``, which is data and does not run; members without a
    value are left out."""
    full = {name: value for name, value in document.items() if value not in (None, "", [])}
    text = json.dumps({"@context": "https://schema.org", **full}, ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - holds no letter that means something in HTML
