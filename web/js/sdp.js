/** What is changed in session descriptions. No DOM in here. */

/**
 * The offer, with stereo sound asked for.
 * @param {string} sdp
 * @returns {string}
 */
export function withStereo(sdp) {
  const opus = /^a=rtpmap:(\d+) opus\/48000\/2\r?$/im.exec(sdp);
  if (!opus) return sdp;
  const format = new RegExp(`^(a=fmtp:${opus[1]} (?!.*stereo=)[^\\r\\n]*)`, 'm');
  return sdp.replace(format, '$1;stereo=1;sprop-stereo=1');
}

/**
 * The answer, with sound and picture in different streams: browsers hold back the picture of a stream until its sound
 * is there.
 * @param {string} sdp
 * @returns {string}
 */
export function withoutLipSync(sdp) {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => (section.startsWith('m=audio') ? section.replace(/^(a=(?:ssrc:\d+ )?msid:)\S+/gm, '$1sound') : section))
    .join('');
}

/**
 * The answer, with the addresses of one protocol alone.
 * @param {string} sdp
 * @param {'udp' | 'tcp'} protocol
 * @returns {string}
 */
export function only(sdp, protocol) {
  const line = /^a=candidate:\S+ \d+ (\S+) .*\r?\n/gim;
  return sdp.replace(line, (all, found) => (found.toLowerCase() === protocol ? all : ''));
}

/**
 * Codecs in the order of preference: what most hardware encodes and decodes comes first, nothing is left out.
 * @template {{mimeType: string, sdpFmtpLine?: string}} T
 * @param {T[]} codecs
 * @returns {T[]}
 */
export function byPreference(codecs) {
  const rank = (/** @type {T} */ { mimeType, sdpFmtpLine = '' }) => {
    if (mimeType.toLowerCase() !== 'video/h264') return 2;
    return /packetization-mode=1/.test(sdpFmtpLine) ? 0 : 1;
  };
  return codecs.map((codec, index) => ({ codec, index }))
    .sort((a, b) => rank(a.codec) - rank(b.codec) || a.index - b.index)
    .map(({ codec }) => codec);
}
