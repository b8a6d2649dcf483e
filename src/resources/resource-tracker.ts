import { checkPositiveInteger, withDefaults } from '../checks.js';
import { systemClock, type Cancel, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import * as catalogue from '../telemetry/catalogue.js';
import { instrumentsOf, type Instruments, type MeterProvider } from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import { publishSamples, type Publication, type SampleSource } from './publish.js';
import type { Sample } from './sample.js';
import { ResourceSampler, type SampleListeners } from './sampler.js';
import { averagesOf, type ResourceAverages, type ResourceSnapshot } from './snapshot.js';
import { sourcesOf, type ResourceSources } from './sources.js';

/** How often is looked, and how many samples are kept. */
export interface ResourceTrackerOptions {
  /** Time between samples. One costs about 0.3 ms of CPU and no child process. @default 5 */
  readonly collectionInterval?: Duration;
  /** Samples kept; with the default interval one hour. More than 0. @default 720 */
  readonly maxHistory?: number;
  /** Publishes there instead of into the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

/** The kernel counts CPU time in steps of 10 ms: shares over a shorter time would be noise, or 0 and 100 %. */
const MIN_SAMPLE_MS = 100;
const TRACKER_DEFAULTS = { collectionInterval: 5, maxHistory: 720, clock: systemClock } as const;

/** Samples what the process and its machine use, keeps the recent past and publishes the last sample as metrics. */
export class ResourceTracker implements SampleSource {
  readonly #intervalSeconds: number;
  readonly #maxHistory: number;
  readonly #clock: Clock;
  readonly #instruments: Instruments;
  readonly #samples: { readonly now: number; readonly snapshot: ResourceSnapshot }[] = [];
  #sampler: ResourceSampler | undefined;
  #cancel: Cancel | undefined;
  #pending: Promise<void> | undefined;
  lastSample: Sample | undefined;

  constructor(options?: ResourceTrackerOptions) {
    const known = ['collectionInterval', 'maxHistory', 'meterProvider', 'clock'] as const;
    const given = withDefaults('ResourceTracker', TRACKER_DEFAULTS, options, known);
    this.#intervalSeconds = toSeconds('collectionInterval', given.collectionInterval);
    this.#maxHistory = checkPositiveInteger('maxHistory', given.maxHistory);
    this.#clock = given.clock;
    this.#instruments = instrumentsOf(given.meterProvider);
  }

  get isRunning(): boolean {
    return this.#cancel !== undefined;
  }

  /** Takes the first sample and goes on by itself; the timer never keeps the process alive. */
  async start(): Promise<void> {
    if (this.#cancel === undefined) {
      const publication = publishSamples(this.#instruments, this);
      this.#sampler = new ResourceSampler(this.#clock, recordingOf(this.#instruments, publication));
      const stopTicking = this.#clock.every(this.#intervalSeconds * 1000, () => void this.sample());
      this.#cancel = () => {
        stopTicking();
        publication.end();
      };
    }
    await this.sample();
  }

  /** Ends sampling. What was sampled stays. */
  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    // Taken before the wait: a start in the meantime brings a sampler of its own.
    const sampler = this.#sampler;
    this.#sampler = undefined;
    await this.#pending;
    sampler?.close();
  }

  /**
   * Takes a sample now, unless the last one is younger than 100 ms. Failing to take it is said once, never thrown. Does
   * nothing while stopped.
   */
  async sample(): Promise<void> {
    this.#pending ??= this.#take().finally(() => (this.#pending = undefined));
    await this.#pending;
  }

  /** The last sample; `undefined` before the first. */
  getLatestSnapshot(): ResourceSnapshot | undefined {
    return this.#samples.at(-1)?.snapshot;
  }

  /** The samples of the last time, oldest first. Without a duration: all that are kept. */
  getSnapshots({ duration }: { readonly duration?: Duration } = {}): ResourceSnapshot[] {
    const reach =
      duration === undefined ? Infinity : toSeconds('duration', duration, { allowInfinity: true });
    const from = this.#clock.now() - reach * 1000;
    return this.#samples.filter(({ now }) => now >= from).map(({ snapshot }) => snapshot);
  }

  /** Means over the last time; `undefined` when it holds no sample. */
  getAverageUsage(options?: { readonly duration?: Duration }): ResourceAverages | undefined {
    return averagesOf(this.getSnapshots(options));
  }

  /** Where the last sample came from, and what this system does not tell; `undefined` before the first. */
  sources(): ResourceSources | undefined {
    return this.lastSample && sourcesOf(this.lastSample);
  }

  async #take(): Promise<void> {
    const sampler = this.#sampler;
    const age = this.#clock.now() - (this.#samples.at(-1)?.now ?? -Infinity);
    if (sampler === undefined || age < MIN_SAMPLE_MS) return;
    try {
      // Observers alone would not notice a provider that was registered after them.
      this.#instruments.refresh();
      const sample = await sampler.take();
      this.lastSample = sample;
      this.#samples.push({ now: this.#clock.now(), snapshot: sample.snapshot });
      if (this.#samples.length > this.#maxHistory) this.#samples.shift();
    } catch (error) {
      noticeOnce('resource sample', `resources could not be sampled: ${String(error)}`);
    }
  }
}

/** Every single collection and delay, for histograms: how often and how long, not only how much. */
function recordingOf(instruments: Instruments, publication: Publication): SampleListeners {
  const delay = instruments.histogram(catalogue.eventLoopDelay).bind();
  const collections = instruments.histogram(catalogue.gcDuration);
  return {
    onLag(seconds) {
      if (publication.isShown) delay.record(seconds);
    },
    onCollection(type, seconds) {
      if (publication.isShown) collections.record(seconds, { 'v8js.gc.type': type });
    },
  };
}
