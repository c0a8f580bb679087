/**
 * Leaving in a hurry: forgets what this browser tab keeps of Veivis and replaces the page, so that «back» does not lead here again.
 * Escape pressed three times does the same as the button.
 */
export const SAFE_PLACE = 'https://www.yr.no';
export const STORAGE_PREFIX = 'veivis.';

const PRESSES = 3;
const WITHIN_MILLISECONDS = 2000;

/** Removes every entry of ours from `storage`, and nothing that belongs to the page around us. */
export function forget(storage: Storage): void {
  for (const key of Object.keys(storage)) {
    if (key.startsWith(STORAGE_PREFIX)) storage.removeItem(key);
  }
}

export function leave(): void {
  try {
    forget(sessionStorage);
  } catch {
    // Storage can be forbidden. Leaving matters more.
  }
  location.replace(SAFE_PLACE);
}

/** Calls `then` when Escape has been pressed three times within two seconds. Returns how to stop listening. */
export function onThreeEscapes(target: EventTarget, then: () => void): () => void {
  let presses: number[] = [];
  const listen = (event: Event): void => {
    if ((event as KeyboardEvent).key !== 'Escape') return;
    presses = [...presses.slice(1 - PRESSES), event.timeStamp];
    const first = presses[0];
    if (presses.length === PRESSES && first !== undefined && event.timeStamp - first <= WITHIN_MILLISECONDS) then();
  };
  target.addEventListener('keydown', listen);
  return () => {
    target.removeEventListener('keydown', listen);
  };
}
