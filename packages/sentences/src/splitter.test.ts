import { describe, expect, it } from 'vitest';
import { createSentenceSplitter, splitSentences } from './index.ts';

/** Each row is one text, written as the sentences it must be cut into. */
const tables: Record<string, readonly (readonly string[])[]> = {
  'short sentences stay apart': [
    ['Sure.', 'Your balance is 400 rupees.', 'Anything else?'],
    ['Hi!', 'Ok.', 'Done…', 'Next'],
    ['Really?!', 'Yes!!', 'Well...', 'Okay.'],
  ],
  'numbers, times and amounts': [
    ['It costs Rs. 500 or Rs.500 a month.', 'The rate is 3.5 percent.'],
    ['Trains leave at 7:20 and 9.30 tonight.', 'Take No. 5 or no. 12.'],
    ['The total is ₹1,250.', 'Shall I book it?'],
    ['It opened on Sept. 3 at 10.', 'Come on Dec. 24.'],
    ['No.', 'We do not.', 'The 2nd of Dec.', 'It is.'],
  ],
  'titles, names and initials': [
    ['Dr. Sharma and Mr. Rao met Mrs. Iyer, Ms. Das and Prof. Sen at St. Mary.', 'Good.'],
    ['J. K. Rowling met A. P. J. Abdul Kalam.', 'I. K. Gujral too.'],
    ['So do I.', 'The seat is in row B.', 'Take option C.', 'It is rated R.', 'Fine.'],
    ['Turn into M.G. Road near S.B.I. Bank.', 'Go on.'],
  ],
  'abbreviations that connect': [
    ['Home vs. away, e.g. Pune, i.e. here, approx. 5 of them.', 'Right.'],
    ['Tea, coffee, etc. are free.', 'Cakes, etc.', 'They are not.'],
  ],
  'abbreviations the next word decides': [
    ['It is open from 9 a.m. to 7:30p.m. today.', 'It shuts at 6 p.m.', 'Come early.', 'At 9 a.m.', 'शाम को नहीं।'],
    ['The U.S. market is up.', 'She lives in the U.S.', 'Her son does not.'],
    ['Born to Acme Ltd. and sold to Acme Ltd.', 'It is over.'],
    ['He has a Ph.D. in law.', 'Your d.o.b. is missing.', 'Tell me your d.o.b.', 'Then wait.'],
  ],
  'addresses, files and versions': [
    ['See https://example.com/a.b?c=1!x for more.', 'Write to a.b@example.co.in.', 'Or www.example.com.', 'Thanks.'],
    ['Open notes.final.txt in v1.2.3.', 'Then close it.', 'Call 1800.200.300.'],
  ],
  lists: [
    ['1. Trip type: one way?', '2. Cabin class.', '3) Seats.'],
    ['a. Savings.', 'b. Current.'],
    ['Choose one: 1. Economy', '2. Business', '3. First.', 'The total is 12.', 'Ok.'],
    ['**Options:** 1. Fly', '2. Ride'],
  ],
  'quotes, brackets and Markdown': [
    ['He said "Come in."', 'She said “No!”', '(He left.)', '**Done.**', "'Fine.'", 'Yes'],
    ['She asked (why?)', 'and left.'],
    ['Call (approx. 5 min.) now.', '"Dr. Rao" is in.'],
  ],
  ellipsis: [
    ['Well... let me see… one moment.', 'Hmm...', 'Okay.', 'Wait…', 'हाँ।'],
    ['Your balance is... 500 rupees.', 'And so...on.', 'Hm...', 'Ok.'],
    ['... and then.', '?! What.', '. . . So.'],
  ],
  tags: [
    ['Hello <emotion value="happy. yes! no?"/> there.', 'Bye.'],
    ['<b>Dr.</b> Rao is in.', '<emotion value="calm"/> Ok.', '<break/>... Hm.', '<b>1.</b> Trip.'],
    ['Done.</s>', '<s>Next at 5 p.m. <b>today</b>.', 'At 5 p.m.', '<b>Today</b>.'],
    ['If a < b.', 'Then c > d.', '<not a tag.', 'Sure.'],
  ],
  Hindi: [
    ['नमस्ते।', 'आपका बैलेंस 3.5 लाख रु. 500 है।', 'और कुछ?', 'जी हाँ!', 'ठीक है।।', '॥ श्लोक ॥', 'बस।'],
    ['डॉ. शर्मा से श्री. वर्मा 5 कि.मी. दूर हैं।', 'हाँ जी.', 'ए. पी. जे. अब्दुल कलाम।'],
    ['उन्होंने कहा “आइए।”', 'फिर गए।', 'उ.प्र. सरकार की योजना है।'],
  ],
  'other Indic scripts': [
    ['নমস্কার।', 'আপনার অর্ডার নং ৫ তৈরি।', 'ডা. সেন আছেন।', 'ধন্যবাদ।'],
    ['வணக்கம்.', 'உங்கள் இருப்பு ரூ. 500.', 'திரு. ராமன் வந்தார்.', 'எண். 5 வாருங்கள்.', 'நன்றி.'],
    ['آپ کیسے ہیں؟', 'ٹھیک ہے۔'],
  ],
  Hinglish: [
    ['Namaste!', 'Aapka bill Rs. 1,250 hai.', 'Kya main Dr. Mehta se 5 p.m. ka appointment book karoon?', 'Ji.'],
    ['Ek minute please...', 'Haan ji, mil gaya.'],
  ],
  'white space and newlines': [
    ['First line', 'second line', 'Dr.', 'Rao at 5 p.m.', 'next'],
    ['One.', 'Two'],
  ],
};

