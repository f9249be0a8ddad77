# SPDX-License-Identifier: Apache-2.0
"""A wave as a whole, on a real Courier: it is found, said once, makes strangers wait, goes on over the death of
the processes that know of it, and is over."""

import os
import signal
import time

from gates import PORT, gate, world  # noqa: F401 (a fixture)
from guard import Guard
from world import addresses_of, wait_until

# Nothing is declared before the guard has looked for so long (WAVE_WARM_MS).
WARM_SECONDS = 10
CROWD = 120
STRANGERS = addresses_of("10.67.128.0/17")

WAVE = "wave {\n  rate = 1\n  calm = 6s\n  greet_wait = 3s\n}\n"


def wave_of(guard):
    return guard.status()["wave"]


def let_it_look(guard):
    """Until it may find a wave."""
    began = guard.status()["started"]
    wait_until(lambda: time.time() > began + WARM_SECONDS + 2, WARM_SECONDS + 5, "the first look")
    assert not wave_of(guard)["lasts"]


def crowd_of(world):
    return [world.connect(next(STRANGERS)) for _ in range(CROWD)]


def disperse(crowd):
    for connection in crowd:
        connection.close()


def seconds_to_be_greeted(world):
    began = time.monotonic()
    client = world.smtp(next(STRANGERS), port=PORT)
    waited = time.monotonic() - began
    client.close()
    return waited


class Waves(Guard):
    """One that knows what it said itself: the log is that of all before it, too."""

    def __enter__(self):
        self.before = len(self.log)
        return super().__enter__()

    def said(self, text):
        return [line for line in self.log[self.before :].splitlines() if text in line]

    def transitions(self):
        return len(self.said("a wave has begun")), len(self.said("the wave is over"))


def test_a_wave_begins_goes_on_and_is_over(world):  # noqa: F811
    with Waves(world, gate() + WAVE) as guard:
        let_it_look(guard)
        assert seconds_to_be_greeted(world) < 2.5
        crowd = crowd_of(world)
        wait_until(lambda: wave_of(guard)["lasts"], 20, f"a wave\n{guard.log}")

        now = wave_of(guard)
        assert now["state"] == "wave"
        assert now["rate"] > 1 and now["first_seen_share"] > 0.9
        assert now["tightened"].startswith("greet wait 3s")
        assert now["wave"]["peak_open"] >= CROWD
        (line,) = guard.said("a wave has begun")
        assert f" open of {guard.status()['connections']['limit']}, " in line
        assert "of the clients never seen before; greet wait 3s" in line
        text = guard.ask("status").stdout
        assert "A WAVE LASTS since" in text and "tightened: greet wait 3s" in text
        assert seconds_to_be_greeted(world) >= 2.9

        # Who knows of it dies.
        worker = guard.worker()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: guard.worker() not in (None, worker), 10, "another worker")
        wait_until(lambda: guard.ask("status").returncode == 0, 10, "its word")
        assert wave_of(guard)["lasts"]
        assert wave_of(guard)["wave"]["begin"] == now["wave"]["begin"]
        # Who has to be told of it dies.
        before = guard.gate_workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(
            lambda: len(set(guard.gate_workers()) - set(before)) == len(before), 10, "gate workers"
        )
        crowd += crowd_of(world)
        assert seconds_to_be_greeted(world) >= 2.9

        disperse(crowd)
        wait_until(lambda: not wave_of(guard)["lasts"], 60, f"the wave to be over\n{guard.log}")
        assert guard.transitions() == (1, 1)
        past = wave_of(guard)["wave"]
        assert past["begin"] == now["wave"]["begin"]
        assert past["arrivals"] >= CROWD and past["first_seen"] >= CROWD * 0.9
        assert "the last one began" in guard.ask("status").stdout
        assert seconds_to_be_greeted(world) < 2.5
        counters = guard.status()["counters"]
        assert counters["waves"] == 1 and counters["requests_refused"] == 0
        time.sleep(2)
        assert guard.transitions() == (1, 1)


def test_who_only_observes_says_it_and_tightens_nothing(world):  # noqa: F811
    with Waves(world, gate() + WAVE, observe=True) as guard:
        let_it_look(guard)
        crowd = crowd_of(world)
        wait_until(lambda: guard.said("a wave has begun"), 20, f"a wave\n{guard.log}")
        assert guard.said("observing, nothing is tightened")
        assert wave_of(guard)["tightened"] == ""
        disperse(crowd)


def test_with_detect_no_there_are_no_waves(world):  # noqa: F811
    with Waves(world, gate() + WAVE.replace("rate = 1", "detect = no")) as guard:
        assert "wave" not in guard.status()
        assert "new connections a second" not in guard.ask("status").stdout
