import type { Program, Step } from './program.js';

/** The smallest program that still fails: what can be left out is left out, step by step. */
export async function shrink(
  program: Program,
  fails: (smaller: Program) => Promise<boolean>,
): Promise<Program> {
  let smallest = program;
  for (;;) {
    const smaller = await firstThat(fails, candidates(smallest));
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

async function firstThat(
  fails: (smaller: Program) => Promise<boolean>,
  programs: Iterable<Program>,
): Promise<Program | undefined> {
  for (const program of programs) if (await fails(program)) return program;
  return undefined;
}

/** Large pieces first. */
function* candidates(program: Program): Generator<Program> {
  const { steps, views, readers, instruments } = program;
  for (
    let length = Math.ceil(steps.length / 2);
    length >= 1;
    length = length === 1 ? 0 : Math.ceil(length / 2)
  ) {
    for (let from = 0; from < steps.length; from += length)
      yield { ...program, steps: steps.toSpliced(from, length) };
  }
  for (let i = 0; i < views.length; i++) yield { ...program, views: views.toSpliced(i, 1) };
  for (let i = 0; readers.length > 1 && i < readers.length; i++)
    yield {
      ...program,
      readers: readers.toSpliced(i, 1),
      steps: steps.flatMap((step) => withoutReader(step, i)),
    };
  for (let i = 0; i < instruments.length; i++) {
    const kept = steps.flatMap((step) => withoutInstrument(step, i));
    yield { ...program, instruments: instruments.toSpliced(i, 1), steps: kept };
  }
}

/** Who comes after the one that is left out moves up. */
function withoutReader(step: Step, left: number): Step[] {
  if (step.do !== 'collect') return [step];
  return step.reader === left ? [] : [{ ...step, reader: step.reader - (step.reader > left ? 1 : 0) }];
}

function withoutInstrument(step: Step, left: number): Step[] {
  if (step.do === 'collect') return [step];
  const { instrument } = step;
  return instrument === left ? [] : [{ ...step, instrument: instrument - (instrument > left ? 1 : 0) }];
}
