import { expect } from 'chai';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TagSlots } from '../../../src/cache/persistent/tag-slots.js';

describe('versions of tags in slots', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perf-tags-'));
    file = join(folder, 'tags');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('stays small, however many tags there are', () => {
    const store = new TagSlots(file, { isFlushed: false });
    const tags = Array.from({ length: 20_000 }, (_, n) => `user:${n}`);

    const versions = store.invalidate(tags);

    expect(store.readVersions(tags)).to.deep.equal(versions);
    expect(new Set(versions).size, 'few share a slot').to.be.above(16_000);
    expect(statSync(file).size).to.be.at.most(2 ** 20);
  });

  it('needs no file to say that nothing was invalidated, and makes none', () => {
    const store = new TagSlots(file, { isFlushed: true });

    expect(store.readVersions(['a'])).to.deep.equal(['']);
    expect(store.readVersions([])).to.deep.equal([]);
    expect(store.invalidate([])).to.deep.equal([]);
    expect(statSync(file, { throwIfNoEntry: false })).to.equal(undefined);
    expect(store.invalidate(['a'])).to.deep.equal(store.readVersions(['a']));
  });
});
