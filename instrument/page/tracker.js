"use strict";
// Pitch and level of a live input: YIN (de Cheveigné & Kawahara 2002) that looks back only, and A-weighted level.

const TRACKED = { window_s: 0.016, lowest_hz: 52, highest_hz: 2200, hop_s: 0.01, dip: 0.15, rate: 16000 };
const GATE = { opens_db: -50, closes_db: -58, confidence: 0.8, falls_db: 6 };
const LEVEL_S = 0.025;

class Tracker {
  constructor(rate) {
    this.factor = Math.max(1, Math.round(rate / TRACKED.rate));
    this.rate = rate / this.factor;
    this.window = Math.round(TRACKED.window_s * this.rate);
    this.longest = Math.ceil(this.rate / TRACKED.lowest_hz);
    this.shortest = Math.max(2, Math.floor(this.rate / TRACKED.highest_hz));
    this.hop = Math.round(TRACKED.hop_s * this.rate);
    this.past = new Float32Array(this.window + this.longest + 2);
    this.difference = new Float64Array(this.longest + 2);
    this.taps = lowPass(this.factor, 16 * this.factor);
    this.raw = new Float32Array(this.taps.length);
    this.weighting = new Weighting(rate);
    this.smoothing = Math.exp(-1 / (LEVEL_S / 2 * rate));
    this.power = 0;
    this.counted = 0;
    this.sinceFrame = 0;
    this.found = { f0_hz: 0, confidence: 0, level_db: -120 };
  }

  // Take samples; `onFrame(found)` is called every 10 ms.
  push(samples, onFrame) {
    for (let i = 0; i < samples.length; i++) {
      const weighted = this.weighting.next(samples[i]);
      this.power = weighted * weighted + this.smoothing * (this.power - weighted * weighted);
      this.raw.copyWithin(0, 1);
      this.raw[this.raw.length - 1] = samples[i];
      if (++this.counted < this.factor) continue;
      this.counted = 0;
      let sum = 0;
      for (let tap = 0; tap < this.taps.length; tap++) sum += this.taps[tap] * this.raw[tap];
      this.past.copyWithin(0, 1);
      this.past[this.past.length - 1] = sum;
      if (++this.sinceFrame < this.hop) continue;
      this.sinceFrame = 0;
      this.frame();
      onFrame(this.found);
    }
  }

  frame() {
    const { past, window, longest, shortest, difference, found } = this;
    const end = past.length;
    let mean = 0, best = 0;
    for (let lag = 1; lag <= longest + 1; lag++) {
      let sum = 0;
      for (let j = end - window; j < end; j++) sum += (past[j] - past[j - lag]) ** 2;
      mean += sum;
      difference[lag] = mean > 0 ? (sum * lag) / mean : 1;
    }
    for (let lag = shortest; lag <= longest && !best; lag++) {
      if (difference[lag] < TRACKED.dip && difference[lag] <= difference[lag + 1]) best = lag;
    }
    if (!best) {
      best = shortest;
      for (let lag = shortest; lag <= longest; lag++) if (difference[lag] < difference[best]) best = lag;
    }
    found.confidence = Math.max(0, 1 - difference[best]);
    found.f0_hz = this.rate / this.refined(best);
    found.level_db = 10 * Math.log10(2 * this.power + 1e-12);
  }

  // The period between samples; of a short one, its multiples tell more digits.
  refined(lag) {
    let period = this.vertex(lag);
    for (let times = 2; times * period <= this.longest; times *= 2) {
      const centre = Math.round(times * period);
      let near = centre;
      for (let at = centre - 2; at <= Math.min(centre + 2, this.longest); at++) {
        if (this.difference[at] < this.difference[near]) near = at;
      }
      if (this.difference[near] > 2 * this.difference[lag] + 0.1) break;
      const finer = this.vertex(near) / times;
      if (Math.abs(finer - period) > 1.5 / times) break;
      period = finer;
    }
    return period;
  }

  // Where a parabola through three lags is lowest.
  vertex(lag) {
    const [a, b, c] = [this.difference[lag - 1], this.difference[lag], this.difference[lag + 1]];
    const bend = a - 2 * b + c;
    return lag < 2 || bend <= 0 ? lag : lag + Math.min(1, Math.max(-1, (0.5 * (a - c)) / bend));
  }
}

function lowPass(factor, length) {
  if (factor === 1) return Float32Array.of(1);
  const taps = Float32Array.from({ length }, (_, i) => {
    const x = i - (length - 1) / 2;
    const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * x) / length);
    return (window * Math.sin((Math.PI * 0.9 * x) / factor)) / (Math.PI * x);
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

// A-weighting (IEC 61672) by the bilinear transform; 0 dB at 1 kHz.
class Weighting {
  constructor(rate) {
    const pole = (hz) => 2 * Math.PI * hz;
    const k = 2 * rate;
    const high = (hz) => ({ zero: 1, pole: (pole(hz) - k) / (pole(hz) + k), gain: k / (pole(hz) + k) });
    const low = (hz) => ({ zero: -1, pole: (pole(hz) - k) / (pole(hz) + k), gain: pole(hz) / (pole(hz) + k) });
    const corners = [20.598997, 20.598997, 107.65265, 737.86223].map(high);
    this.stages = [...corners, ...[12194.217, 12194.217].map(low)];
    this.before = new Float64Array(this.stages.length);
    this.after = new Float64Array(this.stages.length);
    this.gain = 1;
    let energy = 0;
    const n = Math.round(rate / 5);
    for (let i = 0; i < 2 * n; i++) {
      const y = this.next(Math.sin((2 * Math.PI * 1000 * i) / rate));
      if (i >= n) energy += y * y;
    }
    this.gain = Math.sqrt(n / 2 / energy);
    this.before.fill(0);
    this.after.fill(0);
  }

  next(x) {
    for (let i = 0; i < this.stages.length; i++) {
      const { zero, pole, gain } = this.stages[i];
      const y = gain * (x - zero * this.before[i]) - pole * this.after[i];
      this.before[i] = x;
      this.after[i] = y;
      x = y;
    }
    return x * this.gain;
  }
}

// A voice that does what the tracker hears: a gate with two thresholds, pitch held where it is unsure.
class Follower {
  constructor(player) {
    this.player = player;
    this.now = { f0_hz: 220, level_db: -120 };
    this.voice = null;
  }

  hear({ f0_hz, confidence, level_db }) {
    const { now, player } = this;
    const sure = confidence >= GATE.confidence;
    const open = this.voice ? level_db > GATE.closes_db : level_db > GATE.opens_db && sure;
    if (sure) now.f0_hz = f0_hz * 2 ** (player.shift / 12);
    if (open) {
      now.level_db = level_db;
      if (!this.voice) {
        this.voice = player.pool.find((voice) => !voice.active) || null;
        if (this.voice) {
          this.voice.start("input", midiOf(now.f0_hz), 1);
          this.voice.follows = now;
        }
      }
    } else if (this.voice) {
      now.level_db -= GATE.falls_db;
      if (now.level_db < GATE.closes_db - 20) this.end();
    }
  }

  end() {
    if (this.voice) this.voice.steal();
    this.voice = null;
  }
}

if (typeof module !== "undefined") module.exports = { Tracker, Weighting, Follower, TRACKED };
