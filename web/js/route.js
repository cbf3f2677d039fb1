/** Which way a connection takes through the network, and why it takes no better one. No DOM in here. */

/** @typedef {'udp' | 'tcp' | 'turn-udp' | 'turn-tcp' | 'turn-tls' | 'turn-server'} Route */

/** How good a way is. @type {Record<string, number>} */
const RANK = { udp: 3, tcp: 2, 'turn-udp': 1, 'turn-tcp': 1, 'turn-tls': 1, 'turn-server': 1 };

/** Addresses that are named. */
const MOST_NAMED = 2;

/** The best way. */
export const BEST = RANK.udp;

/** @param {string | null} route @returns {number} */
export function rank(route) {
  return RANK[route ?? ''] ?? 0;
}

/**
 * The way that a connection takes.
 * @param {Iterable<any>} report the entries of an RTCStatsReport
 * @returns {Route | null} null while none is chosen
 */
export function routeOf(report) {
  const entries = byId(report);
  const pair = selectedPair(entries);
  const [local, remote] = [entries.get(pair?.localCandidateId), entries.get(pair?.remoteCandidateId)];
  if (!local || !remote) return null;
  if (local.candidateType === 'relay') return `turn-${relayProtocol(local)}`;
  if (remote.candidateType === 'relay') return 'turn-server';
  return local.protocol === 'tcp' ? 'tcp' : 'udp';
}

/** @param {Map<string, any>} entries */
export function selectedPair(entries) {
  const all = [...entries.values()];
  const transport = all.find(({ type }) => type === 'transport');
  return entries.get(transport?.selectedCandidatePairId)
    ?? all.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
}

/**
 * What is known of the ways, taken or not. Browsers forget addresses that did not answer, so they are kept apart.
 * @typedef {object} Tried
 * @property {Place[]} offered the addresses of the server
 * @property {boolean} relayed whether a TURN server gave a relay
 * @property {Map<string, string>} refusals what other TURN servers said, by their addresses
 */

/** @typedef {{protocol: string, place: string}} Place */

/**
 * Why no way above this one is taken; empty where there is none.
 * @param {Tried} tried
 * @param {Route | null} route the one that is taken; null for none
 * @returns {string}
 */
export function whyNot({ offered, relayed, refusals }, route) {
  const reasons = [];
  if (rank(route) < RANK.udp) reasons.push(direct(offered, 'udp'));
  if (rank(route) < RANK.tcp) reasons.push(direct(offered, 'tcp'));
  if (rank(route) < RANK['turn-udp']) {
    if (relayed) reasons.push('TURN: the relay does not reach the server');
    for (const [url, why] of refusals) reasons.push(`${url}: ${why}`);
  }
  return reasons.join('; ');
}

/**
 * The addresses that a session description offers, those of the machine to itself and of a relay left out.
 * @param {string} sdp
 * @returns {Place[]}
 */
export function offers(sdp) {
  const lines = sdp.matchAll(/^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) typ (?!relay)/gim);
  const all = [...lines].filter(([, , address]) => address !== '::1' && !address.startsWith('127.'));
  return all.map(([, protocol, address, port]) => ({
    protocol: protocol.toLowerCase(), place: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  }));
}

/** @param {Place[]} offered @param {'udp' | 'tcp'} protocol */
function direct(offered, protocol) {
  const name = protocol.toUpperCase();
  const places = [...new Set(offered.filter((one) => one.protocol === protocol).map(({ place }) => place))];
  if (places.length === 0) return `${name}: the server offers no address`;
  const more = places.length > MOST_NAMED ? ` and ${places.length - MOST_NAMED} more` : '';
  return `${name}: no answer from ${places.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/**
 * What a TURN server that gives no relay said, for people.
 * @param {number} code of STUN, or 701 for no answer
 * @param {string} text
 */
export function refusal(code, text) {
  if (code === 401) return 'the login is wrong or has expired (401)';
  if (code === 701) return 'no answer';
  return `${text || 'refused'} (${code})`;
}

/** @param {any} candidate @returns {'udp' | 'tcp' | 'tls'} */
function relayProtocol({ relayProtocol: protocol, url = '' }) {
  if (protocol === 'tls' || url.startsWith('turns:')) return 'tls';
  return protocol === 'tcp' ? 'tcp' : 'udp';
}

/** @param {Iterable<any>} report @returns {Map<string, any>} */
function byId(report) {
  return new Map([...report].map((entry) => [entry.id, entry]));
}
