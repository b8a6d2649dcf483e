import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { ReadStream, WriteStream } from 'node:tty';
import { Screen } from '../../../src/cli/top/screen.js';

/** Both sides of a terminal, as far as a screen uses them. */
class Terminal {
  written = '';
  quits = 0;
  isRaw = false;
  readonly stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => (this.isRaw = isRaw),
    resume: () => {},
    pause: () => {},
  });
  readonly stdout = Object.assign(new EventEmitter(), {
    columns: 40,
    rows: 4,
    write: (text: string) => (this.written += text),
  });
  readonly screen = new Screen(
    this.stdin as unknown as ReadStream,
    this.stdout as unknown as WriteStream,
    () => (this.quits += 1),
  );

  /** What was written since the last time. */
  take(): string {
    const written = this.written.replaceAll('\u001B[', '^');
    this.written = '';
    return written;
  }
}

describe('Screen', () => {
  it('gives the terminal back as it was', () => {
    const terminal = new Terminal();
    const listeners = process.listenerCount('exit');
    terminal.screen.open();
    expect([terminal.isRaw, terminal.take()]).to.deep.equal([true, '^?1049h^?25l^2J']);

    terminal.screen.close();
    terminal.screen.close();

    expect([terminal.isRaw, terminal.take()]).to.deep.equal([false, '^?25h^?1049l']);
    expect(terminal.stdin.listenerCount('data')).to.equal(0);
    expect(terminal.stdout.listenerCount('resize')).to.equal(0);
    expect(process.listenerCount('exit')).to.equal(listeners);
  });

  it('draws in place, and again when the size changes', () => {
    const terminal = new Terminal();
    terminal.screen.open();
    terminal.take();

    terminal.screen.draw(['one', 'two']);
    expect(terminal.take()).to.equal('^Hone^K\r\ntwo^K^J');
    terminal.stdout.emit('resize');
    expect(terminal.take()).to.equal('^Hone^K\r\ntwo^K^J');
    terminal.screen.close();
  });

  it('says what does not fit', () => {
    const terminal = new Terminal();
    terminal.screen.open();
    terminal.take();

    terminal.screen.draw(['1', '2', '3', '4', '5', '6']);

    expect(terminal.take()).to.equal('^H1^K\r\n2^K\r\n3^K\r\n3 more lines; --once prints all^K^J');
    terminal.screen.close();
  });

  for (const key of ['q', 'Q', '\u0003', '\u0004']) {
    it(`quits on ${JSON.stringify(key)}`, () => {
      const terminal = new Terminal();
      terminal.screen.open();

      terminal.stdin.emit('data', Buffer.from('x'));
      terminal.stdin.emit('data', Buffer.from(key));

      expect(terminal.quits).to.equal(1);
      terminal.screen.close();
    });
  }
});
