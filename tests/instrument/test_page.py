"""The page sounds: in Node against PyTorch, in Chromium from file://, without a request."""

import gzip
import json
import shutil
from base64 import b64decode
from functools import partial

import numpy as np
import pytest
import torch

from instrument.instrument import Instrument
from instrument.page import page, worklet_text, write_page
from instrument.page_code import page_code
from instrument.page_parts import page_parts
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import MinGruDecoder
from synths import ClipFormat, FilteredNoise, Harmonics, Reverb, SMSSynth

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.browser
RENDER = """async ({ rate, seconds, messages }) => {
  const context = new OfflineAudioContext(1, Math.round(rate * seconds), rate);
  const instrument = await makeInstrument(context, await readPage(), { messages });
  const told = [];
  instrument.onTell = (each) => told.push(each);
  instrument.output.connect(context.destination);
  const sound = await context.startRendering();
  return [Array.from(sound.getChannelData(0)), told];
}"""
RATES = (44100, 48000)


@pytest.fixture(scope="module")
def model():
    """A small model that sounds, its level 16 dB up and down with the knob, without a room."""
    torch.manual_seed(0)
    synth = partial(
        SMSSynth,
        parts=(partial(Harmonics, n_harmonics=40), partial(FilteredNoise, n_bands=65)),
        effects=(partial(Reverb, duration_s=0.05),),
    )
    decoder = partial(MinGruDecoder, width=16, n_layers=1)
    model = TimbreAutoencoder(ClipFormat(16000, 16000, 160), synth=synth, decoder=decoder).eval()
    model.encoder.calibrated.fill_(True)
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.05)
    return model


@pytest.fixture(scope="module")
def parts(model):
    """The same, compiled."""
    return page_parts(model, "small")


@pytest.fixture(scope="module")
def given(parts):
    """What jobs of a player need."""
    return {"about": parts.about, "blob": parts.blob, "code": page_code()}


@pytest.fixture(scope="module")
def browser_page(parts, tmp_path_factory):
    """The page, opened from file:// in Chromium, and the addresses that it asked for."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed.")
    path = tmp_path_factory.mktemp("page") / "small.html"
    write_page(parts, path)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        opened, asked = browser.new_page(), []
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(path.as_uri())
        opened.asked = asked
        yield opened
        browser.close()


def frequency_hz(sound, rate, near_hz):
    """The strongest partial within a semitone of a frequency, by a parabola through the logarithms."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18))
    low, high = (int(near_hz * by * (1 << 18) / rate) for by in (0.95, 1.05))
    top = low + spectrum[low:high].argmax()
    a, b, c = np.log(spectrum[top - 1 : top + 2])
    return (top + 0.5 * (a - c) / (a - 2 * b + c)) * rate / (1 << 18)


def test_sounds_as_in_pytorch(model, given, node_job):
    """With the same curves and noise, 60 dB at least where no partial crosses Nyquist."""
    frames = 80
    f0_hz = 220.0 * 2.0 ** (torch.sin(torch.arange(frames) / 9.0) / 24)
    controls = 0.5 + 0.3 * torch.sin(torch.arange(frames)[:, None] / torch.tensor([5.0, 7.0, 9.0, 11.0, 13.0]))
    noise = 2.0 * torch.rand(frames, 160) - 1.0
    with torch.no_grad(), model.synth.dry():
        expected = Instrument(model).render(f0_hz[None], controls[None], None, noise[None])[0].numpy()
    curves = {"f0_hz": f0_hz.tolist(), "controls": controls.tolist(), "residual": None, "noise": noise.tolist()}
    sound = np.array(node_job("synth", **given, **curves)).reshape(-1, 160)
    expected = expected[: sound.size].reshape(sound.shape)
    error, power = ((sound - expected) ** 2).sum(1), (expected**2).sum(1)
    n_audible = np.ceil(8000.0 / f0_hz.numpy()) - 1
    still = np.array([len(set(n_audible[max(0, t - 1) : t + 3])) == 1 for t in range(len(sound))])
    assert still.sum() > 20
    assert 10.0 * np.log10(power[still].sum() / error[still].sum()) > 60.0


def test_notes_begin_at_once_and_end_in_silence(given, node_job):
    """Nothing before the note, exactly; a tenth of its peak within 5 ms; nothing of it a second after."""
    answer = node_job(
        "notes", **given, events=[[0.1, "on", 1, 60, 0.8], [0.5, "off", 1]], seconds=1.5, settings={}, rate=48000
    )
    sound = np.abs(np.array(answer["sound"]))
    begins = int(np.ceil(0.1 * 48000 / 128)) * 128
    assert sound[:begins].max() == 0.0 and sound[-4800:].max() == 0.0
    assert sound[begins:].argmax() and (sound[begins:] > 0.1 * sound.max()).argmax() < 0.005 * 48000
    assert not answer["asked"][-1]


