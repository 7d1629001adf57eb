"use strict";
// A short phrase, again and again, to hear what a knob does with both hands free.

const PHRASE = [[0, 0, 0.9], [1, 7, 0.6], [2, 12, 0.75], [3, 16, 0.9], [4, 14, 0.6], [5, 12, 0.7], [6, 7, 0.55], [7, 9, 0.8]];
const PHRASE_STEP_S = 0.42, PHRASE_STEPS = 9;

class Phrase {
  // root: () -> MIDI pitch of its first note.
  constructor(root, play, release) {
    Object.assign(this, { root, play, release });
    this.timers = new Set();
    this.sounding = new Set();
  }

  get isPlaying() { return this.timers.size > 0; }

  start() {
    const root = this.root();
    for (const [step, semitones, velocity] of PHRASE) {
      this.later(step, () => { this.sounding.add(root + semitones); this.play(root + semitones, velocity); });
      this.later(step + 0.92, () => { if (this.sounding.delete(root + semitones)) this.release(root + semitones); });
    }
    this.later(PHRASE_STEPS, () => this.start());
  }

  later(step, does) {
    const timer = setTimeout(() => { does(); this.timers.delete(timer); }, 1000 * PHRASE_STEP_S * step);
    this.timers.add(timer);
  }

  stop() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const midi of this.sounding) this.release(midi);
    this.sounding.clear();
  }
}
