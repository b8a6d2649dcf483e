import type { MadeDecision, MadeVerdict } from '@gary-zero/performance';
import { expect } from 'chai';
import { DecisionStory } from '../../examples/storefront/decision-story.js';
import { decisionLines } from '../../examples/storefront/live-lines.js';

const applied: MadeDecision = {
  id: 'a-1',
  time: 1_800_000_000,
  action: 'cache_budget',
  resource: 'cache',
  target: 'shop',
  outcome: 'applied',
  reason: 'pays',
  explanation: 'twice the memory would save much',
  numbers: { bytes: 8 },
};
const verdict: MadeVerdict = {
  id: 'a-1',
  action: 'cache_budget',
  resource: 'cache',
  target: 'shop',
  time: 1_800_000_030,
  kind: 'improved',
  explanation: 'misses cost 5.0 % less',
  improvementPercent: 5,
  improvementInterval: [3, 7],
};

describe('storefront decision story', () => {
  it('keeps what was done and advised, with its reason, and what came of it', () => {
    const story = new DecisionStory();
    story.onDecision(applied);
    story.onVerdict(verdict);

    const [told] = story.told;

    expect(told).to.deep.include({
      action: 'cache_budget',
      outcome: 'applied',
      reason: 'pays',
      numbers: { bytes: 8 },
    });
    expect(told!.verdict).to.deep.include({ kind: 'improved', improvementInterval: [3, 7] });
    expect(decisionLines(told!).map((line) => line.trim())).to.deep.equal([
      '0.0 s  cache_budget of shop: applied, pays',
      'twice the memory would save much',
      '-> 0.0 s  improved: misses cost 5.0 % less',
    ]);
  });

  it('leaves out what is left alone, and advice that is given again', () => {
    const story = new DecisionStory();
    const advised: MadeDecision = { ...applied, outcome: 'advised', recommendation: 'add memory' };
    story.onDecision({ ...applied, id: 'a-2', outcome: 'held' });
    story.onDecision({ ...advised, id: 'a-3' });
    story.onDecision({ ...advised, id: 'a-4' });
    story.onDecision({ ...advised, id: 'a-5', reason: 'idle_memory' });
    story.onVerdict({ ...verdict, id: 'a-2' });

    expect(story.told.map(({ reason }) => reason)).to.deep.equal(['pays', 'idle_memory']);
    expect(decisionLines(story.told[0]!)[1]).to.include('add memory');
  });
});
