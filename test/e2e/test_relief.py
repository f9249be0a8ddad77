# SPDX-License-Identifier: Apache-2.0
"""A server near its limit, and who has to go: on a real Courier with 20 places, of clients that no log
line and no block list knows, and of some that the server's own block list does."""

import os
import re
import signal
import threading
import time

import pytest

from dialogues import deliver, ended, is_open
from guard import Guard, visible
from world import World, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

PLACES = 20
START, STOP = 16, 10
SILENCE = 2
# Before, no wave is found (judge/wave.h).
WAVE_SECONDS = 12
NEVER = "10.67.200.0/24"
RELIEF = f"relief {{\n  start = 80%\n  stop = 50%\n  silence = {SILENCE}s\n}}\nban {{ never = {NEVER} }}\n"
CALM = "wave { detect = no }\n"


@pytest.fixture
def small(mail_server):
    with World(maxdaemons=PLACES, visible=visible()) as world:
        yield world


def strangers(first, count):
    """So many addresses of as many networks."""
    return [f"10.67.{first + n}.1" for n in range(count)]


def alive(clients):
    return [client for client in clients if is_open(client.sock)]


def reliefs(guard):
    return guard.status()["counters"]["reliefs"]


def told_lines(guard, text):
    return [line for line in guard.log.splitlines() if text in line]


class Transfer:
    """Context manager: a mail that takes its time, about 3 kB a second."""

    def __init__(self, world, source):
        self.client = world.smtp(source)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._send)

    def _send(self):
        while not self.over.wait(0.1):
            self.client.send(b"x" * 300 + b"\r\n")

    def __enter__(self):
        self.client.ehlo()
        self.client.mail("anna@ham.test")
        self.client.rcpt("ham@example.test")
        assert self.client.docmd("DATA")[0] == 354
        self.thread.start()
        return self

    def end(self):
        """The code of the reply to the end of the mail."""
        self.over.set()
        self.thread.join()
        return self.client.docmd(".")[0]

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_the_silent_go_and_nobody_else(small):
    with Guard(small, RELIEF + CALM) as guard:
        assert deliver(small, "10.67.100.1")
        small.mail_log.wait_for("newmsg,")
        good, never = small.smtp("10.67.100.1"), small.smtp("10.67.200.7")
        with Transfer(small, "10.67.101.1") as transfer:
            silent = [small.smtp(address) for address in strangers(1, START - 4)]
            time.sleep(SILENCE + 1)
            assert len(alive(silent)) == START - 4, "nobody has to go as long as there is room"
            assert reliefs(guard) == 0
            fresh = [small.smtp(address) for address in strangers(50, 2)]

            gone = START + 1 - STOP
            wait_until(lambda: reliefs(guard) >= gone, 5, f"relief\n{guard.log}")
            assert len(alive(silent)) == START - 4 - gone
            assert len(alive(fresh)) == 2, "they have just come"
            assert alive([good]) and alive([never])
            wait_until(lambda: len(small.handlers()) <= STOP, 5, "the places to be free")
            assert transfer.end() == 250, "its mail is taken"

        assert len(told_lines(guard, "the least deserving are ended")) == 1
        lost = next(n for n, client in enumerate(silent) if not is_open(client.sock))
        told = guard.explain(strangers(1, START)[lost])
        assert re.search(r"ago its connection was ended near the server's limit \(1\d of 20\): silent for \ds", told["text"])
        assert told["relief"]["reason"] == "silent" and told["score"] == 20
        assert [event["outcome"] for event in told["events"]] == ["relieved"]
        status = guard.status()["relief"]
        assert (status["start"], status["stop"], status["ended"]) == (START, STOP, gone)
        assert "16 connections down to 10; 7 ended so far" in guard.ask("status").stdout
        assert deliver(small, "10.67.110.1")


@pytest.mark.parametrize("how", ["told to end", "killed"])
def test_who_delivered_mail_is_spared_by_the_next_daemon_too(small, how):
    with Guard(small, RELIEF + CALM) as guard:
        assert deliver(small, "10.67.100.1")
        small.mail_log.wait_for("newmsg,")
        if how == "killed":
            time.sleep(2)
            os.kill(guard.warden(), signal.SIGKILL)
            wait_until(lambda: not guard.running(), 5, "its end")
        else:
            guard.stop()
        guard.start()
        good = small.smtp("10.67.100.1")
        time.sleep(SILENCE)
        silent = [small.smtp(address) for address in strangers(1, START)]
        wait_until(lambda: reliefs(guard) >= START + 1 - STOP, 5, f"relief\n{guard.log}")
        assert alive([good]), "though nobody is silent for longer"
        assert len(alive(silent)) < START


def test_who_says_a_byte_now_and_then_is_silent(small):
    with Guard(small, RELIEF + CALM) as guard:
        dripping = [small.smtp(address) for address in strangers(1, START - 1)]
        # One more would be as long as the shortest command, and the server's turn.
        for _ in range(5):
            time.sleep(0.6)
            for client in dripping:
                client.sock.sendall(b"N")
        assert len(alive(dripping)) == START - 1
        last = small.smtp("10.67.60.1")
        wait_until(lambda: reliefs(guard) >= START - STOP, 5, f"relief\n{guard.log}")
        assert alive([last])
        assert guard.status()["counters"]["reliefs_short"] == 0


