"use strict";
// The audio thread: messages in (docs/instrument.md), sound and readings out.

const METERED_S = 0.04;

class InstrumentProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions: { about, blob, code, settings } }) {
    super();
    this.player = new Player(about, blob, code, settings);
    this.resampler = new Resampler(about.sample_rate, sampleRate, (out, n) => this.player.render(out, n));
    this.tracker = new Tracker(sampleRate);
    this.follower = new Follower(this.player);
    this.hear = (found) => this.follower.hear(found);
    this.meteredAt = 0;
    this.spent = { ms: 0, since_s: currentTime, load: 0 };
    this.port.onmessage = ({ data }) => (Array.isArray(data) ? data : [data]).forEach((each) => this.receive(each));
    for (const each of settings.messages || []) this.receive(each);
  }

  receive(message) {
    if (message.at !== undefined && message.at > currentTime) {
      this.later = [...(this.later || []), message].sort((a, b) => a.at - b.at);
      return;
    }
    const change = MESSAGES[message.do];
    if (change) change(this.player, message);
  }

  process(inputs, outputs) {
    const began_ms = Date.now();
    while (this.later && this.later.length && this.later[0].at <= currentTime) {
      const message = this.later.shift();
      MESSAGES[message.do](this.player, message);
    }
    const heard = inputs[0][0];
    if (this.player.follows && heard) this.tracker.push(heard, this.hear);
    else if (this.follower.voice) this.follower.end();
    const [first, ...others] = outputs[0];
    this.resampler.fill(first);
    for (const other of others) other.set(first);
    if (currentTime >= this.meteredAt) {
      this.meteredAt = currentTime + METERED_S;
      this.tell();
    }
    this.spend(Date.now() - began_ms);
    return true;
  }

  // The clock is coarse: what a block takes is right in the mean over a second.
  spend(ms) {
    const { spent } = this;
    spent.ms += ms;
    if (currentTime < spent.since_s + 1) return;
    spent.load = spent.ms / 1000 / (currentTime - spent.since_s);
    spent.ms = 0;
    spent.since_s = currentTime;
  }

  tell() {
    const voice = this.player.measure();
    const { turner } = this.player;
    const sounding = this.player.pool.filter((each) => each.active).length + (turner ? 1 : 0);
    const told = { sounding, load: this.spent.load };
    if (this.player.follows) told.tracked = { ...this.tracker.found };
    if (turner && turner.isFresh) {
      told.shares = Array.from(turner.shares, (share) => Number(share.toFixed(3)));
      turner.isFresh = false;
    }
    if (voice) {
      told.f0_hz = voice.f0_hz;
      told.readings = Array.from(this.player.readings);
      told.asked = Array.from(voice.asked);
    }
    this.port.postMessage(told);
  }
}

const MESSAGES = {
  on: (player, { id, midi, velocity = 0.8 }) => player.on(id, midi, velocity),
  off: (player, { id }) => player.off(id),
  panic: (player) => player.panic(),
  sustain: (player, { down }) => player.pedal(down),
  knob: (player, { index, share, position, pressure }) => {
    if (share !== undefined) { player.shares[index] = share; player.places[index] = null; }
    if (position !== undefined) player.places[index] = position;
    if (pressure !== undefined) player.pressures[index] = pressure;
  },
  residual: (player, { values, id }) => {
    if (id === undefined) player.residual.set(values);
    for (const voice of player.pool) if (voice.active && (id === undefined || voice.id === id)) voice.change.set(values);
  },
  preset: (player, { preset }) => { player.preset = preset; },
  bend: (player, { semitones, id }) => {
    if (id === undefined) player.bend = semitones;
    else { const voice = player.voiceOf(id); if (voice) voice.bend = semitones; }
  },
  pressure: (player, { amount, id }) => {
    for (const voice of player.pool) if (voice.active && (id === undefined || voice.id === id)) voice.pressure = amount;
  },
  follow: (player, { on, semitones = 0 }) => { player.follows = on; player.shift = semitones; },
  recording: (player, { recording }) => player.turn(recording),
  set: (player, { envelope, ...settings }) => {
    for (const name of ["mono", "glide_s", "vibrato", "level_db"]) if (name in settings) player[name] = settings[name];
    if (settings.exact !== undefined) player.exactly(settings.exact);
    if (settings.voices) player.most = Math.min(settings.voices, player.pool.length - 4);
    if (envelope) Object.assign(player.envelope, envelope);
    if (settings.bank !== undefined) player.bank = settings.bank;
  },
};

registerProcessor("instrument", InstrumentProcessor);
