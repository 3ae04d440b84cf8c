"""What ``topology: "auto"`` makes of a plan: how many agents, wired how, and why. Pure and deterministic.

How many: as many as list scheduling surely gains by, from bounds that one more dependency can only worsen
(docs/decisions/0013-how-auto-counts-agents.md). How wired: docs/swarm.md.
"""

import math
from collections import Counter
from typing import Final

from swarm_memory.models.assessment import Assessment, Group, Metrics, Thresholds
from swarm_memory.models.plan import Plan
from swarm_memory.models.swarm import Choice, Topology
from swarm_memory.services.schedule import Schedule

_READING: Final = frozenset(("research", "review", "debug"))
_AGENTS_A_LEAD: Final = 5
_MOST_AGENTS: Final = 64


def assess(plan: Plan, max_agents: int, thresholds: Thresholds) -> Choice:
    """The topology for a plan, the number of agents, and the reasons.

    Args:
        plan: At least one task.
        max_agents: Most agents that may join.
        thresholds: Where one rule gives way to the next.

    Raises:
        InvalidArgument: Too many globs of writes begin alike to be compared.
    """
    schedule = Schedule(plan)
    agents, reasons = _agents(schedule, max_agents, thresholds)
    makespan = schedule.makespan(agents) if agents > 1 else schedule.work
    speedup = schedule.work / makespan
    topology, reason = _topology(schedule, agents, thresholds)
    enough = agents
    while enough > 1 and schedule.makespan(enough - 1) * (1 - thresholds.gain) < makespan:
        enough -= 1
    if agents > 1:
        reasons.append(f"list scheduling on {agents} agents is done after {makespan}: {speedup:.1f} times sooner")
        reasons.append(reason)
    if enough < agents:
        reasons.append(f"{enough} agents would be done at most {thresholds.gain:.0%} later")
    metrics = Metrics(
        tasks=len(plan.items),
        work=schedule.work,
        critical_path=schedule.shortest(),
        speedup=round(speedup, 2),
        enough=enough,
        overlaps=schedule.writing.overlaps,
        width=schedule.width(_MOST_AGENTS),
    )
    groups = _groups(schedule, math.ceil(agents / _AGENTS_A_LEAD)) if topology == Topology.HIERARCHICAL else ()
    found = Assessment(metrics, thresholds, groups)
    return Choice(topology, agents, _confidence(schedule), tuple(reasons), assessment=found)


def _agents(schedule: Schedule, max_agents: int, thresholds: Thresholds) -> tuple[int, list[str]]:
    """How many agents, and why not more. One more dependency never raises it."""
    work, chain = schedule.work, schedule.shortest()
    number = len(schedule.items)
    reasons = [
        f"{number} task{'s' * (number > 1)} of {work} units of work; what must go one after another takes {chain}"
    ]
    limits = {
        f"maxAgents is {max_agents}": max_agents,
        "no more tasks can ever run at once": schedule.width(max_agents),
        f"more would be idle for over {1 - thresholds.busy:.0%} of the time": int(work / (thresholds.busy * chain)),
        f"more would gain under {thresholds.gain:.0%}": _worth(work, chain, max_agents, thresholds.gain),
    }
    agents = max(1, min(limits.values()))
    possible = work / schedule.shortest(agents)
    if agents > 1 and possible < thresholds.speedup:
        why = f"{agents} agents could be done at most {possible:.2f} times sooner, under {thresholds.speedup}"
        return 1, [*reasons, f"{why}: sequential or one-file work, so one agent is best"]
    if agents == 1:
        return 1, [*reasons, "nothing can run at once for long: sequential or one-file work, so one agent is best"]
    limit = min(limits, key=limits.__getitem__)
    return agents, [*reasons, f"{agents} agents: {limit}"]


def _worth(work: int, chain: int, max_agents: int, gain: float) -> int:
    """The fewest agents after which all further ones together would gain less than ``gain``.

    N agents that take what is ready are never done later than chain + (work - chain) / N (Graham 1966).
    """
    if work == chain:
        return 1
    beside = work - chain
    share = (gain * chain + beside / max_agents) / (1 - gain)
    return min(max_agents, math.ceil(round(beside / share, 9)))