def test_whom_the_server_blocks_goes_first(small):
    with Guard(small, RELIEF + CALM) as guard:
        unknown = [small.smtp(address) for address in strangers(1, 7)]
        time.sleep(SILENCE + 1)
        listed = [small.smtp(f"10.66.{n}.1") for n in range(8)]
        # The handlers are looked at once a second from relief.stop on.
        time.sleep(2.5)
        assert len(alive(unknown + listed)) == 15
        fresh = [small.smtp(address) for address in strangers(50, 2)]
        wait_until(lambda: reliefs(guard) >= 7, 5, f"relief\n{guard.log}")
        assert len(alive(unknown)) == 7 and len(alive(fresh)) == 2
        assert len(alive(listed)) == 1
        lost = next(n for n, client in enumerate(listed) if not is_open(client.sock))
        told = guard.explain(f"10.66.{lost}.1")
        assert told["relief"]["reason"] == "blocked"
        assert "on a block list, as the mail server itself knows" in told["text"]


def test_who_waits_for_a_place_gets_one(small):
    with Guard(small, RELIEF + CALM) as guard:
        silent = [small.connect(address) for address in strangers(1, PLACES + 6)]
        begin = time.monotonic()
        assert deliver(small, "10.67.110.1")
        assert time.monotonic() - begin < 15, "Courier itself would keep them for 30 s"
        assert guard.status()["connections"]["most"] > PLACES
        for client in silent:
            client.close()


def test_a_handler_that_sleeps_is_woken(mail_server):
    """With TARPIT=1 a process that is about to refuse sleeps for 8 s and does not see its client go."""
    with World(tarpit=1, maxdaemons=PLACES, visible=visible()) as world, Guard(world, RELIEF + CALM) as guard:
        listed = [world.smtp(f"10.66.{n}.1") for n in range(8)]
        kept = [world.smtp(f"10.67.200.{n}") for n in range(1, 8)]
        time.sleep(2)
        for client in listed:
            client.ehlo()
            client.mail("zombie@spam.test")
            client.putcmd("RCPT TO:<ham@example.test>")
        fresh = [world.smtp(address) for address in strangers(50, 2)]
        wait_until(lambda: reliefs(guard) >= 7, 4, f"relief\n{guard.log}")
        wait_until(lambda: len(world.handlers()) <= STOP, 4, "the places to be free")
        assert guard.status()["counters"]["handlers_signalled"] >= 5
        assert len(alive(kept)) == 7 and len(alive(fresh)) == 2


def test_observing_says_whom_and_ends_nobody(small):
    with Guard(small, RELIEF + CALM, observe=True) as guard:
        silent = [small.smtp(address) for address in strangers(1, START + 1)]
        wait_until(lambda: len(told_lines(guard, "would be ended near")) == START + 1 - STOP, 8, f"its words\n{guard.log}")
        time.sleep(1.5)
        assert len(alive(silent)) == START + 1
        assert len(told_lines(guard, "would be ended near")) == START + 1 - STOP
        assert reliefs(guard) == 0
        address = re.search(r"(10\.67\.\d+\.1):\d+ would be ended", guard.log).group(1)
        told = guard.explain(address)
        assert "would have been ended near the server's limit" in told["text"]
        assert "score" not in told


def test_who_is_ended_again_and_again_is_banned(small):
    with Guard(small, RELIEF + CALM) as guard:
        kept = [small.smtp(f"10.67.200.{n}") for n in range(1, START)]
        for _ in range(5):
            assert not guard.in_kernel("10.67.9.9")
            assert ended(small.smtp("10.67.9.9").sock, 8), guard.log
        guard.wait_banned("10.67.9.9")
        assert len(alive(kept)) == START - 1, "the never-list protects them"
        assert guard.status()["counters"]["reliefs_short"] == 1
        assert guard.bans()["10.67.9.9"]["outcome"] == "relieved"


def test_in_a_wave_it_begins_earlier(mail_server):
    """wave.relief_start is 65 %, of 200 places 130; wave.relief_stop 45 %, 90."""
    with World(maxdaemons=200, visible=visible()) as world, Guard(world, RELIEF + "wave { rate = 1 }") as guard:
        time.sleep(WAVE_SECONDS)
        assert guard.status()["relief"]["start"] == 160
        clients = [world.connect(f"10.67.{n}.1") for n in range(1, 136)]
        wait_until(lambda: reliefs(guard) == 135 - 90, 20, f"relief\n{guard.log}")
        status = guard.status()["relief"]
        assert (status["start"], status["stop"]) == (130, 90)
        for client in clients:
            client.close()


def test_off(small):
    with Guard(small, "relief { enabled = no }") as guard:
        assert guard.status()["relief"] == {"enabled": False}
        assert re.search(r"^relief +off$", guard.ask("status").stdout, re.M)