def test_legato_keeps_the_voice(given, node_job):
    """One voice for both notes, which glides to the second and back to the first."""
    events = [[0.0, "on", 1, 60, 0.8], [0.2, "on", 2, 67, 0.8], [0.5, "off", 2], [0.9, "off", 1]]
    asked = node_job("notes", **given, events=events, seconds=0.9, settings={"mono": True}, rate=48000)["asked"]
    assert {len(each) for each in asked} == {1}
    pitches = [each[0]["f0_hz"] for each in asked]
    assert pitches[60] == pytest.approx(261.63, rel=1e-3) and pitches[180] == pytest.approx(392.0, rel=2e-3)
    assert pitches[-1] == pytest.approx(261.63, rel=2e-3)


def test_eight_voices_and_no_more(given, node_job):
    """The ninth takes the place of the oldest."""
    events = [[0.05 * index, "on", index, 50 + index, 0.8] for index in range(9)]
    asked = node_job("notes", **given, events=events, seconds=0.6, settings={}, rate=48000)["asked"]
    assert sorted(each["id"] for each in asked[-1]) == list(range(1, 9))


def test_hears_pitch_and_level(node_job):
    """Five partials: within two cents, from 50 ms on; the level of a sine at 1 kHz is that of its amplitude."""
    time_s = np.arange(24000) / 48000
    for f0_hz in (65.4, 261.6, 987.8, 1760.0):
        sound = sum(0.3 / k * np.sin(2 * np.pi * k * f0_hz * time_s) for k in range(1, 6))
        found = np.array(node_job("tracker", rate=48000, sound=sound.tolist()))
        assert np.abs(1200 * np.log2(found[5:, 0] / f0_hz)).max() < 2.0 and found[5:, 1].min() > 0.8
    tone = 0.1 * np.sin(2 * np.pi * 1000.0 * time_s)
    assert node_job("tracker", rate=48000, sound=tone.tolist())[-1][2] == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_resamples_without_images(node_job, rate):
    """A sine at 3 kHz keeps its level within 0.1 dB; all else is 50 dB below."""
    sound = np.sin(2 * np.pi * 3000.0 * np.arange(8000) / 16000)
    out = np.array(node_job("resample", **{"from": 16000}, to=rate, sound=sound.tolist()))[4800:20000]
    spectrum = np.abs(np.fft.rfft(out * np.blackman(len(out)))) ** 2
    top = spectrum.argmax()
    own = spectrum[top - 4 : top + 5].sum()
    assert top * rate / len(out) == pytest.approx(3000.0, abs=5.0)
    assert 10 * np.log10((spectrum.sum() - own) / own) < -50.0
    assert np.sqrt(2 * (out**2).mean()) == pytest.approx(1.0, abs=0.012)


@pytest.mark.parametrize("rate", [*RATES, 16000])
def test_in_the_browser(browser_page, rate):
    """Exactly silent before the note, in tune within a cent, as loud at every rate; nothing was asked of anybody."""
    messages = [{"do": "on", "id": 1, "midi": 60, "velocity": 0.8, "at": 0.25}]
    sound, _ = browser_page.evaluate(RENDER, {"rate": rate, "seconds": 1.5, "messages": messages})
    sound = np.array(sound)
    held = sound[int(0.6 * rate) : int(1.4 * rate)]
    assert not sound[: int(0.24 * rate)].any()
    assert abs(1200 * np.log2(frequency_hz(held, rate, 261.626) / 261.626)) < 1.0
    levels = browser_page.__dict__.setdefault("levels", [])
    levels.append(10 * np.log10((held**2).mean()))
    assert levels[0] > -70.0 and np.ptp(levels) < 0.5
    assert len(browser_page.asked) == 1


def test_the_page_is_one_text(parts):
    """Nothing is loaded; a script in it cannot end early; the numbers come back."""
    text = page(parts)
    assert "http://" not in text.replace("http://www.w3.org", "") and "src=" not in text
    assert text.count("</script>") == 3
    data = json.loads(parts.as_zipped_json())
    assert gzip.decompress(b64decode(data["blob"])) == parts.blob
    assert json.loads(gzip.decompress(b64decode(data["about"]))) == json.loads(json.dumps(parts.about))
    assert "registerProcessor" in worklet_text() and "require" not in worklet_text().split("class Graph")[0][:200]


def test_an_uncalibrated_model_is_refused(model):
    """Positions that mean nothing yet are no knobs."""
    model.encoder.calibrated.fill_(False)
    try:
        with pytest.raises(ValueError, match="the knobs of this model have no range yet"):
            page_parts(model, "small")
    finally:
        model.encoder.calibrated.fill_(True)
