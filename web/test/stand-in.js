/**
 * Plays the server's part of WebRTC inside of a page of its own: a moving picture, a tone, and the two channels.
 *
 * `install` runs in that page, so it uses nothing from outside of itself.
 */

/**
 * What the stand-in offers to tests, as `window.standIn`.
 * @typedef {object} StandIn
 * @property {(sdp: string) => Promise<string>} answer to an offer of the page
 * @property {string[]} received messages in hexadecimal, behind the label of their channel
 * @property {(hex: string) => void} send a message on the control channel
 * @property {(messages: string[]) => void} greet sends these first to whoever connects
 * @property {() => void} drop closes the connection
 */

/** @param {{hello: string[]}} options messages that are sent first, in hexadecimal */
export function install({ hello }) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 1280, height: 720 });
  document.body.append(canvas);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  let step = 0;
  setInterval(() => paint(context, step += 1), 40);

  const bytes = (/** @type {string} */ hex) =>
    Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hexadecimal = (/** @type {ArrayBuffer} */ buffer) =>
    [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

  let greeting = hello;
  /** @type {RTCPeerConnection | null} */
  let peer = null;
  /** @type {RTCDataChannel | null} */
  let control = null;
  /** @type {string[]} */
  const received = [];

  /** @param {RTCDataChannel} channel */
  function serve(channel) {
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => {
      const message = hexadecimal(data);
      received.push(`${channel.label} ${message}`);
      if (message.startsWith('13')) channel.send(bytes(`85${message.slice(2)}00000000000f4240`));
    };
    if (channel.label !== 'control') return;
    control = channel;
    const greet = () => { for (const message of greeting) channel.send(bytes(message)); };
    if (channel.readyState === 'open') greet();
    else channel.onopen = greet;
  }

  /** @param {string} sdp */
  async function answer(sdp) {
    peer?.close();
    const now = new RTCPeerConnection();
    peer = now;
    now.ondatachannel = ({ channel }) => serve(channel);
    const stream = canvas.captureStream(25);
    const sound = new AudioContext();
    const tone = sound.createMediaStreamDestination();
    for (const track of [...stream.getTracks(), ...tone.stream.getTracks()]) now.addTrack(track, stream);
    await now.setRemoteDescription({ type: 'offer', sdp });
    await now.setLocalDescription(await now.createAnswer());
    while (now.iceGatheringState !== 'complete') {
      await new Promise((resolve) => now.addEventListener('icegatheringstatechange', resolve, { once: true }));
    }
    return now.localDescription?.sdp ?? '';
  }

  /** @type {StandIn} */
  const standIn = {
    answer,
    received,
    greet: (messages) => { greeting = messages; },
    send: (hex) => control?.send(bytes(hex)),
    drop: () => peer?.close(),
  };
  Object.assign(window, { standIn });

  /** @param {CanvasRenderingContext2D} to @param {number} time */
  function paint(to, time) {
    const ground = to.createLinearGradient(0, 0, 1280, 720);
    ground.addColorStop(0, '#27406b');
    ground.addColorStop(1, '#5c3a6e');
    to.fillStyle = ground;
    to.fillRect(0, 0, 1280, 720);
    to.fillStyle = '#1b1f2b';
    to.fillRect(0, 0, 1280, 28);
    to.fillStyle = '#e9edf5';
    to.fillRect(180, 110, 760, 480);
    to.fillStyle = '#c8d0e0';
    to.fillRect(180, 110, 760, 34);
    to.fillStyle = '#39506f';
    to.font = '22px sans-serif';
    to.fillText(`The desktop, frame ${time}`, 210, 200);
  }
}
