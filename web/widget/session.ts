/**
 * One conversation as the person sees it: starts, resumes, sends, retries and ends. Knows nothing about how it is shown. Never loses
 * what someone wrote: a message that could not be taken comes back as `draft`.
 */
import { type ChatApi, Gone, type Handle, Refused, Unreachable } from './api';
import { type Memory, type Remembered, sameSetting } from './memory';
import type { Message, Outgoing, Setting } from './types';

export type Notice =
  | { kind: 'refused'; detail: string }
  | { kind: 'too-fast'; seconds: number | null }
  | { kind: 'gone' | 'cannot-start' | 'removed' | 'remove-failed' };

export interface Pending {
  outgoing: Outgoing;
  clientId: string;
  failed: boolean;
}

export interface State {
  phase: 'starting' | 'ready' | 'sending' | 'stopped';
  setting: Setting;
  messages: readonly Message[];
  pending: Pending | null;
  notice: Notice | null;
  /** Text to put back into the field, given once. */
  draft: string | null;
}

interface Around {
  changed: (state: State) => void;
  wait: (milliseconds: number) => Promise<void>;
  newId: () => string;
}

const WAITS_BEFORE_RETRY = [1000, 3000];

export class Session {
  state: State;
  private handle: Handle | null = null;
  private turn = 0;

  constructor(
    private readonly api: ChatApi,
    private readonly memory: Memory,
    private readonly asked: Setting,
    private readonly around: Around,
  ) {
    this.state = { phase: 'starting', setting: asked, messages: [], pending: null, notice: null, draft: null };
  }

  /** Resumes what the tab remembers when the page asks for the same as then; otherwise opens a new conversation. */
  async start(): Promise<void> {
    const kept = this.memory.read();
    if (!kept || !sameSetting(kept.asked, this.asked)) return this.open(this.asked);
    const turn = this.begin({ phase: 'starting', notice: null });
    try {
      const messages = await this.api.messages(kept);
      if (turn !== this.turn) return;
      this.handle = kept;
      this.change({ phase: 'ready', setting: kept.setting, messages });
    } catch (error) {
      if (turn !== this.turn) return;
      if (error instanceof Gone) return this.open(kept.setting);
      this.change({ phase: 'stopped', notice: { kind: 'cannot-start' } });
    }
  }

  async open(setting: Setting, notice: Notice | null = null, draft: string | null = null): Promise<void> {
    this.memory.clear();
    this.handle = null;
    const turn = this.begin({ phase: 'starting', setting, messages: [], pending: null, notice, draft });
    try {
      const { id, token, messages } = await this.api.open(setting);
      if (turn !== this.turn) return;
      this.keep({ id, token, setting, asked: this.asked });
      this.change({ phase: 'ready', messages });
    } catch (error) {
      if (turn !== this.turn) return;
      const kommuneUnknown = error instanceof Refused && error.status === 422 && setting.kommune !== null;
      if (kommuneUnknown) return this.open({ ...setting, kommune: null }, notice, draft);
      this.change({ phase: 'stopped', notice: startFailure(error) });
    }
  }

  async send(outgoing: Outgoing): Promise<void> {
    if (this.state.phase !== 'ready') return;
    await this.deliver({ outgoing, clientId: this.around.newId(), failed: false });
  }

  /** Sends once more what did not get through, under the same id: it can never be stored twice. */
  async retry(): Promise<void> {
    const { pending, phase } = this.state;
    if (phase === 'stopped') await this.start();
    else if (pending?.failed) await this.deliver({ ...pending, failed: false });
  }

  /** Takes back what did not get through, so that it can be changed. */
  takeBack(): void {
    const { pending } = this.state;
    if (!pending?.failed) return;
    this.change({ pending: null, draft: 'text' in pending.outgoing ? pending.outgoing.text : null });
  }

  /** Reads what others have written since: a coordinator answers when they can, not when we ask. */
  async refresh(): Promise<void> {
    const { phase, pending, messages } = this.state;
    if (!this.handle || phase !== 'ready' || pending) return;
    const turn = this.turn;
    try {
      const fresh = await this.api.messages(this.handle, Math.max(0, ...messages.map((m) => m.seq)));
      if (turn === this.turn && fresh.length > 0) this.change({ messages: merged(this.state.messages, fresh) });
    } catch {
      // The next round may do better; sending says so when it does not.
    }
  }

  async remove(): Promise<void> {
    if (!this.handle) return this.open(this.state.setting);
    try {
      await this.api.remove(this.handle);
    } catch (error) {
      if (!(error instanceof Gone)) {
        this.change({ notice: { kind: 'remove-failed' } });
        return;
      }
    }
    await this.open(this.state.setting, { kind: 'removed' });
  }

  async feedback(messageId: string, helpful: boolean, comment: string | null): Promise<boolean> {
    if (!this.handle) return false;
    try {
      await this.api.feedback(this.handle, messageId, helpful, comment);
      return true;
    } catch {
      return false;
    }
  }

  draftTaken(): void {
    this.state = { ...this.state, draft: null };
  }

  private async deliver(pending: Pending): Promise<void> {
    const handle = this.handle;
    if (!handle) return;
    const turn = this.begin({ phase: 'sending', pending, notice: null });
    for (const wait of [...WAITS_BEFORE_RETRY, null]) {
      try {
        const messages = await this.api.send(handle, pending.outgoing, pending.clientId);
        if (turn === this.turn) this.change({ phase: 'ready', pending: null, messages: merged(this.state.messages, messages) });
        return;
      } catch (error) {
        if (turn !== this.turn) return;
        if (!(error instanceof Unreachable)) return this.handBack(error, pending.outgoing);
        if (wait === null) break;
        await this.around.wait(wait);
        if (turn !== this.turn) return;
      }
    }
    this.change({ phase: 'ready', pending: { ...pending, failed: true } });
  }

  private async handBack(error: unknown, outgoing: Outgoing): Promise<void> {
    const draft = 'text' in outgoing ? outgoing.text : null;
    if (error instanceof Gone) return this.open(this.state.setting, { kind: 'gone' }, draft);
    this.change({ phase: 'ready', pending: null, draft, notice: refusal(error) });
  }

  private keep(remembered: Remembered): void {
    this.handle = remembered;
    this.memory.write(remembered);
  }

  private begin(change: Partial<State>): number {
    this.turn += 1;
    this.change(change);
    return this.turn;
  }

  private change(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.around.changed(this.state);
  }
}

/** True from when a person has been asked for: others may write in the conversation from then on. */
export function expectsOthers(messages: readonly Message[]): boolean {
  return messages.some((m) => m.status === 'handoff' || m.sender === 'coordinator');
}

/** The old, each as the newest says, then what is new. What could not be stored has no number of its own, so ids decide. */
export function merged(old: readonly Message[], fresh: readonly Message[]): Message[] {
  const news = new Map(fresh.map((message) => [message.id, message]));
  const kept = old.map((message) => news.get(message.id) ?? message);
  const known = new Set(old.map((message) => message.id));
  return [...kept, ...fresh.filter((message) => !known.has(message.id))];
}

function startFailure(error: unknown): Notice {
  return error instanceof Refused ? refusal(error) : { kind: 'cannot-start' };
}

function refusal(error: unknown): Notice {
  if (!(error instanceof Refused)) return { kind: 'refused', detail: '' };
  if (error.status === 429) return { kind: 'too-fast', seconds: error.retryAfterSeconds };
  return { kind: 'refused', detail: error.detail };
}
