import { compare } from './compare.js';
import { generateProgram } from './generate.js';
import type { Program } from './program.js';
import { shrink } from './shrink.js';

export interface Report {
  readonly programs: number;
  readonly points: number;
  readonly excepted: ReadonlyMap<string, number>;
  /** The first program that differs, made as small as it gets. */
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly seed: number;
  readonly program: Program;
  readonly differences: readonly string[];
}

/** Compares the programs of so many seeds, and stops at the first that differs. */
export async function check(firstSeed: number, count: number): Promise<Report> {
  let points = 0;
  const excepted = new Map<string, number>();
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const program = generateProgram(seed);
    const compared = await compare(program);
    points += compared.points;
    for (const [name, times] of compared.excepted) excepted.set(name, (excepted.get(name) ?? 0) + times);
    if (compared.differences.length > 0)
      return { programs: seed - firstSeed + 1, points, excepted, failure: await smallest(seed, program) };
  }
  return { programs: count, points, excepted, failure: undefined };
}

async function smallest(seed: number, program: Program): Promise<Failure> {
  const small = await shrink(program, async (smaller) => (await compare(smaller)).differences.length > 0);
  return { seed, program: small, differences: (await compare(small)).differences };
}
