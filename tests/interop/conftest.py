"""One exported demo for all tests of interoperation: what it holds does not depend on the kind of database."""

from __future__ import annotations

import pytest

from badgeissuer.runtime import utc_now
from badgeissuer.sandbox import Sandbox
from tests.support.exported import Exported, export_demo


@pytest.fixture(scope="session")
async def exported(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Exported:
    """Issued by the wall clock, because openbadgeslib reads it too."""
    return await export_demo(tmp_path_factory.mktemp("demo"), sandbox, clock=utc_now)
