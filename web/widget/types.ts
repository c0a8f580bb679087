/** What the API sends and takes, word for word. */
export const AUDIENCES = ['forelder', 'ung', 'fagperson'] as const;
export type Audience = (typeof AUDIENCES)[number];

export const LANGUAGES = ['nb', 'nn', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export type Status = 'answer' | 'clarify' | 'abstain' | 'crisis' | 'handoff' | 'guide' | 'smalltalk' | 'error';

export interface Source {
  id: string;
  title: string;
  publisher: string;
  url: string;
  section: string | null;
  kind: string;
  checked: string;
  topic: string;
}

export interface Option {
  label: string;
  choice: string;
}

export interface Helpline {
  id: string;
  name: string;
  phone: string | null;
  chat_url: string | null;
  hours: string | null;
  open_now: boolean | null;
  checked: string;
  source: string;
}

export interface Message {
  id: string;
  seq: number;
  sender: 'user' | 'bot' | 'coordinator' | 'system';
  status: Status | null;
  text: string;
  language: string;
  created_at: string;
  topics: string[];
  facet: string | null;
  sources: Source[];
  options: Option[];
  helplines: Helpline[];
  degraded: boolean;
}

export interface Conversation {
  id: string;
  token: string;
  messages: Message[];
  expires_at: string;
}

/** Who the conversation is for; decided when it starts and fixed until a new one starts. */
export interface Setting {
  audience: Audience;
  language: Language;
  kommune: string | null;
}

/** What a person sends: words of their own, or one of the options offered. `shown` is how it looks while it is on its way. */
export type Outgoing = { shown: string } & ({ text: string } | { choice: string });
