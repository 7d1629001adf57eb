"use strict";
// A recording that is turned: itself, and what gains on its own partials and noise add. Without a turn it is itself.

const UNTURNED = 1e-4; // shares that a knob stands from where the recording has it
const STILL = [0, 0, 0, 0, 0];
const LISTENED = 40; // frames that say where it has it

const barkOf = (hz) => (26.81 * hz) / (1960 + hz) - 0.53;

class Turner {
  // player: whose meter and correction it shares; recording: as `takenApart` gives it.
  constructor(player, recording) {
    const { about } = player;
    Object.assign(this, { player, recording, about });
    this.bands = new Bands(about.sample_rate, about.hop, about.n_bands, player.convolution);
    this.correction = player.exact ? player.exact.memory() : null;
    for (const name of ["amplitudes", "far"]) this[name] = new Float32Array(about.n_partials);
    for (const name of ["own", "magnitudes", "change"]) this[name] = new Float32Array(about.n_bands);
    for (const name of ["near", "after"]) this[name] = new Float32Array(2 * recording.count);
    for (const name of ["more", "before"]) this[name] = new Float32Array(recording.count);
    this.asked = new Float32Array(about.knobs.length);
    this.reach = new Float32Array(2);
    this.sound = new Float32Array(about.hop);
    this.barks = Float32Array.from({ length: about.n_bands }, (_, m) => barkOf((m * about.sample_rate) / 2 / (about.n_bands - 1)));
    this.shares = this.usual();
    player.shares.set(this.shares);
    this.isFresh = true;
    this.used = this.sound.length;
    this.begin();
  }

  begin() {
    this.at = this.turns = 0;
    this.bands.clear();
    this.frame(0);
    this.before.set(this.more);
    for (let early = -1 - this.bands.late; early < 0; early++) {
      this.bands.add(this.sound.fill(0), this.change, this.noiseOf(early + 1 + this.bands.late));
    }
  }

  noiseOf(t) {
    const { hop } = this.about, { noise, n } = this.recording;
    return noise.subarray(Math.min(t, n - 1) * hop, (Math.min(t, n - 1) + 1) * hop);
  }

  // What a frame holds, unturned: its readings as positions into `asked`.
  listen(t) {
    const { recording: { count, blocks, ends, magnitudes, f0_hz }, about, player } = this;
    for (let k = 0, at = 2 * count * blocks * t; k < count; k++) this.amplitudes[k] = Math.hypot(ends[at + k], ends[at + count + k]);
    this.own.set(magnitudes.subarray(about.n_bands * t, about.n_bands * (t + 1)));
    this.f0_hz = this.f0_now = f0_hz[t];
    player.read(this.f0_hz, this.amplitudes, this.own);
    about.knobs.forEach((knob, index) => { this.asked[index] = Number.isFinite(player.readings[index]) ? positionOf(knob, player.readings[index]) : 0; });
  }

  // Where its knobs are, as shares of what notes of its pitch reach, in the mean over some frames that sound.
  usual() {
    const { about, recording } = this, shares = new Float32Array(about.knobs.length);
    const heard = Array.from({ length: recording.n }, (_, t) => t).filter((t) => recording.sounding[t]);
    const chosen = heard.filter((_, index) => index % Math.ceil(heard.length / LISTENED) === 0);
    for (const t of chosen) {
      this.listen(t);
      about.knobs.forEach((knob, index) => {
        reachOf(knob, midiOf(this.f0_hz), this.reach);
        shares[index] += (this.asked[index] - this.reach[0]) / Math.max(1e-6, this.reach[1] - this.reach[0]) / chosen.length;
      });
    }
    return shares.map((share) => Math.round(1000 * Math.min(1, Math.max(0, share))) / 1000);
  }

  isTurned() { return this.about.correction_knobs.some((index) => Math.abs(this.move(index)) > UNTURNED); }

  move(index) { return index === this.about.level ? 0 : this.player.shares[index] - this.shares[index]; }

  // Gains for a frame: a step from those before, towards what it reads by itself and how far the knobs were turned.
  frame(t) {
    const { about, player, correction, recording } = this;
    this.before.set(this.more);
    this.listen(t);
    if (correction && this.isTurned()) {
      about.knobs.forEach((knob, index) => {
        reachOf(knob, midiOf(this.f0_hz), this.reach);
        this.asked[index] += this.move(index) * (this.reach[1] - this.reach[0]);
      });
      about.correction_knobs.forEach((index, place) => { correction.asked[place] = this.asked[index]; });
      this.scale(correction.gains);
      if (recording.sounding[t]) player.exact.step(this);
    } else if (correction) correction.gains.fill(0);
    this.scale(correction ? correction.gains : STILL);
  }

  // The frame with gains on all of it, its tilt, fundamental, odd against even overtones, and noise.
  scale([all, tilt, first, odd, noise]) {
    const { far, amplitudes, magnitudes, own, change, more, barks, f0_now, recording: { count } } = this;
    for (let k = 0; k < count; k++) {
      const own_k = k === 0 ? first : k % 2 ? -odd : odd;
      more[k] = Math.expm1(all + tilt * (barkOf((k + 1) * f0_now) / 12 - 1) + own_k);
      far[k] = amplitudes[k] * (1 + more[k]);
    }
    for (let m = 0; m < magnitudes.length; m++) {
      change[m] = Math.expm1(all + tilt * (barks[m] / 12 - 1) + noise);
      magnitudes[m] = own[m] * (1 + change[m]);
    }
  }

  // Ends of a block: those of the recording, times what its gains add there.
  ends(into, t, block) {
    const { recording: { count, blocks, ends }, before, more } = this;
    for (let k = 0, at = 2 * count * (blocks * t + block); k < count; k++) {
      const gain = before[k] + (block / blocks) * (more[k] - before[k]);
      into[k] = gain * ends[at + k];
      into[count + k] = gain * ends[at + count + k];
    }
  }

  hop() {
    const { recording, about, sound, near, after, bands } = this;
    if (this.at + 1 >= recording.n) this.begin();
    const t = this.at++;
    sound.set(recording.sound.subarray(t * about.hop, (t + 1) * about.hop));
    this.frame(t + 1);
    const { blocks, fine_hz, count } = recording, length = about.hop / blocks;
    this.ends(near, t, 0);
    for (let block = 0; block < blocks; block++) {
      this.ends(after, t, block + 1);
      const cycles = fine_hz[t * blocks + block] / about.sample_rate;
      const step = fine_hz[t * blocks + block + 1] / about.sample_rate - cycles;
      this.turns = addTones(sound, block * length, length, this.turns, cycles, step, near, after, count);
      near.set(after);
    }
    bands.add(sound, this.change, this.noiseOf(t + 1 + bands.late));
    const volume = 10 ** (this.player.level_db / 20);
    for (let j = 0; j < sound.length; j++) sound[j] *= this.isOver ? volume * (1 - j / sound.length) : volume;
    this.used = 0;
  }

  add(out, n) {
    for (let at = 0; at < n;) {
      if (this.used === this.sound.length) {
        if (this.isOver && this.hasEnded) { this.player.turner = null; return; }
        this.hasEnded = this.isOver;
        this.hop();
      }
      const more = Math.min(n - at, this.sound.length - this.used);
      for (let i = 0; i < more; i++) out[at + i] += this.sound[this.used + i];
      this.used += more;
      at += more;
    }
  }
}

if (typeof module !== "undefined") module.exports = { Turner };
