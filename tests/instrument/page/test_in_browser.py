"""The page as somebody plays it, in Chromium, from its file: every request counts as a fault."""

import io
import re

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.browser

CONTROLS = "button, input:not([type=file]), select, a[href], summary"
NAMELESS = """[...document.querySelectorAll(given)].filter((control) => !control.hidden
    && !control.getAttribute("aria-label") && !control.textContent.trim() && !(control.labels && control.labels.length))
    .map((control) => control.outerHTML)"""
NO_WORKLET = "Object.defineProperty(BaseAudioContext.prototype, 'audioWorklet', { get: () => undefined });"
STUBBED_MIDI = """window.port = { name: "test keys", state: "connected" };
    navigator.requestMIDIAccess = async () => ({ inputs: new Map([["1", window.port]]) });"""
MET = "page.last.readings && Math.abs(page.last.readings[1] - valueAt(page.about.knobs[1], page.last.asked[1])) < 0.08"
RECORDED = "fetch(byId('recorded').href).then((file) => file.arrayBuffer()).then((bytes) => [...new Uint8Array(bytes)])"
MADE_UP = """page.last.readings && Math.abs(20 * Math.log10(page.sound.trim.gain.value)
    - within(valueAt(page.about.knobs[0], page.last.asked[0]) - page.last.readings[0], -12, 12)) < 0.5"""
REFUSED_MIDI = "navigator.requestMIDIAccess = async () => { throw new DOMException('no', 'NotAllowedError'); };"


@pytest.fixture
def opened(browser, page_file):
    """Opens the page: anew, or with a script before it, another width or an address's end."""
    contexts = []

    def open_page(before="", width=1200, after="", of=browser):
        context = of.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("request", lambda request: page.faults.append(request.url) if request.url.startswith("http") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        if before:
            page.add_init_script(before)
        page.goto(f"{page_file.as_uri()}{after}")
        page.wait_for_function("window.page && (page.sound.instrument || !document.getElementById('trouble').hidden)")
        return page

    yield open_page
    faults = [fault for context in contexts for page in context.pages for fault in page.faults]
    for context in contexts:
        context.close()
    assert not faults


def test_opens_and_names_every_control(opened):
    page = opened()
    assert page.title() == "small & <plain>" and page.inner_text("h1") == "small & <plain>"
    assert page.evaluate(f"(given) => {NAMELESS}", CONTROLS) == []
    assert page.evaluate("page.sound.context.state") == "running"
    roughness = page.locator(".knob", has_text="Roughness")
    assert "has no needle" in roughness.inner_text()


def test_a_typed_key_sounds_until_it_is_let_go(opened):
    """Q is the second C of those that are typed."""
    page = opened()
    page.keyboard.down("q")
    page.wait_for_function("page.last.readings")
    midi = page.evaluate("page.keys.typedFrom + 12")
    assert page.evaluate("page.last.f0_hz") == pytest.approx(440.0 * 2.0 ** ((midi - 69) / 12), rel=1e-3)
    assert page.get_attribute(f"#keys [data-midi='{midi}']", "class") == "white on"
    page.keyboard.up("q")
    page.wait_for_function("page.last.sounding === 0")
    assert "on" not in page.get_attribute(f"#keys [data-midi='{midi}']", "class")


def test_a_click_near_the_front_of_a_key_is_louder(opened):
    """And the same by the keyboard alone: Enter on a key that has the focus."""
    page, levels = opened(), []
    for height in (0.1, 0.95):
        box = page.locator("#keys .white").nth(8).bounding_box()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + (0.62 + 0.37 * height) * box["height"])
        page.mouse.down()
        page.wait_for_function("page.last.readings && page.last.readings[0] > -70")
        page.wait_for_timeout(300)
        levels.append(page.evaluate("page.last.asked[0]"))
        page.mouse.up()
        page.wait_for_function("page.last.sounding === 0")
    assert levels[1] > levels[0] + 0.02
    page.focus("#keys button[tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.down("Enter")
    page.wait_for_function("page.last.sounding === 1")
    page.keyboard.up("Enter")


def test_a_dragged_knob_changes_what_is_measured(opened):
    """The needle comes to where the knob is, within a JND; the numbers say so."""
    page, read = opened(), []
    page.keyboard.down("q")
    for share in (0.2, 0.8):
        box = page.locator("#knob-sharpness").bounding_box()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 17)
        page.mouse.down()
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 17, steps=4)
        page.mouse.up()
        page.wait_for_function(MET)
        read.append(page.evaluate("page.last.readings[1]"))
    assert read[1] > read[0] + 0.2
    assert re.search(r"\d JND", page.locator(".knob", has_text="Sharpness").inner_text())
    assert page.evaluate("page.desk.now.shares[1]") == pytest.approx(0.8, abs=0.03)


