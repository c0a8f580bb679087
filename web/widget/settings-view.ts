/** Who is asking and in which language. Nothing happens until the button is pressed: a new conversation replaces the old. */
import { html, type TemplateResult } from 'lit';

import { LANGUAGE_NAMES, type Texts } from './texts';
import { type Audience, AUDIENCES, type Language, LANGUAGES, type Setting } from './types';

export function settingsView(texts: Texts, setting: Setting, start: (audience: Audience, language: Language) => void): TemplateResult {
  const submitted = (event: Event): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const chosen = new FormData(form);
    const audience = AUDIENCES.find((a) => a === chosen.get('audience')) ?? setting.audience;
    const language = LANGUAGES.find((l) => l === chosen.get('language')) ?? setting.language;
    form.closest('details')?.removeAttribute('open');
    start(audience, language);
  };
  return html`
    <details class="settings">
      <summary>${texts.settings}: ${texts.audiences[setting.audience]}, ${LANGUAGE_NAMES[setting.language]}</summary>
      <form @submit=${submitted}>
        ${choices(texts.who, 'audience', AUDIENCES, texts.audiences, setting.audience)}
        ${choices(texts.language, 'language', LANGUAGES, LANGUAGE_NAMES, setting.language)}
        <button type="submit" class="ds-button" data-variant="secondary" data-size="sm">${texts.startAnew}</button>
      </form>
    </details>
  `;
}

function choices<T extends string>(
  legend: string,
  name: string,
  values: readonly T[],
  labels: Record<T, string>,
  chosen: T,
): TemplateResult {
  return html`
    <fieldset class="choices">
      <legend class="ds-label">${legend}</legend>
      ${values.map(
        (value) =>
          html`<label class="ds-chip"
            ><input type="radio" class="ds-input" name=${name} value=${value} .checked=${value === chosen} />${labels[value]}</label
          >`,
      )}
    </fieldset>
  `;
}
