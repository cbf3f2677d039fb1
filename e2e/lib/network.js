/**
 * Networks in a box: namespaces of the kernel for a browser, a server, and what stands beside them, with a router between
 * that lets through what it is told to. Takes root and the programs `ip`, `nft` and `nsenter`.
 */

import { find, run } from './programs.js';
import { until } from './wait.js';

/** @typedef {'client' | 'router' | 'server' | 'beside'} Part */

/** Where each of them is. */
export const ADDRESS = { client: '10.81.1.2', server: '10.81.2.2', beside: '10.81.3.2' };
/** Where each of them is, by IPv6. */
export const ADDRESS_6 = { client: 'fd81:1::2', server: 'fd81:2::2', beside: 'fd81:3::2' };
/** The address of the router by which the server is known outside, where it translates addresses. */
export const OUTSIDE = '198.51.100.1';

/**
 * No UDP, and no STUN in TCP, where TURN has its cookie 32 bits in and ICE behind a length, 48 bits in: nothing but TLS is
 * left, as far as a page is concerned.
 */
export const NO_STUN = {
  forward: ['meta l4proto udp drop', ...[32, 48].map((bits) => `meta l4proto tcp @ih,${bits},32 0x2112a442 counter drop`)],
};

const ENDS = /** @type {const} */ (['client', 'server', 'beside']);
const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' };
let made = 0;

/** Whether networks can be made here; says so when they cannot. @param {{name: string, skip: (why: string) => void}} test */
export function canNetwork(test) {
  const missing = ['ip', 'nft', 'nsenter'].filter((program) => !find(program));
  const why = process.getuid?.() !== 0 ? 'only root can make network namespaces' : missing.length > 0 ? `${missing.join(', ')} not installed` : '';
  if (!why) return true;
  console.log(`SKIPPED ${test.name}: ${why}`);
  test.skip(why);
  return false;
}

export class Network {
  #prefix = `cosmos-${process.pid}-${made += 1}`;

