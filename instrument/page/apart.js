"use strict";
// A recording taken apart as turning/ does it: its pitch, partials along it, and what is left as noise.

const APART = { most: 128, highest: 0.97, window_s: 0.024, periods: 4, sure: 0.8, voiced: 0.66, range_db: 40, octaves: 0.8, slip_s: 0.08 };
const HELD_APART = 10, LOBE = 2.5, BESIDE = 1e-4; // bins from partial to partial, bins of a partial, their weight
const REFINED = [3, 6, 12, 12];
const FARTHEST = 0.02;
const TRACKED_LATE_S = 0.015;

// { f0_hz: [F], sounding: [F] } of frames every hop; null where too little of it has a clear pitch.
function pitchOf(sound, rate, hop) {
  const tracker = new Tracker(rate), heard = [];
  tracker.push(sound, ({ f0_hz, confidence, level_db }) => heard.push([f0_hz, confidence, level_db]));
  if (!heard.length) return null;
  const each_s = tracker.hop / tracker.rate, n = Math.ceil(sound.length / hop) + 1;
  const frames = Array.from({ length: n }, (_, t) =>
    heard[Math.min(heard.length - 1, Math.max(0, Math.round(((t * hop) / rate + TRACKED_LATE_S) / each_s) - 1))]);
  const top_db = Math.max(...frames.map(([, , level_db]) => level_db));
  const sounding = frames.map(([, , level_db]) => level_db > Math.max(top_db - APART.range_db, -75));
  const known = withoutSlips(frames.map(([hz, sure], t) => (sounding[t] && sure >= APART.sure && hz < APART.highest * TRACKED.highest_hz ? hz : NaN)), rate / hop);
  const share = known.filter((hz) => hz > 0).length / Math.max(1, sounding.filter(Boolean).length);
  return share < APART.voiced ? null : { f0_hz: bridged(known), sounding };
}

// A leap that lasts no note is the tracker's.
function withoutSlips(f0_hz, frame_hz) {
  const kept = f0_hz.slice();
  let stretch = [];
  const leave = () => { if (stretch.length < APART.slip_s * frame_hz) for (const t of stretch) kept[t] = NaN; stretch = []; };
  f0_hz.forEach((hz, t) => {
    if (!(hz > 0)) return;
    if (stretch.length && Math.abs(Math.log2(hz / f0_hz[stretch[stretch.length - 1]])) > APART.octaves) leave();
    stretch.push(t);
  });
  leave();
  return kept;
}

// Gaps are bridged in log-frequency, the ends held.
function bridged(f0_hz) {
  const out = f0_hz.slice();
  let before = f0_hz.findIndex((hz) => hz > 0);
  out.fill(f0_hz[before], 0, before);
  for (let t = before + 1; t < out.length; t++) {
    if (!(f0_hz[t] > 0)) continue;
    for (let gap = before + 1; gap < t; gap++) out[gap] = f0_hz[before] * (f0_hz[t] / f0_hz[before]) ** ((gap - before) / (t - before));
    before = t;
  }
  return out.fill(f0_hz[before], before + 1);
}

// Samples of the window that tells the partials apart: eight blocks, four periods of a low pitch of the sound.
function windowOf(f0_hz, rate) {
  const low = [...f0_hz].sort((a, b) => a - b)[Math.floor(0.05 * (f0_hz.length - 1))];
  return 8 * Math.max(1, Math.round((Math.max(APART.periods / low, APART.window_s) * rate) / 8));
}

function partialsBelow(f0_hz, rate, most) {
  const middle = [...f0_hz].sort((a, b) => a - b)[Math.floor(f0_hz.length / 2)];
  return Math.max(1, Math.min(most, Math.floor((APART.highest * rate) / 2 / middle)));
}

