import { expect } from 'chai';
import { clip, coloured, plain, tableLines } from '../../../src/cli/top/text-table.js';

describe('tableLines', () => {
  const rows = [
    ['find', '1', '22'],
    ['a long name of an operation', '333', { text: '4', tone: 'bad' as const }],
  ];

  it('puts numbers under each other', () => {
    expect(tableLines({ head: ['NAME', 'a', 'b'], rows }, 80, plain)).to.deep.equal([
      'NAME                           a   b',
      'find                           1  22',
      'a long name of an operation  333   4',
    ]);
  });

  it('shortens names, then leaves out columns, where there is little room', () => {
    expect(tableLines({ head: ['NAME', 'a', 'b'], rows }, 27, plain)).to.deep.equal([
      'NAME                  a   b',
      'find                  1  22',
      'a long name of an…  333   4',
    ]);
    for (const line of tableLines({ head: ['NAME', 'a', 'b'], rows }, 22, plain))
      expect(line).to.have.length.at.most(22);
    expect(tableLines({ head: ['NAME', 'a', 'b'], rows }, 22, plain)[0]).to.match(/^NAME +a$/);
  });

  it('paints heads and what stands out', () => {
    const [head, , last] = tableLines({ head: ['NAME', 'a', 'b'], rows }, 80, coloured);

    expect(head).to.include('\u001B[2mNAME');
    expect(last).to.include('\u001B[31m   4\u001B[0m');
  });

  it('lets no text of others through to the terminal as it is', () => {
    const [, row] = tableLines(
      { head: ['NAME'], rows: [['\u001B]0;title\u0007\u001B[2J\u202Eevil\n']] },
      80,
      plain,
    );

    expect(row).to.equal('\\u001b]0;title\\u0007\\u001b[2J\\u202eevil\\u000a');
  });
});

describe('clip', () => {
  it('says that something is missing', () => {
    expect([clip('abc', 3), clip('abcd', 3), clip('abcd', 0)]).to.deep.equal(['abc', 'ab…', '…']);
  });
});