describe('splitSentences', () => {
  for (const [name, rows] of Object.entries(tables)) {
    const separator = name === 'white space and newlines' ? ' \r\n\u00a0 ' : ' ';
    it.each(rows.map((row) => [row.join(separator), row] as const))(`${name}: %s`, (text, expected) => {
      expect(splitSentences(text)).toEqual(expected);
      expect(splitSentences(`  ${text}\n`)).toEqual(expected);
    });
  }

  it('needs no white space after a danda, a full-width mark, or before a script without case', () => {
    expect(splitSentences('हाँ।नहीं॥ठीक।”बस')).toEqual(['हाँ।', 'नहीं॥', 'ठीक।”', 'बस']);
    expect(splitSentences('好。是！吗？完')).toEqual(['好。', '是！', '吗？', '完']);
    expect(splitSentences('क्या?हाँ!जी...ठीक')).toEqual(['क्या?', 'हाँ!', 'जी...', 'ठीक']);
    expect(splitSentences('What?No.Yes!Ok')).toEqual(['What?No.Yes!Ok']);
  });

  it('leaves out white space and keeps marks alone as they are', () => {
    expect(splitSentences('')).toEqual([]);
    expect(splitSentences(' \n\t\u00a0 ')).toEqual([]);
    expect(splitSentences(' ?! \n ... ')).toEqual(['?!', '...']);
  });

  it('takes more abbreviations, in any case and with or without the full stop', () => {
    const text = 'The acct. is open. See para. Two.';
    expect(splitSentences(text)).toEqual(['The acct.', 'is open.', 'See para.', 'Two.']);
    expect(splitSentences(text, { abbreviations: ['Acct.', 'para'] })).toEqual([
      'The acct. is open.',
      'See para. Two.',
    ]);
    expect(splitSentences('Cafe\u0301. Two', { abbreviations: ['CAF\u00c9'] })).toEqual(['Cafe\u0301. Two']);
  });
});

const cut = (text: string, maxLength: number): string[] => splitSentences(text, { maxLength });

