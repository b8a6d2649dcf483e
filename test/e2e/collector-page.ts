/** A page in the Prometheus text format as values by series, the series' labels in order. */
export type Page = ReadonlyMap<string, string>;

/** Reads `name{labels} value` lines; comments are left out. @throws where a series comes twice. */
export function readPage(text: string): Page {
  const page = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = '', value = ''] = /^([^{ ]+)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line) ?? [];
    if (name === '') throw new Error(`no sample: ${line}`);
    const series = `${name}{${readLabels(labels).toSorted().join(',')}}`;
    if (page.has(series)) throw new Error(`twice: ${series}`);
    page.set(series, plainNumber(value));
  }
  return page;
}

/** Kind of each family: its `# TYPE` lines. */
export function readTypes(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
}

/** What one page has and the other has not, or has with another value. */
export function differences(ours: Page, theirs: Page): string[] {
  const series = new Set([...ours.keys(), ...theirs.keys()]);
  return [...series]
    .filter((one) => ours.get(one) !== theirs.get(one))
    .map((one) => `${one}: ${ours.get(one) ?? 'nothing'} here, ${theirs.get(one) ?? 'nothing'} there`);
}

/** The page without some labels, or without the series that are named. */
export function without(
  page: Page,
  { labels = [], names = /^$/ }: { readonly labels?: readonly string[]; readonly names?: RegExp },
): Page {
  const dropped = new RegExp(`(?<=[{,])(${labels.join('|') || '$^'})="(?:[^"\\\\]|\\\\.)*",?`, 'g');
  return new Map(
    [...page]
      .filter(([series]) => !names.test(series.slice(0, series.indexOf('{'))))
      .map(([series, value]) => [series.replaceAll(dropped, '').replace(/,\}$/, '}'), value]),
  );
}

function readLabels(text: string): string[] {
  const labels = text.match(/[A-Za-z_][A-Za-z0-9_]*="(?:[^"\\]|\\.)*"/g) ?? [];
  // To Prometheus an empty label is none.
  const given = labels.filter((label) => !label.endsWith('=""'));
  return given.map((label) => {
    const bound = /^le="(.*)"$/.exec(label);
    return bound === null ? label : `le="${plainNumber(bound[1]!)}"`;
  });
}

/** Writers differ in how they write a number: 1e+06 and 1000000. */
function plainNumber(text: string): string {
  if (/^[+-]?Inf$|^NaN$/.test(text)) return text;
  return String(Number(text));
}
