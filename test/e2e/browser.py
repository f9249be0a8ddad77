# SPDX-License-Identifier: Apache-2.0
"""A real Chromium without a window beside the server of a World, told what to do over a pipe (the DevTools protocol,
https://chromedevtools.github.io/devtools-protocol/).

    with Browser(world) as browser:
        browser.open("http://127.0.0.1:9025/")
        assert browser.value("document.title") == "wavebreak"
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time

from world import wait_until

NAMES = ("chromium", "chromium-browser", "google-chrome")
ANSWER_SECONDS = 20
# Headless, in a container as root, and without anything that it would ask of the Internet by itself.
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-default-apps --disable-extensions "
    "--remote-debugging-pipe --hide-scrollbars"
).split()


def chromium():
    return next(filter(None, map(shutil.which, NAMES)), None)


class ThisMachine:
    """The place of a Browser that is in no World; `folder` is for its profile."""

    def __init__(self, folder):
        self.folder = folder

    def server_spawn(self, command, **options):
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)], stdin=subprocess.DEVNULL, **options
        )


class Browser:
    def __init__(self, world):
        self.world = world
        self.events = []
        self.serial = 0
        self.buffer = b""

    def __enter__(self):
        ours, theirs = os.pipe(), os.pipe()  # what we write and what we read
        profile = self.world.folder / "chromium"
        command = [chromium(), *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$@" 3<&{ours[0]} 4>&{theirs[1]} 2>/dev/null'
        self.process = self.world.server_spawn(
            ["env", "HOME=/tmp", "bash", "-c", shell, "-", *command], pass_fds=[ours[0], theirs[1]]
        )
        os.close(ours[0])
        os.close(theirs[1])
        self.to, self.out = ours[1], theirs[0]
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Network", "Log":
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(10)
        finally:
            os.close(self.to)
            os.close(self.out)

    def _message(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.out], [], [], left)[0], "Chromium does not answer"
            got = os.read(self.out, 1 << 20)
            assert got, "Chromium has ended"
            self.buffer += got
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **parameters):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            message = self._message(deadline)
            if message.get("id") == self.serial:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def events_of(self, method):
        return [event["params"] for event in self.events if event.get("method") == method]

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def value(self, expression):
        """Of a JavaScript expression, as Python has it."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, expression, seconds=10):
        return wait_until(lambda: self.value(expression), seconds, expression, interval=0.1)

    def text(self, selector):
        return self.value(f"document.querySelector({json.dumps(selector)}).innerText")

    def screen(self, width, height, dark=False):
        mobile = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=mobile,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, file, whole=True):
        """Of the whole page, or of what the screen shows of it."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def press(self, key, code=0, text=""):
        for kind in "keyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def write(self, text):
        self.call("Input.insertText", text=text)

    def complaints(self):
        """What the page did wrong: exceptions, violations of its policy, errors on the console."""
        wrong = [entry["entry"]["text"] for entry in self.events_of("Log.entryAdded") if entry["entry"]["level"] == "error"]
        thrown = [event["exceptionDetails"] for event in self.events_of("Runtime.exceptionThrown")]
        said = [event["args"] for event in self.events_of("Runtime.consoleAPICalled") if event["type"] == "error"]
        return wrong + thrown + said

    def requested(self):
        return [event["request"]["url"] for event in self.events_of("Network.requestWillBeSent")]
