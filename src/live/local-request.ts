import type { IncomingMessage } from 'node:http';
import { nodeNet } from '../built-ins.js';

/** Headers of proxies: who sent the request then is not who it comes from. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

/**
 * Whether somebody at this machine asks, and means this machine. The name is looked at too: a page of the web can have its
 * own name lead here (DNS rebinding), and would then read what it is not meant to.
 */
export function isLocalRequest({ socket, headers }: IncomingMessage): boolean {
  return (
    isLoopbackAddress(socket.remoteAddress) &&
    isLoopbackHost(headers.host) &&
    FORWARDED.every((name) => headers[name] === undefined)
  );
}

/** Whether a page of somebody else made the browser ask. Following a link is no such thing. */
export function isForeignFetch({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || isLoopbackIPv4(plain);
}

function isLoopbackHost(host: string | undefined): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host?.toLowerCase() ?? '') ?? [];
  return name === 'localhost' || name === '[::1]' || isLoopbackIPv4(name);
}

function isLoopbackIPv4(text: string): boolean {
  return nodeNet().isIPv4(text) && text.startsWith('127.');
}
