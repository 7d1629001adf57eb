"""What the playable page does, in headless Chromium: soon, in tune, at what cost, and as far as its knobs are met.

    python -m benchmarks.page [MODEL] [--notes FOLDER]

MODEL is what `timbre play` takes, by default its voice. FOLDER holds recorded notes;
with it the page's tracker is compared with the training tracker. Costs are CPU time. Needs Chromium and Playwright.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.page_sound import border_clicks_db, cents_off, parity_db, played, tracker_row, turned
from instrument.page import write_page
from lightning_modules.checkpoint import load_model
from studies.run_folder import checkpoint_in
from studies.voices import DEFAULT
from timbre.playable import playable

RATE = 48000
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
READY = "window.page && page.sound.instrument"
DRAGGED = """async (seconds) => {
  const { context } = page.sound;
  const gaps = () => context.playbackStats ? context.playbackStats.underrunEvents : NaN;
  const before = gaps();
  const until = performance.now() + 1000 * seconds;
  let at = 0;
  while (performance.now() < until) {
    page.about.knobs.forEach((_, index) => page.desk.share(index, 0.5 + 0.5 * Math.sin(0.07 * at + index)));
    at++;
    await new Promise(requestAnimationFrame);
  }
  return [gaps() - before, at];
}"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=Path(DEFAULT))
    parser.add_argument("--notes", type=Path, help="folder of recorded notes")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        parts = playable(given.model, given.model.stem)
        path = Path(folder) / "page.html"
        write_page(parts, path)
        say("size of the page", f"{path.stat().st_size / 1e6:.2f} MB")
        with chromium() as browser:
            bare = browser.new_page()
            say("sound against PyTorch, away from pitch jumps", f"{parity_db(bare, parts, given.model):.0f} dB")
            if given.notes:
                say("tracker against the training tracker", tracker_row(bare, given.notes))
            # A tab for each: after some dozens of offline contexts one gives silence.
            measure_sound(opened(browser, path))
            for exact in (True, False):
                measure_knobs(opened(browser, path), load_model(checkpoint_in(given.model)), exact)
            measure_drag(opened(browser, path))
            measure_cost(browser, opened(browser, path))
            measure_keys(opened(browser, path))
            measure_start(browser, path)


def say(what: str, found: str) -> None:
    """Print a row."""
    print(f"| {what} | {found} |", flush=True)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window that needs no click to sound."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


def opened(browser: Any, path: Path) -> Any:
    """The page in a tab, when it can sound."""
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_function(READY)
    return page


def measure_start(browser: Any, path: Path, n: int = 5) -> None:
    """From opening to the first sound of a key that was pressed as soon as there was one."""
    ready_s, sound_s = [], []
    for _ in range(n):
        page, begun = browser.new_page(), time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_function(READY)
        ready_s.append(time.perf_counter() - begun)
        page.evaluate("page.note('first', 60, 0.8)")
        page.wait_for_function("page.last.readings && page.last.readings[page.about.level] > -70")
        sound_s.append(time.perf_counter() - begun)
        page.close()
    ready, sound = np.median(ready_s), np.median(sound_s)
    say("from opening to ready, to first sound", f"{ready:.2f}, {sound:.2f} s (median of {n})")