// Amplitudes of `count` cosines and then as many sines at every frame, (F, 2 count) in a row: synths/heterodyne.py.
function envelopesOf(sound, f0_hz, rate, hop, window, count) {
  const n = f0_hz.length, width = 2 * count, half = window / 2;
  const sums = new Float64Array(n * width), weights = new Float64Array(n), now = new Float64Array(width);
  let turns = 0;
  for (let h = 0; h * hop < sound.length; h++) {
    const cycles = f0_hz[h] / rate, step = f0_hz[Math.min(h + 1, n - 1)] / rate - cycles;
    for (let j = 0; j < hop && h * hop + j < sound.length; j++) {
      const at = h * hop + j, x = sound[at];
      const angle = 2 * Math.PI * ((turns + j * cycles + ((j * (j - 1)) / (2 * hop)) * step) % 1);
      const c1 = Math.cos(angle), s1 = Math.sin(angle);
      for (let k = 0, c = c1, s = s1; k < count; k++) {
        now[k] = x * c;
        now[count + k] = x * s;
        [c, s] = [c * c1 - s * s1, s * c1 + c * s1];
      }
      const last = Math.min(n - 1, Math.ceil((at + half) / hop) - 1);
      for (let t = Math.max(0, Math.ceil((at - half) / hop)); t <= last; t++) {
        const weight = 0.5 + 0.5 * Math.cos((2 * Math.PI * (at - t * hop)) / window);
        weights[t] += weight;
        for (let i = 0, to = t * width; i < width; i++) sums[to + i] += weight * now[i];
      }
    }
    turns = turnsAfter(turns, hop, cycles, step);
  }
  const out = new Float32Array(n * width);
  for (let t = 0; t < n; t++) {
    for (let i = 0; i < width; i++) {
      const isAudible = ((i % count) + 1) * f0_hz[t] < (APART.highest * rate) / 2;
      out[t * width + i] = isAudible && weights[t] ? (2 * sums[t * width + i]) / weights[t] : 0;
    }
  }
  return out;
}

// The pitch that the phases of the first twelve partials tell: turning/pitch.py.
function refinedPitch(sound, f0_hz, rate, hop) {
  let found = f0_hz;
  for (const most of REFINED) {
    const even = Array.from(found, (hz, t) => Math.cbrt(found[Math.max(0, t - 1)] * hz * found[Math.min(t + 1, found.length - 1)]));
    const count = partialsBelow(even, rate, most), width = 2 * count;
    const ends = envelopesOf(sound, even, rate, hop, windowOf(even, rate), count);
    const off = even.slice(1).map((_, t) => {
      let sum = 0, total = 1e-20;
      for (let k = 0; k < count; k++) {
        const [a, b] = [t * width + k, (t + 1) * width + k];
        const [c0, s0, c1, s1] = [ends[a], -ends[a + count], ends[b], -ends[b + count]];
        const real = c1 * c0 + s1 * s0, imaginary = s1 * c0 - c1 * s0;
        const weight = (k + 1) ** 2 * Math.hypot(real, imaginary);
        sum += (weight * Math.atan2(imaginary, real) * rate) / (2 * Math.PI * hop) / (k + 1);
        total += weight;
      }
      return sum / total;
    });
    found = even.map((hz, t) => {
      const drift_hz = (off[Math.max(0, t - 1)] + off[Math.min(t, off.length - 1)]) / 2;
      return hz * (1 + Math.min(FARTHEST, Math.max(-FARTHEST, drift_hz / hz)));
    });
  }
  return found;
}

// Blocks of a hop, in which partials go in lines: about as short as turning/ has them.
function blocksOf(rate, hop) {
  let blocks = Math.max(1, Math.floor((hop / rate) / 0.004));
  while (hop % blocks && blocks < hop) blocks++;
  return blocks;
}

