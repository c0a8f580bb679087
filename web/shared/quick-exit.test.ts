import { describe, expect, it } from 'vitest';

import { onThreeEscapes } from './quick-exit';

function press(target: EventTarget, key: string, at: number): void {
  const event = new KeyboardEvent('keydown', { key });
  Object.defineProperty(event, 'timeStamp', { value: at });
  target.dispatchEvent(event);
}

function counting(): { target: EventTarget; times: () => number; stop: () => void } {
  const target = new EventTarget();
  let times = 0;
  const stop = onThreeEscapes(target, () => (times += 1));
  return { target, times: () => times, stop };
}

describe('Escape three times', () => {
  it('leaves at the third press', () => {
    const { target, times } = counting();
    press(target, 'Escape', 1000);
    press(target, 'Escape', 1200);
    expect(times()).toBe(0);
    press(target, 'Escape', 1400);
    expect(times()).toBe(1);
  });

  it('does not leave when the presses are far apart', () => {
    const { target, times } = counting();
    [1000, 4000, 7000].forEach((at) => {
      press(target, 'Escape', at);
    });
    expect(times()).toBe(0);
  });

  it('does not count other keys, and not after it is told to stop', () => {
    const { target, times, stop } = counting();
    [1, 2, 3].forEach((at) => {
      press(target, 'a', at);
    });
    stop();
    [4, 5, 6].forEach((at) => {
      press(target, 'Escape', at);
    });
    expect(times()).toBe(0);
  });
});
