"""Which contexts a document may name, in which order: with others, terms could be swapped under the signature."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from badgeissuer.errors import Fault
from badgeissuer.vc.checks.kinds import Generation, Kind
from badgeissuer.vc.contexts import (
    CLR_V2P0_200,
    CLR_V2P0_201,
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    DATA_INTEGRITY_V1,
    DATA_INTEGRITY_V2,
    ED25519_2020,
    OB_EXTENSIONS,
    OB_V3P0_300,
    OB_V3P0_300_ALIAS,
    OB_V3P0_301,
    OB_V3P0_302,
    OB_V3P0_303,
    STATUS_LIST_2021,
)

_OB = (OB_V3P0_301, OB_V3P0_302, OB_V3P0_303)
_CLR = (CLR_V2P0_201,)
# The second defines the suite of that name, the third an older kind of status; neither a term that a badge has.
_FURTHER = (OB_EXTENSIONS, ED25519_2020, STATUS_LIST_2021)
# 3.0.0 cannot be read with VC 2.0 at all (it redefines protected terms), and the first CLR context only goes with it.
_OLDER_OB = (OB_V3P0_300, OB_V3P0_300_ALIAS, *_OB)
_OLDER_CLR = (CLR_V2P0_200, *_CLR)
_OLDER_FURTHER = (*_FURTHER, DATA_INTEGRITY_V1, DATA_INTEGRITY_V2)


def context_faults(contexts: object, kind: Kind, generation: Generation) -> Iterator[Fault]:
    """The fault of ``@context``, where it is not the sequence that the kind of document has in its data model."""
    older = generation is Generation.V1
    first = CREDENTIALS_V1 if older else CREDENTIALS_V2
    places: list[Collection[str]] = [(first,)]
    words = [first]
    if kind is Kind.CLR:
        places.append(_OLDER_CLR if older else _CLR)
        words.append("a CLR 2.0 context" if older else CLR_V2P0_201)
    if kind is not Kind.CREDENTIAL:
        places.append(_OLDER_OB if older else _OB)
        words.append(f"an Open Badges {'3.0.0' if older else '3.0.1'} to 3.0.3 context")
    further = _OLDER_FURTHER if older else _FURTHER
    if not _fits(contexts, places, None if kind is Kind.CREDENTIAL else further):
        more = f"{OB_EXTENSIONS}, the context of Ed25519Signature2020 or StatusList2021, or nothing more"
        detail = f"must be {', '.join(words)}, and {more}"
        yield Fault("/@context", detail)


def _fits(contexts: object, places: list[Collection[str]], further: Collection[str] | None) -> bool:
    """``further`` None: any that are known by name; whether they are is seen when they are looked up."""
    if not isinstance(contexts, list) or len(contexts) < len(places) or not all(isinstance(c, str) for c in contexts):
        return False
    if len(contexts) > len(set(contexts)):
        return False
    if any(context not in place for context, place in zip(contexts, places, strict=False)):
        return False
    return further is None or all(context in further for context in contexts[len(places) :])