def _topology(schedule: Schedule, agents: int, thresholds: Thresholds) -> tuple[Topology, str]:
    if agents == 1:
        return Topology.STAR, ""
    items = _items_through_roles(schedule)
    if items >= thresholds.ring_items:
        return Topology.RING, f"ring: {items} items flow through a chain of roles"
    reading = all((item.kind or "").lower() in _READING and not item.writes for item in schedule.items)
    if reading and agents <= thresholds.mesh_agents:
        return Topology.MESH, f"mesh: all is research, review or debugging, and {agents} agents can talk directly"
    if agents <= thresholds.star_agents:
        return Topology.STAR, f"star: one coordinator is enough for up to {thresholds.star_agents} agents"
    leads = math.ceil(agents / _AGENTS_A_LEAD)
    return Topology.HIERARCHICAL, f"hierarchical: {leads} leads, since one would have {agents} agents to look after"


def _items_through_roles(schedule: Schedule) -> int:
    """How many items flow through one chain of distinct roles; 0 where that is not what the tasks do."""
    roles = [item.role for item in schedule.items]
    steps = {(roles[dep], roles[task]) for task, deps in enumerate(schedule.deps) for dep in deps}
    distinct = set(roles)
    follower = dict(steps)
    first = distinct - set(follower.values())
    lone = all(len(deps) <= 1 for deps in (*schedule.deps, *schedule.dependants))
    if None in distinct or len(first) != 1 or not lone or len(steps) != len(distinct) - 1 or len(steps) < 1:
        return 0
    chain = list(first)
    while chain[-1] in follower and len(chain) <= len(distinct):
        chain.append(follower[chain[-1]])
    counts = Counter(roles)
    begun = [role for role, deps in zip(roles, schedule.deps, strict=True) if not deps]
    whole = set(chain) == distinct and set(begun) == first and len(set(counts.values())) == 1
    return len(begun) if whole else 0


def _confidence(schedule: Schedule) -> str:
    told = all(item.writes or (item.kind or "").lower() in _READING for item in schedule.items)
    return "high" if told else "medium"


def _groups(schedule: Schedule, leads: int) -> tuple[Group, ...]:
    """The tasks shared among the leads: whole connected parts where these are small enough, else by directory."""

    def work(part: list[int]) -> int:
        return sum(schedule.items[task].size for task in part)

    parts = _parts(schedule)
    if max(map(work, parts)) * leads > 1.5 * schedule.work:
        parts = _directories(schedule)
    loads = [0] * leads
    shares: list[list[int]] = [[] for _ in range(leads)]
    for part in sorted(parts, key=lambda part: (-work(part), part)):
        lead = loads.index(min(loads))
        shares[lead] += part
        loads[lead] += work(part)
    return tuple(Group(_common_path(schedule, share), len(share)) for share in shares if share)


def _parts(schedule: Schedule) -> list[list[int]]:
    """Sets of tasks that no dependency joins."""
    left = set(range(len(schedule.items)))
    parts: list[list[int]] = []
    while left:
        part = [min(left)]
        left.remove(part[0])
        for task in part:  # grows meanwhile
            near = (left.intersection(schedule.deps[task])) | left.intersection(schedule.dependants[task])
            left -= near
            part += sorted(near)
        parts.append(part)
    return parts


def _directories(schedule: Schedule) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for task, item in enumerate(schedule.items):
        found.setdefault(item.writes[0].prefix.rpartition("/")[0] if item.writes else "", []).append(task)
    return list(found.values())


def _common_path(schedule: Schedule, tasks: list[int]) -> str:
    """The directory that all writes of these tasks have in common; empty where there is none."""
    paths = [glob.prefix.split("/")[:-1] for task in tasks for glob in schedule.items[task].writes]
    common: list[str] = []
    for segments in zip(*paths, strict=False):
        if len(set(segments)) > 1:
            break
        common.append(segments[0])
    return "/".join(common)
