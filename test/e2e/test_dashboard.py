# SPDX-License-Identifier: Apache-2.0
"""The page of the daemon in a real Chromium: it shows what happens, to everybody who can look at it in whatever way,
and nothing that a stranger wrote becomes more than text."""

import base64
import json
import os
import pathlib
import re
from urllib.parse import urlsplit

import pytest

from gates import PORT, gate, refusal, world
from guard import Guard
from name_server import EVERYBODY, WELL, NameServer, zones
from test_metrics import ask
from world import REPOSITORY, wait_until

PAGE = "http { listen = 9025  page = yes }\n"
URL = "http://127.0.0.1:9025/"
ENTER, TAB = ("Enter", 13, "\r"), ("Tab", 9)
# Where somebody wants to look at the pictures.
SHOTS = os.environ.get("WAVEBREAK_SCREENSHOTS")
# A build without npm has no uPlot; the page then asks in vain for it.
DRAWS = "typeof uPlot !== 'undefined'"
# The least contrast of text (WCAG 2.2, 1.4.3) and of what else has to be seen (1.4.11).
TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3

CONTRAST = """(() => {
	const channel = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	const light = (name) => {
		const probe = document.createElement("i");
		probe.style.color = `var(--${name})`;
		document.body.append(probe);
		const [r, g, b] = getComputedStyle(probe).color.match(/[0-9.]+/g).map((n) => channel(n / 255));
		probe.remove();
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
	return Object.fromEntries(["ink", "faint", "served", "waiting", "limit", "gate", "banned", "well", "bad"]
		.map((name) => [name, Math.min(contrast(name, "ground"), contrast(name, "raised"))]));
})()"""


@pytest.fixture
def page(world, browser):
    """The page of a guard with a gate, live, before anything happened."""
    with (
        NameServer(world, {"well.test": WELL, "everybody.test": EVERYBODY}),
        Guard(world, PAGE + gate(
            zones="zone well.test { weight = 3 }\nzone everybody.test { weight = 2 }",
            resolvers="127.0.0.1:5353",
        )) as guard,
    ):
        wait_until(lambda: zones(guard)["everybody.test"]["state"] == "out", 5, "the list's test")
        browser.events.clear()
        browser.screen(1280, 1000)
        browser.open(URL)
        browser.wait("document.querySelector('#link').textContent === 'Live' && samples.time.length > 1")
        yield guard
        browser.call("Page.navigate", url="about:blank")


def shoot(browser, name):
    if SHOTS:
        browser.screenshot(pathlib.Path(SHOTS) / f"{name}.png")


def complaints(browser):
    draws = browser.value(DRAWS)
    return [wrong for wrong in browser.complaints() if draws or not re.search("uplot|404", str(wrong))]


def tile(browser, name):
    return browser.value(
        f"[...document.querySelectorAll('#tiles div')].find((e) => e.querySelector('dt').textContent === '{name}')"
        "?.querySelector('dd').textContent"
    )


def explain(browser, address):
    browser.value(f"document.querySelector('#address').value = {json.dumps(address)}; "
                  "document.querySelector('#answer').replaceChildren(); document.querySelector('#search').requestSubmit()")
    browser.wait("document.querySelector('#answer').textContent !== ''")
    return browser.text("#answer")


def test_it_shows_what_happens_while_it_does(world, browser, page):
    assert tile(browser, "banned") == "0" and tile(browser, "limit") == "300"
    clients = [world.smtp(f"10.67.30.{i}") for i in range(1, 6)]
    browser.wait("latest.served === 5")
    assert tile(browser, "served") == "5"
    page.ask("ban", "10.66.9.9")
    browser.wait("latest.banned === 1")
    assert browser.text("#state") == "The mail server has room."
    assert browser.text("#mode").startswith("guarding courier, version ")
    if browser.value(DRAWS):
        browser.wait("document.querySelectorAll('#curve canvas, #rates canvas').length === 2")
    else:
        assert "built without uPlot" in browser.text("#curve")
    shoot(browser, "light")
    for client in clients:
        client.quit()
    browser.wait("latest.served === 0")
    browser.value("document.querySelector('details').open = true")
    browser.wait("document.querySelectorAll('#minute tr').length > 3")
    assert "5" in browser.value("[...document.querySelectorAll('#minute td:nth-child(2)')].map((e) => e.textContent)")
    assert complaints(browser) == []


