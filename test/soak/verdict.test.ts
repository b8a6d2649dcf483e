import { expect } from 'chai';
import { createRequire } from 'node:module';

type Sample = Readonly<Record<'heapMb' | 'rssMb' | 'fds' | 'handles' | 'timers' | 'series', number>>;

interface Row {
  readonly name: string;
  readonly isBroken: boolean;
}

interface Run {
  readonly load: { readonly counts: Readonly<Record<string, number>>; readonly lost: readonly string[] };
  readonly counts: {
    readonly gets: { readonly products: number; readonly pages: number };
    readonly tasks: number;
    readonly ended: number;
    readonly lookups: number;
    readonly unexpected: number;
    readonly wrong: readonly string[];
    readonly halfFiles: number;
  };
  readonly page: string;
}

/** Plain JavaScript, as the rest of the soak, so its types are told here. */
const {
  growth,
  losses,
  seriesOf,
}: {
  growth: (samples: readonly Sample[]) => readonly Row[];
  losses: (run: Run) => readonly Row[];
  seriesOf: (page: string) => number;
} = createRequire(import.meta.url)('./verdict.mjs');

const CALM: Sample = { heapMb: 30, rssMb: 120, fds: 40, handles: 20, timers: 10, series: 200 };

const PAGE = `# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_route="/products/:id",http_response_status_code="200",le="1"} 7
http_server_request_duration_seconds_count{http_route="/products/:id",http_response_status_code="200"} 7
http_server_request_duration_seconds_count{http_route="/fails/:id",http_response_status_code="500"} 2
http_server_request_duration_seconds_count{http_route="/tasks/:kind",http_response_status_code="200"} 3
perf_cache_lookups_total{perf_cache_name="products",perf_cache_result="hit"} 4
perf_cache_lookups_total{perf_cache_name="products",perf_cache_result="miss"} 3
perf_task_duration_seconds_count{perf_task_name="a",perf_task_outcome="succeeded"} 2
perf_task_duration_seconds_count{perf_task_name="b",perf_task_outcome="failed"} 1
`;

const EXACT: Run = {
  load: { counts: { '/products/:id 200': 7, '/fails/:id 500': 2, '/tasks/:kind 200': 3 }, lost: [] },
  counts: {
    gets: { products: 7, pages: 0 },
    tasks: 3,
    ended: 3,
    lookups: 7,
    unexpected: 0,
    wrong: [],
    halfFiles: 0,
  },
  page: PAGE,
};

describe('verdict of the soak', () => {
  it('lets a busy process be busy', () => {
    const peak: Sample = { heapMb: 80, rssMb: 300, fds: 90, handles: 60, timers: 90, series: 210 };

    expect(brokenOf(growth([CALM, CALM, peak, CALM, CALM]))).to.deep.equal([]);
  });

  for (const [name, value] of Object.entries({
    heapMb: 45,
    rssMb: 220,
    fds: 50,
    handles: 40,
    timers: 60,
    series: 300,
  })) {
    it(`sees ${name} that has grown and stays so`, () => {
      const grown: Sample = { ...CALM, [name]: value };

      expect(brokenOf(growth([CALM, CALM, grown, grown, grown]))).to.deep.equal([name]);
    });
  }

  it('finds counters exact that are', () => {
    expect(brokenOf(losses(EXACT))).to.deep.equal([]);
  });

  it('misses every request, lookup and task that is not on the page', () => {
    const page = PAGE.replace(/} 7$/gm, '} 6').replace('} 4', '} 5').replace('} 1', '} 0');

    expect(brokenOf(losses({ ...EXACT, page }))).to.deep.equal([
      'requests /products/:id 200',
      'requests of all routes',
      'gets of products',
      'tasks finished or failed',
    ]);
  });

  it('sees what was counted too often', () => {
    const page = `${PAGE}http_server_request_duration_seconds_count{http_route="/fails/:id"} 1\n`;

    expect(brokenOf(losses({ ...EXACT, page }))).to.deep.equal(['requests of all routes']);
  });

  it('passes over no error', () => {
    const { load, counts } = EXACT;
    const run = {
      ...EXACT,
      load: { ...load, lost: ['/products/:id: socket hang up'] },
      counts: { ...counts, unexpected: 1, wrong: ['unhandledRejection: Error'], halfFiles: 2 },
    };

    expect(brokenOf(losses(run))).to.deep.equal([
      'requests without an answer',
      'errors a handler did not expect',
      'rejections and exceptions nobody handled',
      'files half written',
    ]);
  });

  it('counts series without their buckets', () => {
    expect(seriesOf(PAGE)).to.equal(7);
  });
});

function brokenOf(rows: readonly Row[]): string[] {
  return rows.filter(({ isBroken }) => isBroken).map(({ name }) => name);
}
