"""A document held against a JSON Schema of somebody else (OB verification step 1; VC JSON Schema §3).

A foreign schema is hostile input: it can refer to itself without end, or hold a pattern that takes for ever. Steps are
counted here; a pattern cannot be counted, so the service runs this in a process that it can kill (``sandbox``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import jsonschema
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import NoSuchAnchor, PointerToNowhere, Unresolvable

from badgeissuer.errors import Fault
from badgeissuer.vc import limits
from badgeissuer.vc.faults import BudgetExceeded, SchemaInvalid, SchemaUnsupported
from badgeissuer.vc.model.base import instant, is_iri
from badgeissuer.vc.strictjson import escape_pointer

# By ``$schema``, without the empty fragment that older ones end in.
_DIALECTS: Mapping[str, Any] = {
    "https://json-schema.org/draft/2020-12/schema": jsonschema.Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema.Draft201909Validator,
    "http://json-schema.org/draft-07/schema": jsonschema.Draft7Validator,
}
_CLAUSE = "OB §verification 1"
_SHOWN = 60


def validate(schema: object, document: Mapping[str, Any], *, steps: int = limits.SCHEMA_STEPS) -> list[Fault]:
    """What in the document breaks the schema, at most ``limits.SCHEMA_FAULTS``; empty where it conforms.

    Formats are checked. Nothing is ever fetched. The details name what the schema says, never what the document holds.
    Raises ``SchemaInvalid`` where the schema is no JSON Schema, ``SchemaUnsupported`` where it is of a dialect, or
    refers to another schema, or has a pattern, that is not understood here (then nothing is known of the document),
    and ``BudgetExceeded`` beyond ``steps`` keywords or where schema and document are nested too deep.
    """
    if not isinstance(schema, Mapping):
        raise SchemaInvalid("the schema is not a JSON object")
    dialect = schema.get("$schema")
    known = _DIALECTS.get(dialect.removesuffix("#")) if isinstance(dialect, str) else None
    if known is None:
        raise SchemaUnsupported("the schema names no dialect of JSON Schema that is known here (2020-12, 2019-09, 07)")
    try:
        known.check_schema(schema, format_checker=jsonschema.FormatChecker(("regex",)))
        # Without $schema: a reference to the root would otherwise go on without the count.
        bare = {name: value for name, value in schema.items() if name != "$schema"}
        counted: Any = jsonschema.validators.extend(known, _counted(known.VALIDATORS, steps))  # type: ignore[no-untyped-call]
        checker = counted(bare, format_checker=_formats(), registry=Registry())
        return [_fault(error) for error in islice(checker.iter_errors(document), limits.SCHEMA_FAULTS)]
    except SchemaError as error:
        if (error.validator, error.validator_value) == ("format", "regex"):
            raise SchemaUnsupported("the schema has a pattern that cannot be read here") from None
        raise SchemaInvalid(f"the schema is no JSON Schema (at {_pointer(error)})") from None
    except Unresolvable as error:
        if isinstance(error.__cause__, NoSuchAnchor | PointerToNowhere):
            raise SchemaInvalid("the schema refers to a part of itself that is not there") from None
        raise SchemaUnsupported("the schema refers to another schema, which is not fetched") from None
    except RecursionError:
        raise BudgetExceeded("the schema and the document are nested too deep, or without end") from None
    except (BudgetExceeded, MemoryError):
        raise
    except Exception:  # whatever a schema of a stranger makes the library raise
        raise SchemaInvalid("the schema cannot be worked with") from None


def _counted(rules: Mapping[str, Callable[..., Any]], steps: int) -> dict[str, Callable[..., Any]]:
    left = steps

    def counting(rule: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise BudgetExceeded(f"the schema takes more than {steps} steps")
            return rule(*arguments)

        return step

    return {name: counting(rule) for name, rule in rules.items()}


def _formats() -> jsonschema.FormatChecker:
    """The same on every machine: the library's own depend on what else is installed."""
    checker = jsonschema.FormatChecker(("date", "email", "idn-email", "ipv4", "ipv6", "uuid"))
    checker.checks("date-time", raises=ValueError)(_is_moment)
    checker.checks("uri")(_is_uri)
    checker.checks("iri")(_is_uri)
    return checker


def _is_moment(value: object) -> bool:
    if isinstance(value, str):
        instant(value)
    return True


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or is_iri(value)


def _fault(error: ValidationError) -> Fault:
    return Fault(_pointer(error), "; ".join(_words(error)), f"schema-{_keyword(error)}", _CLAUSE)


def _keyword(error: ValidationError) -> str:
    # None is the schema ``false``; the library then points to where the member that may not be there stands.
    return str(error.validator or "false")


def _pointer(error: ValidationError | SchemaError) -> str:
    return "".join(f"/{escape_pointer(str(step))}" for step in error.absolute_path)


def _words(error: ValidationError) -> Iterator[str]:
    keyword: str = _keyword(error)
    rule: Any = error.validator_value
    if keyword == "required":
        held: Any = error.instance
        missing = [name for name in rule if name not in held]
        yield f"lacks {', '.join(_short(name) for name in missing[:5])}"
    elif keyword in ("type", "format"):
        yield f"is not of the {keyword} {_short(rule if isinstance(rule, str) else ' or '.join(map(str, rule)))}"
    elif keyword in ("enum", "const"):
        yield "is not a value that the schema allows"
    elif keyword in ("additionalProperties", "unevaluatedProperties", "propertyNames", "false"):
        yield "has members that the schema does not allow"
    else:
        yield f"breaks the schema's rule {_short(keyword)}"


def _short(text: str) -> str:
    plain = re.sub(r"[^\w.:/@ -]", "?", text)
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…"
