import type { BlockList } from 'node:net';
import { nodeCrypto, nodeNet } from '../../built-ins.js';
import { checkKnownOptions } from '../../checks.js';
import { InvalidOptionError } from '../../errors.js';

/** What whoever scrapes must send along. */
export type MetricsAuth =
  { readonly bearer: string } | { readonly username: string; readonly password: string };

export interface AccessOptions {
  /** Default: nothing has to be sent. */
  readonly auth?: MetricsAuth | undefined;
  /**
   * Addresses and networks that may ask, such as `'127.0.0.1'`, `'10.0.0.0/8'`, `'fd00::/8'`. The address of the connection
   * counts, never a header: behind a proxy it is the proxy's. Default: everybody.
   */
  readonly allow?: readonly string[] | undefined;
}

/** Why somebody is not answered: the status to answer with. */
export type Refusal = 401 | 403;

/** Who may read the metrics. Secrets are kept as digests only, and appear in no message. */
export class Access {
  /** What a 401 asks for; absent where nothing has to be sent. */
  readonly challenge: string | undefined;
  readonly #key = nodeCrypto().randomBytes(32);
  readonly #expected: Buffer | undefined;
  readonly #allowed: BlockList | undefined;

  /** @throws {InvalidOptionError} that shows no secret. */
  constructor({ auth, allow }: AccessOptions) {
    const header = auth === undefined ? undefined : headerOf(auth);
    this.#expected = header === undefined ? undefined : this.#digest(header);
    this.challenge = header?.replace(/ .*$/s, ' realm="metrics"');
    this.#allowed = allow === undefined ? undefined : blockListOf(allow);
  }

  get isOpen(): boolean {
    return this.#expected === undefined && this.#allowed === undefined;
  }

  /** The network is looked at first: others do not even learn that there is a secret. */
  refusal(authorization: string | null | undefined, address: string | undefined): Refusal | undefined {
    if (this.#allowed !== undefined && !isAllowed(this.#allowed, address)) return 403;
    if (this.#expected === undefined) return undefined;
    const sent = this.#digest(normalized(authorization ?? ''));
    return nodeCrypto().timingSafeEqual(sent, this.#expected) ? undefined : 401;
  }

  /** Of one length, whatever was sent, so that comparing takes the same time. */
  #digest(text: string): Buffer {
    return nodeCrypto().createHmac('sha256', this.#key).update(text).digest();
  }
}

function headerOf(auth: MetricsAuth): string {
  // Said here, as messages of other checks show what they were given.
  if (typeof auth !== 'object' || auth === null) {
    throw new InvalidOptionError('prometheus.auth', 'an object', HIDDEN);
  }
  checkKnownOptions('prometheus.auth', auth, ['bearer', 'username', 'password']);
  if ('bearer' in auth) {
    if ('username' in auth || 'password' in auth) {
      throw new InvalidOptionError('prometheus.auth', 'either bearer, or username and password', HIDDEN);
    }
    return `Bearer ${checkSecret('bearer', auth.bearer)}`;
  }
  const username = checkSecret('username', auth.username);
  if (username.includes(':'))
    throw new InvalidOptionError('prometheus.auth.username', 'without a colon', HIDDEN);
  const pair = `${username}:${checkSecret('password', auth.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

/** Stands for what must not be shown. */
const HIDDEN = { hidden: true };

function checkSecret(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') {
    throw new InvalidOptionError(`prometheus.auth.${name}`, 'a text that is not empty', HIDDEN);
  }
  return value;
}

/** The scheme is written in upper or lower case, as one likes. */
function normalized(authorization: string): string {
  const [, scheme, rest] = /^(bearer|basic) +(.*)$/is.exec(authorization) ?? [];
  if (scheme === undefined) return '';
  return `${scheme.toLowerCase() === 'bearer' ? 'Bearer' : 'Basic'} ${rest}`;
}

function blockListOf(allow: readonly string[]): BlockList {
  if (!Array.isArray(allow)) throw new InvalidOptionError('prometheus.allow', 'a list of networks', allow);
  const list = new (nodeNet().BlockList)();
  for (const network of allow) addNetwork(list, network);
  return list;
}

function addNetwork(list: BlockList, network: unknown): void {
  const [address = '', prefix, ...rest] = typeof network === 'string' ? network.split('/') : [];
  const { isIP, isIPv6 } = nodeNet();
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const bits = prefix === undefined ? longest : Number(prefix);
  const isNetwork =
    isIP(address) !== 0 && rest.length === 0 && (prefix === undefined || /^\d+$/.test(prefix));
  if (!isNetwork || bits > longest) {
    throw new InvalidOptionError(
      'prometheus.allow',
      "addresses such as '127.0.0.1' or '10.0.0.0/8'",
      network,
    );
  }
  list.addSubnet(address, bits, family);
}

function isAllowed(list: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false;
  const { isIP, isIPv6 } = nodeNet();
  // Of an address on this link, the interface is told too.
  const [plain = ''] = address.split('%', 1);
  // An IPv4 address that came in over IPv6 is compared with IPv4 networks as well.
  return isIP(plain) !== 0 && list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
