/** What happens to a key during the outage. */
const CHANGES = ['set', 'delete', 'tag'];
const TAGS = 50;

/** The keys of a run: each holds `{ n: 1 }` before the outage, and whoever reads that after its change reads stale. */
export function keysOf(count) {
  return Array.from({ length: count }, (_, i) => {
    const change = CHANGES[i % CHANGES.length];
    const tags = change === 'tag' ? [`group ${i % TAGS}`] : undefined;
    return { key: `key ${i}`, change, tags };
  });
}

export const PREFIX = 'chaos:';
