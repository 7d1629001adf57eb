"use strict";
// The audio context, made ready before the first key and woken by it.

class Sound {
  // first: () -> messages that the instrument begins with; onTell: takes what the audio thread says.
  constructor(data, first, onTell) {
    Object.assign(this, { data, first, onTell });
    this.context = this.instrument = null;
    this.waiting = [];
    this.made = this.make().catch((error) => { sayTrouble(this.sentence(error)); });
  }

  sentence(error) {
    return /AudioWorklet/.test(error.message) ? error.message
      : `This browser cannot play the instrument (${error.message}): try a newer one.`;
  }

  async make() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    const instrument = await makeInstrument(this.context, this.data, { messages: this.first() });
    instrument.onTell = (said) => this.onTell(said);
    this.trim = new GainNode(this.context);
    this.analyser = new AnalyserNode(this.context, { fftSize: 8192, smoothingTimeConstant: 0.6, minDecibels: -120 });
    instrument.output.connect(this.trim).connect(this.context.destination);
    this.trim.connect(this.analyser);
    this.recorder = new Recorder(this.context, this.trim);
    this.instrument = instrument;
    instrument.send(...this.first(), ...this.waiting);
  }

  // Notes wait until the instrument is there.
  send(...messages) {
    if (this.instrument) this.instrument.send(...messages);
    else this.waiting.push(...messages);
  }

  // Sound may begin: after a key or a click, which browsers ask for. -> itself, when it runs
  async ready() {
    await this.made;
    if (!this.instrument) throw new Error("there is no sound in this browser");
    if (this.context.state !== "running") await this.context.resume();
    return this;
  }

  wake() {
    if (this.context && this.context.state !== "running") this.context.resume();
    else if (!this.context) this.made.then(() => { if (this.context) this.context.resume(); });
  }

  // As loud as asked, whatever the timbre: by how many dB the newest voice is off, made up for. null: not at all.
  makeUp(db) {
    if (!this.trim) return;
    const gain = 10 ** (within(db ?? 0, -12, 12) / 20);
    this.trim.gain.setTargetAtTime(gain, this.context.currentTime, 0.08);
  }

  get latency_ms() {
    const { baseLatency = 0, outputLatency = 0 } = this.context;
    return 1000 * (baseLatency + outputLatency + this.data.about.hop / this.data.about.sample_rate);
  }
}
