# SPDX-License-Identifier: Apache-2.0
"""What takes half a minute of waiting: it was begun with test_gate_dns.py, and other tests ran meanwhile."""

from name_server import let_in, told, zones
from world import wait_until


def test_a_list_that_was_broken_comes_back_by_itself(broken_for_a_while):
    world, guard = broken_for_a_while
    wait_until(lambda: zones(guard)["everybody.test"]["state"] == "well", 45, "the next test", 0.2)
    said = "everybody.test is asked again for IPv4: it passes its test"
    wait_until(lambda: said in guard.log, 3, "that to be said")
    assert "everybody.test names it" in told(world, "10.66.0.1")
    let_in(world, "10.67.0.1")
