import { expect } from 'chai';
import { forgetNotices, noticeOnce } from '../../src/telemetry/notice.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';

describe('noticeOnce', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('says each thing once', () => {
    for (let i = 0; i < 3; i++) {
      noticeOnce('disk', 'the disk is full');
      noticeOnce('network', 'the network is gone', 'info');
    }

    expect(notices.said).to.deep.equal(['the disk is full', 'the network is gone']);
  });

  it('falls silent rather than grow without end', () => {
    for (let i = 0; i < 5000; i++) noticeOnce(`name ${i}`, `name ${i} is odd`);

    expect(notices.said).to.have.length(1000);
  });

  it('can be made to forget', () => {
    noticeOnce('disk', 'the disk is full');
    forgetNotices();
    noticeOnce('disk', 'the disk is full');

    expect(notices.said).to.have.length(2);
  });
});
