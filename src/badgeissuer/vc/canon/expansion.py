"""JSON-LD expansion by PyLD, with two things it lacks: it tells every loss, and it remembers processed contexts.

PyLD's own hook reports only the expanded name of a dropped property, which is nothing for a term that a context maps to
null, and says nothing when a whole value vanishes (a lone ``@id`` at the top, ``{"@value": null}``, a scalar directly
in a graph). Here each loss is told with the object it was lost from.

The memory of processed contexts belongs to one ``ContextStore``: two stores with different content under one URL never
share it. It changes only the time: PyLD processes a type-scoped context again for every object of that type, which is
most of its work. The overridden methods are private to PyLD, hence the exact minor version in pyproject.toml and the
tests that compare with stock PyLD.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any, TypeAlias

from pyld import jsonld
from pyld.context_resolver import ContextResolver

from badgeissuer.errors import Fault
from badgeissuer.vc import limits
from badgeissuer.vc.contexts import ContextStore
from badgeissuer.vc.faults import BudgetExceeded, NotCanonical, UnknownContext

# Ordinary documents need some thirty, each of some tens of kilobytes.
_MAX_REMEMBERED = 1_000
_JSON_LD_11 = "json-ld-1.1"


@dataclass(frozen=True, slots=True)
class Loss:
    """A member (``is_member``) of ``element``, or ``element`` itself as a value of ``name``, that expansion lost."""

    name: str
    element: object
    is_member: bool


Origins: TypeAlias = dict[int, tuple[dict[str, Any], dict[str, Any]]]
"""By the ``id()`` of an expanded object: that object, and the object of the document that it was made of."""


class Expander:
    """Expands documents with the contexts of one store."""

    def __init__(self, contexts: ContextStore) -> None:
        def load(url: str, options: object) -> dict[str, Any]:
            # "static" lets PyLD keep the parsed context in our cache for good.
            return {
                "contentType": "application/ld+json",
                "contextUrl": None,
                "documentUrl": url,
                "document": contexts.document(url),
                "tag": "static",
            }

        self._options: dict[str, Any] = {
            "base": None,
            "isFrame": False,
            "keepFreeFloatingNodes": False,
            "extractAllScripts": False,
            "processingMode": _JSON_LD_11,
            "documentLoader": load,
            "contextResolver": ContextResolver({}, load),
        }
        self._remembered: dict[tuple[Any, ...], tuple[Any, Any, Any]] = {}
        self.initial: Any = jsonld.JsonLdProcessor()._get_initial_context(self._options)

    def look(self) -> Look:
        """What PyLD makes of contexts, asked one by one: for the tables of ``compiled``."""
        return Look(_Processor(self._remembered, limits.CONTEXT_STEPS), self._options)

    def expand(
        self, document: dict[str, Any], *, max_steps: int = limits.CONTEXT_STEPS
    ) -> tuple[list[Any], list[Loss]]:
        """The expanded form and every loss.

        Raises ``NotCanonical`` for invalid JSON-LD, ``UnknownContext``, and ``BudgetExceeded`` where the contexts take
        more than ``max_steps``: processing one takes milliseconds, and naming it forty bytes.
        """
        expanded, processor = self._expand(document, max_steps)
        return expanded, processor.losses

    def trace(self, document: dict[str, Any], *, max_steps: int = limits.CONTEXT_STEPS) -> tuple[list[Any], Origins]:
        """The expanded form, and from which object of the document each object in it comes. Raises as ``expand``."""
        expanded, processor = self._expand(document, max_steps)
        return expanded, processor.origins

    def _expand(self, document: dict[str, Any], max_steps: int) -> tuple[list[Any], _Processor]:
        processor = _Processor(self._remembered, max_steps)
        try:
            expanded = processor.run(document, self._options)
        except jsonld.JsonLdError as error:
            raise _translated(error) from None
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            # PyLD assumes much about its input; what trips it is not JSON-LD.
            raise not_json_ld("invalid structure") from None
        return expanded, processor


class Look:
    """Answers about active contexts, by the very functions with which PyLD expands. Raises what PyLD raises, and
    ``BudgetExceeded``."""

    def __init__(self, processor: _Processor, options: dict[str, Any]) -> None:
        self._pyld, self._options = processor, options

    def local(self, context: Any, urls: list[str]) -> Any:
        """The context after an object's own contexts."""
        return self._pyld._process_context(context, urls, self._options)

    def typed(self, context: Any, types: tuple[str, ...]) -> Any:
        """The context for the members of an object of these types (API §5.1.2 step 11)."""
        inner = context
        for name in sorted(types):
            scoped = self._pyld.get_context_value(context, name, "@context")
            if scoped is not None and scoped is not False:
                inner = self._pyld._process_context(inner, scoped, self._options, propagate=False)
        return inner

    def below(self, context: Any, name: str) -> Any:
        """The context in which an object under this member begins (steps 7 and 8): what a type brought is put off
        again, what the member brings is put on. Not of values, nor of objects that are an id only."""
        inner = self._scoped(context, name)
        scoped = self._pyld.get_context_value(inner, name, "@context")
        inner = self._pyld._revert_to_previous_context(inner)
        if scoped is not None:
            inner = self._pyld._process_context(inner, scoped, self._options, override_protected=True)
        return inner

    def iri(self, context: Any, name: str) -> Any:
        """What a member's or a type's name stands for."""
        return self._pyld._expand_iri(context, name, vocab=True, base=None)

    def value(self, context: Any, name: str, value: object) -> dict[str, Any]:
        """The expanded form of a text, number or truth value of this member (API §5.3)."""
        expanded: dict[str, Any] = self._pyld._expand_value(self._scoped(context, name), name, value, self._options)
        return expanded

    def names(self, context: Any, name: str) -> dict[str, Any]:
        """All names that texts of this member may be, with what they stand for."""
        inner = self._scoped(context, name)
        return {each: self._pyld._expand_iri(inner, each, vocab=True, base=None) for each in inner["mappings"]}

    def _scoped(self, context: Any, name: str) -> Any:
        scoped = self._pyld.get_context_value(context, name, "@context")
        if scoped is None:
            return context
        return self._pyld._process_context(context, scoped, self._options, propagate=True, override_protected=True)


