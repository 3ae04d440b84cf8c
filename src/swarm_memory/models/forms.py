"""Irregular forms of English words, which no stemmer brings together: a question says ``go``, a memory ``went``."""

from functools import cache
from typing import Final

_FAMILIES: Final = """
become became|begin began begun|bend bent|bind bound|bite bit bitten|blow blew blown|break broke broken|
bring brought|build built|burn burnt|buy bought|catch caught|choose chose chosen|come came|creep crept|deal dealt|
dig dug|do did done|draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|eat ate eaten|
fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fly flew flown|forbid forbade forbidden|
forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone|
grind ground|grow grew grown|hang hung|have had|hear heard|hide hid hidden|hold held|keep kept|kneel knelt|
know knew known|lay laid|lead led|lean leant|learn learnt|leave left|lend lent|lie lain|light lit|lose lost|
make made|mean meant|meet met|mistake mistook mistaken|pay paid|ride rode ridden|ring rang rung|rise rose risen|
run ran|say said|see saw seen|seek sought|sell sold|send sent|shake shook shaken|shine shone|shoot shot|
show shown|shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept|slide slid|speak spoke spoken|
spell spelt|spend spent|spin spun|spring sprang sprung|stand stood|steal stole stolen|stick stuck|
strike struck stricken|swear swore sworn|sweep swept|swim swam swum|swing swung|take took taken|
teach taught|tear tore torn|tell told|think thought|throw threw thrown|understand understood|wake woke woken|
wear wore worn|weave wove woven|weep wept|win won|wind wound|write wrote written|
child children|foot feet|goose geese|index indices|life lives|man men|matrix matrices|mouse mice|
person people|tooth teeth|vertex vertices|wife wives|woman women
"""


@cache
def _families() -> dict[str, tuple[str, ...]]:
    families = [tuple(family.split()) for family in _FAMILIES.replace("\n", "").split("|")]
    return {word: family for family in families for word in family}


def forms_of(word: str) -> tuple[str, ...]:
    """The word itself, and the other forms where it is an irregular one."""
    return tuple(dict.fromkeys((word, *_families().get(word, ()))))
