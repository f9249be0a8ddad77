# SPDX-License-Identifier: Apache-2.0
"""The waves on the page of the daemon, in a real Chromium: a list to click, of which each can be sent on as a link."""

import pytest

from places import HOSTILE, databases
from test_dashboard import DRAWS, ENTER, ONLY_THE_STREAM, PAGE, TAB, URL, complaints, shoot
from test_metrics import ask
from test_wave_sources import LISTED, LISTED6, come, counted, lasting, over, world  # noqa: F401 (a fixture)
from test_waves import WAVE, Waves, let_it_look

SHOWN = "!document.querySelector('#wave').hidden && document.querySelectorAll('#wave-tables table').length === 4"


@pytest.fixture(scope="module")
def past(world):  # noqa: F811
    """A guard behind whom a wave lies, and that wave."""
    countries, asns = databases(world)
    settings = WAVE + f"wave {{\n  countries = {countries}\n  asns = {asns}\n}}\n"
    with Waves(world, PAGE + settings, state=world.folder / "page") as guard:
        let_it_look(guard)
        clients = come(world, 5)
        lasting(guard)
        over(guard, clients)
        yield guard, counted(guard)


@pytest.fixture
def page(past, browser):
    browser.events.clear()
    browser.screen(1280, 1000)
    browser.open(URL)
    browser.wait("document.querySelectorAll('#wave-list a').length === 1")
    yield past[1]
    browser.call("Page.navigate", url="about:blank")


def opened(browser):
    browser.wait(SHOWN)
    if browser.value(DRAWS):
        browser.wait("document.querySelectorAll('#wave-curve canvas').length === 1")


@pytest.fixture
def follower(world, browser):  # noqa: F811
    """A guard before whom no wave lies, and the page of it, which asks for nothing by itself."""
    with Waves(world, PAGE + WAVE, state=world.folder / "followed") as guard:
        browser.events.clear()
        browser.screen(1280, 1000)
        browser.open(URL)
        browser.wait("recorded && document.querySelector('#link').textContent === 'Live'")
        browser.value(ONLY_THE_STREAM)
        let_it_look(guard)
        yield guard
        browser.call("Page.navigate", url="about:blank")


def test_the_list_follows_a_wave(world, browser, follower):  # noqa: F811
    first = "document.querySelector('#wave-list a')"
    clients = come(world, 9)
    lasting(follower)
    browser.wait(f"{first}?.textContent.includes('goes on')")
    clients += [world.connect(f"10.67.19.{n + 1}") for n in range(30)]
    browser.wait("latest.wave.peak_open >= 60", 20)
    assert browser.value(f"{first}.textContent.includes(`at most ${{latest.wave.peak_open}} open`)")
    over(follower, clients)
    browser.wait("latest.wave === null && latest.time > 0")
    browser.wait(f"!{first}.textContent.includes('goes on')", 3)
    asked = [url for url in browser.requested() if url.endswith("waves.json")]
    assert len(asked) <= 1 + 2 * browser.value("LIST_TRIES")
    assert complaints(browser) == []


def cells(browser, caption):
    return browser.value(
        "[...[...document.querySelectorAll('#wave-tables table')]"
        f".find((t) => t.caption.textContent.startsWith('{caption}')).rows]"
        ".slice(1).map((r) => [...r.cells].map((c) => c.textContent))"
    )


def test_a_click_shows_a_wave(browser, page):
    assert browser.value("document.querySelector('#wave').hidden")
    assert f"{page['sources']['clients']} sources" in browser.text("#wave-list")
    browser.value("document.querySelector('#wave-list a').click()")
    opened(browser)
    assert browser.value("location.hash") == f"#wave-{page['begin']}"
    assert browser.value("document.querySelector('#wave-list a').getAttribute('aria-current')") == "true"
    assert f"An estimate: {page['estimate_without']['peak_open']} without the guard" in browser.text("#wave-says")
    clients = page["sources"]["clients"]
    told = LISTED + LISTED6
    assert browser.text("#sources-say").startswith(
        f"Of {clients} distinct clients {told} ({round(told / clients * 100)} %) were told 5xx"
    )
    assert ["10.66.5.0/24", "12", "12", "12", "12"] in cells(browser, "Worst networks")
    assert len(cells(browser, "Worst clients")) == 16
    assert ["DE", "Germany", "6", "6"] in cells(browser, "Countries")
    curve = browser.value("wave.curve")
    assert len(curve["time"]) > 20 and curve["step"] == 1
    assert browser.value("Math.max(...wave.curve.open)") >= page["peak_open"]
    assert browser.value("Math.max(...wave.curve.without)") >= page["peak_open"]
    assert complaints(browser) == []


