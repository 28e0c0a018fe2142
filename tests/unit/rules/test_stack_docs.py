"""The examples of docs/stacks.md are what the rules read, and are the stacks of the fixtures."""

from __future__ import annotations

import json
import re

from pydantic import TypeAdapter

from badgeissuer.rules.stack_checks import stack_faults
from badgeissuer.rules.stack_rules import Rule, StackDocument
from tests.house.tree import ROOT
from tests.unit.rules.test_stack_fixtures import BUNDLE, CAP, KEDC, KVEC, MUSKEGO

BLOCKS = re.findall(r"```json\n(.*?)```", (ROOT / "docs/stacks.md").read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_document_of_the_docs_can_be_published() -> None:
    document = StackDocument.model_validate(json.loads(BLOCKS[0].replace("…", "x")))
    assert stack_faults(document) == []


def test_the_five_rules_of_the_docs_are_those_of_the_fixtures() -> None:
    rules = [TypeAdapter(Rule).validate_python(json.loads(block)) for block in BLOCKS[1:]]
    assert rules == [stack.rule for stack in (KEDC, CAP, BUNDLE, MUSKEGO, KVEC)]
