"""A headless Chromium for the tests: pages are opened, looked at, and answered in real time.

`--dump-dom` with a virtual clock, which the still figures' tests use, cannot wait for a worker.
"""

import asyncio
import base64
import json
import shutil
import subprocess
import time

from tornado import httpclient, websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One page of a browser of its own, driven by Chromium's debugging protocol."""

    def __init__(self, profile):
        self._loop = asyncio.new_event_loop()
        self._socket = None
        self._process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
            + ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
            + ["--disable-sync", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
            + ["about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._count = 0
        self.events = []  # what the page reported: requests, exceptions, lines of its console
        try:
            port = self._wait_for(profile / "DevToolsActivePort").split()[0]
            self._socket = self._loop.run_until_complete(self._connect(port))
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.send(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def _wait_for(self, path):
        for _ in range(600):
            if path.is_file() and path.read_text().count("\n"):
                return path.read_text()
            time.sleep(0.05)
        raise TimeoutError(f"Chromium did not start: no {path}")

    async def _connect(self, port):
        client = httpclient.AsyncHTTPClient()
        answer = await client.fetch(f"http://127.0.0.1:{port}/json/list")
        (page,) = [page for page in json.loads(answer.body) if page["type"] == "page"]
        return await websocket.websocket_connect(
            page["webSocketDebuggerUrl"], max_message_size=1 << 28
        )

    def send(self, method, **parameters):
        """Send one command and return its result."""
        return self._loop.run_until_complete(self._send(method, parameters))

    async def _send(self, method, parameters):
        self._count += 1
        number = self._count
        await self._socket.write_message(
            json.dumps({"id": number, "method": method, "params": parameters})
        )
        while True:
            message = json.loads(await asyncio.wait_for(self._socket.read_message(), 60))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self.events.append(message)

    def open(self, address):
        """Open an address and wait until it is loaded; earlier events are forgotten."""
        self.events.clear()
        self.send("Page.navigate", url=address)
        there = f"location.href === {json.dumps(address)}"
        self.until(f"{there} && document.readyState === 'complete'")

    def run(self, script):
        """Return the value of a JavaScript expression; a promise is waited for."""
        done = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, condition, seconds=40):
        """Wait until a JavaScript condition holds."""
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.1)

    def touch(self, selector):
        """Tap the middle of an element."""
        x, y = self.middle(selector)
        self.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def click(self, selector):
        """Click the middle of an element."""
        x, y = self.middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key):
        """Press and release a key of the keyboard."""
        code = {"Enter": 13, " ": 32, "ArrowRight": 39, "ArrowLeft": 37, "Tab": 9}[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def middle(self, selector):
        """Return the middle of an element in the window, which is scrolled to it."""
        return self.run(
            f"""(() => {{
              const element = document.querySelector({json.dumps(selector)});
              element.scrollIntoView({{ block: "center", behavior: "instant" }});
              const box = element.getBoundingClientRect();
              return [box.left + box.width / 2, box.top + box.height / 2];
            }})()"""
        )

    def size(self, width, height, phone=False):
        """Set the window's size; a phone has touch."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        self.send("Emulation.setTouchEmulationEnabled", enabled=phone)

    def media(self, medium="", **features):
        """Set the medium, and features such as `prefers-reduced-motion`."""
        features = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.send("Emulation.setEmulatedMedia", media=medium, features=features)

    def picture(self, path):
        """Write a picture of the window."""
        data = self.send("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def complaints(self):
        """Return the texts of exceptions and of errors in the console."""
        found = []
        for event in self.events:
            method, given = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = given["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif method == "Log.entryAdded" and given["entry"]["level"] == "error":
                found.append(given["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and given["type"] == "error":
                found.append(str(given["args"]))
        return found

    def requests(self):
        """Return the addresses that the page asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def close(self):
        """End the browser."""
        try:
            if self._socket is not None:
                self._loop.run_until_complete(self._hang_up())
        finally:
            self._process.terminate()
            self._process.wait(20)
            self._loop.close()

    async def _hang_up(self):
        # Inside the loop: outside one, what Tornado writes asks asyncio for a loop of its own,
        # which nobody closes.
        self._socket.close()
