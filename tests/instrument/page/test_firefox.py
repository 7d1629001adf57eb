"""The page in Firefox: the same sound, an interface that works, nothing on the console."""

import shutil
import threading

import numpy as np
import pytest

from tests.instrument.page.marionette import Firefox
from timbre.play import page_server

pytestmark = pytest.mark.browser

RENDER = """readPage().then(async (data) => {
  const context = new OfflineAudioContext(1, 48000, 48000);
  const messages = [
    { do: "on", id: 1, midi: 57, velocity: 0.8, at: 0.1 }, { do: "knob", index: 1, share: 0.8, at: 0.5 },
  ];
  const instrument = await makeInstrument(context, data, { messages });
  instrument.output.connect(context.destination);
  return Array.from((await context.startRendering()).getChannelData(0));
})"""
READY = """new Promise((done) => {
  const look = () => (window.page ? done(page.sound.made) : setTimeout(look, 50));
  look();
}).then(() => document.getElementById("trouble").hidden)"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("Firefox is not installed.")
    started = Firefox(program, tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


def test_sounds_as_in_chromium(firefox, browser, page_file):
    """From its file, within what the browsers' own sines and exponentials differ by: 80 dB."""
    other = browser.new_page()
    other.goto(page_file.as_uri())
    expected = np.array(other.evaluate(RENDER))
    firefox.open(page_file.as_uri())
    assert firefox.evaluate(READY) is True
    sound = np.array(firefox.evaluate(RENDER))
    assert not sound[:4700].any() and np.square(sound).mean() > 1e-8
    assert np.abs(sound - expected).max() <= 1e-4 * np.abs(expected).max()
    assert firefox.faults("file:") == []


def test_its_knobs_turn_and_its_buttons_press(firefox, page_file):
    firefox.open(page_file.as_uri())
    firefox.evaluate(READY)
    firefox.press("#knob-sharpness", "\ue010")  # End
    firefox.click("#mono")
    firefox.click("#turn")
    assert firefox.evaluate("page.desk.now.shares[1]") == 1
    assert firefox.evaluate("[page.desk.now.mono, document.getElementById('turn').getAttribute('aria-pressed')]") == [
        True,
        "true",
    ]
    firefox.resize(600, 800)
    assert firefox.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    assert firefox.faults("file:") == []


def test_from_an_address_it_has_midi(firefox, page_file):
    """As `timbre play` serves it; there the browser offers what it does not offer to files."""
    with page_server(page_file.read_bytes()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        firefox.open(address)
        assert firefox.evaluate(READY) is True
        assert firefox.evaluate("typeof navigator.requestMIDIAccess") == "function"
        assert firefox.faults(address) == []
        server.shutdown()