_EXPANDERS: weakref.WeakKeyDictionary[ContextStore, Expander] = weakref.WeakKeyDictionary()


def expander_of(contexts: ContextStore) -> Expander:
    """The one expander of a store."""
    expander = _EXPANDERS.get(contexts)
    if expander is None:
        expander = _EXPANDERS[contexts] = Expander(contexts)
    return expander


class _Processor(jsonld.JsonLdProcessor):  # type: ignore[misc]  # PyLD has no types
    """One expansion: PyLD's algorithm with a record of losses and a memory of processed contexts."""

    def __init__(self, remembered: dict[tuple[Any, ...], tuple[Any, Any, Any]], max_steps: int) -> None:
        super().__init__(on_property_dropped=self._property_dropped)
        self.losses: list[Loss] = []
        self.origins: Origins = {}
        self._dropping: list[bool] = []
        self._remembered = remembered
        self._steps, self._max_steps = 0, max_steps

    def run(self, document: dict[str, Any], options: dict[str, Any]) -> list[Any]:
        # As PyLD's expand(), without its deep copy of the document: a loss is found again by its object's identity.
        expanded = self._expand(self._get_initial_context(options), None, document, options)
        if isinstance(expanded, dict) and expanded.keys() == {"@graph"}:
            expanded = expanded["@graph"]
        if expanded is None:
            return []
        return expanded if isinstance(expanded, list) else [expanded]

    def _property_dropped(self, _expanded: str | None) -> None:
        self._dropping[-1] = True

    def _expand(self, active_ctx: Any, active_property: Any, element: Any, *rest: Any, **named: Any) -> Any:
        expanded = super()._expand(active_ctx, active_property, element, *rest, **named)
        if expanded is None and element is not None:
            self.losses.append(Loss(active_property or "@graph", element, is_member=False))
        elif isinstance(expanded, dict) and isinstance(element, dict):
            self.origins[id(expanded)] = (expanded, element)
        return expanded

    def _expand_object(
        self, active_ctx: Any, active: Any, active_iri: Any, element: Any, *rest: Any, **named: Any
    ) -> None:
        self._dropping.append(False)
        super()._expand_object(active_ctx, active, active_iri, element, *rest, **named)
        if self._dropping.pop():
            for key in element:
                key_iri = self._expand_iri(active_ctx, key, vocab=True)
                if key != "@context" and not (jsonld._is_absolute_iri(key_iri) or jsonld._is_keyword(key_iri)):
                    self.losses.append(Loss(key, element, is_member=True))

    def _process_context(
        self,
        active_ctx: Any,
        local_ctx: Any,
        options: Any,
        override_protected: bool = False,
        propagate: bool = True,
        validate_scoped: bool = True,
        cycles: Any = None,
    ) -> Any:
        def process() -> Any:
            return super(_Processor, self)._process_context(
                active_ctx, local_ctx, options, override_protected, propagate, validate_scoped, cycles
            )

        if cycles is not None:  # a check inside the processing of another context
            return process()
        # A document's contexts are URLs, compared by value. Everything else lives in the store's own context documents
        # and is compared by identity; the entry holds both objects, so no other object can come to have their identity.
        if isinstance(local_ctx, str):
            name: Any = local_ctx
            steps = limits.CONTEXT_STEPS_EACH
        elif isinstance(local_ctx, list) and all(isinstance(entry, str) for entry in local_ctx):
            name = tuple(local_ctx)
            steps = limits.CONTEXT_STEPS_EACH * len(name)
        else:
            name, steps = id(local_ctx), 1
        key = (id(active_ctx), name, override_protected, propagate, validate_scoped)
        found = self._remembered.get(key)
        if found is None:
            self._count(steps)
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[key] = (process(), active_ctx, local_ctx)
        return found[0]

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > self._max_steps:
            raise BudgetExceeded(
                "the document names contexts in too many places and orders", unit="contexts", spent=self._steps
            )


def _translated(error: BaseException) -> NotCanonical | UnknownContext | BudgetExceeded:
    """Our error for a PyLD error: the innermost one says what it was about."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UnknownContext | BudgetExceeded):
            return cause
        error = cause
        cause = cause.__cause__
    return not_json_ld(str(getattr(error, "code", None) or "invalid structure"))


def not_json_ld(problem: str) -> NotCanonical:
    detail = f"the document is not valid JSON-LD: {problem}"
    return NotCanonical(detail, faults=[Fault("", detail, NotCanonical.code, "JSON-LD 1.1 API §5")])
