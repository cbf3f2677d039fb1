/** The server's HTTP interface. All addresses are relative, so that the page works below any path. */

/** @typedef {{sdp: string, session?: number}} Answer */
/** @typedef {{transport: string, iceServers: RTCIceServer[]}} Ways */
/**
 * Who is logged in.
 * @typedef {object} Account
 * @property {string} user
 * @property {string} role
 * @property {string[]} [grants] what of the desktop reaches them, and is taken from them
 * @property {boolean} [guest] whether they came in by a link
 * @property {string | null} [shares] the most that a link of theirs may allow; null when they may make none
 */

/**
 * A link that lets somebody in. `expires` is in seconds since 1970.
 * @typedef {{id: string, name: string, maker: string, rights: string, expires: number}} Link
 */
/** @typedef {{resize: boolean, cursors: boolean, clipboard_in: boolean, clipboard_out: boolean}} Policy what pages may do */
/** @typedef {{graphics: import('./graphics.js').Graphics | null, policy: Policy}} ServerState what the page reads of it */

/** Milliseconds after which a request is given up. */
const PATIENCE = 10_000;
/** Milliseconds that are waited for what only helps. */
const HELP = 3000;

/** An answer that is not the one asked for. */
export class ApiError extends Error {
  /**
   * @param {number} status the HTTP status; 0 when no answer came
   * @param {string} message
   * @param {number} retryAfter seconds to wait before asking again; 0 when the server does not say
   */
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * Who is logged in.
 * @returns {Promise<Account>}
 * @throws {ApiError} 401 when nobody is
 */
export async function session() {
  return (await request('GET', 'session')).json();
}

/**
 * Logs in; the browser keeps the cookie.
 * @param {string} user
 * @param {string} password
 * @throws {ApiError} 401 when they do not match, 429 after too many attempts
 */
export async function login(user, password) {
  await request('POST', 'login', { user, password });
}

/**
 * By what people come in.
 * @returns {Promise<{provider: string | null, password: boolean}>} the name of the place where they may sign in, and whether
 *   a password does as well
 */
export async function entrances() {
  const { provider, password } = await (await request('GET', 'login', undefined, AbortSignal.timeout(HELP))).json();
  return { provider: typeof provider === 'string' ? provider : null, password: password !== false };
}

/** Where to go to sign in there; the browser keeps a cookie for the way back. @returns {Promise<URL>} @throws {ApiError} */
export async function signIn() {
  const { url } = await (await request('POST', 'oidc/begin')).json();
  const address = new URL(url);
  if (!['https:', 'http:'].includes(address.protocol)) throw new ApiError(0, 'The server sends you nowhere.');
  return address;
}

/**
 * How things stand.
 * @returns {Promise<ServerState>}
 * @throws {ApiError} 401 when nobody is logged in
 */
export async function state() {
  return (await request('GET', 'v1/state')).json();
}

/**
 * What was chosen for everybody who watches.
 * @returns {Promise<import('./shared.js').Told>}
 * @throws {ApiError}
 */
export async function choices() {
  return (await request('GET', 'v1/choices')).json();
}

/**
 * Chooses for everybody who watches.
 * @param {import('./shared.js').Kept} chosen
 * @returns {Promise<import('./shared.js').Told>}
 * @throws {ApiError} 409 where something stronger sets it, 507 where it cannot be kept
 */
export async function choose(chosen) {
  return (await request('PUT', 'v1/choices', chosen)).json();
}

/** Logs out. @throws {ApiError} */
export async function logout() {
  await request('POST', 'logout');
}

/**
 * Asks for the ways through the network; `lifetime` is how many seconds the logins among them hold.
 * @returns {Promise<Ways & {lifetime?: number | null}>}
 * @throws {ApiError} 401 when nobody is logged in
 */
export async function ice() {
  return (await request('GET', 'ice', undefined, AbortSignal.timeout(HELP))).json();
}

/**
 * Comes in by a link; the browser keeps the cookie.
 * @param {string} token
 * @throws {ApiError} 401 when it was revoked or has expired
 */
export async function openLink(token) {
  await request('POST', 'link', { token });
}

/** The links that this person may revoke. @returns {Promise<Link[]>} @throws {ApiError} 403 when they may make none */
export async function links() {
  return (await (await request('GET', 'v1/links')).json()).links;
}

/**
 * Makes a link.
 * @param {{name: string, rights: string, seconds: number}} wanted
 * @returns {Promise<Link & {token: string}>}
 * @throws {ApiError}
 */
export async function makeLink(wanted) {
  return (await request('POST', 'v1/links', wanted)).json();
}

/** Ends a link and everything that came by it. @param {string} id @throws {ApiError} */
export async function revokeLink(id) {
  await request('DELETE', `v1/links/${encodeURIComponent(id)}`);
}

/**
 * Exchanges session descriptions.
 * @param {string} sdp the offer
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 * @throws {ApiError} 401, 403, 400, 406 or 503
 */
export async function offer(sdp, signal) {
  return (await request('POST', 'offer', { type: 'offer', sdp }, signal)).json();
}

/**
 * Tells the server candidates that were found after the offer.
 * @param {number} session
 * @param {string[]} candidates
 * @throws {ApiError}
 */
export async function tellCandidates(session, candidates) {
  await request('POST', 'candidates', { session, candidates });
}

/**
 * @param {'GET' | 'POST' | 'PUT' | 'DELETE'} method
 * @param {string} name
 * @param {object} [body]
 * @param {AbortSignal} [signal]
 */
async function request(method, name, body, signal) {
  const patience = AbortSignal.timeout(PATIENCE);
  const response = await fetch(`./api/${name}`, {
    method,
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body && JSON.stringify(body),
    credentials: 'same-origin',
    cache: 'no-store',
    signal: (signal && AbortSignal.any?.([signal, patience])) ?? patience,
  }).catch(() => {
    throw new ApiError(0, 'The server does not answer.');
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const message = typeof body?.error === 'string' && body.error ? body.error : `The server answered ${response.status}.`;
  const seconds = Number(response.headers.get('Retry-After'));
  return new ApiError(response.status, message, Number.isFinite(seconds) ? Math.max(0, seconds) : 0);
}
