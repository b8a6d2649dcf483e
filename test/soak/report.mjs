// The tables of the soak.

export function printGrowth(rows, samples) {
  console.log(`\ngrowth over ${samples} samples, after garbage collection`);
  print(
    ['measure', 'start', 'end', 'largest', 'may be', ''],
    rows.map(({ name, start, end, peak, bound, isBroken }) => [
      name,
      ...[start, end, peak, bound].map((value) => value.toFixed(1)),
      isBroken ? 'GROWS' : '',
    ]),
  );
}

export function printLosses(rows, { scrapes, pushes, tierErrors }) {
  const lost = rows.filter(({ isBroken }) => isBroken).length;
  console.log(`\nlosses: ${lost}`);
  print(
    ['counter', 'expected', 'got', ''],
    rows.map(({ name, expected, got, isBroken }) => [
      name,
      String(expected),
      String(got),
      isBroken ? 'LOST' : '',
    ]),
  );
  // Faults that nobody felt would prove nothing.
  console.log(
    `\nfelt: ${tierErrors} calls of tiers failed, ${pushes.failed} pushes failed and ${pushes.taken} arrived, ` +
      `${scrapes.aborted} scrapes aborted and ${scrapes.whole} read`,
  );
}

function print(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  for (const row of all)
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    );
}