# Without what the page asks for by itself each SLOW_MS, there is what the stream tells.
ONLY_THE_STREAM = "for (let id = 1; id < 1000; id++) clearInterval(id)"


def test_the_sentences_say_what_the_tiles_say(world, browser, page):
    browser.value(ONLY_THE_STREAM)
    clients = [world.smtp(f"10.67.31.{i}") for i in range(1, 5)]
    browser.wait("latest.served === 4")
    said, rates = browser.value("['curve-says', 'rates-says'].map((id) => document.getElementById(id).textContent)")
    assert "at most 4 connections served of 300" in said and said.endswith("; now 4 and 0.")
    for client in clients:
        client.quit()
    browser.wait("latest.served === 0")
    assert browser.text("#curve-says").endswith("; now 0 and 0.")
    most = browser.value("Math.round(highest('arrivals'))")
    assert most >= 1 and browser.text("#rates-says").startswith(f"At most {most} new connections, ")
    assert "at the gate" in browser.text("#curve") or not browser.value(DRAWS)


@pytest.mark.parametrize(
    "sample, words, alarm",
    [
        ({"served": 268, "waiting": 1}, "The mail server has room.", False),
        ({"served": 268, "waiting": 2}, "The mail server is near its limit.", True),
        ({"served": 20, "gate": 290}, "The mail server has room.", False),
        ({"served": 290, "gate": 10}, "The mail server is near its limit.", True),
        ({"served": 20, "wave": True}, "A wave is under way, and the mail server has room.", True),
        ({"limit": None}, "The limit of the mail server is not known.", False),
        ({"served": None}, "The kernel does not tell how many connections there are.", True),
    ],
)
def test_what_a_person_should_know_is_said(browser, page, sample, words, alarm):
    said = browser.value(
        f"add({{ ...latest, time: latest.time + 1, ...{json.dumps(sample)} }}), showTiles(), showState(), "
        "[document.querySelector('#state').textContent, document.querySelector('#state').classList.contains('alarm')]"
    )
    assert said == [words, alarm]


def test_zones_and_health(browser, page):
    browser.wait("document.querySelectorAll('#zone-table tr').length === 3")
    cells = browser.value(
        "[...document.querySelectorAll('#zone-table tr')].slice(1).map((r) => [...r.cells].slice(0, 3).map((c) => c.textContent))"
    )
    assert [cells[0][0], cells[0][2]] == ["well.test", "3"]
    assert cells[1][0] == "everybody.test" and "lists everybody: 127.0.0.1 is in it" in cells[1][1]
    health = browser.text("#health")
    assert "Follows /var/log/mail.log" in health and "The store works" in health


def test_an_address_is_explained_by_keyboard_alone(world, browser, page):
    refusal(world.smtp("10.66.31.1", port=PORT))
    page.wait_banned("10.66.31.1")
    browser.press(*TAB)
    assert browser.value("document.activeElement.className") == "skip"
    for _ in range(20):
        if browser.value("document.activeElement.id") == "address":
            break
        browser.press(*TAB)
    assert browser.value("document.activeElement.matches(':focus-visible')")
    browser.write("10.66.31.1")
    browser.press(*ENTER)
    browser.wait("document.querySelector('#answer pre') !== null")
    said = browser.text("#answer")
    assert "10.66.31.1 is banned" in said and "well.test" in said
    assert complaints(browser) == []


def test_what_a_stranger_said_is_text(world, browser, page):
    client = world.smtp("10.66.32.1", port=PORT)
    client.docmd("EHLO", "mx.example.net")
    client.docmd("MAIL", 'FROM:<"<img src=x onerror=alert(1)>"@ham.test>')
    assert client.docmd("RCPT", 'TO:<"<script>document.title=1</script>"@example.test>')[0] == 550
    page.wait_banned("10.66.32.1")
    said = explain(browser, "10.66.32.1")
    assert "<script>document.title=1</script>" in said and "<img src=x" in said
    assert browser.value("document.querySelectorAll('#answer *').length") == 1
    assert browser.value("document.title") == "wavebreak"
    assert explain(browser, "<b>x</b>") == "That is not an IPv4 or IPv6 address."
    assert browser.value("document.querySelectorAll('#answer b').length") == 0


