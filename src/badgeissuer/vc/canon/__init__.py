"""The canonical form of a JSON-LD document: RDF Dataset Canonicalization (RDFC-1.0) as sorted N-Quads.

PyLD expands; statements, their canonical form and its counted work are our own (``rdf``, ``rdfc``). Around it stand the
checks that PyLD lacks: no member may be lost on the way to the signature, and every name must be an absolute IRI (VC
Data Integrity §4, DATA_LOSS_DETECTION_ERROR; RDFC-1.0 §7.1 on dataset poisoning).
"""

from __future__ import annotations

from badgeissuer.vc.canon.canonical import (
    BADGE_BUDGET,
    FOREIGN_BUDGET,
    WARM_UP,
    Budget,
    Canonical,
    canonicalize,
    check_values,
    quickly,
    source_digest,
)
from badgeissuer.vc.canon.rdfc import Algorithm
from badgeissuer.vc.canon.siblings import equal_siblings

__all__ = [
    "BADGE_BUDGET",
    "FOREIGN_BUDGET",
    "WARM_UP",
    "Algorithm",
    "Budget",
    "Canonical",
    "canonicalize",
    "check_values",
    "equal_siblings",
    "quickly",
    "source_digest",
]
