/**
 * `<veivis-chat>`: the chat on any page. Renders a `Session` and turns what the person does into calls on it. Everything stays inside the
 * shadow root; the page around it is only asked for the attributes.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';

import { leave, onThreeEscapes } from '../shared/quick-exit';
import { ChatApi } from './api';
import { feedbackView, type Given } from './feedback-view';
import { Memory, sameSetting } from './memory';
import { markdownView, messageView } from './message-view';
import { expectsOthers, type Notice, Session, type State } from './session';
import { settingsView } from './settings-view';
import { styles } from './styles';
import { count, type Texts, TEXTS } from './texts';
import { type Audience, AUDIENCES, type Language, LANGUAGES, type Message, type Option, type Outgoing, type Setting } from './types';

const MOST_CHARACTERS = 2000;
const REFRESH_MILLISECONDS = 10_000;
const COLORS: Record<Audience, string> = { forelder: 'brand1', ung: 'brand2', fagperson: 'accent' };
const ASKS_FOR_FEEDBACK = new Set(['answer', 'guide', 'abstain', 'clarify']);

export class VeivisChat extends LitElement {
  static override styles = styles;
  static override properties = {
    api: { type: String },
    audience: { type: String },
    language: { type: String },
    kommune: { type: String },
    view: { state: true },
    draft: { state: true },
    offline: { state: true },
    removing: { state: true },
    given: { state: true },
  };

  declare api: string;
  declare audience: string;
  declare language: string;
  declare kommune: string;
  declare view: State | null;
  declare draft: string;
  declare offline: boolean;
  declare removing: boolean;
  declare given: ReadonlyMap<string, Given>;

  private session: Session | null = null;
  private stopListening: (() => void)[] = [];
  private focusOnReply = false;

  constructor() {
    super();
    this.api = '';
    this.audience = 'forelder';
    this.language = 'nb';
    this.kommune = '';
    this.view = null;
    this.draft = '';
    this.offline = !navigator.onLine;
    this.removing = false;
    this.given = new Map();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const rounds = setInterval(this.refresh, REFRESH_MILLISECONDS);
    this.stopListening = [
      onThreeEscapes(document, leave),
      this.on('online', this.backOnline),
      this.on('offline', this.wentOffline),
      () => {
        clearInterval(rounds);
      },
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopListening.forEach((stop) => {
      stop();
    });
  }

  /** Asks `text` as if it were typed. False when the chat cannot take it now; then nothing has happened. */
  ask(text: string): boolean {
    if (this.view?.phase !== 'ready' || this.view.pending) return false;
    void this.deliver({ text, shown: text }, true);
    return true;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const attributes = ['api', 'audience', 'language', 'kommune'];
    if (this.isConnected && attributes.some((name) => changed.has(name))) this.begin();
    const draft = this.view?.draft;
    if (draft != null) {
      this.draft = draft;
      this.session?.draftTaken();
      this.view = this.session?.state ?? null;
    }
  }

  protected override updated(changed: PropertyValues): void {
    const before = changed.get('view') as State | null | undefined;
    if (before && this.view && this.view.messages.length !== before.messages.length) this.showNewest(before);
    else if (before && this.view?.pending && !before.pending) this.bringUp('.pending');
    if (changed.has('removing') && this.removing) this.field('.confirm')?.focus();
  }

  protected override render(): TemplateResult {
    const texts = this.texts;
    const { audience } = this.setting;
    return html`
      <section
        class="veivis"
        data-color-scheme="light"
        data-size="md"
        data-color=${COLORS[audience]}
        data-audience=${audience}
        lang=${this.setting.language}
        aria-label=${texts.title}
      >
        <div class="top">
          <p class="ds-heading" data-size="xs">${texts.title}</p>
          <button type="button" class="ds-button exit" data-size="sm" data-color="neutral" title=${texts.exitHint} @click=${leave}>
            ${texts.exit}
          </button>
        </div>
        ${this.logView(texts)} ${this.noticesView(texts)} ${this.optionsView(texts)} ${this.formView(texts)} ${this.bottomView(texts)}
      </section>
    `;
  }

  private logView(texts: Texts): TemplateResult {
    const messages = this.view?.messages ?? [];
    return html`
      <div class="log" role="log" aria-live="polite" aria-label=${texts.log} tabindex="0">
        ${messages.map((message) => this.turnView(message, texts))} ${this.pendingView(texts)}
        ${
          this.view?.phase === 'sending' || this.view?.phase === 'starting'
            ? html`<p class="typing"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${texts.typing}</p>`
            : nothing
        }
      </div>
    `;
  }

  private turnView(message: Message, texts: Texts): TemplateResult {
    const language = this.setting.language;
    const asks = message.seq > 0 && message.sender === 'bot' && message.status !== null && ASKS_FOR_FEEDBACK.has(message.status);
    return html`
      <div class="message" data-sender=${message.sender} data-status=${message.status ?? nothing} data-id=${message.id} tabindex="-1">
        ${messageView(message, texts, language)}
        ${
          asks
            ? feedbackView(texts, message.id, this.given.get(message.id), (helpful, comment) => {
                void this.giveFeedback(message.id, helpful, comment);
              })
            : nothing
        }
      </div>
    `;
  }

  private pendingView(texts: Texts): TemplateResult | typeof nothing {
    const pending = this.view?.pending;
    if (!pending) return nothing;
    return html`
      <div class="message pending" data-sender="user">
        <p class="who">${texts.you}</p>
        <div class="bubble"><p class="ds-paragraph plain">${pending.outgoing.shown}</p></div>
      </div>
    `;
  }

  private noticesView(texts: Texts): TemplateResult {
    const notice = this.view?.notice;
    const failed = this.view?.pending?.failed === true;
    const stopped = this.view?.phase === 'stopped';
    return html`
      <div role="status" class="notices">
        ${this.offline ? alert(texts.offline, 'warning') : nothing}
        ${notice ? alert(noticeText(notice, texts), notice.kind === 'removed' ? 'success' : 'warning') : nothing}
        ${failed && !this.offline ? alert(texts.failed, 'danger') : nothing}
        ${failed || stopped ? alert(texts.urgent, 'info') : nothing}
      </div>
      ${
        failed || stopped
          ? html`<div class="ways again">
              <button type="button" class="ds-button" @click=${() => void this.session?.retry()}>${texts.retry}</button>
              ${
                failed
                  ? html`<button type="button" class="ds-button" data-variant="secondary" @click=${this.takeBack}>${texts.edit}</button>`
                  : nothing
              }
            </div>`
          : nothing
      }
    `;
  }

  private optionsView(texts: Texts): TemplateResult | typeof nothing {
    const newest = this.view?.messages.at(-1);
    if (!newest || newest.options.length === 0 || this.view?.phase !== 'ready' || this.view.pending) return nothing;
    return html`
      <div class="options" role="group" aria-label=${texts.options}>
        ${newest.options.map(
          (option) =>
            html`<button type="button" class="ds-button" data-variant="secondary" @click=${() => void this.choose(option)}>
              ${option.label}
            </button>`,
        )}
      </div>
    `;
  }

  private formView(texts: Texts): TemplateResult {
    const over = characters(this.draft) - MOST_CHARACTERS;
    const used = count(characters(this.draft), this.setting.language);
    const most = count(MOST_CHARACTERS, this.setting.language);
    return html`
      <form class="ds-field" @submit=${this.submitted}>
        <label class="ds-label" for="text">${texts.placeLabel}</label>
        <p class="hint" id="hint">${texts.placeHint}</p>
        <div class="line">
          <textarea
            id="text"
            class="ds-input"
            rows="2"
            autocomplete="off"
            enterkeyhint="send"
            aria-describedby="hint counter"
            aria-invalid=${over > 0 ? 'true' : nothing}
            .value=${this.draft}
            @input=${this.typed}
            @keydown=${this.keyPressed}
          ></textarea>
          <button type="submit" class="ds-button">${texts.send}</button>
        </div>
        ${
          over > 0
            ? html`<p id="counter" class="ds-validation-message counter">
                ${texts.tooLong(count(over, this.setting.language))} ${texts.counter(used, most)}
              </p>`
            : html`<p id="counter" class="counter">${texts.counter(used, most)}</p>`
        }
      </form>
    `;
  }

  private bottomView(texts: Texts): TemplateResult {
    return html`
      <div class="bottom">
        ${settingsView(texts, this.setting, (audience, language) => {
          this.startAnew(audience, language);
        })}
        <button
          type="button"
          class="ds-button remove"
          data-variant="tertiary"
          data-size="sm"
          data-color="danger"
          aria-expanded=${this.removing ? 'true' : 'false'}
          @click=${() => (this.removing = true)}
        >
          ${texts.remove}
        </button>
      </div>
      ${
        this.removing
          ? html`<div class="ds-card confirm" role="alertdialog" aria-labelledby="confirm" tabindex="-1">
              <p id="confirm" class="ds-paragraph">${texts.removeQuestion}</p>
              <div class="ways">
                <button type="button" class="ds-button" data-color="danger" @click=${() => void this.removed()}>${texts.removeYes}</button>
                <button type="button" class="ds-button" data-variant="secondary" @click=${this.keptAfterAll}>${texts.removeNo}</button>
              </div>
            </div>`
          : nothing
      }
    `;
  }

  private begin(): void {
    const asked: Setting = {
      audience: AUDIENCES.find((a) => a === this.audience) ?? 'forelder',
      language: LANGUAGES.find((l) => l === this.language) ?? 'nb',
      kommune: this.kommune || null,
    };
    const session: Session = new Session(new ChatApi(this.api), new Memory(this.api), asked, {
      changed: (state) => {
        if (this.session === session) this.view = state;
      },
      wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
      newId: uuid,
    });
    this.session = session;
    this.view = session.state;
    void session.start();
  }

  private get setting(): Setting {
    return this.view?.setting ?? { audience: 'forelder', language: 'nb', kommune: null };
  }

  private get texts(): Texts {
    return TEXTS[this.setting.language];
  }

  private get maySend(): boolean {
    const used = characters(this.draft);
    return this.view?.phase === 'ready' && !this.view.pending && this.draft.trim() !== '' && used <= MOST_CHARACTERS;
  }

  private readonly submitted = (event: Event): void => {
    event.preventDefault();
    void this.sendDraft();
  };

  private readonly typed = (event: Event): void => {
    this.draft = (event.target as HTMLTextAreaElement).value;
  };

  private readonly keyPressed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.sendDraft();
  };

  private readonly refresh = (): void => {
    const waiting = this.view !== null && expectsOthers(this.view.messages);
    if (waiting && document.visibilityState === 'visible' && !this.offline) void this.session?.refresh();
  };

  private readonly takeBack = (): void => {
    this.session?.takeBack();
    this.field('#text')?.focus();
  };

  private readonly backOnline = (): void => {
    this.offline = false;
    void this.session?.retry();
  };

  private readonly wentOffline = (): void => {
    this.offline = true;
  };

  private readonly keptAfterAll = (): void => {
    this.removing = false;
    this.field('.remove')?.focus();
  };

  private async sendDraft(): Promise<void> {
    this.field('#text')?.focus();
    if (!this.maySend) return;
    const text = this.draft.trim();
    this.draft = '';
    await this.deliver({ text, shown: text }, false);
  }

  private async choose(option: Option): Promise<void> {
    await this.deliver({ choice: option.choice, shown: option.label }, true);
  }

  /** A button that was pressed disappears with the options, so focus goes to the reply instead of being lost. */
  private async deliver(outgoing: Outgoing, focusOnReply: boolean): Promise<void> {
    this.focusOnReply = focusOnReply;
    if (focusOnReply) this.field('.log')?.focus({ preventScroll: true });
    await this.session?.send(outgoing);
  }

  private startAnew(audience: Audience, language: Language): void {
    const setting = { ...this.setting, audience, language };
    if (sameSetting(setting, this.setting) && this.view?.messages.length === 1) return;
    this.given = new Map();
    void this.session?.open(setting);
    this.field('#text')?.focus();
  }

  private async removed(): Promise<void> {
    this.removing = false;
    this.given = new Map();
    await this.session?.remove();
    this.field('#text')?.focus();
  }

  private async giveFeedback(id: string, helpful: boolean, comment: string | null): Promise<void> {
    if (!(await this.session?.feedback(id, helpful, comment))) return;
    this.given = new Map([...this.given, [id, { helpful, commented: comment !== null }]]);
  }

  /** Puts the question at the top of what is seen, so that a long answer is read from its beginning. */
  private showNewest(before: State): void {
    const fresh = this.view?.messages.slice(before.messages.length) ?? [];
    if (before.messages.length === 0 && fresh.length <= 1) return;
    const reply = fresh.find((m) => m.sender !== 'user') ?? fresh.at(-1);
    const first = before.messages.length === 0 ? fresh.at(-1) : fresh[0];
    if (first) this.bringUp(messageWith(first.id));
    if (reply && this.focusOnReply) this.field(messageWith(reply.id))?.focus({ preventScroll: true });
    this.focusOnReply = false;
  }

  private bringUp(selector: string): void {
    const element = this.field(selector);
    const log = this.field('.log');
    if (!element || !log) return;
    const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth';
    const scrollsItself = log.scrollHeight > log.clientHeight + 1;
    const talked = this.view?.pending != null || this.view?.messages.some((m) => m.sender === 'user');
    if (scrollsItself) log.scrollTo({ top: element.offsetTop - log.offsetTop, behavior });
    if (talked) (scrollsItself ? log : element).scrollIntoView({ block: scrollsItself ? 'nearest' : 'start', behavior });
  }

  private field(selector: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(selector);
  }

  private on(name: 'online' | 'offline', listener: () => void): () => void {
    addEventListener(name, listener);
    return () => {
      removeEventListener(name, listener);
    };
  }
}

function alert(text: string, color: 'warning' | 'danger' | 'success' | 'info'): TemplateResult {
  return html`<div class="ds-alert" data-color=${color}>${markdownView(text)}</div>`;
}

function noticeText(notice: Notice, texts: Texts): string {
  switch (notice.kind) {
    case 'refused':
      return notice.detail ? `${texts.refused} (${notice.detail})` : texts.refused;
    case 'too-fast':
      return notice.seconds === null ? texts.tooFastUnknown : texts.tooFast(notice.seconds);
    case 'gone':
      return texts.gone;
    case 'removed':
      return texts.removed;
    case 'remove-failed':
      return texts.removeFailed;
    case 'cannot-start':
      return texts.cannotStart;
  }
}

function messageWith(id: string): string {
  return `.message[data-id="${CSS.escape(id)}"]`;
}

/** Counts as the server does: a letter outside the basic plane is one. */
function characters(text: string): number {
  return Array.from(text.trim()).length;
}

/** `crypto.randomUUID` is missing on plain http, where an intranet may well embed us. */
function uuid(): string {
  if ('randomUUID' in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
