"""The canonical form of a JSON-LD document: RDF Dataset Canonicalization (RDFC-1.0) as sorted N-Quads.

PyLD expands and canonicalises. Around it stand the checks it lacks: no member may be lost on the way to the signature,
every name must be an absolute IRI, and the work is counted (VC Data Integrity §4, DATA_LOSS_DETECTION_ERROR; RDFC-1.0
on dataset poisoning).
"""

from __future__ import annotations

from badgeissuer.vc.canon.canonical import (
    BADGE_BUDGET,
    CLR_BUDGET,
    FOREIGN_BUDGET,
    Budget,
    Canonical,
    canonicalize,
    equal_siblings,
    source_digest,
)

__all__ = [
    "BADGE_BUDGET",
    "CLR_BUDGET",
    "FOREIGN_BUDGET",
    "Budget",
    "Canonical",
    "canonicalize",
    "equal_siblings",
    "source_digest",
]
