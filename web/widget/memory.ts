/** What the browser tab remembers so that a reload keeps the conversation: its id and token, never what was said. */
import { STORAGE_PREFIX } from '../shared/quick-exit';
import type { Handle } from './api';
import { AUDIENCES, LANGUAGES, type Setting } from './types';

export interface Remembered extends Handle {
  setting: Setting;
  /** The setting that the page asked for when the conversation began: another page asking for another starts anew. */
  asked: Setting;
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class Memory {
  private readonly key: string;
  private inMemory: Remembered | null = null;

  /** `store` is called late and may throw: some browsers forbid storage in frames. Then only this page view remembers. */
  constructor(
    api: string,
    private readonly store: () => Store = () => sessionStorage,
  ) {
    this.key = `${STORAGE_PREFIX}chat:${api}`;
  }

  read(): Remembered | null {
    try {
      const value: unknown = JSON.parse(this.store().getItem(this.key) ?? 'null');
      return isRemembered(value) ? value : null;
    } catch {
      return this.inMemory;
    }
  }

  write(remembered: Remembered): void {
    this.inMemory = remembered;
    try {
      this.store().setItem(this.key, JSON.stringify(remembered));
    } catch {
      // Kept in memory instead.
    }
  }

  clear(): void {
    this.inMemory = null;
    try {
      this.store().removeItem(this.key);
    } catch {
      // Nothing was kept there.
    }
  }
}

export function sameSetting(a: Setting, b: Setting): boolean {
  return a.audience === b.audience && a.language === b.language && a.kommune === b.kommune;
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null) return false;
  const { id, token, setting, asked } = value as Record<string, unknown>;
  return typeof id === 'string' && typeof token === 'string' && isSetting(setting) && isSetting(asked);
}

function isSetting(value: unknown): value is Setting {
  if (typeof value !== 'object' || value === null) return false;
  const { audience, language } = value as Record<string, unknown>;
  return AUDIENCES.some((a) => a === audience) && LANGUAGES.some((l) => l === language);
}
