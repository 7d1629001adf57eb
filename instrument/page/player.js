"use strict";
// Notes made curves, and curves made sound: voices with a hop clock each, that share one decoder.

const DEFAULT_ENVELOPE = { attack_s: 0.015, decay_s: 0.4, sustain_db: -6, release_s: 0.18 };
const LEGATO = { glide_s: 0.03, dip_db: -3, dip_s: 0.06 };
const VIBRATO = { hz: 5.5, after_s: 0.3, rise_s: 0.3, db: 0.3 };
const SOFTEST_DB = -24; // below the loudest note of its pitch, at velocity 0
const SILENT_DB = -75; // below its top a released voice is over
const RISE_S = 0.003; // from nothing to the first frame: short, and no click
const FASTEST = 0.5; // share of its way that a knob goes in a hop

class Voice {
  constructor(player) {
    const { about } = player;
    this.player = player;
    this.partials = new Partials(about.sample_rate, about.hop, about.ramp);
    this.bands = new Bands(about.sample_rate, about.hop, about.n_bands, player.convolution);
    this.near = new Float32Array(about.n_partials);
    this.far = new Float32Array(about.n_partials);
    this.magnitudes = new Float32Array(about.n_bands);
    this.states = player.states.map(([, size]) => new Float32Array(size));
    this.controls = new Float32Array(about.knobs.length);
    this.residual = new Float32Array(about.residual_size);
    this.change = new Float32Array(about.residual_size);
    this.sound = new Float32Array(about.hop);
    this.asked = new Float32Array(about.knobs.length);
    this.reach = new Float32Array(2);
    this.correction = player.exact ? player.exact.memory() : null;
    this.active = false;
    this.id = null;
  }

  start(id, midi, velocity) {
    this.id = id;
    this.midi = this.target = midi;
    this.velocity = velocity;
    this.age_s = 0;
    this.released_s = -1;
    this.releaseFrom_db = 0;
    this.dip_s = Infinity;
    this.bend = 0;
    this.pressure = 0;
    this.follows = null;
    this.isOver = false;
    this.first = true;
    this.near.fill(0);
    this.far.fill(0);
    this.bands.clear();
    this.partials.turns = 0;
    this.states.forEach((state, index) => state.fill(this.player.states[index][2]));
    this.change.set(this.player.residual);
    this.cell = this.player.bank ? cellOf(this.player.bank, midi, velocity) : null;
    if (this.correction) this.player.exact.clear(this.correction);
    this.used = this.sound.length;
    this.active = true;
  }

  // Go on to another note without a new attack.
  slur(id, midi, velocity) {
    this.id = id;
    this.target = midi;
    this.velocity = velocity;
    this.released_s = -1;
    this.dip_s = 0;
  }

  release() {
    if (this.released_s < 0) {
      this.released_s = 0;
      this.releaseFrom_db = this.level_db;
    }
  }

  // Fade out within a hop: another note needs the voice.
  steal() { this.isOver = true; }

  pitch() {
    const { player, follows } = this;
    if (follows) return follows.f0_hz;
    const rise = Math.min(1, Math.max(0, (this.age_s - VIBRATO.after_s) / VIBRATO.rise_s));
    const depth = player.vibrato * rise * Math.sin(2 * Math.PI * VIBRATO.hz * this.age_s);
    this.wave = depth ? depth / player.vibrato : 0;
    return hertz(this.midi + this.bend + player.bend + 0.5 * depth);
  }

  // Level below the top of the note, in dB.
  envelope() {
    const { envelope } = this.player;
    const { cell } = this;
    let db = cell ? cellDb(cell, this.age_s) : envelopeDb(envelope, this.age_s);
    if (this.dip_s < LEGATO.dip_s) db += LEGATO.dip_db * Math.sin((Math.PI * this.dip_s) / LEGATO.dip_s);
    db += VIBRATO.db * this.player.vibrato * (this.wave || 0);
    if (this.released_s >= 0) {
      const fallen = cell ? releaseDb(cell, this.released_s) : (-60 * this.released_s) / envelope.release_s;
      db = this.releaseFrom_db + fallen;
    }
    return db;
  }

  // A recorded note that dies away is over when it is no more heard, whether its key is down or not.
  hasDied() { return this.cell !== null && !this.cell.loop && this.age_s * BANK_HZ > this.cell.release; }

