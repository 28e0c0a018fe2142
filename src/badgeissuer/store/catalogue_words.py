"""Words as the catalogue finds them: folded by us, so that both databases match alike whatever their locale.

Text becomes words of letters and digits without accents or case. What a person types becomes phrases of such words:
nothing that means something to a query language is left in it, and no database's own idea of a word comes in.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Letters that are written with a stroke or tied together: Unicode does not take them apart.
_TIED = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘ʼ`´"))  # before folding: some of them fold to a blank
_QUOTES = str.maketrans(dict.fromkeys("“”„«»＂", '"'))
# Written without blanks between words: each sign is a word, and a run of them is a phrase.
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

LONGEST_WORD = 60
_LONGEST_QUERY, _MOST_TERMS, _MOST_IN_TERM = 300, 12, 12
# PostgreSQL keeps 256 positions of a word and none beyond 16,383: both databases get no more.
_MOST_OF_ONE = 200
_NAME_WORDS, _TAG_WORDS, _TEXT_WORDS = 200, 2_000, 6_000
# Between two fields of one vector: no phrase reaches from one into the next.
_GAP = 50


def folded_words(text: str) -> list[str]:
    """The words of a text, in order, without accents, case and punctuation."""
    return list(_words(text))


def sort_key(name: str) -> str:
    """A name as lists are ordered by it, and as a whole name is looked for."""
    return " ".join(folded_words(name)) or name[:200]


def _words(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold().translate(_TIED)
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.category(c).startswith("M"))
    for run in "".join(c if c.isalnum() else " " for c in plain).split():
        start = 0
        for sign in _SIGN.finditer(run):
            if run[start : sign.start()]:
                yield run[start : sign.start()][:LONGEST_WORD]
            yield sign.group()
            start = sign.end()
        if run[start:]:
            yield run[start:][:LONGEST_WORD]


@dataclass(frozen=True, slots=True)
class IndexedWords:
    """What an entry is found by, in falling order of weight."""

    name: tuple[str, ...]
    tags: tuple[str, ...]
    text: tuple[str, ...]

    @classmethod
    def of(cls, *, name: str, tags: Iterable[str], text: Iterable[str]) -> IndexedWords:
        return cls(
            _bounded(name, _NAME_WORDS), _bounded("\n".join(tags), _TAG_WORDS), _bounded("\n".join(text), _TEXT_WORDS)
        )

    def as_vector(self) -> str:
        """A ``tsvector`` as text, with positions and weights: PostgreSQL's own parser never sees the words."""
        places: dict[str, list[str]] = {}
        at = 0
        for words, weight in ((self.name, "A"), (self.tags, "B"), (self.text, "D")):
            for word in words:
                at += 1
                places.setdefault(word, []).append(f"{at}{weight}")
            at += _GAP
        return " ".join(f"'{word}':{','.join(where)}" for word, where in places.items())


def _bounded(text: str, most: int) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    kept = []
    for word in _words(text):
        seen[word] += 1
        if seen[word] <= _MOST_OF_ONE:
            kept.append(word)
            if len(kept) == most:
                break
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together, in order. ``begins``: the last of them is only begun."""

    words: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class WordQuery:
    """All of these terms. Empty where nothing was typed that could be a word."""

    terms: tuple[Term, ...]
    key: str

    def __bool__(self) -> bool:
        return bool(self.terms)

    def as_fts5(self, columns: str = "") -> str:
        """For SQLite's FTS5; ``columns`` limits it to these (names, with blanks)."""
        all_of = " AND ".join(f'"{" ".join(term.words)}"' + (" *" if term.begins else "") for term in self.terms)
        return f"{{{columns}}} : ({all_of})" if columns else all_of

    def as_tsquery(self, weights: str = "") -> str:
        """A ``tsquery`` as text; ``weights`` limits it to words of these (``A``, ``AB``)."""
        return " & ".join(
            " <-> ".join(
                _lexeme(word, ("*" if term.begins and n == len(term.words) else "") + weights)
                for n, word in enumerate(term.words, start=1)
            )
            for term in self.terms
        )


def _lexeme(word: str, marks: str) -> str:
    return f"'{word}':{marks}" if marks else f"'{word}'"


def asked_words(typed: str) -> WordQuery:
    """What a person typed, as a query: words that must all occur, the last perhaps only begun; "in quotes" a phrase."""
    typed = typed[:_LONGEST_QUERY].translate(_QUOTES)
    terms: list[Term] = []
    pieces = typed.split('"')
    for n, piece in enumerate(pieces):
        if n % 2:  # within quotes; where they were not closed, the phrase is not finished either
            found = [(piece, n == len(pieces) - 1)]
        else:
            chunks = piece.split()
            last = n == len(pieces) - 1
            found = [(chunk, last and m == len(chunks)) for m, chunk in enumerate(chunks, start=1)]
        for chunk, begins in found:
            words = tuple(folded_words(chunk)[:_MOST_IN_TERM])
            if words:
                terms.append(Term(words, begins))
    return WordQuery(tuple(terms[:_MOST_TERMS]), " ".join(folded_words(typed)))
