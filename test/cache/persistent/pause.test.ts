import { Pause } from '../../../src/cache/persistent/pause.js';

describe('Pause', () => {
  it('ends when it is told to', async () => {
    const long = new Pause(1e6);
    const taken = long.take();

    long.end();

    await taken;
  });
});