  // The next frame: what is asked, what the decoder plays of it.
  frame() {
    const { player } = this;
    const { about, hop_s } = player;
    this.age_s += hop_s;
    if (this.released_s >= 0) this.released_s += hop_s;
    this.dip_s += hop_s;
    this.midi += (this.target - this.midi) * Math.min(1, hop_s / player.glide_s);
    const f0_hz = Math.min(this.pitch(), 0.49 * about.sample_rate);
    const midi = midiOf(f0_hz);
    this.level_db = this.follows ? 0 : this.envelope();
    for (let index = 0; index < about.knobs.length; index++) {
      const knob = about.knobs[index];
      reachOf(knob, midi, this.reach);
      let to;
      if (index === about.level) to = positionOf(knob, this.levelAsked(knob));
      else if (player.places[index] !== null) to = player.places[index];
      else to = this.reach[0] + (player.shares[index] + this.pressure * player.pressures[index]) * (this.reach[1] - this.reach[0]);
      this.asked[index] = Math.min(2, Math.max(-1, to));
      this.controls[index] = this.first || index === about.level ? this.asked[index]
        : this.controls[index] + FASTEST * (this.asked[index] - this.controls[index]);
    }
    presetResidual(player.preset, midi, this.change, this.residual);
    player.decode(this, f0_hz, Math.max(f0_hz, this.f0_hz && !this.first ? this.f0_hz : 0));
    this.f0_now = f0_hz;
    if (this.correction && player.isExact) player.exact.follow(this);
    if (about.level < 0) this.scale(10 ** ((this.level_db + SOFTEST_DB * (1 - this.velocity) + player.level_db) / 20));
    if (this.isOver || (this.level_db < SILENT_DB && (this.released_s >= 0 || this.hasDied()))) {
      this.isOver = true;
      this.far.fill(0);
      this.magnitudes.fill(0);
    }
    return f0_hz;
  }

  levelAsked(knob) {
    const { player } = this;
    if (this.follows) return this.follows.level_db + player.level_db;
    return Math.max(knob.low, this.top(knob) + player.level_db + this.level_db);
  }

  // Level of the note at its loudest: as training notes have it where they tell how hard they were played.
  top(knob) {
    const loudest = valueAt(knob, this.reach[1]);
    const { level_fit: fit } = this.player.about;
    if (!fit || knob.name !== "level") return loudest + SOFTEST_DB * (1 - this.velocity);
    const octaves = (this.target - 60) / 12;
    return Math.min(loudest, fit[0] + fit[1] * this.velocity + fit[2] * octaves + fit[3] * octaves * octaves);
  }

  scale(gain) {
    for (let k = 0; k < this.far.length; k++) this.far[k] *= gain;
    for (let k = 0; k < this.magnitudes.length; k++) this.magnitudes[k] *= gain;
  }

  // Sound of the next hop, from the last frame to a new one. The first rises from nothing within 3 ms.
  hop() {
    const { player } = this;
    const swap = this.near;
    this.near = this.far;
    this.far = swap;
    const before_hz = this.f0_hz;
    this.f0_hz = this.frame();
    if (this.first) this.near.set(this.far);
    const { sound } = this;
    sound.fill(0);
    const lower = this.first ? this.f0_hz : Math.max(before_hz, this.f0_hz);
    const count = Math.min(this.near.length, Math.ceil(player.about.sample_rate / 2 / lower) - 1);
    this.partials.add(sound, this.first ? this.f0_hz : before_hz, this.f0_hz, this.near, this.far, count);
    player.white(player.noise);
    this.bands.add(sound, this.magnitudes, player.noise);
    const rise = RISE_S * player.about.sample_rate;
    if (this.first) for (let j = 0; j < rise && j < sound.length; j++) sound[j] *= j / rise;
    if (this.isOver) this.close(sound);
    this.first = false;
    this.used = 0;
  }

  // The last hop falls to nothing, whatever noise still rings.
  close(sound) {
    for (let j = 0; j < sound.length; j++) sound[j] *= 1 - this.partials.ramp[j];
    this.ends = true;
  }

  add(out, start, end) {
    for (let at = start; at < end;) {
      if (this.used === this.sound.length) {
        if (this.ends) {
          this.ends = this.active = false;
          this.id = null;
          return;
        }
        this.hop();
      }
      const n = Math.min(end - at, this.sound.length - this.used);
      for (let i = 0; i < n; i++) out[at + i] += this.sound[this.used + i];
      this.used += n;
      at += n;
    }
  }
}

class Player {
  // about: the described instrument; blob: its numbers; code: of the product.
  constructor(about, blob, code, { voices = 8, seed = 1 } = {}) {
    this.about = about;
    this.hop_s = about.hop / about.sample_rate;
    this.decoder = new Graph(about.decoder, blob, code);
    this.states = about.states.map(([name, first]) => [name, this.decoder.inputs[name].size, first, `${name}_next`]);
    this.meter = about.meter ? new Graph(about.meter, blob, code) : null;
    this.exact = about.correction ? new Exact(about, new Graph(about.correction, blob, code)) : null;
    this.isExact = true;
    this.convolution = new Convolution(code, about.hop, about.n_bands - 1);
    const noise = new White(seed);
    this.white = (into) => noise.fill(into);
    this.noise = new Float32Array(about.hop);
    this.shares = new Float32Array(about.knobs.length).fill(0.5);
    this.places = about.knobs.map(() => null);
    this.pressures = new Float32Array(about.knobs.length);
    this.residual = new Float32Array(about.residual_size);
    this.envelope = { ...DEFAULT_ENVELOPE };
    this.bank = null;
    this.preset = null;
    this.level_db = 0;
    this.bend = 0;
    this.vibrato = 0;
    this.mono = false;
    this.follows = false;
    this.shift = 0;
    this.glide_s = LEGATO.glide_s;
    this.sustain = false;
    this.held = [];
    this.most = voices;
    this.pool = Array.from({ length: voices + 4 }, () => new Voice(this));
    this.readings = new Float32Array(about.knobs.length);
    this.turner = null;
  }

