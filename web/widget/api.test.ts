import { describe, expect, it } from 'vitest';

import { ChatApi, Gone, Refused, Unreachable } from './api';

const HANDLE = { id: 'abc', token: 'secret' };

interface Call {
  url: string;
  init: RequestInit;
}

function answering(response: () => Response): { api: ChatApi; calls: Call[] } {
  const calls: Call[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    calls.push({ url, init });
    return Promise.resolve(response());
  };
  return { api: new ChatApi('https://veivis.example/', fetch), calls };
}

function problem(status: number, detail = '', headers: Record<string, string> = {}): () => Response {
  return () => new Response(JSON.stringify({ status, detail }), { status, headers });
}

const json =
  (body: unknown): (() => Response) =>
  () =>
    new Response(JSON.stringify(body));

describe('the API client', () => {
  it('opens a conversation for the audience, language and kommune', async () => {
    const { api, calls } = answering(json({ id: 'abc', token: 't', messages: [], expires_at: '' }));
    await api.open({ audience: 'ung', language: 'nn', kommune: '3205' });
    expect(calls[0]?.url).toBe('https://veivis.example/api/v1/conversations');
    expect(JSON.parse(calls[0]?.init.body as string)).toEqual({ audience: 'ung', language: 'nn', kommune: '3205' });
  });

  it('sends the token in a header, never in the address', async () => {
    const { api, calls } = answering(json({ messages: [] }));
    await api.messages(HANDLE, 4);
    expect(calls[0]?.url).toBe('https://veivis.example/api/v1/conversations/abc/messages?after=4');
    expect(calls[0]?.init.headers).toMatchObject({ Authorization: 'Bearer secret' });
  });

  it('sends words as text and an option as its choice, each with the client id', async () => {
    const { api, calls } = answering(json({ messages: [] }));
    await api.send(HANDLE, { text: 'Hei', shown: 'Hei' }, 'id-1');
    await api.send(HANDLE, { choice: 'person', shown: 'Snakk med et menneske' }, 'id-2');
    expect(calls.map((call) => JSON.parse(call.init.body as string) as unknown)).toEqual([
      { text: 'Hei', client_id: 'id-1' },
      { choice: 'person', client_id: 'id-2' },
    ]);
  });

  it.each([401, 404])('says that the conversation is gone at %i', async (status) => {
    const { api } = answering(problem(status));
    await expect(api.messages(HANDLE)).rejects.toBeInstanceOf(Gone);
  });

  it('gives the reason of a refusal', async () => {
    const { api } = answering(problem(422, 'meldingen er tom'));
    await expect(api.send(HANDLE, { text: '', shown: '' }, 'x')).rejects.toMatchObject({ status: 422, detail: 'meldingen er tom' });
  });

  it('gives the seconds to wait when it goes too fast', async () => {
    const { api } = answering(problem(429, '', { 'Retry-After': '12' }));
    const error = await api.send(HANDLE, { text: 'a', shown: 'a' }, 'x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ status: 429, retryAfterSeconds: 12 });
  });

  it('treats a server that fails, a network that fails and a page that is not JSON alike: worth trying again', async () => {
    await expect(answering(problem(503)).api.messages(HANDLE)).rejects.toBeInstanceOf(Unreachable);
    await expect(answering(() => new Response('<html>')).api.messages(HANDLE)).rejects.toBeInstanceOf(Unreachable);
    const offline = new ChatApi('', () => Promise.reject(new TypeError('offline')));
    await expect(offline.messages(HANDLE)).rejects.toBeInstanceOf(Unreachable);
  });

  it('deletes without expecting an answer', async () => {
    const { api, calls } = answering(() => new Response(null, { status: 204 }));
    await expect(api.remove(HANDLE)).resolves.toBeUndefined();
    expect(calls[0]?.init.method).toBe('DELETE');
  });
});
