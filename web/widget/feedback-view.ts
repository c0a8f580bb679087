/** «Was this helpful?» under an answer: one press is enough, a comment is welcome afterwards. */
import { html, nothing, svg, type TemplateResult } from 'lit';

import type { Texts } from './texts';

export interface Given {
  helpful: boolean;
  commented: boolean;
}

type Give = (helpful: boolean, comment: string | null) => void;

const MOST_CHARACTERS = 2000;

export function feedbackView(texts: Texts, id: string, given: Given | undefined, give: Give): TemplateResult {
  if (given?.commented) return html`<p class="feedback">${texts.thanks}</p>`;
  const button = (helpful: boolean, label: string): TemplateResult =>
    html`<button
      type="button"
      class="ds-button"
      data-variant="tertiary"
      data-size="sm"
      aria-pressed=${given?.helpful === helpful ? 'true' : 'false'}
      @click=${() => {
        give(helpful, null);
      }}
    >
      ${thumb(helpful)} ${label}
    </button>`;
  return html`
    <div class="feedback" role="group" aria-label=${texts.helpful}>
      <span>${given ? texts.thanks : texts.helpful}</span> ${button(true, texts.yes)} ${button(false, texts.no)}
    </div>
    ${given ? commentView(texts, id, given.helpful, give) : nothing}
  `;
}

function commentView(texts: Texts, id: string, helpful: boolean, give: Give): TemplateResult {
  const submitted = (event: Event): void => {
    event.preventDefault();
    const comment = new FormData(event.target as HTMLFormElement).get('comment');
    if (typeof comment === 'string' && comment.trim()) give(helpful, comment.trim());
  };
  return html`
    <form class="ds-field comment" @submit=${submitted}>
      <label class="ds-label" for="comment-${id}">${texts.commentLabel}</label>
      <textarea id="comment-${id}" name="comment" class="ds-input" rows="2" maxlength=${MOST_CHARACTERS}></textarea>
      <button type="submit" class="ds-button" data-variant="secondary" data-size="sm">${texts.sendComment}</button>
    </form>
  `;
}

const THUMB = 'M7 10v11H3V10h4Zm2 10.2V10l4-8c1.7 0 2.6 1.3 2.3 3L14.6 9H20c1.3 0 2.2 1.2 1.9 2.4l-1.8 8c-.2.9-1 1.6-2 1.6h-6L9 20.2Z';

function thumb(up: boolean): TemplateResult {
  const turned = up ? nothing : 'rotate(180 12 12)';
  const path = svg`<path d=${THUMB} transform=${turned} fill="none" stroke="currentColor" stroke-width="1.75" stroke-linejoin="round" />`;
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${path}</svg>`;
}
