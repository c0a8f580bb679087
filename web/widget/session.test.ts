import { beforeEach, describe, expect, it } from 'vitest';

import { ChatApi } from './api';
import { Memory } from './memory';
import { expectsOthers, merged, Session } from './session';
import type { Message, Setting } from './types';

const SETTING: Setting = { audience: 'forelder', language: 'nb', kommune: null };

function message(seq: number, sender: Message['sender'] = 'bot', text = 'Hei'): Message {
  return {
    id: `m${String(seq)}`,
    seq,
    sender,
    status: sender === 'bot' ? 'smalltalk' : null,
    text,
    language: 'nb',
    created_at: '2026-11-24T10:00:00Z',
    topics: [],
    facet: null,
    sources: [],
    options: [],
    helplines: [],
    degraded: false,
  };
}

const ok = (body: unknown): Response => new Response(JSON.stringify(body), { status: 200 });
const problem = (status: number, detail = ''): Response => new Response(JSON.stringify({ status, detail }), { status });
const opened = (id = 'abc'): Response => ok({ id, token: 't', messages: [message(1)], expires_at: '' });
const replied = (): Response => ok({ messages: [message(2, 'user', 'Spørsmål'), message(3)] });

/** A session whose server gives these answers in order; an Error is a network that fails. */
function against(...answers: (Response | Error)[]) {
  const calls: { url: string; body: Record<string, unknown> | null }[] = [];
  const waits: number[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    calls.push({ url, body: init.body ? (JSON.parse(init.body as string) as Record<string, unknown>) : null });
    const answer = answers.shift();
    return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer ?? new Error('no answer left'));
  };
  let ids = 0;
  const session = new Session(new ChatApi('', fetch), new Memory(''), SETTING, {
    changed: () => undefined,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
    newId: () => `id-${String((ids += 1))}`,
  });
  return { session, calls, waits };
}

beforeEach(() => {
  sessionStorage.clear();
});

describe('a conversation', () => {
  it('opens with the greeting', async () => {
    const { session } = against(opened());
    await session.start();
    expect(session.state).toMatchObject({ phase: 'ready', messages: [{ seq: 1 }] });
  });

  it('is read again after a reload', async () => {
    await against(opened()).session.start();
    const { session, calls } = against(ok({ messages: [message(1), message(2), message(3)] }));
    await session.start();
    expect(calls[0]?.url).toBe('/api/v1/conversations/abc/messages?after=0');
    expect(session.state.messages).toHaveLength(3);
  });

  it('starts anew when what the tab remembers has expired', async () => {
    await against(opened()).session.start();
    const { session } = against(problem(404), opened('new'));
    await session.start();
    expect(session.state).toMatchObject({ phase: 'ready', messages: [{ seq: 1 }] });
  });

  it('can be tried again when the service cannot be reached at first', async () => {
    const { session } = against(new TypeError('offline'), opened());
    await session.start();
    expect(session.state).toMatchObject({ phase: 'stopped', notice: { kind: 'cannot-start' } });
    await session.retry();
    expect(session.state.phase).toBe('ready');
  });
});