def test_the_level_is_kept_where_the_knobs_are_not_met(opened):
    """Open, an untrained decoder plays at any level: what it is off is made up for, up to 12 dB."""
    page = opened()
    page.click("#exact")
    page.click("#keep")
    page.keyboard.down("q")
    page.wait_for_function(MADE_UP)
    assert not page.is_checked("#exact") and page.evaluate("page.sound.trim.gain.value") != 1.0
    page.click("#keep")
    page.wait_for_function("Math.abs(page.sound.trim.gain.value - 1) < 0.01")


def test_undo_reset_and_two_settings(opened):
    page = opened()
    knob = page.locator("#knob-sharpness")
    assert knob.input_value() == "0.2"
    knob.focus()
    page.keyboard.press("End")
    assert knob.input_value() == "1"
    page.click("#undo")
    assert knob.input_value() == "0.2" and page.is_disabled("#undo")
    page.click("#redo")
    page.click("#slot-B")
    page.select_option("#preset", "bright")
    assert knob.input_value() == "0.8"
    page.click("#slot-A")
    assert knob.input_value() == "1" and page.input_value("#preset") == "dull"
    page.click("[aria-label='Reset Sharpness']")
    assert knob.input_value() == "0.2"


def test_the_address_brings_everything_back(opened):
    page = opened()
    page.select_option("#preset", "bright")
    page.focus("#knob-sharpness")
    page.keyboard.press("Home")
    page.click("#mono")
    page.wait_for_function("location.hash.includes('sharpness=0')")
    again = opened(after=f"#{page.url.split('#')[1]}")
    assert again.input_value("#preset") == "bright" and again.input_value("#knob-sharpness") == "0"
    assert again.get_attribute("#mono", "aria-pressed") == "true" and again.is_visible("#glide")


def test_midi_plays_bends_and_learns(opened):
    page = opened(before=STUBBED_MIDI)
    page.click("#connect")
    page.wait_for_function("!!window.port.onmidimessage")
    assert page.inner_text("#midi-said") == "Listens to test keys."
    send = "(bytes) => window.port.onmidimessage(new MIDIMessageEvent('midimessage', { data: new Uint8Array(bytes) }))"
    page.evaluate(send, [0x90, 69, 100])
    page.wait_for_function("page.last.f0_hz && Math.abs(page.last.f0_hz - 440) < 0.5")
    page.evaluate(send, [0xE0, 127, 127])
    page.wait_for_function("Math.abs(page.last.f0_hz - 493.88) < 0.5")
    page.click("#learn")
    page.click("[aria-label='Learn a controller for Sharpness']")
    page.evaluate(send, [0xB0, 20, 3])
    assert page.inner_text("#midi-said") == "Controller 20 turns Sharpness."
    page.evaluate(send, [0xB0, 20, 127])
    assert page.input_value("#knob-sharpness") == "1"


def test_what_is_recorded_is_what_sounds(opened):
    page = opened()
    page.select_option("#bits", "16")
    page.click("#record")
    page.keyboard.down("q")
    page.wait_for_function("page.sound.recorder.frames > 24000 && page.last.readings")
    f0_hz = page.evaluate("page.last.f0_hz")
    page.keyboard.up("q")
    page.click("#record")
    page.wait_for_selector("#recorded:not([hidden])")
    sound, rate = soundfile.read(io.BytesIO(bytes(page.evaluate(RECORDED))))
    assert rate == page.evaluate("page.sound.context.sampleRate") and "16 bit" in page.inner_text("#record-said")
    window = sound[-12000:] * np.hanning(12000)
    loud = np.abs(np.fft.rfft(window))
    harmonics = np.fft.rfftfreq(12000, 1 / rate)[loud > 0.2 * loud.max()] / f0_hz
    assert loud.max() > 1.0 and np.abs(harmonics - harmonics.round()).max() < 0.05


def test_a_file_is_played_and_what_is_no_sound_is_told(opened, tmp_path):
    page = opened()
    wav, text = tmp_path / "low.wav", tmp_path / "words.wav"
    time_s = np.arange(3 * 16000) / 16000
    soundfile.write(wav, 0.3 * sum(np.sin(2 * np.pi * 82.4 * n * time_s) / n for n in range(1, 9)), 16000)
    text.write_text("no sound")
    page.set_input_files("#file", text)
    page.wait_for_function("document.getElementById('input-said').textContent.includes('is no sound')")
    page.set_input_files("#file", wav)  # an E two octaves below middle C's: the range begins at A2
    page.wait_for_function("page.last.readings && Math.abs(page.last.f0_hz - 164.8) < 2")
    page.wait_for_function("document.getElementById('input-said').textContent.includes('played an octave up')")


