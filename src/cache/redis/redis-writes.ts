import type { ChainableCommander } from 'ioredis';
import type { RedisCallError } from './redis-failure.js';
import { isReadOnly, isReply, toCallError } from './redis-failure.js';
import { MAGIC, type Envelope } from './envelope.js';
import { PendingWrites, type Intent, type PendingWrite } from './pending-writes.js';
import { isCluster, type RedisClient } from './redis-client.js';
import type { RedisLink } from './redis-link.js';
import type { RemoteOperation } from '../remote-metrics.js';
import { removeEntries } from './remove-entries.js';

/** Writes in one pipeline. */
const BATCH = 500;
/** Seconds until what could not be made good is tried again, while Redis answers. */
const RETRY_SECONDS = 1;

/**
 * Makes a failed write good, unless somebody wrote the key after it: values carry the time they were written at, by the
 * server's clock. Works for values of ours only, so anything else is replaced.
 */
const REPAIR = `
local head = redis.pcall('GETRANGE', KEYS[1], 0, 40)
local written = type(head) == 'string' and string.match(head, '^${MAGIC}{"w":(%d+)')
if written and tonumber(written) > tonumber(ARGV[1]) then return 0 end
if not ARGV[2] then return redis.call('DEL', KEYS[1]) end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

type Command = readonly [name: string, ...args: (string | number | Buffer)[]];

/** Who hears of what was written. */
export interface WriteListener {
  /** Every key that was changed, when it was. */
  written(keys: readonly string[]): void;
  /** How many failed writes were made good. */
  repaired(count: number): void;
}

/** Writes to Redis. Those that fail are remembered and made good when it is back. */
export class RedisWrites {
  readonly pending: PendingWrites;
  readonly #link: RedisLink;
  readonly #envelope: Envelope;
  readonly #entryPrefix: string;
  readonly #listener: WriteListener;
  #isRepairing = false;
  #cancelRetry: (() => void) | undefined;

  constructor(
    link: RedisLink,
    envelope: Envelope,
    entryPrefix: string,
    listener: WriteListener,
    pending = new PendingWrites(),
  ) {
    this.#link = link;
    this.#envelope = envelope;
    this.#entryPrefix = entryPrefix;
    this.#listener = listener;
    this.pending = pending;
    link.onUp(() => void this.repair());
  }

  /** The answers in order. @throws when any of the writes failed; those are remembered. */
  async write(operation: RemoteOperation, intents: ReadonlyMap<string, Intent>): Promise<unknown[]> {
    const at = this.#link.clock.now();
    const writes = [...intents].map(([key, intent]) => this.pending.begin(key, intent, at));
    const answers: unknown[] = [];
    let failure: RedisCallError | undefined;
    const chunks = chunksOf(writes, BATCH).map(async (chunk) => this.#writeChunk(operation, chunk));
    for (const settled of await Promise.all(chunks)) {
      answers.push(...settled.answers);
      failure ??= settled.failure;
    }
    if (failure === undefined) return answers;
    this.#retryLater();
    throw failure;
  }

  /** Removes all entries. Until that is done nobody reads them any more; if it fails, it is made up for later. */
  async clear(): Promise<void> {
    this.pending.suspectEverything();
    try {
      await removeEntries(this.#link, 'clear', this.#entryPrefix);
      this.pending.everythingRemoved();
    } catch (error) {
      this.#retryLater();
      throw error;
    }
  }

  /** Makes failed writes good, as far as Redis lets us. */
  async repair(): Promise<void> {
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    this.#cancelRetry?.();
    try {
      while (this.#link.isUp && (await this.#repairSome()));
    } catch {
      // Counted by the link; the records stay.
    } finally {
      this.#isRepairing = false;
    }
    if (!this.pending.isEmpty) this.#retryLater();
  }

  stop(): void {
    this.#cancelRetry?.();
  }

  /** When Redis is away its return starts the repair; this is for a Redis that answers and refuses. */
  #retryLater(): void {
    this.#cancelRetry?.();
    if (!this.#link.isUp) return;
    this.#cancelRetry = this.#link.clock.every(RETRY_SECONDS * 1000, () => {
      this.#cancelRetry?.();
      void this.repair();
    });
  }

  async #writeChunk(operation: RemoteOperation, writes: readonly PendingWrite[]) {
    let failure: RedisCallError | undefined;
    const answers: unknown[] = [];
    try {
      const results = await this.#link.write(operation, (client) =>
        sendAll(
          client,
          writes.map((write) => this.#command(write)),
        ),
      );
      results.forEach((result, i) => {
        if (result instanceof Error) {
          failure ??= toCallError(operation, result);
          this.pending.failed(writes[i]!);
        } else {
          this.pending.succeeded(writes[i]!);
          answers.push(result);
        }
      });
      this.#listener.written(writes.filter((_, i) => !(results[i] instanceof Error)).map(({ key }) => key));
    } catch (error) {
      for (const write of writes) this.pending.failed(write);
      failure = error as RedisCallError;
    }
    return { answers, failure };
  }

  /** False when there was nothing to do. */
  async #repairSome(): Promise<boolean> {
    if (this.pending.isEverythingWrong) {
      await removeEntries(this.#link, 'repair', this.#entryPrefix);
      this.pending.everythingRemoved();
    }
    const writes = this.pending.take(BATCH);
    if (writes.length === 0) return false;
    const results = await this.#link.write('repair', (client) =>
      sendAll(
        client,
        writes.map((write) => this.#repairCommand(write)),
      ),
    );
    let refusals = 0;
    results.forEach((result, i) => {
      const write = writes[i]!;
      if (!(result instanceof Error)) return this.pending.succeeded(write);
      refusals += 1;
      if (!isReadOnly(result)) this.pending.settleForDelete(write);
    });
    this.#listener.repaired(writes.length - refusals);
    this.#listener.written(writes.filter((_, i) => !(results[i] instanceof Error)).map(({ key }) => key));
    if (refusals > 0) throw new Error('refused');
    return true;
  }

  #command({ key, intent, at }: PendingWrite): Command {
    if (intent.kind === 'delete') return ['unlink', key];
    if (intent.kind === 'tag') return ['set', key, intent.version];
    const text = this.#envelope.seal(intent.entry, this.#link.serverClock.now(at));
    const lifeMs = lifeOf(intent.entry);
    return lifeMs === Infinity
      ? ['set', key, text]
      : ['set', key, text, 'PX', Math.max(1, Math.round(lifeMs))];
  }

  #repairCommand(write: PendingWrite): Command {
    const { key, intent, at } = write;
    if (intent.kind === 'tag') return this.#command(write);
    const writtenAt = this.#link.serverClock.now(at);
    const erase: Command = ['eval', REPAIR, 1, key, writtenAt];
    if (intent.kind === 'delete') return erase;
    const lifeMs = lifeOf(intent.entry) - (this.#link.clock.now() - at);
    if (lifeMs <= 0) return erase;
    const life = lifeMs === Infinity ? 0 : Math.ceil(lifeMs);
    return [...erase, this.#envelope.seal(intent.entry, writtenAt), life];
  }
}

function lifeOf({ ttl, grace }: { readonly ttl: number; readonly grace: number }): number {
  return (ttl + grace) * 1000;
}

/** Sends commands together and resolves to what each was answered, refusals included. @throws when one got no answer. */
async function sendAll(client: RedisClient, commands: readonly Command[]): Promise<unknown[]> {
  if (commands.length > 1 && !isCluster(client)) {
    const pipeline: ChainableCommander = client.pipeline();
    for (const [name, ...args] of commands) pipeline.call(name, ...args);
    // A pipeline never rejects: of a connection that was lost it tells each command.
    return ((await pipeline.exec()) ?? []).map(([error, answer]) =>
      error === null ? answer : refusal(error),
    );
  }
  // On Cluster a pipeline must not leave its node; single commands find theirs.
  return Promise.all(commands.map(async ([name, ...args]) => client.call(name, ...args).catch(refusal)));
}

function refusal(error: unknown): unknown {
  if (isReply(error) && !toCallError('write', error).isUnable) return error;
  throw error;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
