import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AT_ONCE_BYTES, overwrite } from '../../../src/cache/persistent/file-access.js';

describe('overwriting a file to recycle it', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perf-files-'));
    file = join(folder, 'spare');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('leaves nothing of a longer one', () => {
    for (const before of ['', 'short', 'x'.repeat(60_000)]) {
      writeFileSync(file, before);

      expect(overwrite(file, 'näher')).to.equal(true);
      expect(readFileSync(file, 'utf8')).to.equal('näher');
    }
  });

  it('leaves a long one alone, which may be read in several steps', () => {
    const long = 'x'.repeat(AT_ONCE_BYTES + 1);
    writeFileSync(file, long);

    expect(overwrite(file, 'short')).to.equal(false);
    expect(readFileSync(file, 'utf8')).to.equal(long);
  });
});
