"use strict";
// What sounds, kept as it is: a WAV of the worklet's own blocks.

// Mono blocks of numbers in -1..1 as the bytes of a RIFF WAVE file of 16 or 24 bits.
function wavBytes(blocks, rate, bits) {
  const wide = bits / 8;
  const n = blocks.reduce((sum, block) => sum + block.length, 0);
  const padded = n * wide + ((n * wide) % 2); // a chunk of odd size has a byte more
  const bytes = new Uint8Array(44 + padded);
  const view = new DataView(bytes.buffer);
  const word = (at, text) => { for (let i = 0; i < 4; i++) bytes[at + i] = text.charCodeAt(i); };
  word(0, "RIFF"); view.setUint32(4, 36 + padded, true); word(8, "WAVE");
  word(12, "fmt "); view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, rate * wide, true); view.setUint16(32, wide, true); view.setUint16(34, bits, true);
  word(36, "data"); view.setUint32(40, n * wide, true);
  const steps = 2 ** (bits - 1);
  let at = 44;
  for (const block of blocks) {
    for (let i = 0; i < block.length; i++, at += wide) {
      const value = Math.max(-steps, Math.min(steps - 1, Math.round(block[i] * steps)));
      view.setInt16(at + wide - 2, value >> (bits - 16), true);
      if (wide === 3) bytes[at] = value & 255;
    }
  }
  return bytes;
}

class Recorder {
  constructor(context, source) {
    this.context = context;
    this.source = source;
    this.node = null;
  }

  get seconds() { return this.frames / this.context.sampleRate; }

  start() {
    this.blocks = [];
    this.frames = 0;
    this.peak = 0;
    this.node = new AudioWorkletNode(this.context, "tap", { numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit" });
    this.node.port.onmessage = ({ data }) => this.keep(data);
    this.source.connect(this.node);
    this.node.connect(this.context.destination); // of silence: a node that leads nowhere may not run
  }

  keep(block) {
    if (!block) { this.ended(); return; }
    this.blocks.push(block);
    this.frames += block.length;
    for (const value of block) this.peak = Math.max(this.peak, Math.abs(value));
  }

  // -> the bytes of the file; the last block comes before they do.
  stop(bits) {
    this.source.disconnect(this.node);
    return new Promise((done) => {
      this.ended = () => {
        this.node.disconnect();
        this.node.port.close();
        this.node = null;
        done(wavBytes(this.blocks, this.context.sampleRate, bits));
      };
      this.node.port.postMessage("end");
    });
  }
}

if (typeof module !== "undefined") module.exports = { wavBytes };
