"""What `benchmarks.page` measures on sound: pitch, borders, knobs, parity, and the page's tracker."""

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
import torch

from benchmarks.pitch import cents
from datamodules import Yin
from instrument.instrument import Instrument
from instrument.page import AUDIO_THREAD, page_file
from instrument.page_code import page_code
from instrument.page_parts import PageParts
from lightning_modules.checkpoint import load_model
from studies.run_folder import checkpoint_in
from synths import ClipFormat

RENDER = """async ([rate, seconds, messages, wanted]) => {
  const context = new OfflineAudioContext(1, Math.round(rate * seconds), rate);
  const first = settingMessages(page.about, page.desk.now);
  const instrument = await makeInstrument(context, await readPage(), { messages: [...first, ...messages] });
  instrument.node.connect(context.destination);
  const sound = await context.startRendering();
  return wanted ? Array.from(sound.getChannelData(0)) : [];
}"""
TRACKED = """([rate, sound]) => {
  const found = [];
  new Tracker(rate).push(Float32Array.from(sound), (each) => found.push([each.f0_hz, each.confidence]));
  return found;
}"""
VOICE = """([about, blob, code, f0_hz, controls, residual, noise]) => {
  const opened = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const player = new Player(about, opened(blob), opened(code));
  const voice = player.pool[0];
  voice.start(0, 60, 1);
  const sound = [];
  for (let t = 0; t < f0_hz.length; t++) {
    [voice.near, voice.far] = [voice.far, voice.near];
    voice.controls.set(controls[t]);
    voice.residual.set(residual);
    player.decode(voice, f0_hz[t], Math.max(f0_hz[t], t ? f0_hz[t - 1] : 0));
    const hop = new Float32Array(about.hop);
    if (t) voice.partials.add(hop, f0_hz[t - 1], f0_hz[t], voice.near, voice.far, about.n_partials);
    voice.bands.add(hop, voice.magnitudes, Float32Array.from(noise[t]));
    if (t) sound.push(...hop);
  }
  return sound;
}"""
SLIDER = np.linspace(0.0, 1.0, 9)
NOTE_MIDI, STEP_S = 60, 0.7


def played(page: Any, rate: int, seconds: float, messages: list[dict[str, Any]], wanted: bool = True) -> np.ndarray:
    """The sound of an offline render, dry; empty if it is not wanted."""
    return np.array(page.evaluate(RENDER, [rate, seconds, messages, wanted]))


def cents_off(sound: np.ndarray, rate: int, midi: float) -> float:
    """How far the strongest of the first six harmonics is from its place, in cents."""
    held = sound[int(0.6 * rate) : int(1.5 * rate)]
    n, f0_hz = 1 << 19, 440.0 * 2.0 ** ((midi - 69) / 12)
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held)), n))
    tops = []
    for number in range(1, 7):
        low, high = (int(number * f0_hz * by * n / rate) for by in (0.985, 1.015))
        top = low + int(spectrum[low:high].argmax())
        a, b, c = np.log(spectrum[top - 1 : top + 2])
        tops.append((spectrum[top], (top + 0.5 * (a - c) / (a - 2 * b + c)) * rate / n / number))
    return abs(float(cents(np.array(max(tops)[1]), f0_hz)))


def border_clicks_db(sound: np.ndarray, hop: int) -> float:
    """Energy of the sound's sixth difference within two samples of hop borders, against that of all others, in dB."""
    sharp = np.diff(sound[hop * 40 : hop * 180], 6) ** 2
    place = (np.arange(len(sharp)) + 3) % hop
    near = (place <= 2) | (place >= hop - 2)
    return float(10 * np.log10(np.median(sharp[near]) / np.median(sharp[~near])))


