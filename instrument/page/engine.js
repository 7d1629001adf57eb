"use strict";
// The instrument in an audio context: its worklet, the room behind it.

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// What was zipped and written in base64.
function unzipped(text) {
  return new Response(new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip")));
}

// All that the instrument needs: { about, blob, code, worklet }.
async function readPage() {
  const { about, blob, code } = JSON.parse(document.getElementById("data").textContent);
  const worklet = document.getElementById("worklet").textContent;
  const [described, numbers, text] = await Promise.all(
    [unzipped(about).json(), unzipped(blob).arrayBuffer(), unzipped(worklet).text()]);
  return { about: described, blob: numbers, code: bytesOf(code).buffer, worklet: text };
}

// about, blob, code, worklet: as `readPage` gives them; settings: voices, messages to begin with. -> { node, output, send, onTell }
async function makeInstrument(context, { about, blob, code, worklet }, settings = {}) {
  if (!context.audioWorklet) throw new Error("This browser has no AudioWorklet: open the page in a newer one.");
  await context.audioWorklet.addModule(`data:text/javascript;charset=utf-8,${encodeURIComponent(worklet)}`);
  const node = new AudioWorkletNode(context, "instrument", {
    numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], channelCount: 1, channelCountMode: "explicit",
    processorOptions: { about, blob, code, settings },
  });
  const output = new GainNode(context, { gain: 1 });
  const room = await makeRoom(context, about, blob);
  node.connect(output);
  if (room) {
    node.connect(room.convolver);
    room.wet.connect(output);
  }
  const instrument = { node, output, room, send: (...messages) => node.port.postMessage(messages), onTell: null };
  node.port.onmessage = ({ data }) => { if (instrument.onTell) instrument.onTell(data); };
  return instrument;
}

// The learnt room, shared by all voices: its response at the context's rate.
async function makeRoom(context, about, blob) {
  if (!about.room) return null;
  const response = Float32Array.from(new Uint16Array(blob, ...about.room), fromHalf);
  const ratio = context.sampleRate / about.sample_rate;
  const length = Math.ceil(response.length * ratio);
  const resampling = new OfflineAudioContext(1, length, context.sampleRate);
  const buffer = new AudioBuffer({ length: response.length, sampleRate: about.sample_rate });
  buffer.copyToChannel(response, 0);
  const source = new AudioBufferSourceNode(resampling, { buffer });
  source.connect(resampling.destination);
  source.start();
  const resampled = await resampling.startRendering();
  const scaled = resampled.getChannelData(0);
  for (let i = 0; i < scaled.length; i++) scaled[i] /= ratio;
  const convolver = new ConvolverNode(context, { buffer: resampled, disableNormalization: true });
  const wet = new GainNode(context, { gain: 1 });
  convolver.connect(wet);
  return { convolver, wet };
}
