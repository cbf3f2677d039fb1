/** Which way a connection takes, why it takes no better one, and what is asked of the server before. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError } from '../js/api.js';
import { offers, rank, refusal, routeOf, whyNot } from '../js/route.js';
import { only } from '../js/sdp.js';
import { WaySource } from '../js/ways.js';

/** @param {object} local @param {object} [remote] */
function report(local, remote = {}) {
  return [
    { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
    { id: 'p', type: 'candidate-pair', localCandidateId: 'l', remoteCandidateId: 'r' },
    { id: 'l', type: 'local-candidate', candidateType: 'host', protocol: 'udp', ...local },
    { id: 'r', type: 'remote-candidate', candidateType: 'host', protocol: 'udp', address: '10.0.0.2', port: 8080, ...remote },
  ];
}

test('every way has its name and its place', () => {
  for (const [local, route, place] of /** @type {const} */ ([
    [{}, 'udp', 3],
    [{ candidateType: 'prflx' }, 'udp', 3],
    [{ protocol: 'tcp' }, 'tcp', 2],
    [{ candidateType: 'relay', relayProtocol: 'udp' }, 'turn-udp', 1],
    [{ candidateType: 'relay', relayProtocol: 'tcp' }, 'turn-tcp', 1],
    [{ candidateType: 'relay', relayProtocol: 'tls' }, 'turn-tls', 1],
    [{ candidateType: 'relay', relayProtocol: 'tcp', url: 'turns:t:5349?transport=tcp' }, 'turn-tls', 1],
  ])) {
    assert.equal(routeOf(report(local)), route);
    assert.equal(rank(route), place, route);
  }
  assert.equal(routeOf(report({}, { candidateType: 'relay' })), 'turn-server');
  assert.equal(rank('turn-server'), 1);
  assert.equal(routeOf([]), null);
  assert.equal(rank('websocket'), 0);
});

test('what is not taken is told with its reason', () => {
  const offered = offers(['a=candidate:1 1 udp 7 10.0.0.2 8080 typ host', 'a=candidate:2 1 TCP 7 10.0.0.2 8080 typ host tcptype passive',
    'a=candidate:3 1 udp 7 fd00::2 8080 typ host', 'a=candidate:4 1 udp 7 192.0.2.1 1 typ srflx raddr 0.0.0.0 rport 0',
    'a=candidate:5 1 udp 7 127.0.0.1 8080 typ host', 'a=candidate:6 1 udp 7 ::1 8080 typ host',
    'a=candidate:7 1 udp 7 203.0.113.9 49160 typ relay raddr 0.0.0.0 rport 0', ''].join('\r\n'));
  const refusals = new Map([['turn:t:1?transport=udp', refusal(401, 'Unauthorized')], ['turns:t:2', refusal(701, '')]]);
  const tried = { offered, relayed: false, refusals };
  const udp = 'UDP: no answer from 10.0.0.2:8080, [fd00::2]:8080 and 1 more';
  const tcp = 'TCP: no answer from 10.0.0.2:8080';
  const turn = 'turn:t:1?transport=udp: the login is wrong or has expired (401); turns:t:2: no answer';
  assert.equal(whyNot(tried, 'udp'), '');
  assert.equal(whyNot(tried, 'tcp'), udp);
  assert.equal(whyNot(tried, 'turn-udp'), `${udp}; ${tcp}`);
  assert.equal(whyNot(tried, null), `${udp}; ${tcp}; ${turn}`);
  assert.equal(whyNot({ offered, relayed: true, refusals: new Map() }, null), `${udp}; ${tcp}; TURN: the relay does not reach the server`);
  assert.equal(whyNot({ offered: [], relayed: false, refusals: new Map() }, null), 'UDP: the server offers no address; TCP: the server offers no address');
  assert.equal(refusal(486, 'Allocation Quota Reached'), 'Allocation Quota Reached (486)');
});

test('an answer can be kept to one protocol', () => {
  const sdp = ['v=0', 'a=candidate:1 1 udp 7 10.0.0.2 8080 typ host', 'a=candidate:2 1 TCP 6 10.0.0.2 8080 typ host tcptype passive', 'a=end-of-candidates', ''].join('\r\n');
  assert.equal(only(sdp, 'udp'), ['v=0', 'a=candidate:1 1 udp 7 10.0.0.2 8080 typ host', 'a=end-of-candidates', ''].join('\r\n'));
  assert.match(only(sdp, 'tcp'), /^v=0\r\na=candidate:2 1 TCP .*passive\r\na=end/);
});

test('the server is asked once, and again before a login ends', async () => {
  let asked = 0;
  const of = (/** @type {number | null} */ lifetime) => new WaySource(async () => {
    asked += 1;
    return { transport: 'auto', iceServers: [{ urls: `stun:${asked}` }], lifetime };
  });
  const long = of(86_400);
  assert.deepEqual([(await long.get()).iceServers, (await long.get()).iceServers], [[{ urls: 'stun:1' }], [{ urls: 'stun:1' }]]);
  assert.equal(await long.renewed(), null);
  const short = of(0.04);
  await short.get();
  assert.equal(await short.renewed(), null, 'it still holds');
  await new Promise((resolve) => { setTimeout(resolve, 60); });
  assert.deepEqual((await short.renewed())?.iceServers, [{ urls: 'stun:3' }]);
  const lasting = of(null);
  await lasting.get();
  assert.equal(await lasting.renewed(), null);
});

test('a server that tells no ways is reached without, and who is not logged in is told so', async () => {
  const refusing = (/** @type {number} */ status) => new WaySource(async () => { throw new ApiError(status, 'no'); });
  assert.deepEqual(await refusing(404).get(), { transport: 'auto', iceServers: [] });
  await assert.rejects(refusing(401).get(), { status: 401 });
});
