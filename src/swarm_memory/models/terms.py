"""What a query asks the index for: one expression for each of its words."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from swarm_memory.models.forms import forms_of
from swarm_memory.models.hints import letters_of, spaced_rest, unspaced_runs
from swarm_memory.models.words import MAX_TERMS, Words

_PHRASE_WORTH: Final = 0.5
"""What a phrase is worth besides its words, which count themselves."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase of a query.

    Attributes:
        name: As the query has it.
        expression: For FTS5; every word in it is quoted.
        worth: A factor on its weight.
        counted: A memory that lacks it answers the query less. False for a phrase, and for a word of a ``field:value``
            pair beside other words: they are a bonus.
    """

    name: str
    expression: str
    worth: float = 1.0
    counted: bool = True


def terms_of(words: Words) -> tuple[Term, ...]:
    """The terms of a query, at most 256: its words in all their forms, then its phrases.

    A word of a script without blanks becomes its pairs of neighbouring characters, which the index has as hints.
    """
    of_pairs = {word for _, value in words.fields for word in value.split()}
    only_pairs = of_pairs.issuperset(words.terms)
    terms: dict[str, Term] = {}
    for word in words.terms:
        counted = only_pairs or word not in of_pairs
        for rest in spaced_rest(word):
            terms[rest] = Term(rest, " OR ".join(f'"{form}"' for form in forms_of(rest)), counted=counted)
        for run in unspaced_runs(word):
            letters = letters_of(run)
            for pair in pairwise(letters) if len(letters) > 1 else [letters]:
                if pair:
                    terms["".join(pair)] = Term("".join(pair), f'"{" ".join(pair)}"', counted=counted)
    phrases = [Term(f'"{one}"', f'"{one}"', _PHRASE_WORTH, counted=False) for one in words.phrases]
    return (*list(terms.values())[: MAX_TERMS - len(phrases)], *phrases)
