import { describe, expect, it } from 'vitest';

import { inline, parse, safeHref } from './markdown';

const text = (value: string) => ({ kind: 'text', text: value });

describe('the Markdown of a message', () => {
  it('keeps paragraphs apart and line breaks within them', () => {
    expect(parse('En\nto\n\ntre')).toEqual([
      { kind: 'paragraph', lines: [[text('En')], [text('to')]] },
      { kind: 'paragraph', lines: [[text('tre')]] },
    ]);
  });

  it('reads lists with and without numbers, also when blank lines stand between the items', () => {
    expect(parse('- a\n\n- b')).toEqual([{ kind: 'list', ordered: false, start: 1, items: [[text('a')], [text('b')]] }]);
    expect(parse('3. a\n4. b')).toEqual([{ kind: 'list', ordered: true, start: 3, items: [[text('a')], [text('b')]] }]);
  });

  it('starts a new list when the kind changes', () => {
    expect(parse('- a\n1. b').map((block) => block.kind === 'list' && block.ordered)).toEqual([false, true]);
  });

  it('lets an indented line belong to the item above', () => {
    expect(parse('- a\n  b')).toEqual([{ kind: 'list', ordered: false, start: 1, items: [[text('a'), text(' '), text('b')]] }]);
  });

  it('ends a list at the next paragraph', () => {
    expect(parse('- a\n\nb').map((block) => block.kind)).toEqual(['list', 'paragraph']);
  });

  it('reads strong words and links inside a sentence', () => {
    expect(inline('Ring **113** eller [Nav](https://www.nav.no).')).toEqual([
      text('Ring '),
      { kind: 'strong', children: [text('113')] },
      text(' eller '),
      { kind: 'link', href: 'https://www.nav.no', children: [text('Nav')] },
      text('.'),
    ]);
  });

  it('leaves HTML as the text it is', () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(1)</script>';
    expect(parse(evil)).toEqual([{ kind: 'paragraph', lines: [[text(evil)]] }]);
  });

  it('leaves lone stars and brackets alone', () => {
    expect(inline('2 ** 3 og [ikke lenke]')).toEqual([text('2 ** 3 og [ikke lenke]')]);
  });

  it('shows a link that leads somewhere unsafe as its words', () => {
    expect(inline('[trykk](javascript:alert(1))').some((part) => part.kind === 'link')).toBe(false);
    expect(inline('[trykk](data:text/html,x)')).toEqual([text('trykk')]);
  });

  it('reads two thousand characters of nothing but stars quickly', () => {
    const start = performance.now();
    inline('*'.repeat(2000));
    inline('['.repeat(2000));
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('where a link may lead', () => {
  it.each(['https://www.nav.no/a?b=c', 'tel:116111', 'tel:+4722400040', '/tema/bup', '#kilder'])('allows %s', (href) => {
    expect(safeHref(href)).toBe(href);
  });

  it.each([
    'http://nav.no',
    'javascript:alert(1)',
    'JAVASCRIPT:x',
    '//evil.example',
    '/\\evil.example',
    'data:,',
    'mailto:a@b',
    'https:///x',
  ])('refuses %s', (href) => {
    expect(safeHref(href)).toBeNull();
  });
});