def test_a_recording_is_turned_itself_and_what_cannot_be_is_told(opened, tmp_path):
    """Its knobs begin where it is; they move what is measured, and back at their places it is as it was."""
    page, time_s = opened(), np.arange(16000) / 16000
    sounds = {
        "tone.wav": 0.2 * sum(np.sin(2 * np.pi * 220.0 * n * time_s) / n for n in range(1, 9)),
        "hiss.wav": np.random.default_rng(0).normal(size=8000) * 0.1,
        "long.wav": np.full(31 * 16000, 0.01),
    }
    for name, sound in sounds.items():
        soundfile.write(tmp_path / name, sound, 16000)
    said = "document.getElementById('input-said').textContent"
    page.click("#turn")
    page.set_input_files("#file", tmp_path / "hiss.wav")
    page.wait_for_function(f"{said}.startsWith('hiss.wav has no clear pitch')")
    page.set_input_files("#file", tmp_path / "long.wav")
    page.wait_for_function(f"{said}.startsWith('long.wav lasts 31 s')")
    page.set_input_files("#file", tmp_path / "tone.wav")
    page.wait_for_function(f"{said}.startsWith('tone.wav itself')")
    page.wait_for_function("page.last.readings && Math.abs(page.last.f0_hz - 220) < 1")
    began, share = page.evaluate("[page.last.readings[1], page.desk.now.shares[1]]")
    assert page.evaluate("page.desk.past.length") == 1 and 0.02 < share < 0.9
    knob = page.locator("#knob-sharpness")
    knob.evaluate("(slider) => { slider.value = 1; slider.dispatchEvent(new Event('input')); }")
    page.wait_for_function(f"{MET} && page.last.readings[1] > {began} + 0.1")
    page.click("#undo")
    page.wait_for_function(f"Math.abs(page.last.readings[1] - {began}) < 0.03")
    page.keyboard.press("Escape")
    page.wait_for_function(f"{said}.startsWith('Sing') && page.last.sounding === 0")


def test_a_refused_microphone_is_told_and_the_keys_still_sound(opened):
    page = opened()
    page.click("#microphone")
    page.wait_for_function(
        "/gives no microphone|No microphone/.test(document.getElementById('input-said').textContent)"
    )
    assert page.get_attribute("#microphone", "aria-pressed") == "false"
    page.keyboard.down("q")
    page.wait_for_function("page.last.sounding === 1")


def test_refused_midi_is_told(opened):
    page = opened(before=REFUSED_MIDI)
    page.click("#connect")
    page.wait_for_function("document.getElementById('midi-said').textContent.includes('did not give MIDI')")


def test_without_a_worklet_the_rest_of_the_page_goes_on(opened):
    page = opened(before=NO_WORKLET)
    assert "no AudioWorklet" in page.inner_text("#trouble")
    page.keyboard.press("q")
    page.focus("#knob-sharpness")
    page.keyboard.press("End")
    page.wait_for_function("location.hash.includes('sharpness=1')")
    page.click("#record")
    page.wait_for_function("document.getElementById('record-said').textContent.includes('Nothing to record')")


@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_is_wider_than_the_screen(opened, width):
    page = opened(width=width)
    page.click("#mono")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_voice_is_followed(browser, opened, tmp_path):
    """Chromium's fake microphone plays a file, again and again."""
    wav = tmp_path / "voice.wav"
    time_s = np.arange(4 * 48000) / 48000
    soundfile.write(wav, 0.3 * sum(np.sin(2 * np.pi * 220.0 * n * time_s) / n for n in range(1, 7)), 48000)
    arguments = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                 f"--use-file-for-fake-audio-capture={wav}", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
    listening = browser.browser_type.launch(executable_path="/usr/bin/chromium", args=arguments)
    try:
        page = opened(of=listening)
        page.click("#microphone")
        page.wait_for_function("page.last.readings && page.last.tracked && Math.abs(page.last.f0_hz - 220) < 2")
        page.wait_for_function("document.getElementById('input-said').textContent === 'Hears A3.'")
        page.click("#microphone")
        page.wait_for_function("page.last.sounding === 0")
    finally:
        listening.close()
