"""Firefox without a window, driven by Marionette, the protocol that it speaks itself: JSON over a socket."""

import json
import socket
import subprocess
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

PREFERENCES = {
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "browser.startup.page": 0,
    "remote.prefs.recommended": True,
}
FAULTS = """return Services.console.getMessageArray()
    .filter((each) => each instanceof Ci.nsIScriptError && (each.flags & 1) === 0)
    .filter((each) => each.sourceName.startsWith(arguments[0]))
    .map((each) => each.errorMessage);"""


class Firefox:
    """A browser with one tab.

    Args:
        program: of the browser
        folder: empty, for its profile
    """

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in PREFERENCES.items()]
        (folder / "user.js").write_text("\n".join([*lines, f'user_pref("marionette.port", {port});']), encoding="utf-8")
        command = [
            program,
            "--headless",
            "--marionette",
            "--no-remote",
            "--remote-allow-system-access",
            "--profile",
            str(folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = self._connected(port)
        self.number = 0
        self._answer()  # it greets
        self("WebDriver:NewSession", {})
        self("WebDriver:SetTimeouts", {"script": 120000, "pageLoad": 120000})

    def __call__(self, command: str, parameters: dict[str, Any]) -> Any:
        """Raises RuntimeError where Firefox says that it did not do it."""
        self.number += 1
        words = json.dumps([0, self.number, command, parameters])
        self.socket.sendall(f"{len(words)}:{words}".encode())
        _, _, error, answer = self._answer()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return answer.get("value") if isinstance(answer, dict) else answer

    def open(self, address: str) -> None:
        """Go to a page."""
        self("WebDriver:Navigate", {"url": address})

    def evaluate(self, expression: str) -> Any:
        """What an expression of the page, or the promise that it is, comes to."""
        script = (
            f"const [done] = arguments; Promise.resolve({expression}).then(done, (error) => done(`failed: ${{error}}`))"
        )
        return self("WebDriver:ExecuteAsyncScript", {"script": script, "args": [], "sandbox": None})

    def press(self, selector: str, keys: str) -> None:
        """Type into what has the focus after it was given to an element."""
        found = self("WebDriver:FindElement", {"using": "css selector", "value": selector})
        (element,) = found.values()
        self("WebDriver:ElementSendKeys", {"id": element, "text": keys})

    def click(self, selector: str) -> None:
        """With the mouse."""
        (element,) = self("WebDriver:FindElement", {"using": "css selector", "value": selector}).values()
        self("WebDriver:ElementClick", {"id": element})

    def resize(self, width: int, height: int) -> None:
        """The window, until the page in it is so wide."""
        for _ in range(2):
            inside = self.evaluate("[innerWidth, innerHeight, outerWidth, outerHeight]")
            rect = {"width": width + inside[2] - inside[0], "height": height + inside[3] - inside[1]}
            self("WebDriver:SetWindowRect", rect)

    def picture(self, path: Path) -> None:
        """All of the page, as a PNG."""
        path.write_bytes(b64decode(self("WebDriver:TakeScreenshot", {"full": True})))

    def faults(self, address: str) -> list[str]:
        """Errors that were written to the console by what lies at an address."""
        self("Marionette:SetContext", {"value": "chrome"})
        found = self("WebDriver:ExecuteScript", {"script": FAULTS, "args": [address]})
        self("Marionette:SetContext", {"value": "content"})
        return list(found)

    def close(self) -> None:
        """End it."""
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _connected(self, port: int, patience_s: float = 120.0) -> socket.socket:
        until = time.monotonic() + patience_s
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=180)
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.process.kill()
                    raise
                time.sleep(0.3)

    def _answer(self) -> Any:
        head = b""
        while not head.endswith(b":"):
            head += self._read(1)
        answer = json.loads(self._read(int(head[:-1])))
        return answer if isinstance(answer, list) else (None, None, None, answer)

    def _read(self, n: int) -> bytes:
        content = b""
        while len(content) < n:
            more = self.socket.recv(n - len(content))
            if not more:
                raise ConnectionError("Firefox has ended.")
            content += more
        return content