  // Run the decoder for a voice.
  decode(voice, f0_hz, highest_hz) {
    const { decoder, states } = this;
    decoder.inputs.f0_hz.dense[0] = f0_hz;
    decoder.inputs.highest_hz.dense[0] = highest_hz;
    if (decoder.inputs.controls) decoder.inputs.controls.dense.set(voice.controls);
    if (voice.correction) decoder.inputs.gains.dense.set(voice.correction.gains);
    if (decoder.inputs.residual) decoder.inputs.residual.dense.set(voice.residual);
    for (let i = 0; i < states.length; i++) decoder.inputs[states[i][0]].dense.set(voice.states[i]);
    decoder.run();
    decoder.read("amplitudes", voice.far);
    decoder.read("noise_magnitudes", voice.magnitudes);
    for (let i = 0; i < states.length; i++) decoder.read(states[i][3], voice.states[i]);
  }

  // Readings of the recording that is turned, or of the newest voice. Null if nothing sounds.
  measure() {
    const voice = this.turner || this.newest();
    if (!voice || !this.meter) return null;
    this.read(voice.f0_hz, voice.far, voice.magnitudes);
    return voice;
  }

  // Readings of a frame into `readings`, in the knobs' units: NaN where only sound tells one.
  read(f0_hz, amplitudes, magnitudes) {
    if (!this.meter) { this.readings.fill(NaN); return; }
    const { inputs, outputs } = this.meter;
    inputs.f0_hz.dense[0] = f0_hz;
    inputs.amplitudes.dense.set(amplitudes);
    inputs.noise_magnitudes.dense.set(magnitudes);
    this.meter.run();
    this.about.knobs.forEach((knob, index) => {
      if (outputs[knob.name]) this.meter.read(knob.name, this.readings, index);
      else this.readings[index] = NaN;
    });
  }

  newest() {
    let found = null;
    for (const voice of this.pool) {
      if (voice.active && !voice.isOver && !voice.first && (!found || voice.age_s < found.age_s)) found = voice;
    }
    return found;
  }

  on(id, midi, velocity) {
    this.held = this.held.filter((note) => note.id !== id);
    this.held.push({ id, midi, velocity });
    const sounding = this.pool.filter((voice) => voice.active && !voice.isOver);
    const legato = this.mono && sounding.find((voice) => voice.released_s < 0 && !voice.follows);
    if (legato) {
      legato.slur(id, midi, velocity);
      return;
    }
    for (const voice of sounding) if (voice.id === id || this.mono) voice.steal();
    const playing = sounding.filter((voice) => !voice.isOver);
    if (playing.length >= this.most) {
      playing.sort((a, b) => (b.released_s >= 0) - (a.released_s >= 0) || b.age_s - a.age_s);
      playing[0].steal();
    }
    const free = this.pool.find((voice) => !voice.active);
    if (free) free.start(id, midi, velocity);
  }

  off(id) {
    const note = this.held.find((each) => each.id === id);
    if (!note) return;
    if (this.sustain) { note.waits = true; return; }
    this.held = this.held.filter((each) => each !== note);
    const voice = this.pool.find((each) => each.active && each.id === id && !each.isOver);
    if (!voice) return;
    const back = this.mono && this.held.length ? this.held[this.held.length - 1] : null;
    if (back) voice.slur(back.id, back.midi, back.velocity);
    else voice.release();
  }

  pedal(down) {
    this.sustain = down;
    if (!down) for (const { id } of this.held.filter((note) => note.waits)) this.off(id);
  }

  // Play a recording as it is, and turned where knobs are; null: none.
  turn(recording) {
    if (recording) this.turner = new Turner(this, recording);
    else if (this.turner) this.turner.isOver = true;
  }

  panic() {
    this.held = [];
    for (const voice of this.pool) if (voice.active) voice.steal();
  }

  // Whether knobs are met; if not, the decoder alone answers.
  exactly(on) {
    this.isExact = on;
    for (const { correction } of this.pool) if (correction) this.exact.clear(correction);
  }

  voiceOf(id) { return this.pool.find((voice) => voice.active && voice.id === id && !voice.isOver); }

  // Add n samples at the model's rate to zeros.
  render(out, n) {
    if (this.exact) this.exact.refill();
    for (let i = 0; i < n; i++) out[i] = 0;
    for (const voice of this.pool) if (voice.active) voice.add(out, 0, n);
    if (this.turner) this.turner.add(out, n);
  }
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./graph.js"), require("./synth.js"), require("./knob_range.js"), require("./exact.js"), require("./envelope.js"),
    require("./tones.js"), require("./turner.js"));
  module.exports = { Player, Voice };
}
