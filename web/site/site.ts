/** The pages work without this script. It turns the quick-exit link into one that leaves no way back. */
import { leave, onThreeEscapes } from '../shared/quick-exit';

for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-quick-exit]')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    leave();
  });
}
onThreeEscapes(document, leave);

/** An example question is a link to the search; where the chat is on the page, it is asked there instead. */
for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-ask]')) {
  link.addEventListener('click', (event) => {
    const chat = document.querySelector<HTMLElement & { ask?: (text: string) => boolean }>('veivis-chat');
    if (!chat?.ask?.(link.dataset['ask'] ?? '')) return;
    event.preventDefault();
    chat.scrollIntoView({ block: 'nearest' });
  });
}
