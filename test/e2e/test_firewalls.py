# SPDX-License-Identifier: Apache-2.0
"""Beside other firewalls: none of their rules is touched, and none of their reloads lets the banned in for long."""

import pytest

from dialogues import deliver, refused_silently, told
from firewalls import Firewalld, Legacy, NftFile, Ufw, rules, shell
from guard import Guard
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

# In force again within this, at the latest.
AGAIN_SECONDS = 5

everywhere = pytest.mark.parametrize("firewall", [Ufw, Firewalld, NftFile, Legacy])


def ban(world, guard, address):
    assert told(world.smtp(address)) == 511
    wait_until(lambda: refused_silently(world, address, 0.5), 5, f"{address} to be kept out\n{guard.log}")


@everywhere
def test_none_of_its_rules_is_touched(world, firewall):
    firewall(world)
    before = rules(world)
    assert before, "there are rules"
    with Guard(world) as guard:
        ban(world, guard, "10.66.3.4")
        ban(world, guard, "2001:db8:66:34::9")
        assert deliver(world, next(world.honest4)) and deliver(world, next(world.honest6))
        assert rules(world) == before
        guard.reload()
        assert rules(world) == before
        assert guard.stop() == 0
    assert rules(world) == before
    assert not guard.table_exists()


# Whether nobody else can remove the table, as from Linux 5.12 on, or it has to be noticed and mended.
either_table = pytest.mark.parametrize("exclusive", ["yes", "no"])


@everywhere
@either_table
def test_its_reload_leaves_the_guard_in_force(world, firewall, exclusive):
    other = firewall(world)
    before = rules(world)
    with Guard(world, f"ban {{ exclusive = {exclusive} }}") as guard:
        ban(world, guard, "10.66.3.5")
        other.reload()
        wait_until(
            lambda: refused_silently(world, "10.66.3.5", 0.5), AGAIN_SECONDS, f"the ban to hold\n{guard.log}"
        )
        wait_until(lambda: guard.in_kernel("10.66.3.5"), AGAIN_SECONDS, "the table to have it")
        assert rules(world) == before
        assert deliver(world, next(world.honest4)) and deliver(world, next(world.honest6))
        ban(world, guard, "10.66.3.6")
    assert rules(world) == before


@either_table
def test_the_whole_ruleset_flushed_by_somebody_else(world, exclusive):
    """By hand, and nothing loaded after it."""
    with Guard(world, f"ban {{ exclusive = {exclusive} }}") as guard:
        ban(world, guard, "10.66.3.7")
        shell(world, "nft flush ruleset")
        if exclusive == "no":
            wait_until(lambda: "removed by somebody else" in guard.log, AGAIN_SECONDS, "the loss to be noticed")
        wait_until(
            lambda: guard.in_kernel("10.66.3.7") and refused_silently(world, "10.66.3.7", 0.5),
            AGAIN_SECONDS,
            f"the ban to be in force\n{guard.log}",
        )
        assert deliver(world, next(world.honest4))


def test_a_list_of_xt_recent_in_the_rules_of_ufw(world):
    """The rules are the administrator's, in ufw's own file; a reload makes them and the list anew."""
    rule = (
        "-A ufw-before-input -p tcp --dport 25 --syn -m recent --name wavebreak --update --seconds 600 -j DROP"
    )
    other = Ufw(world, before_input=[rule])
    before = rules(world)
    with Guard(world, "ban { backend = recent }") as guard:
        ban(world, guard, "10.66.3.8")
        assert not guard.in_kernel("10.66.3.8")
        other.reload()
        wait_until(
            lambda: refused_silently(world, "10.66.3.8", 0.5), AGAIN_SECONDS, f"the ban to hold\n{guard.log}"
        )
        assert deliver(world, next(world.honest4))
        assert rules(world) == before
    assert rules(world) == before
    world.smtp("10.66.3.8").quit()
