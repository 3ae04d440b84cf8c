"""What auto makes of a plan: the golden table, and what holds for every plan."""

import itertools
from dataclasses import replace

import pytest
from graphs import GOLDEN, Tasks, apart, at_random, chain, layers, shop, task
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.assessment import Thresholds
from swarm_memory.models.plan import SIZES, TaskItem, make_plan
from swarm_memory.models.swarm import Choice
from swarm_memory.services.schedule import Schedule
from swarm_memory.services.topology_auto import assess

THRESHOLDS = Thresholds()


def auto(tasks: Tasks, max_agents: int = 8, thresholds: Thresholds = THRESHOLDS) -> Choice:
    return assess(make_plan(tasks), max_agents, thresholds)


def speedup(choice: Choice) -> float:
    assert choice.assessment
    return choice.assessment.metrics.speedup


@st.composite
def graphs(draw: st.DrawFn) -> Tasks:
    """Any tasks with any dependencies on earlier ones, on a few files."""
    number = draw(st.integers(1, 14))
    tasks: Tasks = []
    for at in range(number):
        deps = draw(st.sets(st.integers(0, at - 1), max_size=3)) if at else set[int]()
        writes = draw(st.lists(st.sampled_from(["a.py", "b/**", "b/c.py", "*.py"]), max_size=2, unique=True))
        size = draw(st.sampled_from(SIZES))
        tasks.append(task(f"t{at}", *(f"t{dep}" for dep in deps), size=size, writes=writes))
    return tasks


def test_the_golden_table_has_thirty_graphs() -> None:
    assert len(GOLDEN) == 30


@pytest.mark.parametrize(
    ("tasks", "max_agents", "topology", "agents", "gain"), [row[1:] for row in GOLDEN], ids=[row[0] for row in GOLDEN]
)
def test_the_golden_table(tasks: Tasks, max_agents: int, topology: str, agents: int, gain: float) -> None:
    choice = auto(tasks, max_agents)

    assert (choice.topology, choice.recommended_agents, speedup(choice)) == (topology, agents, gain)
    assert choice.reasons
    assert choice.assessment
    assert choice.assessment.thresholds == THRESHOLDS


@pytest.mark.parametrize("tasks", [row[1] for row in GOLDEN], ids=[row[0] for row in GOLDEN])
def test_the_order_of_the_tasks_does_not_matter(tasks: Tasks) -> None:
    expected = auto(tasks)

    assert auto(tasks[::-1]) == expected
    assert auto([*tasks[1::2], *tasks[::2]]) == expected


@settings(max_examples=400, deadline=None)
@given(tasks=graphs(), data=st.data(), max_agents=st.integers(1, 12))
def test_one_more_dependency_never_raises_the_recommendation(
    tasks: Tasks, data: st.DataObject, max_agents: int
) -> None:
    later = data.draw(st.integers(0, len(tasks) - 1))
    earlier = data.draw(st.integers(0, later))
    more = list(tasks)
    if earlier < later:
        more[later] = replace(more[later], deps=tuple({*more[later].deps, f"t{earlier}"}))

    assert auto(more, max_agents).recommended_agents <= auto(tasks, max_agents).recommended_agents


@settings(max_examples=200, deadline=None)
@given(tasks=graphs(), data=st.data())
def test_the_order_of_any_tasks_does_not_matter(tasks: Tasks, data: st.DataObject) -> None:
    assert auto(data.draw(st.permutations(tasks))) == auto(tasks)


@settings(max_examples=200, deadline=None)
@given(tasks=graphs(), agents=st.integers(1, 6))
def test_no_schedule_is_shorter_than_the_bound_and_one_agent_takes_all_the_work(tasks: Tasks, agents: int) -> None:
    schedule = Schedule(make_plan(tasks))

    assert schedule.shortest(agents) <= schedule.makespan(agents) <= schedule.work
    assert schedule.makespan(1) == schedule.work


@pytest.mark.parametrize("seed", range(60))
def test_the_width_is_the_largest_set_of_tasks_that_do_not_wait_for_each_other(seed: int) -> None:
    tasks = at_random(seed, 3 + seed % 7, seed / 60)
    deps = {one.title: set(one.deps) for one in tasks}
    for before in deps.values():  # earlier ones come first, so theirs are complete
        before |= {far for near in list(before) for far in deps[near]}

    def together(some: tuple[str, ...]) -> bool:
        return not any(one in deps[other] or other in deps[one] for one, other in itertools.combinations(some, 2))

    sizes = range(1, len(tasks) + 1)
    expected = max(size for size in sizes if any(map(together, itertools.combinations(deps, size))))
    assert Schedule(make_plan(tasks)).width(64) == expected


def test_a_hierarchy_gets_a_lead_for_five_agents_and_each_task_a_lead() -> None:
    choice = auto([*apart(12, writes="api/#.py"), *(task(f"w{at}", writes=[f"web/{at}.ts"]) for at in range(12))], 12)

    assert choice.assessment
    groups = choice.assessment.groups
    assert len(groups) == -(-choice.recommended_agents // 5)
    assert sum(group.tasks for group in groups) == 24


def test_the_groups_of_a_hierarchy_are_directories_where_all_tasks_hang_together() -> None:
    ends = [task(f"{place}{at}", "start", writes=[f"{place}/{at}.py"]) for place in ("api", "web") for at in range(10)]
    choice = auto([task("start", size=1), *ends], 10)

    assert choice.assessment
    assert sorted(group.path for group in choice.assessment.groups) == ["api", "web"]


def test_thresholds_move_the_rules() -> None:
    fan = layers(1, 6, 1, sizes=(1, 2, 1))

    assert auto(fan, thresholds=Thresholds(speedup=5)).recommended_agents == 1
    assert auto(fan, thresholds=Thresholds(busy=0.9)).recommended_agents == 3
    assert auto(fan, thresholds=Thresholds(star_agents=6)).topology == "star"
    assert auto(apart(12), thresholds=Thresholds(gain=0.5)).recommended_agents < 7


def test_confidence_is_high_only_where_every_task_says_what_it_writes_or_only_reads() -> None:
    assert auto(shop()).confidence == "high"
    assert auto(apart(4, kind="review")).confidence == "high"
    assert auto(chain(4)).confidence == "medium"


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([task("a", "c"), task("b", "a"), task("c", "b"), task("d")], "'a' → 'b' → 'c' → 'a'"),
        ([task("a", "a")], "'a' → 'a'"),
        ([task("a", "x")], "waits for 'x', which is no task"),
        ([task("a"), task("a"), task("b", "a")], "several tasks have that title"),
        ([TaskItem("a", id="1"), TaskItem("b", id="1")], "two tasks have the id '1'"),
    ],
)
def test_what_is_no_plan_is_refused_with_what_is_wrong(tasks: Tasks, expected: str) -> None:
    with pytest.raises(InvalidArgument, match=expected):
        make_plan(tasks)


def test_a_long_cycle_is_told_in_short() -> None:
    tasks = [task(f"t{at}", f"t{(at - 1) % 300}") for at in range(300)]

    with pytest.raises(InvalidArgument, match=r"\(288 more\)"):
        make_plan(tasks)


def test_an_id_goes_before_a_title_and_both_before_a_task_of_the_store() -> None:
    plan = make_plan([TaskItem("b"), TaskItem("a", id="b"), TaskItem("c", deps=("b", "t7")), TaskItem("t7")])

    assert plan.deps[2] == {1, 3}
    assert make_plan([TaskItem("c", deps=("t7",))]).stored == (frozenset({7}),)
