import type { Instruments } from '../telemetry/instruments.js';
import { CONTAINER_FIGURES } from './published-container.js';
import { HOST_FIGURES } from './published-host.js';
import type { Sample } from './sample.js';

/** Where the last sample is found. */
export interface SampleSource {
  readonly lastSample: Sample | undefined;
}

export interface Publication {
  /** Whether it is this source whose samples are shown. */
  readonly isShown: boolean;
  end(): void;
}

/** Those that want to publish, in order of arrival. The first one does. */
const waiting = new WeakMap<Instruments, SampleSource[]>();

/**
 * Lets every exporter read the last sample, under the names of the semantic conventions. The callbacks only read, so
 * any number of readers sees the same. One source publishes at a time, since two would be added up; the next takes over
 * when it ends.
 */
export function publishSamples(instruments: Instruments, source: SampleSource): Publication {
  const sources = waiting.get(instruments) ?? [];
  waiting.set(instruments, sources);
  sources.push(source);
  const cancels = [...HOST_FIGURES, ...CONTAINER_FIGURES].map(({ definition, read }) =>
    instruments.observe(definition, source, (owner: SampleSource, report) => {
      if (owner !== sources[0] || owner.lastSample === undefined) return;
      read(owner.lastSample, (value, attributes) => {
        if (value !== undefined) report(value, attributes);
      });
    }),
  );
  return {
    get isShown() {
      return sources[0] === source;
    },
    end() {
      for (const cancel of cancels) cancel();
      const place = sources.indexOf(source);
      if (place >= 0) sources.splice(place, 1);
    },
  };
}
