import { describe, expect, it } from 'vitest';

import { count, day, TEXTS } from './texts';

describe('dates and numbers', () => {
  it('writes the day as people say it', () => {
    expect(day('2026-11-24', 'nb')).toBe('24. november 2026');
    expect(day('2026-11-24', 'nn')).toBe('24. november 2026');
    expect(day('2026-11-24', 'en')).toBe('24 November 2026');
  });

  it('leaves what is not a date', () => {
    expect(day('ukjent', 'nb')).toBe('ukjent');
  });

  it('groups thousands', () => {
    expect(count(2000, 'nb')).toMatch(/^2\s000$/);
  });

  it('counts one second in the singular', () => {
    expect(TEXTS.nb.tooFast(1)).toContain('1 sekund ');
    expect(TEXTS.nb.tooFast(2)).toContain('2 sekunder ');
  });
});