def test_its_policy_is_in_force(browser, page):
    """Script that got onto the page all the same would not run, reach out, or become markup."""
    assert browser.value(
        "(() => { const s = document.createElement('script'); try { s.textContent = 'window.ran = 1'; } catch { return 'refused'; }"
        " document.body.append(s); return String(window.ran); })()"
    ) == "refused"
    assert browser.value("(() => { try { document.body.innerHTML = '<b>x'; } catch { return 'refused'; } })()") == "refused"
    assert browser.value("fetch('http://127.0.0.1:25/').then(() => 'reached', () => 'refused')") == "refused"
    assert browser.value("(() => { try { return eval('1 + 1'); } catch { return 'refused'; } })()") == "refused"


def test_nothing_is_asked_of_anybody_else(browser, page):
    asked = [url for url in browser.requested() if not url.startswith("data:")]
    assert len(asked) >= 6 and all(url.startswith(URL) for url in asked)


def defined(header, name):
    return int(re.search(rf"^#define {name} (\d+)$", (REPOSITORY / "src" / header).read_text(), re.M)[1])


KEPT = defined("observe/page_samples.h", "PAGE_SAMPLES_KEPT")
WIDEST = 4294967295


def widest_window(world, size):
    """What samples.json is after hours, with numbers so wide that it has that size: as the daemon tells it, but for that."""
    answer = json.loads(ask(world, "/samples.json")[2])
    assert all(column for column in answer["samples"].values())
    answer["samples"] = {name: [column[0]] + [WIDEST] * (KEPT - 1) for name, column in answer["samples"].items()}
    answer["samples"]["time"] = [int(answer["samples"]["time"][0]) - KEPT] + [1] * (KEPT - 1)
    text = json.dumps(answer, separators=(",", ":"))
    assert len(text) <= size
    return text + " " * (size - len(text))


def test_all_of_the_first_load_is_small(world, browser, page):
    """With a full window of samples, and a full list of waves, as wide as they can be."""
    window = widest_window(world, defined("observe/page_samples.h", "PAGE_SAMPLES_TEXT_MOST") + 100)
    a_wave = len(f"{WIDEST},{WIDEST},false,{WIDEST},{WIDEST},{WIDEST},false,")
    waves = defined("daemon/worker_wave_records.h", "WORKER_WAVE_RECORDS_LISTED") * a_wave
    browser.call("Fetch.enable", patterns=[{"urlPattern": "*/samples.json"}])
    browser.call("Page.navigate", url="about:blank")
    browser.events.clear()
    browser.call("Page.navigate", url=URL)
    paused = wait_until(lambda: browser.value("1") and browser.events_of("Fetch.requestPaused"), 10, "the samples")
    browser.call("Fetch.fulfillRequest", requestId=paused[0]["requestId"], responseCode=200,
                 body=base64.b64encode(window.encode()).decode())
    browser.call("Fetch.disable")
    browser.wait("document.querySelector('#link').textContent === 'Live' && document.querySelector('#health li') !== null")
    assert browser.value("samples.time.length") > KEPT - 10 and browser.value("highest('served')") == WIDEST
    asked = {urlsplit(url).path for url in browser.requested() if not url.startswith("data:")}
    assert {"/", "/page.js", "/page.css", "/samples.json", "/status.json", "/waves.json", "/live"} <= asked
    answers = {path: ask(world, path) for path in asked - {"/live", "/samples.json"}}
    heads = [sum(len(f"{name}: {value}\r\n") for name, value in fields.items()) + 64 for _, fields, _ in answers.values()]
    bodies = {path: len(body) for path, (_, _, body) in answers.items()}
    live = len(browser.value("JSON.stringify(latest)"))
    total = sum(bodies.values()) + sum(heads) + len(window) + waves + live + 2 * max(heads)
    print(f"{total} bytes: {bodies}, samples {len(window)}, waves {waves}, the first event {live}, heads {sum(heads)}")
    assert total <= 150_000


