"""RDFC-1.0 (PyLD calls it by its older name, URDNA2015), with the work counted while it is done."""

from __future__ import annotations

from typing import Any

from pyld.canon import URDNA2015
from pyld.identifier_issuer import IdentifierIssuer

from badgeissuer.vc.canon.rdf import Triple
from badgeissuer.vc.faults import BudgetExceeded

# Every permutation copies the ids issued so far; copying this many costs about as much as a step.
_IDS_PER_STEP = 32


def canonical_nquads(dataset: dict[str, list[Triple]], *, max_steps: int) -> bytes:
    """The canonical N-Quads of a dataset. The dataset is used up.

    Raises ``BudgetExceeded`` when telling blank nodes apart takes more than ``max_steps`` steps (RDFC-1.0 §7.1, dataset
    poisoning): the worst cases grow with the factorial of the number of blank nodes that look alike.
    """
    text: str = _Counted(max_steps).main(dataset, {"format": "application/n-quads"})
    return text.encode()


class _Issuer(IdentifierIssuer):  # type: ignore[misc]  # PyLD has no types
    """An issuer of temporary ids whose copies are cheap. PyLD copies one for every permutation, member by member."""

    def __deepcopy__(self, _memo: object) -> _Issuer:
        twin = _Issuer(self.prefix)
        twin.counter = self.counter
        twin.existing = self.existing.copy()
        twin.order = self.order.copy()
        return twin


class _CountedIssuer(IdentifierIssuer):  # type: ignore[misc]  # PyLD has no types
    """The issuer of canonical ids. It is asked for every neighbour in every permutation: the place to count."""

    def __init__(self, prefix: str, max_steps: int) -> None:
        super().__init__(prefix)
        self.cost = 1
        self._left = max_steps
        self._max_steps = max_steps

    def has_id(self, old: str) -> bool:
        self._left -= self.cost
        if self._left < 0:
            raise BudgetExceeded(
                f"too many parts without an id look alike: telling them apart takes more than {self._max_steps} steps"
            )
        return old in self.existing


class _Counted(URDNA2015):  # type: ignore[misc]  # PyLD has no types
    def __init__(self, max_steps: int) -> None:
        super().__init__()
        self.canonical_issuer = _CountedIssuer("_:c14n", max_steps)

    def hash_n_degree_quads(self, id_: str, issuer: IdentifierIssuer) -> dict[str, Any]:
        if not isinstance(issuer, _Issuer):
            issuer = _Issuer.__deepcopy__(issuer, None)
        before = self.canonical_issuer.cost
        self.canonical_issuer.cost = 1 + len(issuer.order) // _IDS_PER_STEP
        result: dict[str, Any] = super().hash_n_degree_quads(id_, issuer)
        self.canonical_issuer.cost = before
        return result

    def modify_first_degree_component(self, id_: str, component: dict[str, Any], key: str) -> dict[str, Any]:
        # As PyLD, without its deep copy of the component.
        if component["type"] != "blank node":
            return component
        return {"type": "blank node", "value": "_:a" if component["value"] == id_ else "_:z"}