def turned(page: Any, model: Any, exact: bool) -> dict[str, tuple[float, float]]:
    """For each knob but the level: how far its reading goes back and how far it goes, in JNDs, from end to end."""
    knobs, found = list(model.encoder.each_descriptor()), {}
    rate, hop = model.clip.sample_rate, model.clip.hop
    for index, knob in enumerate(knobs):
        if knob.is_level:
            continue
        messages: list[dict[str, Any]] = [{"do": "set", "exact": exact, "envelope": {"sustain_db": 0}, "bank": None}]
        messages.append({"do": "on", "id": 1, "midi": NOTE_MIDI, "velocity": 0.8})
        for step, share in enumerate(SLIDER):
            messages.append({"do": "knob", "index": index, "share": float(share), "at": STEP_S * step})
        sound = played(page, rate, STEP_S * len(SLIDER), messages)
        audio = torch.from_numpy(sound).float()[None]
        n_frames = -(-len(sound) // hop)
        f0_hz = torch.full((1, n_frames), 440.0 * 2.0 ** ((NOTE_MIDI - 69) / 12))
        read = knob.measure(audio, f0_hz)[0].numpy()
        frames = [
            slice(int((at + 0.4 * STEP_S) * rate / hop), int((at + 0.9 * STEP_S) * rate / hop))
            for at in STEP_S * np.arange(len(SLIDER))
        ]
        steps = np.array([np.median(read[each]) for each in frames]) / (knob.jnd or 1.0)
        found[knob.name] = (max(0.0, float((np.maximum.accumulate(steps) - steps).max())), float(np.ptp(steps)))
    return found


@torch.no_grad()
def parity_db(bare: Any, parts: PageParts, place: Path) -> float:
    """Power of the sound over that of its difference from PyTorch's, both dry, with the same curves and noise."""
    import base64

    about = parts.about
    model = load_model(checkpoint_in(place))
    frames, hop = 60, about["hop"]
    generator = torch.Generator().manual_seed(0)
    f0_hz = 220.0 * 2.0 ** (torch.sin(torch.arange(frames) / 9.0) / 24)
    controls = 0.5 + 0.3 * torch.sin(
        torch.arange(frames)[:, None] / torch.arange(5.0, 5.0 + 2 * len(about["knobs"]), 2)
    )
    preset = (about.get("presets") or [{"residual": [[0.0] * about["residual_size"]]}])[0]
    residual = torch.tensor(preset["residual"][0])
    noise = 2.0 * torch.rand(frames, hop, generator=generator) - 1.0
    with model.synth.dry():
        asked = residual.expand(1, frames, -1) if len(residual) else None
        expected = Instrument(model).render(f0_hz[None], controls[None], asked, noise[None])[0].numpy()
    bare.add_script_tag(content="\n".join(page_file(name) for name in AUDIO_THREAD[:-2]))
    numbers = [base64.b64encode(each).decode() for each in (parts.blob, page_code())]
    curves = [each.tolist() for each in (f0_hz, controls, residual, noise)]
    sound = np.array(bare.evaluate(VOICE, [about, *numbers, *curves])).reshape(-1, hop)
    expected = expected[: sound.size].reshape(sound.shape)
    error, power = ((sound - expected) ** 2).sum(1), (expected**2).sum(1)
    audible = np.ceil(about["sample_rate"] / 2 / f0_hz.numpy()) - 1
    still = np.array([len(set(audible[max(0, t - 1) : t + 3])) == 1 for t in range(len(sound))])
    still |= bool(audible.min() > about["n_partials"])
    return float(10.0 * np.log10(power[still].sum() / error[still].sum()))


def tracker_row(bare: Any, folder: Path, n: int = 20) -> str:
    """The page's tracker on recorded notes, every so-manyth of a folder, beside the training tracker."""
    notes = sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac", ".mp3", ".ogg"))
    chosen = notes[:: max(1, len(notes) // n)][:n]
    off, late_ms, unsure = [], [], 0
    for note in chosen:
        far, late, without = _tracked(bare, note)
        off.append(far)
        late_ms.append(late)
        unsure += without
    every = np.abs(np.concatenate(off))
    gross = 100 * float((every > 50).mean())
    unsure_share = 100 * unsure / (unsure + len(every))
    return (
        f"median {np.median(every):.1f} cents, {gross:.1f} % over 50 cents, {unsure_share:.0f} % "
        f"unsure, right {np.nanmedian(late_ms):.0f} ms after onset ({len(chosen)} notes, {len(every)} frames)"
    )


def _tracked(bare: Any, path: Path) -> tuple[np.ndarray, float, int]:
    """Cents off where both are sure, milliseconds from onset to the right pitch, frames where the page is not sure."""
    clip = ClipFormat(16000, 16000, 160)
    sound, rate = soundfile.read(path, always_2d=True)
    mono = sound.mean(axis=1)[: 3 * rate]
    reference = Yin().track(librosa.resample(mono, orig_sr=rate, target_sr=16000).astype(np.float32), clip)
    found = np.array(bare.evaluate(TRACKED, [rate, mono.tolist()]))
    # Every hop of the tracker is 10 ms at a divided rate that is only near 16 kHz; it looks back some 15 ms.
    divided = rate / max(1, round(rate / 16000))
    at_s = np.arange(1, len(found) + 1) * round(0.01 * divided) / divided
    frames = np.clip(np.round((at_s - 0.015) * 100).astype(int), 0, len(reference.f0_hz) - 1)
    f0_hz, confidence = reference.f0_hz[frames], reference.confidence[frames]
    sure = (confidence > 0.9) & (np.roll(confidence, 3) > 0.9) & (np.roll(confidence, -3) > 0.9)
    hears = found[:, 1] >= 0.8
    own_hz = float(np.median(f0_hz[sure])) if sure.any() else float(np.median(f0_hz))
    right = hears & (np.abs(cents(np.maximum(found[:, 0], 1.0), own_hz)) < 50)
    loud = np.flatnonzero(np.abs(mono) > 0.03 * np.abs(mono).max())
    late_ms = 1e3 * (at_s[right.argmax()] - loud[0] / rate) if right.any() else float("nan")
    return cents(found[sure & hears, 0], f0_hz[sure & hears]), late_ms, int((sure & ~hears).sum())
