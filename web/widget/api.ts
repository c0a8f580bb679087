/**
 * The HTTP API (JSON, problem documents) and nothing else. Every failure is one of three: `Refused` with the reason the server
 * gave, `Gone` when the conversation no longer exists for us, `Unreachable` when it is worth trying again.
 */
import type { Conversation, Message, Outgoing, Setting } from './types';

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly retryAfterSeconds: number | null,
  ) {
    super(`refused: ${String(status)}`);
  }
}

export class Gone extends Error {}

export class Unreachable extends Error {}

export interface Handle {
  id: string;
  token: string;
}

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

const PATIENCE_MILLISECONDS = 30_000;

export class ChatApi {
  private readonly root: string;

  /** `base` is where Veivis is, without a slash at the end; empty for the same site. */
  constructor(
    base: string,
    private readonly fetch: Fetch = (input, init) => globalThis.fetch(input, init),
  ) {
    this.root = `${base.replace(/\/+$/, '')}/api/v1/conversations`;
  }

  async open(setting: Setting): Promise<Conversation> {
    return (await this.call('POST', '', null, { ...setting })) as Conversation;
  }

  async messages(handle: Handle, after = 0): Promise<Message[]> {
    const body = await this.call('GET', `/${handle.id}/messages?after=${String(after)}`, handle);
    return (body as { messages: Message[] }).messages;
  }

  /** The same `clientId` again gives the same reply and stores nothing twice, so a failed call may be repeated. */
  async send(handle: Handle, outgoing: Outgoing, clientId: string): Promise<Message[]> {
    const content = 'text' in outgoing ? { text: outgoing.text } : { choice: outgoing.choice };
    const body = await this.call('POST', `/${handle.id}/messages`, handle, { ...content, client_id: clientId });
    return (body as { messages: Message[] }).messages;
  }

  async feedback(handle: Handle, messageId: string, helpful: boolean, comment: string | null): Promise<void> {
    await this.call('POST', `/${handle.id}/messages/${messageId}/feedback`, handle, { helpful, comment });
  }

  async remove(handle: Handle): Promise<void> {
    await this.call('DELETE', `/${handle.id}`, handle);
  }

  private async call(method: string, path: string, handle: Handle | null, body?: object): Promise<unknown> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (handle) headers['Authorization'] = `Bearer ${handle.token}`;
    if (body) headers['Content-Type'] = 'application/json';
    let response: Response;
    try {
      response = await this.fetch(this.root + path, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
      });
      if (response.ok) return response.status === 204 ? null : await response.json();
    } catch {
      throw new Unreachable();
    }
    throw await failure(response, handle !== null);
  }
}

async function failure(response: Response, inConversation: boolean): Promise<Error> {
  if (inConversation && (response.status === 401 || response.status === 404)) return new Gone();
  if (response.status >= 500) return new Unreachable();
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return new Refused(response.status, await detail(response), Number.isNaN(seconds) ? null : seconds);
}

async function detail(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: unknown };
    return typeof problem.detail === 'string' ? problem.detail : '';
  } catch {
    return '';
  }
}