// Everything that the audio thread turns: rate, hop, number of bands and partials are the instrument's.
// -> { n, count, blocks, sounding, f0_hz (F), fine_hz and ends (F blocks, 2 count), noise, magnitudes (F, M), sound };
// null without a clear pitch.
function takenApart(sound, { sample_rate: rate, hop, n_bands, n_partials }) {
  const pitch = pitchOf(sound, rate, hop);
  if (!pitch) return null;
  const f0_hz = Float64Array.from(refinedPitch(sound, pitch.f0_hz, rate, hop));
  const count = partialsBelow(f0_hz, rate, Math.min(APART.most, n_partials));
  const n = f0_hz.length, blocks = blocksOf(rate, hop), block = hop / blocks;
  const fine_hz = Float64Array.from({ length: (n - 1) * blocks + 1 }, (_, at) => {
    const t = Math.min(n - 2, Math.floor(at / blocks));
    return f0_hz[t] + (at / blocks - t) * (f0_hz[t + 1] - f0_hz[t]);
  });
  const ends = envelopesOf(sound, fine_hz, rate, block, windowOf(f0_hz, rate), count);
  const tone = new Float32Array(n * hop), row = (at) => ends.subarray(2 * count * at, 2 * count * (at + 1));
  let turns = 0;
  for (let at = 0; at + 1 < fine_hz.length; at++) {
    const cycles = fine_hz[at] / rate;
    turns = addTones(tone, at * block, block, turns, cycles, fine_hz[at + 1] / rate - cycles, row(at), row(at + 1), count);
  }
  const padded = new Float32Array(n * hop);
  padded.set(sound);
  const noise = padded.map((x, i) => x - tone[i]);
  const magnitudes = magnitudesOf(noise, f0_hz, rate, hop, n_bands);
  return { n, count, blocks, sounding: pitch.sounding, f0_hz, fine_hz, ends, noise, magnitudes, sound: padded };
}

// Gains on white noise that give the noise its power at M even frequencies, in every frame: as the descriptors have it,
// read between the partials, because what is left near them is theirs.
function magnitudesOf(noise, f0_hz, rate, hop, count) {
  const n = f0_hz.length, middle_hz = [...f0_hz].sort((a, b) => a - b)[Math.floor(n / 2)];
  const size = 2 ** Math.ceil(Math.log2(Math.min(0.2, Math.max(0.04, HELD_APART / middle_hz)) * rate)), window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const white = window.reduce((sum, each) => sum + each * each, 0) / 3, spacing = size / 2 / (count - 1);
  const out = new Float32Array(n * count), re = new Float64Array(size), im = new Float64Array(size);
  for (let t = 0; t < n; t++) {
    for (let i = 0; i < size; i++) re[i] = window[i] * (noise[t * hop - size / 2 + i] || 0);
    im.fill(0);
    transform(re, im);
    const lines = (f0_hz[t] * size) / rate;
    const isBetween = (bin) => Math.abs(bin / lines - Math.round(bin / lines)) * lines > LOBE;
    for (let m = 0; m < count; m++) {
      let power = 0, total = 0;
      for (let bin = Math.max(0, Math.ceil((m - 1) * spacing)); bin <= Math.min(size / 2, (m + 1) * spacing); bin++) {
        const share = Math.max(1e-6, 1 - Math.abs(bin / spacing - m)) * (isBetween(bin) ? 1 : BESIDE);
        power += share * (re[bin] ** 2 + im[bin] ** 2);
        total += share;
      }
      out[t * count + m] = Math.sqrt(power / total / white);
    }
  }
  return out;
}

// The discrete Fourier transform in place, of a power of two of numbers.
function transform(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) { [re[i], re[j]] = [re[j], re[i]]; [im[i], im[j]] = [im[j], im[i]]; }
  }
  for (let length = 2; length <= n; length *= 2) {
    for (let k = 0; k < length / 2; k++) {
      const c = Math.cos((2 * Math.PI * k) / length), s = -Math.sin((2 * Math.PI * k) / length);
      for (let i = k; i < n; i += length) {
        const j = i + length / 2, x = re[j] * c - im[j] * s, y = re[j] * s + im[j] * c;
        re[j] = re[i] - x; im[j] = im[i] - y; re[i] += x; im[i] += y;
      }
    }
  }
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./tones.js"), require("./tracker.js"));
  module.exports = { takenApart, withoutSlips, bridged, pitchOf, refinedPitch, envelopesOf, windowOf, transform, magnitudesOf };
}
