import { beforeEach, describe, expect, it } from 'vitest';

import { forget } from '../shared/quick-exit';
import { Memory } from './memory';
import type { Setting } from './types';

const SETTING: Setting = { audience: 'forelder', language: 'nb', kommune: null };
const REMEMBERED = { id: 'abc', token: 'secret', setting: SETTING, asked: SETTING };

beforeEach(() => {
  sessionStorage.clear();
});

describe('what the tab remembers', () => {
  it('survives a reload', () => {
    new Memory('').write(REMEMBERED);
    expect(new Memory('').read()).toEqual(REMEMBERED);
  });

  it('keeps conversations with different services apart', () => {
    new Memory('https://a.example').write(REMEMBERED);
    expect(new Memory('https://b.example').read()).toBeNull();
  });

  it('is nothing after clearing', () => {
    const memory = new Memory('');
    memory.write(REMEMBERED);
    memory.clear();
    expect(memory.read()).toBeNull();
  });

  it.each(['{', '"text"', '{"id": 1}', '{"id":"a","token":"b","setting":{"audience":"hund","language":"nb"}}'])(
    'ignores an entry that is not ours: %s',
    (value) => {
      sessionStorage.setItem('veivis.chat:', value);
      expect(new Memory('').read()).toBeNull();
    },
  );

  it('works for this page view where storage is forbidden', () => {
    const memory = new Memory('', () => {
      throw new DOMException('denied', 'SecurityError');
    });
    memory.write(REMEMBERED);
    expect(memory.read()).toEqual(REMEMBERED);
  });

  it('is forgotten in a quick exit, while the entries of the page around stay', () => {
    new Memory('').write(REMEMBERED);
    sessionStorage.setItem('theirs', 'kept');
    forget(sessionStorage);
    expect(new Memory('').read()).toBeNull();
    expect(sessionStorage.getItem('theirs')).toBe('kept');
  });
});
