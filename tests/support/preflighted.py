"""Golden badges changed in one place each, for the tests of preflight. Signatures no longer hold; it checks none."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

from badgeissuer.vc.contexts import CLR_V2P0_201, CREDENTIALS_V2, OB_V3P0_303
from badgeissuer.vc.multibase import base64url_encode
from badgeissuer.vc.strictjson import dumps

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[1] / "golden"
FULL: Json = json.loads((GOLDEN / "badge-full.json").read_bytes())
MINIMAL: Json = json.loads((GOLDEN / "badge-minimal.json").read_bytes())
LEFT_OUT = object()
# One pixel, and one disc.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'


def changed(base: Json = FULL, /, **at: object) -> Json:
    """A copy with some members put elsewhere; ``a__0__b`` is the path /a/0/b, ``context`` is @context."""
    document = copy.deepcopy(base)
    for path, value in at.items():
        *way, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        target: Any = document
        for step in way:
            target = target[step]
        name = "@context" if last == "context" else last
        if value is LEFT_OUT:
            del target[name]
        else:
            target[name] = value
    return document


def proof(**members: object) -> Json:
    """The golden proof, with other members."""
    return {**FULL["proof"][0], **members}


def with_proofs(*suites: str) -> Json:
    """The badge with one Data Integrity proof for each suite."""
    return changed(proof=[proof(cryptosuite=suite) for suite in suites])


def did_key(fragment: str) -> Json:
    """The badge of a did:key issuer, whose verification method has this fragment."""
    did = "did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd"
    return changed(issuer__id=did, proof__0__verificationMethod=did + fragment)


def clr(**at: object) -> Json:
    """A CLR with one golden badge in it."""
    document = {
        **copy.deepcopy(MINIMAL),
        "@context": [CREDENTIALS_V2, CLR_V2P0_201, OB_V3P0_303],
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Record",
        "credentialSubject": {"id": "urn:uuid:1", "type": ["ClrSubject"], "verifiableCredential": [MINIMAL]},
    }
    return changed(document, **at)


def token(document: Json = FULL, *, header: Json | None = None, **claims: object) -> str:
    """An OB JWT of the badge, with other header or claims; the signature is empty talk."""
    plain = {name: member for name, member in document.items() if name != "proof"}
    own = {"iss": document["issuer"]["id"], "jti": document["id"], "nbf": 1_772_366_400}
    payload = {**plain, **own, "sub": document["credentialSubject"]["id"], **claims}
    head = header or {"alg": "ES256", "typ": "JWT", "kid": f"{document['issuer']['id']}#key"}
    return ".".join(base64url_encode(part) for part in (dumps(head).encode(), dumps(payload).encode(), b"no"))