def test_it_is_fast(browser, page):
    browser.open(URL)
    painted = browser.wait("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    assert painted < 5000  # measured: see bench/RESULTS.md


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_width_and_both_schemes(browser, page, width, dark):
    browser.screen(width, 900, dark)
    browser.wait(f"innerWidth === {width}")
    browser.wait("document.documentElement.scrollWidth <= innerWidth")
    browser.wait("!document.querySelector('#curve canvas') || document.querySelector('#curve .uplot').clientWidth <= innerWidth")
    contrast = browser.value(CONTRAST)
    for name, least in contrast.items():
        assert least >= (TEXT_CONTRAST if name in ("ink", "faint", "served", "bad") else SHAPE_CONTRAST), name
    shoot(browser, f"{width}-{'dark' if dark else 'light'}")


def test_a_screen_reader_finds_its_way(browser, page):
    browser.wait("document.querySelector('#curve-says').textContent.includes('at most')")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    found = {}
    for node in nodes:
        if not node.get("ignored"):
            found.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert [name for name in found["heading"]][:3] == ["wavebreak", "Now", "Connections"]
    assert {"main", "search", "status"} <= found.keys()
    assert "IPv4 or IPv6 address" in found["textbox"] and "Explain" in found["button"]
    pictures = found.get("image", []) + found.get("img", [])
    assert any("connections served" in name for name in pictures)
    assert browser.value("document.documentElement.lang") == "en"


def test_a_guard_that_comes_back_is_followed_again(browser, page):
    page.stop()
    browser.wait("document.querySelector('#link').classList.contains('alarm')")
    page.start()
    browser.wait("document.querySelector('#link').textContent === 'Live'", 30)
    known = browser.value("latest.time")
    browser.wait(f"latest.time > {known} + 1")


TOKEN = "correct-horse-battery"


@pytest.fixture
def acting(world, browser):
    """The page of a guard with a token."""
    file = world.folder / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    with Guard(world, PAGE + f"http {{ token = {file} }}\n") as guard:
        browser.events.clear()
        browser.screen(1280, 1000)
        browser.open(URL)
        browser.wait("!document.querySelector('#act').hidden")
        yield guard
        browser.call("Page.navigate", url="about:blank")


def press(browser, verb, token):
    browser.value(
        f"document.querySelector('#token').value = {json.dumps(token)}; "
        f"document.querySelector('#act').requestSubmit(document.querySelector('#act [value={verb}]'))"
    )


def done(browser, start):
    browser.wait(f"document.querySelector('#done').textContent.startsWith({json.dumps(start)})")
    return browser.text("#done")


def test_who_has_the_token_bans_and_unbans(browser, acting):
    browser.value("document.querySelector('#address').value = '10.66.33.1'")
    press(browser, "ban", TOKEN)
    assert done(browser, "Press") == "Press it again to ban 10.66.33.1."
    assert "10.66.33.1" not in acting.bans()
    press(browser, "ban", TOKEN)
    done(browser, "Done")
    acting.wait_banned("10.66.33.1")
    assert acting.bans()["10.66.33.1"]["why"] == "on the page"
    press(browser, "unban", TOKEN)
    press(browser, "unban", TOKEN)
    done(browser, "Done: unban")
    acting.wait_let_in("10.66.33.1")
    for _ in range(2):
        press(browser, "unban", TOKEN)
    assert done(browser, "10.66") == "10.66.33.1 is not banned"
    browser.value("document.querySelector('#address').value = '127.0.0.1'")
    for _ in range(2):
        press(browser, "ban", TOKEN)
    assert "127.0.0.1 cannot be banned" in done(browser, "127")


def test_it_has_room_between_its_forms_and_no_gate_in_its_legend(browser, acting):
    browser.wait("samples.time.length > 1")
    above, below = browser.value("['search', 'act'].map((id) => document.getElementById(id).getBoundingClientRect())"
                                 ".map(({ top, bottom }) => [top, bottom])")
    assert below[0] - above[1] >= 8
    for width, dark in (1280, False), (1280, True), (390, False):
        browser.screen(width, 900, dark)
        browser.wait(f"innerWidth === {width} && document.documentElement.scrollWidth <= innerWidth")
        shoot(browser, f"acting-{width}-{'dark' if dark else 'light'}")
    if browser.value(DRAWS):
        legend = browser.text("#curve")
        assert "served" in legend and "limit" in legend and "at the gate" not in legend


# POSTs with a body of so many bytes, at once or in chunks, and says what came back.
POSTS = r"""
import http.client, json, sys
size, chunked, fields = json.loads(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", 9025, timeout=15)
body = iter([b"x" * min(size, 4096)] * (size // min(size, 4096))) if chunked else b"x" * size
try:
    connection.request("POST", "/ban.json?address=10.66.33.3", body=body, headers=fields, encode_chunked=chunked)
except (BrokenPipeError, ConnectionResetError):
    pass  # it need not take what is too long: its answer has come
print(connection.getresponse().status)
"""


@pytest.mark.parametrize("fields, status", [({}, 403), ({"Authorization": f"Bearer {TOKEN}"}, 413)], ids=["without", "with"])
@pytest.mark.parametrize("size, chunked", [(7, False), (7, True), (1 << 20, False), (1 << 20, True), (20_000_000, False)])
def test_what_a_post_with_a_body_hears(world, acting, size, chunked, fields, status):
    """With the token as well nothing is done: what is in the body might say something else than the query."""
    done = world.server_exec(["/usr/bin/python3", "-c", POSTS, json.dumps([size, chunked, fields])])
    assert (done.stdout, done.stderr) == (f"{status}\n", "")
    assert "10.66.33.3" not in acting.bans()


def test_who_has_not_the_token_does_nothing(world, browser, acting):
    browser.value("document.querySelector('#address').value = '10.66.33.2'")
    for _ in range(2):
        press(browser, "ban", "wrong-horse-battery-s")
    assert done(browser, "That") == "That is not the token."
    for authorization in {}, {"Authorization": "Bearer "}, {"Authorization": f"Basic {TOKEN}"}:
        status, _, _ = ask(world, "/ban.json?address=10.66.33.2", method="POST", **authorization)
        assert status == 403
    status, _, _ = ask(world, "/ban.json?address=10.66.33.2", Authorization=f"Bearer {TOKEN}")
    assert status == 404
    assert "10.66.33.2" not in acting.bans()


@pytest.mark.parametrize(
    "token, words",
    [
        ("short", "16 to 128 characters"),
        ("a token with blanks in it", "printable ASCII"),
        ("x" * 400, "16 to 128 characters"),
        (None, "No such file"),
    ],
    ids=["short", "blanks", "long", "no file"],
)
def test_a_token_that_is_none_leaves_the_page_reading(world, token, words):
    file = world.folder / "token"
    file.unlink(missing_ok=True)
    if token:
        file.write_text(token)
    with Guard(world, PAGE + f"http {{ token = {file} }}\n") as guard:
        assert words in guard.log and "the page only reads" in guard.log
        for authorization in {}, {"Authorization": f"Bearer {token}"}, {"Authorization": "Bearer "}:
            status, _, body = ask(world, "/ban.json?address=10.66.33.2", method="POST", **authorization)
            assert (status, body) == (403, b"This page only reads: http.token is not set.\n")
        assert "10.66.33.2" not in guard.bans()


# What the page stands on


def test_without_http_page_there_are_metrics_alone(world):
    with Guard(world, "http { listen = 9025 }"):
        status, _, body = ask(world, "/")
        assert status == 200 and b"http.page = yes" in body
        for path in "/page.html", "/status.json", "/samples.json", "/explain.json?address=192.0.2.1", "/live":
            assert ask(world, path)[0] == 404


def test_a_page_elsewhere_cannot_read_it(world):
    with Guard(world, PAGE):
        for path in "/", "/status.json", "/explain.json?address=192.0.2.1":
            assert ask(world, path, Host="rebound.example")[0] == 403
            fields = ask(world, path)[1]
            assert "Access-Control-Allow-Origin" not in fields
            assert fields["Cross-Origin-Resource-Policy"] == "same-origin"
            assert re.search(r"frame-ancestors 'none'", fields["Content-Security-Policy"])


@pytest.mark.parametrize("address", ["", "?address=", "?address=x", "?address=%00", "?address=192.0.2.1%0a", "?address=" + "1" * 2000])
def test_what_is_no_address(world, page_without_browser, address):
    status, fields, body = ask(world, f"/explain.json{address}")
    assert (status, body) == (400, b"That is not an IPv4 or IPv6 address.\n")
    assert fields["X-Content-Type-Options"] == "nosniff"


@pytest.fixture(scope="module")
def page_without_browser(world):
    with Guard(world, PAGE) as guard:
        yield guard
