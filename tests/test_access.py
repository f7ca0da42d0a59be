"""Who may change anything: whoever has the key, wherever the connection seems to come from."""

import os
import re
import stat
import time
from pathlib import Path

import pytest

from mnist_cnn import access
from mnist_cnn.attempts import Attempts
from mnist_cnn.errors import BadSetting
from mnist_cnn.settings import api_token

KEY, OTHER = "a key that is long enough", "another that is long enough"


@pytest.fixture
def folder(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a key is kept that nobody chose."""
    monkeypatch.delenv("MNIST_CNN_KEY", raising=False)
    monkeypatch.setattr(access, "_announced", set())
    access._kept_key.cache_clear()
    return artifacts


def test_the_key_outlives_a_restart_and_nobody_else_may_read_it(folder: Path) -> None:
    first = access.owner_key()
    assert len(first) == 32 and first == access.owner_key()
    access._kept_key.cache_clear()
    assert access.owner_key() == first
    if os.name == "posix":
        assert stat.S_IMODE((folder / access.KEY_FILE).stat().st_mode) == 0o600
    (folder / access.KEY_FILE).write_text("short\n")
    access._kept_key.cache_clear()
    assert access.owner_key() not in (first, "short")


def test_where_nothing_can_be_written_the_key_is_of_this_process(folder: Path) -> None:
    folder.write_text("no folder")
    assert access.owner_key() == access.owner_key()
    assert folder.read_text() == "no folder"


def test_it_is_printed_once_with_a_link_unless_somebody_chose_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    access.announce("/digits")
    access.announce()
    told = capsys.readouterr().err
    assert re.search(rf"https?://\S+/digits/#key={access.owner_key()}\n", told)
    assert told.count("#key=" + access.owner_key()) == 1
    monkeypatch.setenv("MNIST_CNN_KEY", KEY)
    access.announce()
    told = capsys.readouterr().err
    assert "MNIST_CNN_KEY" in told and KEY not in told


@pytest.mark.fault(69)
@pytest.mark.parametrize(("name", "read"), [("TOKEN", api_token), ("KEY", access.owner_key)])
def test_what_could_be_guessed_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, read
) -> None:
    monkeypatch.setenv(f"MNIST_CNN_{name}", "x" * 15)
    with pytest.raises(BadSetting, match=f"MNIST_CNN_{name} has 15 characters .* 16 or more"):
        read()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("MNIST_CNN_KEY", KEY)
    return {"key": KEY, "password": "correct horse"}


@pytest.mark.fault(60)
def test_a_ticket_opens_what_it_was_made_for_until_that_changes(
    known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = {way: access.ticket(way, secret) for way, secret in known.items()}
    for way, ticket in tickets.items():
        assert access.opened_by(ticket, known) == way
        assert not any(secret in ticket for secret in known.values())
        assert access.opened_by(ticket, known | {way: OTHER}) is None
        _, until, seal = ticket.split(".")
        forged = [f"{way}.{int(until) + 1}.{seal}", f"{way}.{until}.", f"{way}.{until}", way]
        forged += [f"{way}.²3.{seal}", f"{way}.-1.{seal}", f"{way}.{'9' * 30}.{seal}", "é", ""]
        forged += [f"{other}.{until}.{seal}" for other in known if other != way]
        assert [shown for shown in forged if access.opened_by(shown, known)] == []
    later = time.time() + 91 * 86_400
    monkeypatch.setattr(access.time, "time", lambda: later)
    assert access.opened_by(tickets["key"], known) is None
    monkeypatch.undo()
    monkeypatch.setenv("MNIST_CNN_KEY", OTHER)
    assert access.opened_by(tickets["password"], known) is None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.fault(69)
def test_a_wrong_try_delays_the_next_from_there_and_nobody_is_shut_out() -> None:
    attempts = Attempts(clock := Clock())
    waits = []
    for _ in range(50):
        waits.append(attempts.delay("192.0.2.1") or 0)
        clock.now += waits[-1]
    assert waits[:6] == pytest.approx([0, 0, 0, 0.5, 1, 2], rel=0.1) and max(waits) == 15
    assert attempts.delay("192.0.2.2") == 0
    attempts.succeeded("192.0.2.1")
    assert attempts.delay("192.0.2.1") == 0
    for _ in range(9):
        attempts.delay("192.0.2.3")
    clock.now += 12 * 60
    assert attempts.delay("192.0.2.3") == 0


@pytest.mark.fault(69)
def test_changing_addresses_helps_little_and_costs_no_memory() -> None:
    attempts = Attempts(Clock())
    assert [attempts.delay(f"2001:db8::{n:x}") for n in range(4)][-1] == 0.5
    assert [attempts.delay(f"127.0.0.{n}") for n in (1, 2)] + [attempts.delay(None)] == [0, 0, 0]
    assert attempts.delay("::1") == 0.5
    waits = [attempts.delay(f"10.0.{n // 256}.{n % 256}") or 0 for n in range(20_000)]
    assert waits[10] == 0 and waits[-1] == 15
    assert len(attempts._counts) <= 10_001


@pytest.mark.fault(69)
def test_tries_at_once_are_judged_one_after_the_other_and_few_wait() -> None:
    attempts = Attempts(clock := Clock())
    waits = [attempts.delay("192.0.2.1") for _ in range(1000)]
    taken = [wait for wait in waits if wait is not None]
    assert taken[:6] == [0, 0, 0, 0.5, 1.5, 3.5] and len(taken) < 15
    assert 60 <= taken[-1] <= 75 and waits[len(taken) :] == [None] * (1000 - len(taken))
    assert attempts.delay("192.0.2.2") == 0
    clock.now += 16
    assert attempts.delay("192.0.2.1") is not None, "the owner gets in behind those who wait"
    attempts.succeeded("192.0.2.1")
    assert attempts.delay("192.0.2.1") == 0


@pytest.mark.fault(60)
def test_odd_characters_open_nothing_and_raise_nothing(known: dict[str, str]) -> None:
    assert access.same(f" {KEY}\n", KEY) and not access.same("\ud800", KEY)
    assert access.opened_by(f"key.{int(time.time()) + 60}.\ud800", known) is None


def test_the_clocks_of_two_servers_may_differ(
    known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, now = access.ticket("key", KEY), time.time()
    for back, way in ((3600, "key"), (2 * 86_400, None)):
        monkeypatch.setattr(access.time, "time", lambda back=back: now - back)
        assert access.opened_by(ticket, known) == way
