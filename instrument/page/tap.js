"use strict";
// Hands on what passes, block by block, to be kept.

const TAP_FRAMES = 4096;

class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(TAP_FRAMES);
    this.filled = 0;
    this.port.onmessage = () => { this.send(); this.port.postMessage(null); };
  }

  send() {
    if (this.filled) this.port.postMessage(this.block.slice(0, this.filled));
    this.filled = 0;
  }

  process([[sound]]) {
    const n = 128;
    if (sound) this.block.set(sound, this.filled);
    else this.block.fill(0, this.filled, this.filled + n);
    this.filled += n;
    if (this.filled === TAP_FRAMES) this.send();
    return true;
  }
}

registerProcessor("tap", Tap);
