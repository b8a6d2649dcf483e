// What the soak judges by: growth between the first samples and the last, and counters against what the load has counted.

/** How much more the last samples may show than the first: a share, and what is beside it for small numbers. */
const MAY_GROW = {
  heapMb: { share: 0.15, more: 4 },
  // Fragments of the heap, code that is compiled later, buffers of the kernel: rough, against leaks outside of the heap.
  rssMb: { share: 0.3, more: 40 },
  fds: { share: 0, more: 6 },
  handles: { share: 0, more: 8 },
  timers: { share: 0.5, more: 10 },
  series: { share: 0.3, more: 0 },
};

/** How many samples stand for the beginning and for the end. */
const SAMPLES = 2;

/** One row for each measure: at the start, at the end, the largest, and whether that is within bounds. */
export function growth(samples) {
  return Object.entries(MAY_GROW).map(([name, { share, more }]) => {
    const values = samples.map((sample) => sample[name]);
    const start = median(values.slice(0, SAMPLES));
    const end = median(values.slice(-SAMPLES));
    const bound = start * (1 + share) + more;
    return { name, start, end, peak: Math.max(...values), bound, isBroken: end > bound };
  });
}

/** One row for each counter that has to be exact. */
export function losses({ load, counts, page }) {
  const requests = Object.entries(load.counts).map(([key, expected]) => {
    const [route, status] = key.split(' ');
    return row(`requests ${key}`, expected, requestsOf(page, route, status));
  });
  const asked = (route) => sumOf(load.counts, (key) => key.startsWith(`${route} `));
  return [
    ...requests,
    row(
      'requests of all routes',
      sumOf(load.counts, () => true),
      requestsOf(page),
    ),
    row('gets of products', asked('/products/:id'), lookupsOf(page, 'products')),
    row('gets of pages', asked('/pages/:id'), lookupsOf(page, 'pages')),
    row('hits + misses', counts.gets.products + counts.gets.pages, counts.lookups),
    row('tasks started', asked('/tasks/:kind'), counts.tasks),
    row('tasks finished or failed', counts.tasks, tasksOf(page)),
    row('tasks finished or failed, asked', counts.tasks, counts.ended),
    row('requests without an answer', 0, load.lost.length),
    row('errors a handler did not expect', 0, counts.unexpected),
    row('rejections and exceptions nobody handled', 0, counts.wrong.length),
    row('files half written', 0, counts.halfFiles),
  ];
}

/** How many series a page has. */
export function seriesOf(page) {
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket{'))
    .length;
}

function row(name, expected, got) {
  return { name, expected, got, isBroken: expected !== got };
}

function requestsOf(page, route, status) {
  return sumOfSamples(page, 'http_server_request_duration_seconds_count', {
    http_route: route,
    http_response_status_code: status,
  });
}

function lookupsOf(page, cache) {
  return sumOfSamples(page, 'perf_cache_lookups_total', { perf_cache_name: cache });
}

function tasksOf(page) {
  return sumOfSamples(page, 'perf_task_duration_seconds_count', {});
}

/** Of all series of that name with these labels; a label without a value may have any. */
export function sumOfSamples(page, name, labels) {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .filter((line) =>
      Object.entries(labels).every(
        ([label, value]) => value === undefined || line.includes(`${label}="${value}"`),
      ),
    )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf('} ') + 2)), 0);
}

function sumOf(counts, isWanted) {
  return Object.entries(counts).reduce((sum, [key, count]) => (isWanted(key) ? sum + count : sum), 0);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
