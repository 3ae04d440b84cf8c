"""What each guard of a swarm's writes means to whoever broke its rule."""

from typing import Final

from swarm_memory.errors import (
    AgentGone,
    InvalidArgument,
    NotFound,
    SwarmEnded,
    SwarmMemoryError,
    TooLarge,
    TopologyForbidden,
    WrongState,
)
from swarm_memory.models.swarm import Topology

_ALLOWED: Final[dict[str, dict[str, str]]] = {
    "refuse_creating": {
        "ring": "the coordinator creates tasks in a ring",
        "hierarchical": "the coordinator and leads (type lead, or with agents under them) create tasks in a hierarchy",
    },
    "refuse_claiming": {
        "star": "workers claim in a star while any is there; its coordinator creates, assigns and reviews",
        "hierarchical": "the members of groups claim in a hierarchy while any is there; its coordinator directs them",
        "ring": "the agents at a ring's positions claim",
    },
    "refuse_handing_on": {
        "star": "a worker of a star hands a claim to its coordinator only",
        "hierarchical": "a claim goes to the own lead or to a member of the own group",
        "ring": "a claim goes to the next position of the ring",
    },
    "refuse_directing": {
        "star": "only the coordinator of a star assigns, cancels, and takes up proposals",
        "hierarchical": "only the coordinator and the lead whose group a task is for assign, cancel and take it up",
        "ring": "only the coordinator of a ring assigns and cancels",
    },
    "refuse_assigning_outside": {"hierarchical": "a lead assigns to members of its own group"},
    "refuse_reviewing": {
        "star": "the coordinator or another agent than the author reviews in a star",
        "hierarchical": "the author's lead reviews in a hierarchy, or the coordinator where the author has none",
        "ring": "the position behind the author's reviews in a ring",
        "mesh": "another one than the author reviews in a mesh",
    },
    "refuse_ending": dict.fromkeys((one.value for one in Topology), "only the coordinator ends a swarm"),
    "refuse_other_role": dict.fromkeys(
        (one.value for one in Topology),
        "with the strategy specialized an agent claims tasks of its own role",
    ),
}
"""By guard and topology: who may do what was refused."""

_INSTEAD: Final = {
    "refuse_creating": "ask the coordinator for the task, or do the work as part of your own.",
    "refuse_claiming": "leave the tasks to the agents, or call agent_spawn and claim as that agent.",
    "refuse_handing_on": "release it with a note instead, and anyone who may can claim it.",
    "refuse_directing": "ask the coordinator.",
    "refuse_assigning_outside": "name an agent of your group, or ask the coordinator.",
    "refuse_reviewing": "leave the review to them.",
    "refuse_ending": "ask the coordinator, or run swarm-memory swarm end.",
    "refuse_other_role": "leave role out, or spawn an agent of that type.",
}

_PLAIN: Final[dict[str, tuple[type[SwarmMemoryError], str, str]]] = {
    "refuse_gone_agent": (
        AgentGone,
        "This agent was retired, or was silent so long that others have its place.",
        "call agent_spawn for a new one; claim again before you go on with its task.",
    ),
    "refuse_ended_swarm": (
        SwarmEnded,
        "This swarm is archived.",
        "call swarm_init to join or make an active one.",
    ),
    "refuse_strange_parent": (NotFound, "parent is no agent of this swarm.", "name an agent that agent_spawn gave."),
    "refuse_busy_agent": (
        WrongState,
        "The agent to be replaced works in another session and was heard of within 5 minutes.",
        "let its own session or the coordinator replace it, or wait.",
    ),
    "refuse_crowded_swarm": (
        TooLarge,
        "The swarm would have more than 50,000 tasks.",
        "make a new swarm with swarm_init and an objective.",
    ),
    "refuse_strange_dependency": (
        InvalidArgument,
        "A dependency is no task of this swarm, or has ended without being done, so its dependants could never begin.",
        "name tasks that are open or done, as swarm_status lists them.",
    ),
    "refuse_strange_assignee": (
        NotFound,
        "to names nobody who lives in this swarm.",
        "take a handle from swarm_status with agents: true.",
    ),
    "refuse_unassignable": (
        WrongState,
        "Somebody has this task already, or it has ended.",
        "look at it with swarm_status.",
    ),
    "refuse_ended_task": (WrongState, "It has ended already.", "make a new task as its follow-up."),
    "refuse_unproposed": (
        WrongState,
        "It is not proposed, so there is nothing to decide.",
        "look at it with swarm_status.",
    ),
    "refuse_unreviewable": (
        WrongState,
        "This completion is not under review: it was decided already, or the task was claimed again since.",
        "look at the task with swarm_status.",
    ),
}


def explain(guard: str, topology: str, about: str) -> SwarmMemoryError:
    """The refusal of a guard.

    Args:
        guard: Name of its block.
        topology: Of the swarm.
        about: What the call was about, as the beginning of the message: ``t42: `` or nothing.
    """
    if guard in _ALLOWED:
        allowed = _ALLOWED[guard].get(topology, "the topology does not allow it")
        return TopologyForbidden(f"{about}Not yours to do: {allowed}.", next_step=_INSTEAD[guard])
    error, message, next_step = _PLAIN[guard]
    return error(f"{about}{message}", next_step=next_step)
