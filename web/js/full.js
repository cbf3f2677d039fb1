/** Colours at 4:4:4, which a browser may say that it decodes and not do so. No DOM in here. */

/** Seconds in a row in which nothing was decoded of what came. */
const PATIENCE = 3;

/** What comes in is at 4:4:4: as WebRTC tells formats (RFC 6184, RFC 9628, and that of AV1). @param {string} [format] */
export function isFullFormat(format = '') {
  const parameters = format.split(';').map((parameter) => parameter.trim().toLowerCase());
  return parameters.some((parameter) => /^profile-level-id=f4|^profile-id=1$|^profile=1$/.test(parameter));
}

/** As WebCodecs names codecs. @param {string} name */
export function isFullName(name) {
  return /^(avc1\.f4|vp09\.01|av01\.1)/i.test(name);
}

/** The formats that are left without 4:4:4. @template {{sdpFmtpLine?: string}} T @param {T[]} codecs @returns {T[]} */
export function withoutFull(codecs) {
  return codecs.filter(({ sdpFmtpLine }) => !isFullFormat(sdpFmtpLine));
}

/** Looks for pictures at 4:4:4 that come and are never decoded. */
export class Undecoded {
  #received = 0;
  #decoded = 0;
  #seconds = 0;

  /**
   * Whether it is so; to be asked once a second.
   * @param {Iterable<any>} report the entries of an RTCStatsReport
   */
  look(report) {
    const entries = new Map([...report].map((entry) => [entry.id, entry]));
    const video = [...entries.values()].find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    const { framesReceived = 0, framesDecoded = 0, codecId = '' } = video ?? {};
    const came = framesReceived > this.#received;
    this.#received = framesReceived;
    const isFull = isFullFormat(entries.get(codecId)?.sdpFmtpLine);
    if (!isFull || framesDecoded > this.#decoded) this.#seconds = 0;
    else if (came) this.#seconds += 1;
    this.#decoded = framesDecoded;
    return this.#seconds >= PATIENCE;
  }
}
