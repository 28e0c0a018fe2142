"""The statements of a document under the names that ecdsa-sd-2023 signs them with (vc-di-ecdsa §3.4)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from badgeissuer.vc.canon import Budget
from badgeissuer.vc.canon.nquads import Quad, line, relabel
from badgeissuer.vc.canon.rdfc import canonize
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.multikey import base64url_encode
from badgeissuer.vc.proofs.data_integrity import invalid
from badgeissuer.vc.proofs.sd_selection import Statement, select, whole


@dataclass(frozen=True, slots=True)
class Grouping:
    """The statements of a whole document under their HMAC names, in order; and how parts of it map to them."""

    document: dict[str, Any]
    statement: Statement
    canonical: bytes
    labels: dict[str, str]
    rows: tuple[str, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any], hmac_key: bytes, contexts: ContextStore, budget: Budget) -> Grouping:
        """Group the statements. Raises ``NotCanonical``, ``UnknownContext`` and ``BudgetExceeded``."""
        statement = Statement(contexts, budget)
        selection = whole(document)
        quads = statement.of(selection)
        dataset = canonize(quads, max_steps=budget.max_steps)
        labels = {given: _hmac_label(canonical, hmac_key) for given, canonical in dataset.labels.items()}
        rows = tuple(sorted(line(relabel(quad, labels)) for quad in quads))
        return cls(selection.document, statement, dataset.nquads, labels, rows)

    def indexes_of(self, pointers: Sequence[str]) -> set[int]:
        """Which statements the parts make that pointers name."""
        return self.indexes(self.statement.of(select(self.document, pointers))) if pointers else set()

    def indexes(self, quads: Iterable[Quad]) -> set[int]:
        """Which statements these are. Raises ``ProofInvalid`` where one of them is not among them."""
        places = {row: index for index, row in enumerate(self.rows)}
        try:
            return {places[line(relabel(quad, self.labels))] for quad in quads}
        except KeyError:
            raise invalid("a pointer leads to a part of a list: such a list is shown whole or not at all") from None


def _hmac_label(canonical: str, key: bytes) -> str:
    """§3.4, createHmacIdLabelMapFunction."""
    return "u" + base64url_encode(hmac.digest(key, canonical.encode(), "sha256"))