describe('sending', () => {
  it('shows the question as kept, and the reply', async () => {
    const { session } = against(opened(), replied());
    await session.start();
    await session.send({ text: 'Spørsmål', shown: 'Spørsmål' });
    expect(session.state).toMatchObject({ phase: 'ready', pending: null, messages: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
  });

  it('repeats a message that got lost under the same client id', async () => {
    const { session, calls, waits } = against(opened(), new TypeError('offline'), problem(503), replied());
    await session.start();
    await session.send({ text: 'a', shown: 'a' });
    expect(calls.slice(1).map((call) => call.body?.['client_id'])).toEqual(['id-1', 'id-1', 'id-1']);
    expect(waits).toEqual([1000, 3000]);
    expect(session.state.messages).toHaveLength(3);
  });

  it('gives up after three tries, keeps the message, and sends it once more when asked', async () => {
    const gone = new TypeError('offline');
    const { session, calls } = against(opened(), gone, gone, gone, replied());
    await session.start();
    await session.send({ text: 'a', shown: 'a' });
    expect(session.state.pending).toMatchObject({ failed: true, outgoing: { text: 'a' } });
    await session.retry();
    expect(calls.at(-1)?.body?.['client_id']).toBe('id-1');
    expect(session.state.pending).toBeNull();
  });

  it('gives the text back with the reason when it is refused', async () => {
    const { session } = against(opened(), problem(422, 'meldingen er tom'));
    await session.start();
    await session.send({ text: 'a', shown: 'a' });
    expect(session.state).toMatchObject({ draft: 'a', pending: null, notice: { kind: 'refused', detail: 'meldingen er tom' } });
  });

  it('starts a new conversation and keeps the text when the old one is gone', async () => {
    const { session } = against(opened(), problem(404), opened('new'));
    await session.start();
    await session.send({ text: 'Viktig', shown: 'Viktig' });
    expect(session.state).toMatchObject({ phase: 'ready', draft: 'Viktig', notice: { kind: 'gone' }, messages: [{ seq: 1 }] });
  });
});

describe('what did not get through', () => {
  it('can be taken back and changed', async () => {
    const lost = new TypeError('offline');
    const { session } = against(opened(), lost, lost, lost);
    await session.start();
    await session.send({ text: 'a', shown: 'a' });
    session.takeBack();
    expect(session.state).toMatchObject({ phase: 'ready', pending: null, draft: 'a' });
  });
});

describe('when a person has been asked for', () => {
  it('reads what they have written since', async () => {
    const { session, calls } = against(opened(), ok({ messages: [message(2, 'coordinator', 'Hei, jeg er Kari')] }));
    await session.start();
    await session.refresh();
    expect(calls[1]?.url).toBe('/api/v1/conversations/abc/messages?after=1');
    expect(session.state.messages.at(-1)?.text).toBe('Hei, jeg er Kari');
  });

  it('is known from the messages', () => {
    expect(expectsOthers([message(1)])).toBe(false);
    expect(expectsOthers([message(1), { ...message(2), status: 'handoff' }])).toBe(true);
  });
});

describe('a kommune that the page got wrong', () => {
  it('does not keep the conversation from starting', async () => {
    const setting = { ...SETTING, kommune: '9999' };
    const { session, calls } = against(problem(422, 'Kommunenummeret finnes ikke.'), opened());
    await session.open(setting);
    expect(calls.map((call) => call.body?.['kommune'])).toEqual(['9999', null]);
    expect(session.state.phase).toBe('ready');
  });
});

describe('deleting', () => {
  it('forgets the conversation and greets again', async () => {
    const { session, calls } = against(opened(), new Response(null, { status: 204 }), opened('new'));
    await session.start();
    await session.remove();
    expect(calls[1]?.url).toBe('/api/v1/conversations/abc');
    expect(session.state.notice).toEqual({ kind: 'removed' });
    expect(new Memory('').read()?.id).toBe('new');
  });

  it('says so when it did not happen', async () => {
    const { session } = against(opened(), problem(503));
    await session.start();
    await session.remove();
    expect(session.state.notice).toEqual({ kind: 'remove-failed' });
    expect(new Memory('').read()?.id).toBe('abc');
  });
});

describe('merging messages', () => {
  it('shows what arrives twice once', () => {
    expect(merged([message(1), message(2)], [message(2, 'bot', 'nyere'), message(3)]).map((m) => m.text)).toEqual(['Hei', 'nyere', 'Hei']);
  });

  it('keeps every reply that could not be stored and so has no number', () => {
    const unsaved = { ...message(0), id: 'x' };
    expect(merged([message(1)], [unsaved, { ...unsaved, id: 'y' }])).toHaveLength(3);
  });
});
