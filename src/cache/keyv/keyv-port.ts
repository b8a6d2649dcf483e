import { InvalidOptionError } from '../../errors.js';

/** What is used of a Keyv, of a storage adapter of Keyv 5 or 6, or of a Map. The package `keyv` itself is not needed. */
export interface KeyvLike {
  get(key: string): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
  getMany?(keys: string[]): unknown;
  setMany?(entries: { key: string; value: unknown; ttl?: number; expires?: number }[]): unknown;
  on?(event: string, listener: (error: unknown) => void): unknown;
  disconnect?(): unknown;
}

/** A text to be kept under a key of the store. */
export interface KeyvWrite {
  readonly key: string;
  readonly text: string;
  /** `undefined`: for ever, whatever the store's default is. */
  readonly ttlMs: number | undefined;
}

/** A store of any kind behind the few calls that a tier makes. All of them reject when the store says that they failed. */
export interface KeyvPort {
  readonly isShared: boolean;
  /** What is kept under the keys, in their order; {@link UNREADABLE} for what the store itself cannot decode. */
  read(keys: readonly string[]): Promise<readonly unknown[]>;
  write(writes: readonly KeyvWrite[]): Promise<void>;
  /** Whether there was something to delete. */
  delete(key: string): Promise<boolean>;
  clear(): Promise<void>;
  onError(listener: (error: unknown) => void): void;
  disconnect(): Promise<void>;
}

export const UNREADABLE = Symbol('unreadable');

/** How a store wants to be told how long an entry lives: as what follows the value, and in an entry of `setMany`. */
interface Lifetimes {
  readonly argument: (ttlMs: number | undefined) => number | undefined;
  readonly field: 'ttl' | 'expires';
}

const METHODS = ['get', 'set', 'delete', 'clear'] as const;

/** @throws {InvalidOptionError} for something that is no store of Keyv. */
export function portOf(store: KeyvLike): KeyvPort {
  const isStore =
    typeof store === 'object' &&
    store !== null &&
    METHODS.every((method) => typeof store[method] === 'function');
  if (!isStore) throw new InvalidOptionError('store', 'a Keyv, a storage adapter of Keyv, or a Map', store);
  const lifetimes = lifetimesOf(store);
  return {
    isShared: !(store instanceof Map),
    read: (keys) => (keys.length === 1 ? readEach(store, keys) : readMany(store, keys)),
    write: (writes) => write(store, writes, lifetimes),
    delete: async (key) => (await store.delete(key)) === true,
    clear: async () => void (await store.clear()),
    onError: (listener) => void store.on?.('error', listener),
    disconnect: async () => void (await store.disconnect?.()),
  };
}

function lifetimesOf(store: KeyvLike): Lifetimes {
  // A Keyv has both, an adapter has not. To a Keyv 0 is "for ever", and nothing is "for as long as your default".
  if ('stats' in store && 'store' in store) return { field: 'ttl', argument: (ttlMs) => ttlMs ?? 0 };
  const { capabilities } = store as { readonly capabilities?: { readonly expires?: unknown } };
  // Adapters of Keyv 6 are told when an entry ends, those of Keyv 5 how long it lives.
  if (capabilities?.expires !== true) return { field: 'ttl', argument: (ttlMs) => ttlMs };
  return { field: 'expires', argument: (ttlMs) => (ttlMs === undefined ? undefined : Date.now() + ttlMs) };
}

async function readMany(store: KeyvLike, keys: readonly string[]): Promise<readonly unknown[]> {
  if (store.getMany === undefined) return readEach(store, keys);
  try {
    return (await store.getMany([...keys])) as readonly unknown[];
  } catch (error) {
    // One entry that Keyv cannot decode makes it refuse all of them.
    if (error instanceof SyntaxError) return readEach(store, keys);
    throw error;
  }
}

async function readEach(store: KeyvLike, keys: readonly string[]): Promise<readonly unknown[]> {
  return Promise.all(
    keys.map(async (key) => {
      try {
        return await store.get(key);
      } catch (error) {
        if (error instanceof SyntaxError) return UNREADABLE;
        throw error;
      }
    }),
  );
}

async function write(store: KeyvLike, writes: readonly KeyvWrite[], lifetimes: Lifetimes): Promise<void> {
  const { argument, field } = lifetimes;
  if (writes.length > 1 && store.setMany !== undefined) {
    const entries = writes.map(({ key, text, ttlMs }) => entryOf(key, text, field, argument(ttlMs)));
    return checkKept([await store.setMany(entries)].flat());
  }
  checkKept(await Promise.all(writes.map(({ key, text, ttlMs }) => store.set(key, text, argument(ttlMs)))));
}

/** Keyv does not throw when its store does: it says false. */
function checkKept(answers: readonly unknown[]): void {
  if (answers.includes(false)) throw new Error('the store did not keep it');
}

function entryOf(key: string, value: string, field: Lifetimes['field'], time: number | undefined) {
  return { key, value, ...(time !== undefined && { [field]: time }) };
}
