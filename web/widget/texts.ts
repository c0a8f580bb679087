/** Every word the chat itself says. What Veivis answers comes from the API. */
import type { Audience, Language } from './types';

export interface Texts {
  title: string;
  log: string;
  you: string;
  bot: string;
  coordinator: string;
  system: string;
  placeLabel: string;
  placeHint: string;
  send: string;
  counter: (used: string, most: string) => string;
  tooLong: (over: string) => string;
  typing: string;
  sending: string;
  sources: string;
  newTab: string;
  checked: (day: string) => string;
  doors: string;
  call: string;
  chat: string;
  openNow: string;
  closedNow: string;
  degraded: string;
  helpful: string;
  yes: string;
  no: string;
  thanks: string;
  commentLabel: string;
  sendComment: string;
  options: string;
  settings: string;
  who: string;
  audiences: Record<Audience, string>;
  language: string;
  startAnew: string;
  remove: string;
  removeQuestion: string;
  removeYes: string;
  removeNo: string;
  removed: string;
  removeFailed: string;
  exit: string;
  exitHint: string;
  offline: string;
  failed: string;
  retry: string;
  edit: string;
  urgent: string;
  cannotStart: string;
  refused: string;
  tooFast: (seconds: number) => string;
  tooFastUnknown: string;
  gone: string;
}

const NB: Texts = {
  title: 'Spør Veivis',
  log: 'Samtalen',
  you: 'Du',
  bot: 'Veivis',
  coordinator: 'Koordinator',
  system: 'Melding',
  placeLabel: 'Skriv spørsmålet ditt',
  placeHint: 'Ikke skriv navn, fødselsnummer eller adresse.',
  send: 'Send',
  counter: (used, most) => `${used} av ${most} tegn`,
  tooLong: (over) => `Meldingen er ${over} tegn for lang.`,
  typing: 'Veivis skriver …',
  sending: 'Sender …',
  sources: 'Kilder',
  newTab: 'åpnes i ny fane',
  checked: (day) => `kontrollert ${day}`,
  doors: 'Her får du snakke med noen',
  call: 'Ring',
  chat: 'Åpne chatten',
  openNow: 'Åpent nå',
  closedNow: 'Stengt nå',
  degraded: 'Noe av Veivis er nede akkurat nå, så svaret kan treffe dårligere enn vanlig.',
  helpful: 'Var svaret til hjelp?',
  yes: 'Ja',
  no: 'Nei',
  thanks: 'Takk for tilbakemeldingen.',
  commentLabel: 'Vil du si hva som var bra eller manglet? (valgfritt)',
  sendComment: 'Send kommentar',
  options: 'Velg et svar',
  settings: 'Innstillinger',
  who: 'Hvem er du?',
  audiences: { forelder: 'Forelder', ung: 'Ung', fagperson: 'Fagperson' },
  language: 'Språk',
  startAnew: 'Start ny samtale',
  remove: 'Slett samtalen',
  removeQuestion: 'Vil du slette samtalen? Alt blir borte, og det kan ikke angres.',
  removeYes: 'Ja, slett',
  removeNo: 'Avbryt',
  removed: 'Samtalen er slettet.',
  removeFailed: 'Vi fikk ikke slettet samtalen. Prøv igjen om litt.',
  exit: 'Forlat siden raskt',
  exitHint: 'Du kan også trykke Escape tre ganger.',
  offline: 'Du er uten nett. Meldingen sendes når du er på nett igjen.',
  failed: 'Meldingen kom ikke fram.',
  retry: 'Prøv igjen',
  edit: 'Endre meldingen',
  urgent: 'Haster det? Ved fare for liv: [ring 113](tel:113). Alarmtelefonen for barn og unge: [ring 116 111](tel:116111).',
  cannotStart: 'Vi får ikke kontakt med Veivis akkurat nå.',
  refused: 'Meldingen kunne ikke tas imot. Skriv den om og prøv igjen.',
  tooFast: (seconds) =>
    `Det kom mange meldinger på kort tid. Vent ${String(seconds)} ${seconds === 1 ? 'sekund' : 'sekunder'} og send igjen.`,
  tooFastUnknown: 'Det kom mange meldinger på kort tid. Vent litt og send igjen.',
  gone: 'Den forrige samtalen er slettet eller utløpt. Vi har startet en ny, og teksten din står i feltet.',
};

