"use strict";
// A voice or a recording that the instrument follows: its pitch and its level.

const MICROPHONE = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

class InputView {
  // ready: () -> { context, instrument } once sound may begin.
  constructor(about, ready) {
    this.about = about;
    this.ready = ready;
    this.learnt = learntPitches(about);
    this.source = null;
    byId("microphone").addEventListener("click", () => (isPressed(byId("microphone")) ? this.stop() : this.listen()));
    byId("file").addEventListener("change", ({ target }) => { if (target.files[0]) this.open(target.files[0]); target.value = ""; });
    byId("stop-file").addEventListener("click", () => this.stop());
    this.acceptDrops();
  }

  say(sentence) { byId("input-said").textContent = sentence; }

  async listen() {
    this.stop();
    let stream;
    try {
      if (!navigator.mediaDevices) throw new Error("no devices");
      stream = await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
    } catch (error) {
      this.say(error.name === "NotFoundError" ? "No microphone is there: plug one in, or open a recording."
        : "The browser gives no microphone to this page: allow it in the address bar, or open a recording.");
      return;
    }
    const { context } = await this.ready();
    this.stream = stream;
    press(byId("microphone"), true);
    this.follow(new MediaStreamAudioSourceNode(context, { mediaStream: stream }));
    this.say("Listening: wear headphones, or it hears itself.");
  }

  async open(file) {
    this.stop();
    const { context } = await this.ready();
    let buffer;
    try {
      buffer = await context.decodeAudioData(await file.arrayBuffer());
    } catch (error) {
      this.say(`${file.name} is no sound that this browser can read: try a WAV, FLAC or MP3.`);
      return;
    }
    const source = new AudioBufferSourceNode(context, { buffer });
    source.onended = () => { if (this.source === source) { this.stop(); this.say(`${file.name}: over. Open it again, or another.`); } };
    this.follow(source);
    source.start();
    byId("stop-file").hidden = false;
    this.name = file.name;
    this.say(`Plays ${file.name}.`);
  }

  async follow(source) {
    this.source = source;
    const { context, instrument } = await this.ready();
    if (source.channelCount > 1) source.channelCountMode = source.channelCountMode; // the node mixes channels itself
    source.connect(instrument.node);
    instrument.send({ do: "follow", on: true, lowest_midi: this.learnt[0], highest_midi: this.learnt[1] });
  }

  stop() {
    if (!this.source) return;
    this.source.disconnect();
    if (this.source.stop && this.source.onended) { this.source.onended = null; this.source.stop(); }
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    this.source = this.stream = null;
    press(byId("microphone"), false);
    byId("stop-file").hidden = true;
    this.ready().then(({ instrument }) => instrument.send({ do: "follow", on: false }));
    this.say("Sing, or drop a recording of one voice anywhere on the page.");
  }

  // What is heard, and what of it the model has never met.
  tell({ heard }) {
    if (!this.source || !heard) return;
    const words = [];
    if (heard.f0_hz) words.push(saidPitch(heard.f0_hz));
    if (heard.octaves) words.push(`played ${Math.abs(heard.octaves)} octave${Math.abs(heard.octaves) === 1 ? "" : "s"} ${heard.octaves > 0 ? "higher" : "lower"}`);
    if (heard.quiet) words.push("quieter than anything learnt: go nearer");
    if (words.length) this.say(`Hears ${words.join(", ")}.`);
  }

  acceptDrops() {
    const isFile = ({ dataTransfer }) => dataTransfer && [...dataTransfer.types].includes("Files");
    addEventListener("dragover", (event) => { if (isFile(event)) { event.preventDefault(); byId("drop").hidden = false; } });
    addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("drop").hidden = true; });
    addEventListener("drop", (event) => {
      byId("drop").hidden = true;
      if (!isFile(event)) return;
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
  }
}
