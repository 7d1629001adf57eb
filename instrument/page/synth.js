"use strict";
// What a voice plays, made sound at the model's rate, hop by hop: partials and filtered noise, aligned as offline.

// Sines of the harmonics of a pitch. Phase is kept in double precision; inside a hop it has a closed form.
class Partials {
  constructor(rate, hop, ramp) {
    this.rate = rate;
    this.hop = hop;
    this.ramp = Float64Array.from({ length: hop }, (_, j) =>
      ramp === "hann" ? 0.5 - 0.5 * Math.cos((Math.PI * j) / hop) : j / hop);
    this.turns = 0;
  }

  // Add a hop from (pitch, amplitudes) to (pitch, amplitudes), the first `count` of which may sound.
  add(out, nearHz, farHz, near, far, count) {
    const { hop, ramp, rate } = this;
    const cycles = nearHz / rate;
    const step = farHz / rate - cycles;
    for (let j = 0; j < hop; j += 4) {
      const last = Math.min(4, hop - j);
      // Four samples at a time: each waits for its last sum, and the others use the time (Clenshaw 1955).
      const w0 = ramp[j], w1 = ramp[Math.min(j + 1, hop - 1)];
      const w2 = ramp[Math.min(j + 2, hop - 1)], w3 = ramp[Math.min(j + 3, hop - 1)];
      const a0 = this.angle(j, cycles, step), a1 = this.angle(j + 1, cycles, step);
      const a2 = this.angle(j + 2, cycles, step), a3 = this.angle(j + 3, cycles, step);
      const c0 = 2 * Math.cos(a0), c1 = 2 * Math.cos(a1), c2 = 2 * Math.cos(a2), c3 = 2 * Math.cos(a3);
      let x0 = 0, x1 = 0, x2 = 0, x3 = 0, y0 = 0, y1 = 0, y2 = 0, y3 = 0;
      for (let k = count - 1; k >= 0; k--) {
        const a = near[k], d = far[k] - a;
        const z0 = a + d * w0 + c0 * x0 - y0, z1 = a + d * w1 + c1 * x1 - y1;
        const z2 = a + d * w2 + c2 * x2 - y2, z3 = a + d * w3 + c3 * x3 - y3;
        y0 = x0; y1 = x1; y2 = x2; y3 = x3;
        x0 = z0; x1 = z1; x2 = z2; x3 = z3;
      }
      out[j] += x0 * Math.sin(a0);
      if (last > 1) out[j + 1] += x1 * Math.sin(a1);
      if (last > 2) out[j + 2] += x2 * Math.sin(a2);
      if (last > 3) out[j + 3] += x3 * Math.sin(a3);
    }
    const turns = this.turns + hop * cycles + ((hop - 1) / 2) * step;
    this.turns = turns - Math.floor(turns);
  }

  angle(j, cycles, step) {
    const turns = this.turns + j * cycles + ((j * (j - 1)) / (2 * this.hop)) * step;
    return 2 * Math.PI * (turns - Math.floor(turns));
  }
}

// White noise through zero-phase filters of M even magnitudes. A frame's noise lasts a hop; its filter reaches M - 1
// samples before it, so it is added to the hop before, or `late` hops later where it reaches farther than a hop.
class Bands {
  constructor(rate, hop, count, product) {
    this.hop = hop;
    this.count = count;
    this.reach = count - 1;
    this.late = Math.max(0, Math.ceil(this.reach / hop) - 1);
    this.product = product;
    this.taps = new Float32Array(2 * this.reach + 1);
    this.waiting = new Float32Array(this.late * hop + hop + hop + 2 * this.reach + 16);
  }

  // Add the next hop to `out`; magnitudes, noise (hop numbers in -1..1): of the frame that begins where it ends.
  add(out, magnitudes, noise) {
    const { hop, reach, waiting, taps } = this;
    const side = this.product.response(magnitudes);
    for (let n = 0; n <= reach; n++) taps[reach + n] = taps[reach - n] = side[n];
    const start = hop * (this.late + 1) - reach;
    this.product.convolve(noise, taps, waiting, start);
    for (let j = 0; j < hop; j++) out[j] += waiting[j];
    waiting.copyWithin(0, hop);
    waiting.fill(0, waiting.length - hop);
  }

  clear() { this.waiting.fill(0); }
}

// Convolution by the module's product: a panel of 16 sums is a row of shifted noise for each tap. And what comes before
// it: magnitudes -> the middle and one side of their response, under a Hann window.
class Convolution {
  constructor(code, hop, reach) {
    this.hop = hop;
    this.nTaps = 2 * reach + 1;
    this.panels = Math.ceil((hop + 2 * reach) / 16);
    const count = reach + 1;
    this.count = count;
    this.sidePanels = Math.ceil(count / 16);
    const lengths = [this.nTaps, 16 * this.panels + this.nTaps + 16, 16 * this.panels, count, 16 * this.sidePanels * count];
    const sizes = [...lengths, 16 * this.sidePanels].map((n) => Math.ceil(n / 4) * 4);
    const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + 4 * size, 0));
    const wasm = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    wasm.memory.grow(Math.ceil((4 * sizes.reduce((sum, size) => sum + size, 0)) / 65536));
    const { buffer } = wasm.memory;
    this.taps = new Float32Array(buffer, 0, this.nTaps);
    this.noiseAt = starts[1];
    this.noise = new Float32Array(buffer, this.noiseAt + 4 * 2 * reach, hop);
    this.outAt = starts[2];
    this.out = new Float32Array(buffer, this.outAt, hop + 2 * reach);
    this.multiply = wasm.multiply;
    this.sideAt = starts.slice(3);
    this.magnitudes = new Float32Array(buffer, starts[3], count);
    this.fillTable(new Float32Array(buffer, starts[4], lengths[4]));
    this.side = new Float32Array(buffer, starts[5], count);
  }

  // In panels of 16 places of the response, a row for each magnitude.
  fillTable(table) {
    const { count, sidePanels } = this, length = 2 * (count - 1);
    for (let n = 0; n < count; n++) {
      const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * n) / length);
      for (let k = 0; k < count; k++) {
        const twice = k === 0 || k === count - 1 ? 1 : 2;
        table[(Math.floor(n / 16) * count + k) * 16 + (n % 16)] = (window * twice * Math.cos((2 * Math.PI * k * n) / length)) / length;
      }
    }
  }

  // Until it is asked again.
  response(magnitudes) {
    this.magnitudes.set(magnitudes);
    this.multiply(this.sideAt[0], this.sideAt[1], this.sideAt[2], this.count, this.sidePanels, 64, 0);
    return this.side;
  }

  // Add the hop + 2 reach numbers of noise * taps, which are symmetrical, to `into` from `start` on.
  convolve(noise, taps, into, start) {
    this.taps.set(taps);
    this.noise.set(noise);
    this.multiply(0, this.noiseAt, this.outAt, this.nTaps, this.panels, 4, 64 - 4 * this.nTaps);
    const { out } = this;
    for (let i = 0; i < out.length; i++) into[start + i] += out[i];
  }
}

// White noise, uniform in -1..1.
class White {
  constructor(seed = 1) { this.state = seed >>> 0 || 1; }

  fill(into) {
    let x = this.state;
    for (let i = 0; i < into.length; i++) {
      x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
      into[i] = (x | 0) / 2147483648;
    }
    this.state = x >>> 0;
  }
}

if (typeof module !== "undefined") module.exports = { Partials, Bands, Convolution, White };
