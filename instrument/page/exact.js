"use strict";
// Knobs met in closed loop: gains on what a voice plays, moved a step at a time until its readings are what is asked.

const EVERY = 8, SELDOM = 24; // hops from step to step while knobs are met; where a step no longer changes anything
const CHANGED = 0.01; // nepers that a step changes
const EAGER = 12; // hops after a note's begin or a turn in which every hop is a step
const MOVED = 0.004; // positions that make a voice eager again
const PER_QUANTUM = 1; // steps that may fall into one block of the device: chords share them

class Exact {
  // about, graph: of the instrument; knobs: those that a frame tells, in the graph's order.
  constructor(about, graph) {
    this.graph = graph;
    this.places = about.correction_knobs;
    this.asked = graph.inputs.asked.dense;
    this.gains = graph.inputs.gains.dense;
    this.left = 0;
    this.queue = [];
  }

  memory() {
    const numbers = () => new Float32Array(this.gains.length);
    return { gains: numbers(), asked: new Float32Array(this.asked.length), eager: 0, wait: 0, pace: EVERY, queued: false };
  }

  clear(memory) {
    memory.gains.fill(0);
    memory.eager = EAGER;
    memory.wait = 0;
    memory.pace = EVERY;
    memory.queued = false;
  }

  // A block of the device begins: voices that came too late in the last one go first, or the first would take all.
  refill() {
    this.left = PER_QUANTUM;
    while (this.left > 0 && this.queue.length) {
      const voice = this.queue.shift();
      if (voice.active && voice.correction.queued) this.step(voice);
    }
  }

  // After a frame: a step, if it is time for one.
  follow(voice) {
    const memory = voice.correction;
    for (let i = 0; i < this.places.length; i++) {
      const asked = voice.asked[this.places[i]];
      const isLevel = this.places[i] === voice.player.about.level;
      if (!isLevel && Math.abs(asked - memory.asked[i]) > MOVED) memory.eager = EAGER;
      memory.asked[i] = asked;
    }
    if (memory.wait > 0) memory.wait--;
    if (memory.queued || (memory.wait > 0 && memory.eager === 0)) return;
    if (this.left > 0) this.step(voice);
    else {
      memory.queued = true;
      this.queue.push(voice);
    }
  }

  step(voice) {
    const memory = voice.correction;
    this.left--;
    memory.queued = false;
    if (memory.eager > 0) memory.eager--;
    const { graph } = this;
    graph.inputs.f0_hz.dense[0] = voice.f0_now;
    graph.inputs.amplitudes.dense.set(voice.far);
    graph.inputs.noise_magnitudes.dense.set(voice.magnitudes);
    this.asked.set(memory.asked);
    this.gains.set(memory.gains);
    graph.run();
    graph.read("gains_next", memory.gains);
    let most = 0;
    for (let i = 0; i < this.gains.length; i++) most = Math.max(most, Math.abs(memory.gains[i] - this.gains[i]));
    memory.pace = most > CHANGED ? EVERY : Math.min(SELDOM, 2 * memory.pace);
    memory.wait = memory.pace;
  }
}

if (typeof module !== "undefined") module.exports = { Exact };