const NN: Texts = {
  ...NB,
  title: 'Spør Veivis',
  placeLabel: 'Skriv spørsmålet ditt',
  placeHint: 'Ikkje skriv namn, fødselsnummer eller adresse.',
  counter: (used, most) => `${used} av ${most} teikn`,
  tooLong: (over) => `Meldinga er ${over} teikn for lang.`,
  typing: 'Veivis skriv …',
  sending: 'Sender …',
  sources: 'Kjelder',
  newTab: 'blir opna i ny fane',
  checked: (day) => `kontrollert ${day}`,
  doors: 'Her får du snakke med nokon',
  chat: 'Opne chatten',
  openNow: 'Ope no',
  closedNow: 'Stengt no',
  degraded: 'Noko av Veivis er nede akkurat no, så svaret kan treffe dårlegare enn vanleg.',
  helpful: 'Var svaret til hjelp?',
  thanks: 'Takk for tilbakemeldinga.',
  commentLabel: 'Vil du seie kva som var bra eller mangla? (valfritt)',
  options: 'Vel eit svar',
  settings: 'Innstillingar',
  who: 'Kven er du?',
  language: 'Språk',
  startAnew: 'Start ny samtale',
  removeQuestion: 'Vil du slette samtalen? Alt blir borte, og det kan ikkje gjerast om.',
  removed: 'Samtalen er sletta.',
  removeFailed: 'Vi fekk ikkje sletta samtalen. Prøv igjen om litt.',
  exit: 'Forlat sida raskt',
  exitHint: 'Du kan òg trykkje Escape tre gonger.',
  offline: 'Du er utan nett. Meldinga blir send når du er på nett igjen.',
  failed: 'Meldinga kom ikkje fram.',
  retry: 'Prøv igjen',
  edit: 'Endre meldinga',
  urgent: 'Hastar det? Ved fare for liv: [ring 113](tel:113). Alarmtelefonen for barn og unge: [ring 116 111](tel:116111).',
  cannotStart: 'Vi får ikkje kontakt med Veivis akkurat no.',
  refused: 'Meldinga kunne ikkje takast imot. Skriv henne om og prøv igjen.',
  tooFast: (seconds) => `Det kom mange meldingar på kort tid. Vent ${String(seconds)} sekund og send igjen.`,
  tooFastUnknown: 'Det kom mange meldingar på kort tid. Vent litt og send igjen.',
  gone: 'Den førre samtalen er sletta eller har gått ut. Vi har starta ein ny, og teksten din står i feltet.',
};

const EN: Texts = {
  title: 'Ask Veivis',
  log: 'The conversation',
  you: 'You',
  bot: 'Veivis',
  coordinator: 'Coordinator',
  system: 'Notice',
  placeLabel: 'Write your question',
  placeHint: 'Do not write names, national identity numbers or addresses.',
  send: 'Send',
  counter: (used, most) => `${used} of ${most} characters`,
  tooLong: (over) => `The message is ${over} characters too long.`,
  typing: 'Veivis is writing …',
  sending: 'Sending …',
  sources: 'Sources',
  newTab: 'opens in a new tab',
  checked: (day) => `checked ${day}`,
  doors: 'Here you can talk to someone',
  call: 'Call',
  chat: 'Open the chat',
  openNow: 'Open now',
  closedNow: 'Closed now',
  degraded: 'A part of Veivis is down right now, so the answer may fit less well than usual.',
  helpful: 'Was this helpful?',
  yes: 'Yes',
  no: 'No',
  thanks: 'Thank you for telling us.',
  commentLabel: 'What was good, or what was missing? (optional)',
  sendComment: 'Send comment',
  options: 'Choose an answer',
  settings: 'Settings',
  who: 'Who are you?',
  audiences: { forelder: 'Parent', ung: 'Young person', fagperson: 'Professional' },
  language: 'Language',
  startAnew: 'Start a new conversation',
  remove: 'Delete the conversation',
  removeQuestion: 'Delete the conversation? Everything will be gone, and this cannot be undone.',
  removeYes: 'Yes, delete',
  removeNo: 'Cancel',
  removed: 'The conversation is deleted.',
  removeFailed: 'We could not delete the conversation. Please try again shortly.',
  exit: 'Leave this page quickly',
  exitHint: 'You can also press Escape three times.',
  offline: 'You are offline. The message will be sent when you are back online.',
  failed: 'The message did not get through.',
  retry: 'Try again',
  edit: 'Change the message',
  urgent: 'Is it urgent? Danger to life: [call 113](tel:113). Helpline for children and young people: [call 116 111](tel:116111).',
  cannotStart: 'We cannot reach Veivis right now.',
  refused: 'The message could not be accepted. Please rewrite it and try again.',
  tooFast: (seconds) => `Many messages in a short time. Wait ${String(seconds)} ${seconds === 1 ? 'second' : 'seconds'} and send again.`,
  tooFastUnknown: 'Many messages in a short time. Wait a little and send again.',
  gone: 'The previous conversation was deleted or has expired. We started a new one, and your text is in the field.',
};

export const TEXTS: Record<Language, Texts> = { nb: NB, nn: NN, en: EN };

export const LANGUAGE_NAMES: Record<Language, string> = { nb: 'Bokmål', nn: 'Nynorsk', en: 'English' };

const LOCALES: Record<Language, string> = { nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' };

/** «24. november 2026» from «2026-11-24»; what is not a date is given back as it is. */
export function day(iso: string, language: Language): string {
  const date = new Date(`${iso.slice(0, 10)}T12:00:00Z`);
  if (Number.isNaN(date.getTime())) return iso;
  const form: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' };
  return new Intl.DateTimeFormat(LOCALES[language], form).format(date);
}

export function count(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language]).format(value);
}
