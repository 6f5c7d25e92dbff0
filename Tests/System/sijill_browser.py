"""A headless Chromium, driven over WebDriver (W3C) by Debian's chromium-driver. Python's standard library only.

    with Browser(folder) as browser:
        browser.open("http://127.0.0.1:8750/")
        browser.wait("return document.querySelectorAll('article').length === 3")
        browser.screenshot("live.png")
        checks.equal(browser.console_errors(), [], "no console error")
        checks.equal(browser.requests_elsewhere(), [], "no request elsewhere")
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from sijill_system import PATIENCE, free_port, wait_until

# The key under which WebDriver hands out an element (W3C WebDriver, 11).
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"enter": "\ue007", "tab": "\ue004", "escape": "\ue00c", "down": "\ue015", "up": "\ue013"}


class BrowserError(Exception):
    """What the driver answered instead of a value."""


class Browser:
    """One browser with a profile of its own under `folder`; everything it says is kept for the end of the test."""

    def __init__(self, folder, width=1280, height=900, language="en"):
        self.folder = os.path.join(folder, f"browser-{free_port()}")
        self.size = (width, height)
        self.language = language
        self.console = []
        self.requests = []
        self.driver = None
        self.session = None

    def __enter__(self):
        program = shutil.which("chromedriver")
        if not program:
            raise BrowserError("no chromedriver; install Debian's chromium and chromium-driver")
        os.makedirs(self.folder)
        port = free_port()
        # A process group of its own: whatever the browser started ends with it.
        self.driver = subprocess.Popen(
            [program, f"--port={port}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.address = f"http://127.0.0.1:{port}"
        try:
            if not wait_until(self._driver_answers):
                raise BrowserError("chromedriver does not get ready")
            self.session = self._call("POST", "/session", self._capabilities())["sessionId"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", self._path(""))
        except (BrowserError, OSError):
            pass
        self._end()

    # -- Pages

    def open(self, address):
        """Loads a page and returns when its load event has been."""
        self._call("POST", self._path("/url"), {"url": address})

    def reload(self):
        self._call("POST", self._path("/refresh"), {})

    @property
    def address_shown(self):
        return self._call("GET", self._path("/url"))

    @property
    def title(self):
        return self._call("GET", self._path("/title"))

    def run(self, script, *arguments):
        """What `script` returns; `arguments[0]` and on are its arguments. A promise is waited for."""
        return self._call("POST", self._path("/execute/sync"), {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments, patience=PATIENCE):
        """The first true value of `script`, None when patience ends."""
        return wait_until(lambda: self.run(script, *arguments), patience=patience)

    # -- Elements, named by a CSS selector

    def texts(self, selector):
        """The texts as they are shown of all elements that `selector` finds."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector)

    def text(self, selector):
        """The text of the first of them, None when there is none."""
        found = self.texts(selector)
        return found[0] if found else None

    def click(self, selector):
        """A click of the mouse, as a user's; the element has to be visible."""
        self._call("POST", self._path(f"/element/{self._element(selector)}/click"), {})

    def type(self, selector, text, clear=True):
        """Keys into a field; the names of KEYS in braces are pressed: "محمد{enter}"."""
        element = self._element(selector)
        if clear:
            self._call("POST", self._path(f"/element/{element}/clear"), {})
        for name, key in KEYS.items():
            text = text.replace("{" + name + "}", key)
        self._call("POST", self._path(f"/element/{element}/value"), {"text": text})

    def press(self, keys):
        """Keys to whatever has the focus."""
        self.run("(document.activeElement ?? document.body).setAttribute('data-pressed', '')")
        element = self._element("[data-pressed]")
        self.run("document.querySelector('[data-pressed]').removeAttribute('data-pressed')")
        for name, key in KEYS.items():
            keys = keys.replace("{" + name + "}", key)
        self._call("POST", self._path(f"/element/{element}/value"), {"text": keys})

    # -- How it looks

    def resize(self, width, height):
        self.size = (width, height)
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def prefer_dark(self, dark=True):
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", {"features": [feature]})

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("GET", self._path("/screenshot"))))

    # -- What it did

    def console_errors(self):
        """Every error that a page has written to the console so far, of scripts, policies and failed loads."""
        self._read_logs()
        return [line for line in self.console if line["level"] == "SEVERE"]

    def requests_elsewhere(self):
        """Every address that a page has asked for which is not of this machine."""
        self._read_logs()
        return [url for url in self.requests if not self._is_local(url)]

    # -- The driver

    def _capabilities(self):
        options = {
            "binary": shutil.which("chromium") or "chromium",
            "args": [
                "--headless=new",
                "--no-sandbox",  # Chromium has none for root; the only pages here are our own.
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--user-data-dir={self.folder}",
                f"--window-size={self.size[0]},{self.size[1]}",
                f"--lang={self.language}",
                f"--accept-lang={self.language}",
            ],
            "perfLoggingPrefs": {"enableNetwork": True, "enablePage": False},
        }
        always = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        return {"capabilities": {"alwaysMatch": always}}

    def _driver_answers(self):
        if self.driver.poll() is not None:
            raise BrowserError(f"chromedriver ended with {self.driver.returncode}")
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _element(self, selector):
        found = wait_until(lambda: self._find(selector), patience=10)
        if not found:
            raise BrowserError(f"no element {selector} on {self.address_shown}")
        return found[0][ELEMENT]

    def _find(self, selector):
        return self._call("POST", self._path("/elements"), {"using": "css selector", "value": selector})

    def _read_logs(self):
        self.console += self._call("POST", self._path("/se/log"), {"type": "browser"})
        for entry in self._call("POST", self._path("/se/log"), {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    @staticmethod
    def _is_local(url):
        parts = urllib.parse.urlsplit(url)
        own = parts.scheme in ("data", "blob", "about", "chrome")
        return own or parts.hostname in ("127.0.0.1", "localhost", "::1")

    def _devtools(self, method, parameters):
        self._call("POST", self._path("/goog/cdp/execute"), {"cmd": method, "params": parameters})

    def _path(self, rest):
        return f"/session/{self.session}{rest}"

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        request.method = method
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE * 2) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            said = json.load(error)["value"]
            raise BrowserError(f"{said['error']}: {said['message'].splitlines()[0]}") from None

    def _end(self):
        if self.driver is None:
            return
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.driver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
