import { expect } from 'chai';
import { keySlot } from '../../../src/cache/redis/key-slot.js';

describe('keySlot', () => {
  it('is the CRC16 of the Redis Cluster specification', () => {
    expect(keySlot('123456789')).to.equal(0x31c3);
    expect(keySlot('foo')).to.equal(12_182);
    expect(keySlot('')).to.equal(0);
  });

  it('looks at what is between the first braces only', () => {
    expect(keySlot('{user1000}.following')).to.equal(keySlot('user1000'));
    expect(keySlot('foo{bar}{zap}')).to.equal(keySlot('bar'));
    expect(keySlot('foo{{bar}}zap')).to.equal(keySlot('{bar'));
  });

  it('looks at the whole key when there is nothing between them', () => {
    expect(keySlot('foo{}{bar}')).to.not.equal(keySlot('bar'));
    expect(keySlot('foo{bar')).to.not.equal(keySlot('bar'));
    expect(keySlot('}foo{')).to.not.equal(keySlot('foo'));
  });
});
