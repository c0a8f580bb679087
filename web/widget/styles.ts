/** Designsystemet and our own layout as one constructed style sheet: no `<style>` element, so a strict CSP holds. */
import { unsafeCSS } from 'lit';

import designsystemet from '../shared/designsystemet.css?inline';
import own from './widget.css?inline';

/** The design system puts its tokens on the document; in here they belong on the element. */
export const styles = [unsafeCSS(designsystemet.replaceAll(':root', ':host')), unsafeCSS(own)];
