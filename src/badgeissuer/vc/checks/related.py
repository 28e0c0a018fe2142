"""Check 8, part: resources that the credential gives digests of (VCDM §5.3). Each must still be what it was.

JSON-LD contexts are resources of this kind as often as pictures are. Those that are pinned here are compared as they
are pinned, since these are the bytes that the verification stands on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from badgeissuer.vc.checks.needs import related_need, related_of
from badgeissuer.vc.checks.plan import Material, Plan
from badgeissuer.vc.checks.report import DATA_MODEL, NESTED, Check, Failure, Verdict
from badgeissuer.vc.contexts import ContextStore, Edition
from badgeissuer.vc.faults import KeyInvalid
from badgeissuer.vc.multibase import multibase_decode

_MALFORMED = DATA_MODEL + "MALFORMED_VALUE_ERROR"
_INTEGRITY = DATA_MODEL + "CRYPTOGRAPHIC_SECURITY_ERROR"
# Weakest first: of several digests in one text the strongest decides (SRI §3.3.4).
_HASHES = ("sha256", "sha384", "sha512")
# The first two bytes of a multihash: the function and the length.
_MULTIHASHES = {b"\x12\x20": "sha256", b"\x20\x30": "sha384", b"\x13\x40": "sha512"}

# One digest that is demanded: any of these (function, value) satisfies it.
_Demand = list[tuple[str, bytes]]


class _Malformed(Exception):
    """The digest is not written as the standard has it."""


def related_parts(plan: Plan, material: Material) -> Iterator[Check]:
    """A part for each entry of ``relatedResource``: ok only where all its digests are those of the resource.

    That none is named twice is for check 1 to see, as for all objects of one id.
    """
    assert plan.document is not None
    for n, entry in enumerate(related_of(plan.document)):
        name = f"relatedResource {n}"
        url = entry.get("id") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(url, str):
            yield Check(NESTED, name, Verdict.FAILED, "it names no resource", _MALFORMED)
        else:
            yield _part(name, entry, url, plan, material)


def _part(name: str, entry: Mapping[str, Any], url: str, plan: Plan, material: Material) -> Check:
    try:
        demands = list(_demands(entry))
    except _Malformed as error:
        return Check(NESTED, name, Verdict.FAILED, f"{error} of {url}", _MALFORMED)
    if not demands or not all(demands):
        told = "it gives a digest of a kind that is not known here" if demands else "it gives no digest"
        verdict = Verdict.NOT_CHECKED if demands else Verdict.FAILED
        return Check(NESTED, name, verdict, f"{told} ({url})", None if demands else _MALFORMED)
    contents = _contents(url, plan, material)
    if isinstance(contents, Failure):
        verdict = Verdict.FAILED if contents.definite else Verdict.NOT_CHECKED
        return Check(NESTED, name, verdict, f"{contents.detail} ({url})", contents.type, contents.remedy)
    if any(all(_met(demand, content) for demand in demands) for content in contents):
        return Check(NESTED, name, Verdict.OK, f"{url} is unchanged")
    return Check(NESTED, name, Verdict.FAILED, f"{url} is not what it was when this was issued", _INTEGRITY)


def _contents(url: str, plan: Plan, material: Material) -> list[bytes] | Failure:
    """What is at the URL, in each edition that is known."""
    editions = [ContextStore.of_edition(edition) for edition in Edition]
    if url in editions[0].urls:
        return [store.content(url) for store in editions]
    need = related_need(url)
    if need not in plan.documents:
        return Failure("not looked at; the document names too many resources")
    found = material.documents.get(need, Failure("the resource was not looked at"))
    return found if isinstance(found, Failure) else [found]


def _demands(entry: Mapping[str, Any]) -> Iterator[_Demand]:
    """The digests that the entry gives; an empty one where the function is not known."""
    for name, read in (("digestSRI", _sri), ("digestMultibase", _multihash)):
        if name in entry:
            texts = entry[name] if isinstance(entry[name], list) else [entry[name]]
            if not all(isinstance(text, str) for text in texts):
                raise _Malformed(f"{name} is no text in the entry")
            yield from (read(text) for text in texts)


def _sri(text: str) -> _Demand:
    """Subresource Integrity: hash expressions apart by spaces, each with options that mean nothing here."""
    found: dict[str, list[bytes]] = {}
    for expression in text.split():
        function, _, value = expression.partition("?")[0].partition("-")
        if function in _HASHES:
            try:
                found.setdefault(function, []).append(base64.b64decode(value, validate=True))
            except binascii.Error:
                raise _Malformed("digestSRI cannot be read in the entry") from None
    strongest = next((function for function in reversed(_HASHES) if function in found), None)
    return [] if strongest is None else [(strongest, value) for value in found[strongest]]


def _multihash(text: str) -> _Demand:
    try:
        data = multibase_decode(text)
    except KeyInvalid:
        raise _Malformed("digestMultibase cannot be read in the entry") from None
    function = _MULTIHASHES.get(data[:2])
    return [] if function is None else [(function, data[2:])]


def _met(demand: _Demand, content: bytes) -> bool:
    return any(hashlib.new(function, content).digest() == value for function, value in demand)