describe('an overlong sentence', () => {
  it('is cut at the last clause mark of its second half, else at the last white space', () => {
    expect(cut('one two, three four five', 16)).toEqual(['one two, three', 'four five']);
    expect(cut('one two three, four five', 18)).toEqual(['one two three,', 'four five']);
    expect(cut('एक दो तीन—चार पाँच', 14)).toEqual(['एक दो तीन—', 'चार पाँच']);
    expect(cut('cost 1,250 and on', 12)).toEqual(['cost 1,250', 'and on']);
  });

  it('is cut between graphemes when it has no white space, and between code points when one does not fit', () => {
    expect(cut('क्षक्षक्ष', 7)).toEqual(['क्षक्ष', 'क्ष']);
    expect(cut('ab👨‍👩‍👧‍👦cd', 12)).toEqual(['ab', '👨‍👩‍👧‍👦c', 'd']);
    expect(cut('😀😀😀', 3)).toEqual(['😀', '😀', '😀']);
    expect(cut('👨‍👩‍👧', 4)).toEqual(['👨‍', '👩‍', '👧']);
  });

  it('ends at its own border when it fits exactly', () => {
    expect(cut('abc def. ghi', 8)).toEqual(['abc def.', 'ghi']);
    expect(cut('abc defg. hi', 8)).toEqual(['abc', 'defg.', 'hi']);
    expect(cut('at 5 p.m. Ok', 9)).toEqual(['at 5 p.m.', 'Ok']);
    expect(cut(`at 5 p.m.${' '.repeat(9)}ok`, 12)).toEqual(['at 5 p.m.', 'ok']);
    expect(cut(`at mid noon, 5 p.m.${' '.repeat(9)}ok`, 20)).toEqual(['at mid noon, 5 p.m.', 'ok']);
  });

  it('is cut before a tag and not inside, unless the tag alone is too long', () => {
    expect(cut('abcdefgh<b c="d e"/>ij', 16)).toEqual(['abcdefgh', '<b c="d e"/>ij']);
    expect(cut('<b c="d. e"/>ij', 10)).toEqual(['<b c="d.', 'e"/>ij']);
  });

  it.each([0, 1, -5, 2.5, Number.NaN, Infinity])('refuses a maxLength of %s', (maxLength) => {
    expect(() => createSentenceSplitter({ maxLength })).toThrow(
      new TypeError(`maxLength must be an integer of at least 2, not ${maxLength}`),
    );
  });

  it('is 500 units long by default', () => {
    const words = 'word '.repeat(300).trim();
    expect(splitSentences(words).map((sentence) => sentence.length)).toEqual([499, 499, 499]);
  });
});

/** What each push returns, then what flush returns. */
const trace = (...pieces: string[]): string[][] => {
  const splitter = createSentenceSplitter();
  return [...pieces.map((piece) => splitter.push(piece)), splitter.flush()];
};

describe('createSentenceSplitter', () => {
  it.each([
    ['a newline: nothing', ['Sure', '\n'], [[], ['Sure'], []]],
    ['a danda: the next character', ['ठीक।', 'अ'], [[], ['ठीक।'], ['अ']]],
    ['a question mark: the next character', ['Why?', ' '], [[], ['Why?'], []]],
    ['a full stop after an ordinary word: white space', ['Sure', '.', ' ', 'Y'], [[], [], ['Sure.'], [], ['Y']]],
    ['a full stop after a title: no border', ['Dr.', ' ', 'R'], [[], [], [], ['Dr. R']]],
    ['"p.m.": the next word', ['5 p.m.', ' ', 'C'], [[], [], ['5 p.m.'], ['C']]],
    ['"p.m.": the next word goes on', ['5 p.m.', ' ', 'c'], [[], [], [], ['5 p.m. c']]],
    ['"No.": the next word', ['No.', '  ', 'w'], [[], [], ['No.'], ['w']]],
    ['an ellipsis: the next word', ['Hm...', ' ', 'O'], [[], [], ['Hm...'], ['O']]],
    ['the next item of a list: its full stop', ['1. A', ' 2.', ' '], [[], [], ['1. A'], ['2.']]],
    ['closing marks: what follows them', ['"Hi.', '"', ' '], [[], [], ['"Hi."'], []]],
    ['a tag: its end', ['Hi <b. ', 'c> d. ', ''], [[], ['Hi <b. c> d.'], [], []]],
    ['half a character: its other half', ['क।\ud83d', '\ude42', ' '], [[], [], ['क।🙂'], []]],
  ])('looks ahead of %s', (_, pieces, expected) => {
    expect(trace(...pieces)).toEqual(expected);
  });

  it('can be used again after flush, whatever it was in the middle of', () => {
    for (const rest of ['1. A 2.', 'at 5 p.m. ', '<b', '\ud83d', 'x'.repeat(600), 'Hm...']) {
      const splitter = createSentenceSplitter();
      splitter.push(rest);
      splitter.flush();
      expect([...splitter.push('At 5 p.m. Come. Now'), ...splitter.flush()]).toEqual(['At 5 p.m.', 'Come.', 'Now']);
    }
  });
});
