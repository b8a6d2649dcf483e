import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { onAbort } from '../../src/async/abort-links.js';

describe('onAbort', () => {
  const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  it('calls everybody once, in the order they came', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    onAbort(controller.signal, () => calls.push('a'));
    onAbort(controller.signal, () => calls.push('b'));

    controller.abort();
    controller.abort();

    expect(calls).to.deep.equal(['a', 'b']);
  });

  it('does not call who has left, not even when that happens in the call before', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const leave = onAbort(controller.signal, () => calls.push('left'));
    onAbort(controller.signal, () => {
      calls.push('a');
      leaveLast();
    });
    const leaveLast = onAbort(controller.signal, () => calls.push('last'));

    leave();
    controller.abort();

    expect(calls).to.deep.equal(['a']);
  });

  it('has one listener for everybody, and none when all have left', () => {
    const { signal } = new AbortController();

    const leaves = Array.from({ length: 1000 }, () => onAbort(signal, () => {}));
    const during = listenersOf(signal);
    for (const leave of leaves) leave();
    for (const leave of leaves) leave();

    expect([during, listenersOf(signal)]).to.deep.equal([1, 0]);
  });

  it('can be used again after all have left', () => {
    const controller = new AbortController();
    let calls = 0;
    onAbort(controller.signal, () => (calls += 1))();
    onAbort(controller.signal, () => (calls += 1));

    controller.abort();

    expect(calls).to.equal(1);
    expect(listenersOf(controller.signal)).to.equal(0);
  });
});
