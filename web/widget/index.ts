import { VeivisChat } from './veivis-chat';

if (!customElements.get('veivis-chat')) customElements.define('veivis-chat', VeivisChat);
