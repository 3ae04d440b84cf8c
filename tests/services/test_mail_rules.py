"""To whom mail goes in each topology, cell by cell."""

from dataclasses import replace

import pytest

from swarm_memory.errors import InvalidArgument, NotFound
from swarm_memory.models.mail import Delivery, Member, Roster
from swarm_memory.services.mail_rules import route

BOSS = "@maker"
# Two leads under the coordinator, two members under each, and one agent under nobody.
MEMBERS = (
    Member(1, "lead.1", "lead", "lead", None, 0),
    Member(2, "lead.2", "lead", "lead", None, 1),
    Member(3, "ann.3", "ann", "coder", 1, 2),
    Member(4, "ben.4", "ben", "coder", 1, 3),
    Member(5, "cid.5", "cid", "coder", 2, 4),
    Member(6, "dan.6", "dan", "coder", None, 5),
)
ALL = [one.handle for one in MEMBERS]


def roster(topology: str, *, group_mail: bool = False) -> Roster:
    return Roster(topology, group_mail, MEMBERS, (BOSS,), (BOSS, "@visitor"))


def to(topology: str, sender: str, recipient: str, replied: str | None = None, *, group_mail: bool = False) -> str:
    """Who gets it; behind an arrow whom the sender wanted."""
    [one] = route(sender, [recipient], roster(topology, group_mail=group_mail), replied)
    return one.recipient if one.wanted is None else f"{one.recipient}<-{one.wanted}"


@pytest.mark.parametrize(
    ("topology", "sender", "recipient", "expected"),
    [
        ("star", "ann.3", "coordinator", BOSS),
        ("star", "ann.3", BOSS, BOSS),
        ("star", BOSS, "ann", "ann.3"),
        ("star", "ann.3", "ben", f"{BOSS}<-ben.4"),
        ("star", "@visitor", "ben", f"{BOSS}<-ben.4"),
        ("star", "@visitor", "coordinator", BOSS),
        ("mesh", "ann.3", "cid", "cid.5"),
        ("mesh", "ann.3", "coordinator", BOSS),
        ("mesh", "ann.3", "@visitor", "@visitor"),
        ("mesh", BOSS, "dan", "dan.6"),
        ("hierarchical", "ann.3", "lead.1", "lead.1"),
        ("hierarchical", "lead.1", "ann", "ann.3"),
        ("hierarchical", "lead.1", "coordinator", BOSS),
        ("hierarchical", BOSS, "lead.2", "lead.2"),
        ("hierarchical", "dan.6", "coordinator", BOSS),
        ("hierarchical", "ann.3", "ben", "lead.1<-ben.4"),
        ("hierarchical", "ann.3", "lead.2", "lead.1<-lead.2"),
        ("hierarchical", "ann.3", "coordinator", f"lead.1<-{BOSS}"),
        ("hierarchical", "lead.1", "cid", f"{BOSS}<-cid.5"),
        ("hierarchical", "lead.1", "lead.2", f"{BOSS}<-lead.2"),
        ("hierarchical", BOSS, "cid", "lead.2<-cid.5"),
        ("ring", "lead.1", "lead.2", "lead.2"),
        ("ring", "dan.6", "lead.1", "lead.1"),
        ("ring", "lead.2", "lead.1", f"{BOSS}<-lead.1"),
        ("ring", "lead.1", "ann", f"{BOSS}<-ann.3"),
        ("ring", "ann.3", "coordinator", BOSS),
        ("ring", BOSS, "cid", "cid.5"),
    ],
)
def test_who_gets_a_message(topology: str, sender: str, recipient: str, expected: str) -> None:
    assert to(topology, sender, recipient) == expected


def test_in_a_ring_the_predecessor_is_answered_and_nobody_else() -> None:
    assert to("ring", "lead.2", "lead.1", replied="lead.1") == "lead.1"
    assert to("ring", "ann.3", "lead.1", replied="lead.1") == f"{BOSS}<-lead.1"


def test_in_a_hierarchy_of_meshes_a_group_writes_to_itself() -> None:
    assert to("hierarchical", "ann.3", "ben", group_mail=True) == "ben.4"
    assert to("hierarchical", "ann.3", "cid", group_mail=True) == "lead.1<-cid.5"


@pytest.mark.parametrize(
    ("topology", "sender", "expected"),
    [
        ("mesh", "ann.3", [one for one in ALL if one != "ann.3"]),
        ("star", BOSS, ALL),
        ("star", "ann.3", [f"{BOSS}<-*"]),
        ("hierarchical", BOSS, ALL),
        ("hierarchical", "lead.1", ["ann.3", "ben.4"]),
        ("hierarchical", "ann.3", ["lead.1<-*"]),
        ("hierarchical", "dan.6", [f"{BOSS}<-*"]),
        ("ring", BOSS, ALL),
        ("ring", "ann.3", [f"{BOSS}<-*"]),
    ],
)
def test_who_gets_a_broadcast(topology: str, sender: str, expected: list[str]) -> None:
    found = route(sender, ["*"], roster(topology), None)
    assert [one.recipient if one.wanted is None else f"{one.recipient}<-{one.wanted}" for one in found] == expected


def test_each_gets_it_once() -> None:
    assert route("ann.3", ["ben", "ben.4"], roster("mesh"), None) == [Delivery("ben.4")]
    assert route("ann.3", ["ben", "cid"], roster("star"), None) == [Delivery(BOSS, "ben.4")]


def test_an_agent_whose_lead_is_gone_is_under_the_coordinator() -> None:
    without = replace(roster("hierarchical"), members=MEMBERS[1:])
    assert route("ann.3", ["coordinator"], without, None) == [Delivery(BOSS)]


def test_a_place_of_the_ring_where_nobody_lives_is_skipped() -> None:
    without = replace(roster("ring"), members=(*MEMBERS[:1], *MEMBERS[2:]))
    assert route("lead.1", ["ann"], without, None) == [Delivery("ann.3")]


def test_nobody_and_several_of_a_name_are_refused() -> None:
    with pytest.raises(NotFound):
        route("ann.3", ["zoe"], roster("mesh"), None)
    with pytest.raises(InvalidArgument, match="2 agents are called 'lead'"):
        route("ann.3", ["lead"], roster("mesh"), None)
    with pytest.raises(NotFound):
        route(BOSS, ["*"], Roster("mesh", group_mail=False, members=(), coordinators=(BOSS,), principals=(BOSS,)), None)
