"""How much a word says by how few memories have it, and how much evidence an answer needs. Pure, and without numpy."""

import math
from typing import Final

ENOUGH: Final = 8
"""Words that are enough, the rarest of a query: more of a long one nothing needs to have."""
_MANY: Final = 500


def rarity_of(found: int, whole: int) -> float:
    """The weight of a word that so many of ``whole`` memories have: ln 2 where all have it, so that it counts too.

    Robertson and Spärck Jones' idf, with 2 in the place of 1.
    """
    found = min(found, whole)
    return math.log(2.0 + (whole - found + 0.5) / (found + 0.5))


def share_of_floor(whole: int) -> float:
    """How much of a floor is asked for among so many memories, from 0 to 1.

    Among few, rarity says little and there is little noise: it grows with the logarithm of their number, up to 500.
    """
    return min(1.0, math.log1p(whole) / math.log1p(_MANY))