  static async open() {
    const self = new Network();
    try {
      for (const part of [...ENDS, 'router']) await self.#add(part);
      for (const [index, end] of ENDS.entries()) await self.#connect(end, index + 1);
      await self.run('router', 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding']);
      await self.run('router', 'ip', ['addr', 'add', `${OUTSIDE}/32`, 'dev', 'lo']);
      await Promise.all(ENDS.map((end) => self.#settled(end)));
      return self;
    } catch (error) {
      await self.close();
      throw error;
    }
  }

  /** What makes a command run at this place: words to put before it. @param {Part} part */
  at(part) {
    return ['nsenter', `--net=/run/netns/${this.#name(part)}`, '--'];
  }

  /** Runs a command at this place. @param {Part} part @param {string} command @param {string[]} args @param {string} [input] */
  async run(part, command, args, input) {
    const [enter, ...rest] = this.at(part);
    return this.#must(enter, [...rest, command, ...args], input);
  }

  /**
   * What the router lets through from now on; connections that were there before are judged anew.
   * @param {{forward?: string[], translate?: {incoming: string[], outgoing: string[]}}} rules lines of nftables
   */
  async rules({ forward = [], translate = { incoming: [], outgoing: [] } } = {}) {
    const chain = (/** @type {string} */ name, /** @type {string} */ head, /** @type {string[]} */ lines) =>
      [`chain ${name} {`, head, ...lines, '}'].join('\n');
    await this.run('router', 'nft', ['-f', '-'], [
      'flush ruleset',
      'table inet way {',
      chain('forward', 'type filter hook forward priority 0; policy accept;', forward),
      chain('incoming', 'type nat hook prerouting priority -100; policy accept;', translate.incoming),
      chain('outgoing', 'type nat hook postrouting priority 100; policy accept;', translate.outgoing),
      '}', '',
    ].join('\n'));
  }

  /** How many packets those lines have met that hold `counter`, in their order. @returns {Promise<number[]>} */
  async counted() {
    const { text } = await this.run('router', 'nft', ['list', 'chain', 'inet', 'way', 'forward']);
    return [...text.matchAll(/counter packets (\d+)/g)].map(([, packets]) => Number(packets));
  }

  /** The client comes by another address. @param {string} address */
  async moveClient(address) {
    await this.run('client', 'ip', ['addr', 'del', `${ADDRESS.client}/24`, 'dev', 'eth0']);
    await this.run('client', 'ip', ['addr', 'add', `${address}/24`, 'dev', 'eth0']);
    await this.run('client', 'ip', ['route', 'replace', 'default', 'via', '10.81.1.1']);
  }

  /** The client comes by its own address again. @param {string} address */
  async moveClientBack(address) {
    await this.run('client', 'ip', ['addr', 'del', `${address}/24`, 'dev', 'eth0']);
    await this.run('client', 'ip', ['addr', 'add', `${ADDRESS.client}/24`, 'dev', 'eth0']);
    await this.run('client', 'ip', ['route', 'replace', 'default', 'via', '10.81.1.1']);
  }

  async close() {
    for (const part of [...ENDS, 'router']) await run('ip', ['netns', 'del', this.#name(part)], { env });
  }

  /** @param {string} part */
  #name(part) { return `${this.#prefix}-${part}`; }

  /** @param {Part} part */
  async #add(part) {
    await this.#must('ip', ['netns', 'add', this.#name(part)]);
    await this.run(part, 'sh', ['-c', 'for one in all default; do echo 0 > /proc/sys/net/ipv6/conf/$one/accept_dad; done']);
  }

  /**
   * The kernel gives an interface the address of its link up to a second later. To a browser that is a change of networks,
   * and it drops what it is loading.
   * @param {typeof ENDS[number]} end
   */
  #settled(end) {
    return until(`${end} has all its addresses`, async () => {
      const { text } = await this.run(end, 'ip', ['-6', 'addr', 'show', 'dev', 'eth0', 'scope', 'link']);
      return text.includes('fe80:') && !text.includes('tentative');
    });
  }

  /** @param {typeof ENDS[number]} end @param {number} number of its network */
  async #connect(end, number) {
    const [own, router] = [this.#name(end), this.#name('router')];
    await this.#must('ip', ['link', 'add', 'eth0', 'netns', own, 'type', 'veth', 'peer', 'name', `to-${end}`, 'netns', router]);
    await this.run('router', 'ip', ['addr', 'add', `10.81.${number}.1/24`, 'dev', `to-${end}`]);
    await this.run('router', 'ip', ['addr', 'add', `fd81:${number}::1/64`, 'dev', `to-${end}`]);
    await this.run('router', 'ip', ['link', 'set', `to-${end}`, 'up']);
    await this.run(end, 'ip', ['link', 'set', 'lo', 'up']);
    await this.run(end, 'ip', ['addr', 'add', `10.81.${number}.2/24`, 'dev', 'eth0']);
    await this.run(end, 'ip', ['addr', 'add', `fd81:${number}::2/64`, 'dev', 'eth0']);
    await this.run(end, 'ip', ['link', 'set', 'eth0', 'up']);
    await this.run(end, 'ip', ['route', 'add', 'default', 'via', `10.81.${number}.1`]);
    await this.run(end, 'ip', ['route', 'add', 'default', 'via', `fd81:${number}::1`]);
  }

  /** @param {string} command @param {string[]} args @param {string} [input] */
  async #must(command, args, input) {
    const result = await run(command, args, { env, input });
    if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.code}\n${result.text}\n${input ?? ''}`);
    return result;
  }
}

/** Nothing but what these lines accept, and what is between the server and what stands beside it. @param {string[]} accepted */
export function only(...accepted) {
  const [here, there] = ['iifname { "to-server", "to-beside" }', 'oifname { "to-server", "to-beside" }'];
  return { forward: [...accepted, `${here} ${there} accept`, 'drop'] };
}
