/** How one message looks: doors to people first, then the text, then what it rests on. Pure templates; no HTML is ever parsed. */
import { html, nothing, type TemplateResult } from 'lit';

import { type Block, type Inline, parse } from './markdown';
import { day, type Texts } from './texts';
import type { Helpline, Language, Message, Source } from './types';

export function messageView(message: Message, texts: Texts, language: Language): TemplateResult {
  return html`
    <p class="who">${whoSays(message, texts)}</p>
    <div class="bubble" lang=${message.language}>
      ${message.helplines.length > 0 ? doorsView(message.helplines, texts, language) : nothing}
      <div class="text">${markdownView(message.text)}</div>
      ${message.sources.length > 0 ? sourcesView(message.sources, texts, language) : nothing}
      ${message.degraded ? html`<p class="note" lang=${language}>${texts.degraded}</p>` : nothing}
    </div>
  `;
}

export function markdownView(text: string): TemplateResult[] {
  return parse(text).map(blockView);
}

function blockView(block: Block): TemplateResult {
  if (block.kind === 'paragraph') {
    const lines = block.lines.map((line, i) => html`${i > 0 ? html`<br />` : nothing}${inlineView(line)}`);
    return html`<p class="ds-paragraph">${lines}</p>`;
  }
  const items = block.items.map((item) => html`<li>${inlineView(item)}</li>`);
  return block.ordered
    ? html`<ol class="ds-list" start=${block.start}>
        ${items}
      </ol>`
    : html`<ul class="ds-list">
        ${items}
      </ul>`;
}

function inlineView(parts: readonly Inline[]): (TemplateResult | string)[] {
  return parts.map((part) => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'strong') return html`<strong>${inlineView(part.children)}</strong>`;
    const away = part.href.startsWith('https:');
    return html`<a
      class="ds-link"
      href=${part.href}
      target=${away ? '_blank' : nothing}
      rel=${away ? 'noopener' : nothing}
      >${inlineView(part.children)}</a
    >`;
  });
}

function whoSays(message: Message, texts: Texts): string {
  const names = { user: texts.you, bot: texts.bot, coordinator: texts.coordinator, system: texts.system };
  return names[message.sender];
}

function doorsView(helplines: readonly Helpline[], texts: Texts, language: Language): TemplateResult {
  return html`
    <ul class="doors" aria-label=${texts.doors} lang=${language}>
      ${helplines.map((line) => html`<li class="ds-card door" data-color=${isEmergency(line) ? 'danger' : nothing}>${doorView(line, texts)}</li>`)}
    </ul>
  `;
}

function doorView(line: Helpline, texts: Texts): TemplateResult {
  const open =
    line.open_now === null
      ? nothing
      : html`<span class="ds-tag" data-size="sm" data-color=${line.open_now ? 'success' : 'neutral'}
          >${line.open_now ? texts.openNow : texts.closedNow}</span
        >`;
  return html`
    <div class="door-about">
      <p class="door-name">${line.name} ${open}</p>
      ${line.hours ? html`<p class="door-hours">${line.hours}</p>` : nothing}
    </div>
    <div class="door-ways">
      ${line.phone ? html`<a class="ds-button" href="tel:${line.phone.replaceAll(' ', '')}">${texts.call} ${line.phone}</a>` : nothing}
      ${
        line.chat_url?.startsWith('https:')
          ? html`<a class="ds-button" data-variant="secondary" href=${line.chat_url} target="_blank" rel="noopener"
              >${texts.chat}<span class="ds-sr-only"> ${line.name}, ${texts.newTab}</span></a
            >`
          : nothing
      }
    </div>
  `;
}

/** The three-digit numbers are for danger to life; only they are shown in the colour of danger. */
function isEmergency(line: Helpline): boolean {
  return line.phone?.length === 3;
}

function sourcesView(sources: readonly Source[], texts: Texts, language: Language): TemplateResult {
  return html`
    <div class="sources" lang=${language}>
      <p class="sources-title">${texts.sources}</p>
      <ol class="ds-list">
        ${sources.map((source) => html`<li>${sourceView(source, texts, language)}</li>`)}
      </ol>
    </div>
  `;
}

function sourceView(source: Source, texts: Texts, language: Language): TemplateResult {
  const title = source.url.startsWith('https:')
    ? html`<a class="ds-link" href=${source.url} target="_blank" rel="noopener"
        >${source.title}<span class="ds-sr-only"> (${texts.newTab})</span></a
      >`
    : source.title;
  return html`${title}<span class="source-about">${source.publisher}, ${texts.checked(day(source.checked, language))}</span>`;
}
