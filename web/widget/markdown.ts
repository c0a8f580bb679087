/**
 * The small subset of Markdown that a message may hold: paragraphs, lists, strong and links. Gives a tree, never HTML: whatever is
 * not in the subset stays plain text. A link that is not https, tel or within the site becomes its text.
 */
export type Inline =
  { kind: 'text'; text: string } | { kind: 'strong'; children: Inline[] } | { kind: 'link'; href: string; children: Inline[] };

export type Block = { kind: 'paragraph'; lines: Inline[][] } | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] };

const BULLET = /^\s{0,3}[-*]\s+(.*)$/;
const NUMBER = /^\s{0,3}(\d{1,3})[.)]\s+(.*)$/;
const STRONG_OR_LINK = /\*\*(?=\S)(.+?)(?<=\S)\*\*|\[([^[\]]+)\]\(([^()\s]+)\)/;

export function parse(text: string): Block[] {
  const blocks: Block[] = [];
  let open = null as Block | null;
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    if (!line.trim()) {
      if (open?.kind === 'paragraph') open = null;
      continue;
    }
    const item = listItem(line);
    if (item) {
      if (open?.kind !== 'list' || open.ordered !== item.ordered) {
        open = { kind: 'list', ordered: item.ordered, start: item.number, items: [] };
        blocks.push(open);
      }
      open.items.push(inline(item.text));
    } else if (open?.kind === 'list' && /^\s{2,}/.test(line)) {
      open.items.at(-1)?.push({ kind: 'text', text: ' ' }, ...inline(line.trim()));
    } else {
      if (open?.kind !== 'paragraph') {
        open = { kind: 'paragraph', lines: [] };
        blocks.push(open);
      }
      open.lines.push(inline(line.trim()));
    }
  }
  return blocks;
}

export function inline(text: string): Inline[] {
  const found = STRONG_OR_LINK.exec(text);
  if (!found) return text ? [{ kind: 'text', text }] : [];
  const before: Inline[] = found.index > 0 ? [{ kind: 'text', text: text.slice(0, found.index) }] : [];
  const [whole, strong, label = '', target = ''] = found;
  const after = inline(text.slice(found.index + whole.length));
  if (strong !== undefined) return [...before, { kind: 'strong', children: inline(strong) }, ...after];
  const href = safeHref(target);
  const children: Inline[] = [{ kind: 'text', text: label }];
  return [...before, ...(href === null ? children : [{ kind: 'link' as const, href, children }]), ...after];
}

/** The address when it is https, tel or a path on the same site; null for everything else. */
export function safeHref(target: string): string | null {
  if (/^(https:\/\/[^\s/]|tel:\+?[\d ]+$)/i.test(target)) return target;
  return /^\/(?![/\\])|^#/.test(target) ? target : null;
}

function listItem(line: string): { ordered: boolean; number: number; text: string } | null {
  const bullet = BULLET.exec(line);
  if (bullet) return { ordered: false, number: 1, text: bullet[1] ?? '' };
  const number = NUMBER.exec(line);
  return number ? { ordered: true, number: Number(number[1]), text: number[2] ?? '' } : null;
}
