import { expect } from 'chai';
import type { Evaluation, Look, OptimizerAction, Proposal } from '../../src/optimizer/action.js';
import { ActionRunner } from '../../src/optimizer/action-runner.js';
import { DecisionLog } from '../../src/optimizer/decision-log.js';
import type { ActionMode, Numbers } from '../../src/optimizer/decision.js';
import { NOTHING_OBSERVED } from '../../src/optimizer/observation.js';
import { notMeasured } from '../../src/optimizer/verdict.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('ActionRunner', () => {
  it('holds, with the reason, where nothing is to be changed', async () => {
    const { look } = running('auto', { reason: 'within_limits' });

    const decisions = await look();

    expect(decisions).to.have.length(1);
    expect(decisions[0]).to.include({
      action: 'memory_governor',
      resource: 'memory',
      target: 'shared',
      outcome: 'held',
      reason: 'within_limits',
      explanation: 'because',
    });
    expect(decisions[0]?.id).to.match(/-1$/);
  });

  it('advises where somebody else has to do it', async () => {
    const { look } = running('auto', { recommendation: 'do this' });

    expect(await look()).to.have.nested.property('[0].outcome', 'advised');
  });

  it('does not even look when it is off', async () => {
    const { look, action } = running('off', { change: 'smaller' });

    expect(await look()).to.deep.equal([]);
    expect(action.calls).to.deep.equal([]);
  });

  it('only says what it would do while it advises', async () => {
    const { look, action } = running('advise', { change: 'smaller' });

    const [decision] = await look();

    expect(decision?.outcome).to.equal('advised');
    expect(action.calls).to.deep.equal(['observe']);
  });

  it('makes the change, with what came of it at once', async () => {
    const { look, action } = running('auto', { change: 'smaller' }, { applied: { removedEntries: 3 } });

    const [decision] = await look();

    expect(decision).to.include({ outcome: 'applied' });
    expect(decision?.numbers).to.deep.equal({ given: 1, removedEntries: 3 });
    expect(action.calls).to.deep.equal(['observe', 'apply smaller']);
  });

  it('holds when the change fails, and says why', async () => {
    const { look } = running('auto', { change: 'smaller' }, { error: new Error('closed') });

    const [decision] = await look();

    expect(decision).to.include({ outcome: 'held', reason: 'failed' });
    expect(decision?.explanation).to.include('closed');
  });

  it('leaves the target alone for a window after a change', async () => {
    const { look, clock } = running('auto', { change: 'smaller' });
    const first = await look();
    clock.advance(53);
    const early = await look();
    clock.advance(1);
    const late = await look();

    expect([first, early, late].map(([made]) => made?.reason)).to.deep.equal(['heap', 'cooldown', 'heap']);
    expect(early[0]?.explanation).to.include('1 s more');
  });

  it('does not wait with what is urgent', async () => {
    const { look } = running('auto', { change: 'smaller', isUrgent: true });
    await look();

    expect((await look())[0]?.outcome).to.equal('applied');
  });

  it('waits for the verdict about the change before, unless the action does not', async () => {
    const cases = [
      [true, 'under_evaluation'],
      [false, 'heap'],
    ] as const;
    for (const [waitsForVerdict, reason] of cases) {
      const { look, clock } = running('auto', { change: 'smaller' }, { evaluation: null, waitsForVerdict });
      await look();
      clock.advance(60);

      expect((await look())[0]?.reason).to.equal(reason);
    }
  });

  it('tells the verdict with the id of the decision, once', async () => {
    const evaluation: Evaluation = { verdict: notMeasured('for a reason') };
    const { look, log } = running('auto', { change: 'smaller' }, { evaluation });
    const [decision] = await look();

    await look();
    await look();

    expect(log.verdicts).to.have.length(1);
    expect(log.verdicts[0]).to.include({ id: decision?.id, target: 'shared', kind: 'not measured' });
  });

  it('ends what was not judged yet as not measured when it is changed again', async () => {
    const { look, log } = running(
      'auto',
      { change: 'smaller', isUrgent: true },
      { evaluation: null, waitsForVerdict: false },
    );
    const [first] = await look();

    await look();

    expect(log.verdicts.map(({ id, kind }) => [id, kind])).to.deep.equal([[first?.id, 'not measured']]);
  });

  it('undoes what did harm, says so, and waits twice as long each time', async () => {
    const evaluation: Evaluation = {
      verdict: notMeasured('worse'),
      rollBack: { reason: 'worse', explanation: 'it cost more' },
    };
    const { look, clock, action } = running('auto', { change: 'smaller' }, { evaluation });
    const outcomes: (string | undefined)[] = [];
    // A minute is a window: the first change is undone one window later, and the next one waits two, then four.
    for (let minute = 0; minute < 12; minute++) {
      const made = await look();
      outcomes.push(made[0]?.outcome);
      clock.advance(60);
    }

    expect(outcomes.map((outcome) => outcome?.[0]).join('')).to.equal('arharhhharhh');
    expect(action.calls.filter((call) => call === 'rollback smaller')).to.have.length(3);
  });

  it('records nothing of a quiet look but what it changes', async () => {
    const { look } = running('auto', { change: 'smaller' });

    expect(await look({ isQuiet: true })).to.have.length(1);
    expect(await look({ isQuiet: true })).to.have.length(0);
  });
});

interface Steps {
  readonly applied?: Numbers;
  readonly error?: Error;
  /** `null`: not yet. */
  readonly evaluation?: Evaluation | null;
  readonly waitsForVerdict?: boolean;
}

class ScriptedAction implements OptimizerAction<string, string> {
  readonly name = 'memory_governor';
  readonly resource = 'memory';
  readonly calls: string[] = [];
  readonly mode: ActionMode;
  readonly waitsForVerdict: boolean;
  readonly evaluate?: () => Evaluation | undefined;
  readonly #proposal: Proposal<string>;
  readonly #steps: Steps;

  constructor(mode: ActionMode, proposal: Proposal<string>, steps: Steps) {
    this.mode = mode;
    this.#proposal = proposal;
    this.#steps = steps;
    this.waitsForVerdict = steps.waitsForVerdict ?? true;
    const { evaluation } = steps;
    if (evaluation !== undefined) this.evaluate = () => evaluation ?? undefined;
  }

  observe(): readonly string[] {
    this.calls.push('observe');
    return ['signal'];
  }

  propose(): Proposal<string> {
    return this.#proposal;
  }

  async apply(change: string): Promise<Numbers> {
    this.calls.push(`apply ${change}`);
    if (this.#steps.error !== undefined) throw this.#steps.error;
    return this.#steps.applied ?? {};
  }

  rollback(change: string): void {
    this.calls.push(`rollback ${change}`);
  }
}

function running(mode: ActionMode, proposal: Partial<Proposal<string>>, steps: Steps = {}) {
  const clock = new FakeClock();
  const log = new DecisionLog(new Instruments(), clock);
  const action = new ScriptedAction(
    mode,
    { target: 'shared', reason: 'heap', explanation: 'because', numbers: { given: 1 }, ...proposal },
    steps,
  );
  const runner = new ActionRunner(action);
  const look = (options?: { readonly isQuiet?: boolean }) => {
    const now: Look = {
      now: clock.now(),
      observation: NOTHING_OBSERVED,
      thresholds: { memoryThreshold: 0.8, cpuThreshold: 0.8 },
      intervalSeconds: 60,
    };
    return runner.run(now, log, options);
  };
  return { look, clock, action, log };
}
