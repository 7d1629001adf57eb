"use strict";
// From the model's rate to the device's: a windowed sinc of 32 taps, in 256 phases with lines between.

class Resampler {
  // pull(buffer, n): fills n samples at the model's rate.
  constructor(fromRate, toRate, pull, taps = 32, phases = 256) {
    this.step = fromRate / toRate;
    this.pull = pull;
    this.taps = taps;
    this.phases = phases;
    const cutoff = Math.min(1, toRate / fromRate) * 0.94;
    this.table = new Float32Array((phases + 1) * taps);
    for (let phase = 0; phase <= phases; phase++) {
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) {
        const x = tap - taps / 2 + 1 - phase / phases;
        const window = Math.abs(x) < taps / 2 ? besselRatio(x / (taps / 2)) : 0;
        const value = (x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x)) * window;
        this.table[phase * taps + tap] = value;
        sum += value;
      }
      for (let tap = 0; tap < taps; tap++) this.table[phase * taps + tap] /= sum;
    }
    this.kept = new Float32Array(taps + Math.ceil(4096 * this.step) + 2);
    this.place = 0;
    this.fresh = new Float32Array(this.kept.length);
  }

  fill(out, n = out.length) {
    if (this.step === 1) { this.pull(out, n); return; }
    const { taps, kept, table, phases, step } = this;
    const last = this.place + (n - 1) * step;
    const needed = Math.floor(last + step) ;
    if (needed > 0) {
      this.pull(this.fresh, needed);
      for (let i = 0; i < needed; i++) kept[taps + i] = this.fresh[i];
    }
    let place = this.place;
    for (let i = 0; i < n; i++) {
      const whole = Math.floor(place);
      const phase = (place - whole) * phases;
      const below = Math.floor(phase);
      const share = phase - below;
      let a = 0, b = 0;
      for (let tap = 0, at = below * taps; tap < taps; tap++) {
        const x = kept[whole + tap];
        a += table[at + tap] * x;
        b += table[at + taps + tap] * x;
      }
      out[i] = a + share * (b - a);
      place += step;
    }
    this.place = place - needed;
    kept.copyWithin(0, needed, needed + taps);
  }
}

// Kaiser's window, beta 8, at -1..1.
function besselRatio(x) {
  const bessel = (z) => {
    let sum = 1, term = 1;
    for (let k = 1; k < 30; k++) { term *= (z / (2 * k)) ** 2; sum += term; }
    return sum;
  };
  return bessel(8 * Math.sqrt(Math.max(0, 1 - x * x))) / bessel(8);
}

if (typeof module !== "undefined") module.exports = { Resampler };