def measure_keys(page: Any, n: int = 48) -> None:
    """From a key to a tenth of its note's peak, the device aside: keys at any moment of a block or hop."""
    delays_ms = []
    for exact in (True, False):
        keys_s = 0.1 + 0.6 * np.arange(n // 2) + np.random.default_rng(0).random(n // 2) / 10
        # The plain envelope: a recorded one may rise as slowly as its instrument does.
        messages: list[dict[str, Any]] = [{"do": "set", "exact": exact, "bank": None}]
        for index, at in enumerate(keys_s):
            messages.append({"do": "on", "id": index, "midi": 40 + index * 2, "velocity": 0.8, "at": at})
            messages.append({"do": "off", "id": index, "at": at + 0.1})
        sound = np.abs(played(page, RATE, 0.6 * n // 2 + 0.5, messages))
        for at in keys_s:
            note = sound[int(at * RATE) : int((at + 0.1) * RATE)]
            delays_ms.append(1e3 * float((note > 0.1 * note.max()).argmax()) / RATE)
    spread = f"{np.median(delays_ms):.1f} ms, sd {np.std(delays_ms):.2f}, largest {max(delays_ms):.1f} (n = {n})"
    say("key to a tenth of the note's peak, device aside", spread)


def measure_cost(browser: Any, page: Any, seconds: float = 5.0) -> None:
    """CPU time of the browser's tabs to render offline, less that of silence, as a share of what is rendered."""
    session = browser.new_browser_cdp_session()

    def spent_s(rate: int, voices: int, exact: bool) -> float:
        notes = [on(45 + 5 * index) for index in range(voices)]
        before = _cpu_s(session)
        played(page, rate, seconds, [{"do": "set", "exact": exact}, *notes], wanted=False)
        return _cpu_s(session) - before

    for rate in (44100, RATE):
        silence_s = min(spent_s(rate, 0, True) for _ in range(2))
        for voices in (1, 8):
            spent = [min(spent_s(rate, voices, exact) for _ in range(2)) for exact in (False, True)]
            shares = [100 * (each - silence_s) / seconds for each in spent]
            what = f"{rate / 1000:g} kHz, voices: {voices}, open / exact"
            say(what, f"{shares[0]:.1f} / {shares[1]:.1f} % of a core")


def _cpu_s(session: Any) -> float:
    told = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return float(sum(process["cpuTime"] for process in told if process["type"] == "renderer"))


def measure_sound(page: Any) -> None:
    """Pitch and borders of held notes, at two rates."""
    off: list[float] = []
    for rate in (44100, RATE):
        for midi in range(36, 97, 6):
            off.append(cents_off(played(page, rate, 1.6, [on(midi)]), rate, midi))
    say("pitch", f"{max(off):.2f} cents off at most (n = {len(off)}, 44.1 and 48 kHz)")
    about = page.evaluate("({ rate: page.about.sample_rate, hop: page.about.hop })")
    clicks = []
    for exact in (False, True):
        sound = played(page, about["rate"], 2.0, [{"do": "set", "exact": exact}, on(48)])
        clicks.append(border_clicks_db(sound, about["hop"]))
    say("sixth difference at hop borders against elsewhere, open / exact", " / ".join(f"{x:+.1f} dB" for x in clicks))
    sound = played(page, RATE, 1.0, [on(60) | {"at": 0.5}])
    say("silence before a note", f"{np.abs(sound[: RATE // 2]).max():g}")


def measure_knobs(page: Any, model: Any, exact: bool) -> None:
    """Each slider from end to end, read by the descriptors on the sound: how far a reading ever goes back."""
    found = []
    for name, (reversal, travel) in turned(page, model, exact).items():
        found.append(f"{name} {travel:.1f} ({reversal:.2f})")
    state = "exact" if exact else "open"
    say(f"JNDs that a slider moves the sound, {state} (of these back)", ", ".join(found))


def measure_drag(page: Any, seconds: float = 10.0) -> None:
    """Gaps while all knobs are dragged."""
    for voices in (1, 4):
        for index in range(voices):
            page.evaluate(f"page.note('held {index}', {48 + 4 * index}, 0.8)")
        page.wait_for_timeout(3000)
        gaps, moves = page.evaluate(DRAGGED, seconds)
        load = page.evaluate("page.last.load")
        held = f"{voices} voice{'s' * (voices > 1)} held"
        say(
            f"gaps in {seconds:g} s of dragging, {held}",
            f"{gaps} ({moves} moves of every knob, load {100 * load:.0f} %)",
        )


def on(midi: float) -> dict[str, Any]:
    """A note that is held from the beginning."""
    return {"do": "on", "id": midi, "midi": midi, "velocity": 0.8}


if __name__ == "__main__":
    main()
