"""The relay does to connections what it says, and nothing else."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from cloud import Cloud
from pipeline import ask, execute
from relay import Relay
from sqld import Sqld

WRITE = execute("INSERT INTO t VALUES (1)")
COUNT = execute("SELECT count(*) FROM t")
SHORT = 0.2  # seconds to wait for what must not come


@contextmanager
def sink() -> Generator[tuple[int, list[int]]]:
    """A server for one connection: its port, and how many bytes it got, once it has answered their end with one."""
    got: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                got.append(sum(iter(lambda: len(connection.recv(1 << 20)), 0)))
                connection.sendall(b"!")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], got
        thread.join(20)


def seconds_of(url: str) -> float:
    begun = time.perf_counter()
    assert ask(url, execute("SELECT 1")).rows() == [[1]]
    return time.perf_counter() - begun


def test_it_passes_on_and_counts(relay: Relay) -> None:
    before = relay.stats()
    assert ask(relay.url, execute("SELECT 'through'")).rows() == [["through"]]

    after = relay.wait_for(lambda stats: stats.open == 0)
    assert (before.total, after.total) == (0, 1)
    assert after.to_target > 100
    assert after.from_target > 100
    assert after.dropped == 0


def test_a_delay_is_paid_by_the_handshake_and_by_the_request(relay: Relay) -> None:
    relay.set_delay(50)
    delayed = seconds_of(relay.url)
    relay.set_delay(0)

    assert 4 * 0.05 <= delayed < 1
    assert seconds_of(relay.url) < 4 * 0.05


def test_a_delay_does_not_narrow_the_line() -> None:
    size = 64 << 20
    with sink() as (port, got), Relay(port) as relay:
        relay.set_delay(20)
        begun = time.perf_counter()
        with socket.create_connection(("127.0.0.1", relay.port)) as client:
            client.sendall(bytes(size))
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b"!"
        took = time.perf_counter() - begun
        assert relay.stats().to_target == size
    assert got == [size]
    # One chunk at a time, each waiting for the one before it, would need five seconds at 256 KiB a chunk.
    assert took < 4


def test_a_cut_resets_the_connections_there_are_and_lets_new_ones_work(relay: Relay) -> None:
    with socket.create_connection(("127.0.0.1", relay.port)) as client:
        relay.wait_for(lambda stats: stats.open == 1)
        relay.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert relay.stats().open == 0
    assert seconds_of(relay.url)


def test_while_it_refuses_no_connection_is_made_and_those_there_are_go_on(relay: Relay) -> None:
    with socket.create_connection(("127.0.0.1", relay.port)) as client:
        relay.wait_for(lambda stats: stats.open == 1)
        relay.refuse()
        with pytest.raises(ConnectionRefusedError):
            ask(relay.url, execute("SELECT 1"))
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    relay.heal()
    assert seconds_of(relay.url)


def test_a_black_hole_keeps_connections_and_passes_on_nothing(relay: Relay) -> None:
    with socket.create_connection(("127.0.0.1", relay.port)) as client:
        relay.wait_for(lambda stats: stats.open == 1)
        before = relay.stats()
        relay.black_hole()
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            ask(relay.url, execute("SELECT 1"), timeout=SHORT)
        client.settimeout(SHORT)
        with pytest.raises(TimeoutError):
            client.recv(1)
        during = relay.stats()
        assert (during.to_target, during.from_target) == (before.to_target, before.from_target)

        relay.heal()
        client.settimeout(10)
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_a_black_hole_hides_even_that_the_target_is_gone(sqld: Sqld, relay: Relay) -> None:
    sqld.kill()
    relay.black_hole()
    with pytest.raises(TimeoutError):
        ask(relay.url, execute("SELECT 1"), timeout=SHORT)


def test_what_was_sent_into_a_black_hole_arrives_later_even_if_its_sender_has_given_up(cloud: Cloud) -> None:
    ask(cloud.url, execute("CREATE TABLE t (x)"))
    with Relay(cloud.port) as relay:
        relay.black_hole()
        with pytest.raises(TimeoutError):
            ask(relay.url, WRITE, timeout=SHORT)
        assert ask(cloud.url, COUNT).rows() == [[0]]
        relay.heal()
        relay.wait_for(lambda stats: stats.open == 0)
    assert ask(cloud.url, COUNT).rows() == [[1]]


def test_a_lost_answer_is_that_of_a_write_that_happened(sqld: Sqld, relay: Relay) -> None:
    ask(sqld.url, execute("CREATE TABLE t (x)"))
    relay.drop_answers()
    with pytest.raises(TimeoutError):
        ask(relay.url, WRITE, timeout=SHORT)

    assert relay.stats().dropped > 0
    assert ask(sqld.url, COUNT).rows() == [[1]]


def test_a_connection_that_lost_an_answer_is_reset_when_the_network_heals(relay: Relay) -> None:
    with socket.create_connection(("127.0.0.1", relay.port)) as client:
        relay.drop_answers()
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        relay.wait_for(lambda stats: stats.dropped > 0)
        relay.heal()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert seconds_of(relay.url)


def test_one_answer_can_be_lost_by_a_reset_and_the_next_is_whole(sqld: Sqld, relay: Relay) -> None:
    ask(sqld.url, execute("CREATE TABLE t (x)"))
    relay.drop_answers(reset=True, times=1)
    with pytest.raises(ConnectionResetError):
        ask(relay.url, WRITE)
    assert ask(relay.url, COUNT).rows() == [[1]]


def test_a_client_is_reset_while_nothing_listens_behind_the_relay(sqld: Sqld, relay: Relay) -> None:
    sqld.kill()
    with pytest.raises(ConnectionResetError):
        ask(relay.url, execute("SELECT 1"))
    sqld.start()
    assert seconds_of(relay.url)


def test_a_fault_given_in_advance_comes_while_nobody_can_give_it(relay: Relay) -> None:
    relay.black_hole()
    relay.heal(after=SHORT)
    assert seconds_of(relay.url) >= SHORT / 2
