# SPDX-License-Identifier: Apache-2.0
"""A guard that only observes has no table in the kernel, which would count new connections: nothing tells of them, on the
page, in the metrics or in the status, and bans are told as those that would be."""

import itertools
import json

import pytest

from dialogues import told
from gates import world  # noqa: F401 (a fixture)
from guard import Guard
from test_dashboard import DRAWS, PAGE, URL, complaints, shoot
from test_metrics import ask, metrics
from world import wait_until

OF_THE_TABLE = {
    "arrivals", "arrivals_banned", "arrivals_over_address", "arrivals_over_network", "arrivals_over_total", "arrivals_steered"
}

addresses = (f"10.66.31.{n}" for n in itertools.count(1))


@pytest.fixture(params=[True, False], ids=["observing", "guarding"])
def guard(request, world):  # noqa: F811
    """One that only observes, or guards, and has seen a client that it bans or would."""
    address = next(addresses)
    with Guard(world, PAGE, observe=request.param) as guard:
        client = world.smtp(address)
        assert told(client) == 511
        wait_until(lambda: address in guard.bans(), 5, "the verdict")
        wait_until(lambda: guard.observe or guard.status()["counters"]["arrivals"] >= 1, 5, "the arrival")
        yield guard
        client.close()


def test_what_nothing_counts_is_in_no_table(world, guard):  # noqa: F811
    counters = guard.status()["counters"]
    found = {name.removeprefix("wavebreak_").removesuffix("_total") for name in metrics(world)}
    page = json.loads(ask(world, "/status.json")[2])["status"]["counters"]
    samples = json.loads(ask(world, "/samples.json")[2])
    if guard.observe:
        assert not OF_THE_TABLE & (counters.keys() | found | page.keys())
        assert samples["observing"] and samples["samples"]["arrivals"] is None
    else:
        assert OF_THE_TABLE <= counters.keys() and OF_THE_TABLE <= found and OF_THE_TABLE <= page.keys()
        assert not samples["observing"] and max(n or 0 for n in samples["samples"]["arrivals"]) >= 1
    assert counters["bans"] == 1 and metrics(world)["wavebreak_bans_total"].value() == 1


def test_status_says_it(guard):
    said = guard.ask("status").stdout
    assert ("1 that would be, of " in said) == guard.observe
    assert ("since the start, where bans are those that would be:" in said) == guard.observe
    assert ("dropped so far" in said) != guard.observe


def test_the_page_says_it(browser, guard):
    browser.events.clear()
    browser.screen(1280, 1000)
    browser.open(URL)
    browser.wait("document.querySelector('#link').textContent === 'Live' && samples.time.length > 2")
    browser.wait("document.querySelector('#health li') !== null")
    browser.value("document.querySelector('details').open = true")
    browser.wait("document.querySelectorAll('#minute th[scope=col]').length > 3")
    tiles = browser.value("[...document.querySelectorAll('#tiles dt')].map((e) => e.textContent)")
    health = browser.text("#health")
    assert ("Nothing is kept: the guard only observes" in health) == guard.observe and "There is no store" not in health
    said, minute = browser.text("#rates-says"), browser.text("#minute")
    legend = browser.text("#rates") if browser.value(DRAWS) else ""
    assert ("new a second" in tiles) != guard.observe and ("would be banned" in tiles) == guard.observe
    assert ("new connections" in said) != guard.observe and ("would-be bans" in said) == guard.observe
    assert ("New" in minute) != guard.observe and ("Would-be bans" in minute) == guard.observe
    if legend:
        assert ("new" in legend) != guard.observe and ("would-be bans" in legend) == guard.observe
    assert complaints(browser) == []
    for name, width, dark in ("light", 1280, False), ("dark", 1280, True), ("phone", 390, False):
        browser.screen(width, 1000, dark)
        browser.wait(f"innerWidth === {width} && document.documentElement.scrollWidth <= innerWidth")
        shoot(browser, f"{'observing' if guard.observe else 'guarding'}-{name}")
    browser.call("Page.navigate", url="about:blank")


def test_one_that_guards_follows_one_that_observed(world, browser):  # noqa: F811
    """On a page that stays open, each ban is what it was."""
    said = "document.querySelector('#rates-says').textContent"
    with Guard(world, PAGE, observe=True):
        browser.screen(1280, 1000)
        browser.open(URL)
        browser.wait("document.querySelector('#link').textContent === 'Live' && samples.time.length > 2")
        client = world.smtp(next(addresses))
        assert told(client) == 511
        browser.wait(f"/1 would-be bans and 0 connections/.test({said})")
        client.close()
    with Guard(world, PAGE) as guard:
        browser.wait("document.querySelector('#mode').textContent.startsWith('guarding') && last('arrivals') !== null", 30)
        assert guard.ask("ban", next(addresses)).returncode == 0
        browser.wait(f"/1 would-be bans, 1 bans and/.test({said})")
        browser.call("Page.navigate", url="about:blank")
