"""The requests of one call share its time-out; what passes between them does not count."""

from types import SimpleNamespace

import anyio
import pytest

from swarm_memory.storage import budget

pytestmark = pytest.mark.anyio


class Clock:
    """Time as a test lets it pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def spend(clock: Clock, seconds: float) -> float:
    """A request that takes so long; what it was allowed to take."""
    with budget.request(6.0) as allowed:
        clock.seconds += seconds
    return allowed


async def test_requests_outside_of_a_call_have_a_whole_time_out_each(clock: Clock) -> None:
    assert [spend(clock, 5.0) for _ in range(3)] == [6.0, 6.0, 6.0]


async def test_the_requests_of_a_call_share_one_and_the_last_gets_a_moment(clock: Clock) -> None:
    with budget.one_time_out():
        assert [spend(clock, 2.5) for _ in range(4)] == [6.0, 3.5, 1.0, 0.05]
    assert spend(clock, 0.0) == 6.0


async def test_a_write_of_a_call_shares_the_calls(clock: Clock) -> None:
    with budget.one_time_out():
        spend(clock, 4.0)
        with budget.one_time_out():
            assert spend(clock, 1.0) == 2.0
        assert spend(clock, 0.0) == 1.0


async def test_waiting_between_requests_is_given_back_up_to_the_whole(clock: Clock) -> None:
    with budget.one_time_out():
        spend(clock, 4.0)
        clock.seconds += 3.0
        assert spend(clock, 0.0) == 5.0
        clock.seconds += 30.0
        assert spend(clock, 0.0) == 6.0


async def test_requests_side_by_side_count_once(clock: Clock) -> None:
    with budget.one_time_out():
        with budget.request(6.0), budget.request(6.0):
            clock.seconds += 2.0
        assert spend(clock, 0.0) == 4.0


def _fail(clock: Clock, seconds: float) -> None:
    with budget.request(6.0):
        clock.seconds += seconds
        raise TimeoutError


async def test_a_request_that_fails_counts_too(clock: Clock) -> None:
    with budget.one_time_out():
        with pytest.raises(TimeoutError):
            _fail(clock, 5.0)
        assert spend(clock, 0.0) == 1.0


async def test_what_a_call_only_starts_has_its_own_time_outs(clock: Clock) -> None:
    allowed: list[float] = []

    async def fill() -> None:
        allowed.append(spend(clock, 5.0))

    with budget.one_time_out():
        spend(clock, 4.0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fill)
        assert allowed == [6.0]
