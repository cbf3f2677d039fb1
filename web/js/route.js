/** Which way a connection takes through the network, and why it takes no better one. No DOM in here. */

/** @typedef {'udp' | 'tcp' | 'turn-udp' | 'turn-tcp' | 'turn-tls'} Route */

/** How good a way is. @type {Record<string, number>} */
const RANK = { udp: 3, tcp: 2, 'turn-udp': 1, 'turn-tcp': 1, 'turn-tls': 1 };

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
 * Why no way above this one is taken; empty where there is none.
 * @param {Iterable<any>} report the entries of an RTCStatsReport
 * @param {Map<string, string>} refusals what TURN servers said, by their addresses
 * @param {Route | null} route the one that is taken; null for none
 * @returns {string}
 */
export function whyNot(report, refusals, route) {
  const entries = byId(report);
  const reasons = [];
  if (rank(route) < RANK.udp) reasons.push(direct(entries, 'udp'));
  if (rank(route) < RANK.tcp) reasons.push(direct(entries, 'tcp'));
  if (rank(route) < RANK['turn-udp']) reasons.push(...relayed(entries, refusals));
  return reasons.filter(Boolean).join('; ');
}

/** @param {Map<string, any>} entries @param {'udp' | 'tcp'} protocol */
function direct(entries, protocol) {
  const name = protocol.toUpperCase();
  const remotes = [...entries.values()].filter((entry) => entry.type === 'remote-candidate' && entry.protocol === protocol
    && entry.candidateType !== 'relay' && entry.address);
  if (remotes.length === 0) return `${name}: the server offers no address`;
  const places = [...new Set(remotes.map(({ address, port }) => place(address, port)))];
  const more = places.length > MOST_NAMED ? ` and ${places.length - MOST_NAMED} more` : '';
  return `${name}: no answer from ${places.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** @param {Map<string, any>} entries @param {Map<string, string>} refusals */
function relayed(entries, refusals) {
  const relays = [...entries.values()].filter(({ type, candidateType }) => type === 'local-candidate' && candidateType === 'relay');
  const lost = relays.length > 0 ? ['TURN: the relay does not reach the server'] : [];
  return [...lost, ...[...refusals].map(([url, why]) => `${url}: ${why}`)];
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

/** @param {string} address @param {number} port */
function place(address, port) {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** @param {Iterable<any>} report @returns {Map<string, any>} */
function byId(report) {
  return new Map([...report].map((entry) => [entry.id, entry]));
}