def test_names_of_a_database_are_text(browser, page):
    browser.value("document.querySelector('#wave-list a').click()")
    opened(browser)
    assert ["BR", HOSTILE, str(LISTED), str(LISTED)] in cells(browser, "Countries")
    assert ["AS64500", HOSTILE, str(LISTED // 2), str(LISTED // 2)] in cells(browser, "Holders")
    assert browser.value("document.querySelectorAll('#wave-tables img').length") == 0
    assert browser.value("document.title") == "wavebreak"


def test_by_keyboard_alone(browser, page):
    for _ in range(40):
        browser.press(*TAB)
        if browser.value("document.activeElement.closest('#wave-list') !== null"):
            break
    assert browser.value("document.activeElement.matches('#wave-list a:focus-visible')")
    browser.press(*ENTER)
    opened(browser)
    browser.wait("document.activeElement.id === 'wave-title'")
    # What is looked at again and again does not take the place of who is there.
    browser.value("slowly()")
    assert browser.value("document.activeElement.id") == "wave-title"
    browser.value("document.querySelector('#wave-list a').focus()")
    browser.value("listWaves()")
    assert browser.value("document.activeElement.matches('#wave-list a')")


def test_a_link_leads_there(browser, page):
    browser.call("Page.navigate", url="about:blank")
    browser.open(f"{URL}#wave-{page['begin']}")
    opened(browser)
    assert "The wave of" in browser.text("#wave-title")
    browser.value("location.hash = '#wave-1'")
    browser.wait("document.querySelector('#wave').hidden")
    assert browser.text("#waves-say") == "No wave began then."
    browser.value(f"location.hash = '#wave-{page['begin']}'")
    browser.wait(SHOWN)
    browser.value("location.hash = ''")
    browser.wait("document.querySelector('#wave').hidden")


def test_a_screen_reader_finds_the_wave(browser, page):
    browser.value("document.querySelector('#wave-list a').click()")
    opened(browser)
    found = {}
    for node in browser.call("Accessibility.getFullAXTree")["nodes"]:
        if not node.get("ignored"):
            found.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert "Waves" in found["heading"] and any(name.startswith("The wave of") for name in found["heading"])
    assert any(name.startswith("The wave of") for name in found["article"])
    pictures = found.get("image", []) + found.get("img", [])
    assert any("An estimate" in name for name in pictures)
    assert {"Worst networks", "Worst clients"} <= set(found["region"])
    assert any("at most" in name for name in found["link"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_width_and_both_schemes(browser, page, width, dark):
    browser.value("document.querySelector('#wave-list a').click()")
    opened(browser)
    browser.screen(width, 900, dark)
    browser.wait(f"innerWidth === {width}")
    browser.wait("document.documentElement.scrollWidth <= innerWidth")
    browser.wait(
        "!document.querySelector('#wave-curve canvas') ||"
        " document.querySelector('#wave-curve .uplot').clientWidth <= innerWidth"
    )
    shoot(browser, f"wave-{width}-{'dark' if dark else 'light'}")


@pytest.mark.parametrize("begin", ["", "?begin=", "?begin=x", "?begin=-1", "?begin=1", "?begin=99999999999999999999"])
def test_what_is_no_wave(world, past, begin):  # noqa: F811
    status, fields, body = ask(world, f"/wave.json{begin}")
    assert (status, body) == (404, b"No wave began then.\n")
    assert fields["Content-Type"].startswith("text/plain")
