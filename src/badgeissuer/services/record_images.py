"""Images that carry a learner record: PNG and SVG with the CLR keyword, and the stored text byte for byte."""

from __future__ import annotations

import asyncio
import json
from functools import partial

from badgeissuer.drawing import sheets
from badgeissuer.drawing.sheets import BadgeFacts
from badgeissuer.drawing.studio import Studio
from badgeissuer.services.rendering import Form
from badgeissuer.store.clrs import Clr
from badgeissuer.vc.bake import Family, bake

# A short word for what it is, as badges have one.
_KIND = "Learner record"


async def record_image(studio: Studio, record: Clr, form: Form) -> bytes:
    """The image, for ``Form.PNG`` or ``Form.SVG``. The same record gives the same bytes. Raises ``Unavailable``."""
    issuer = (await asyncio.to_thread(json.loads, record.text))["issuer"]
    facts = BadgeFacts(title=record.name, issuer=issuer.get("name") or issuer["id"], issuer_id=issuer["id"], kind=_KIND)
    drawing = sheets.badge_png if form is Form.PNG else sheets.badge_svg
    art = await studio.have(("art", form, facts), partial(drawing, facts))
    return await studio.have((record.sha256, form), partial(bake, art, record.text, family=Family.CLR))
