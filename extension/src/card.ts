// A receipt as a card, in the dress of the cards that Python makes (`zkp_nb/notebook/cards.py`).

import type { IDataset, IReceiptView } from './check';
import { add, table } from './dom';

/** What there is to show before, instead of, or as a verdict. */
export type Shown =
  | { readonly kind: 'checking' }
  | { readonly kind: 'unchecked'; readonly why: string; readonly claim: string }
  | { readonly kind: 'checked'; readonly view: IReceiptView };

/** Replaces what `parent` holds by the card's head: status, sentence, who checked. Gives the card. */
export function head(parent: HTMLElement, shown: Shown): HTMLElement {
  parent.replaceChildren();
  const card = add(parent, 'div', undefined, 'zkp-card');
  card.setAttribute('role', 'group');
  card.setAttribute('aria-label', 'Receipt');
  const line = add(card, 'p', undefined, 'zkp-line');
  if (shown.kind === 'checking') {
    card.setAttribute('aria-busy', 'true');
    badge(line, 'unchecked', '…', 'being checked');
  } else if (shown.kind === 'unchecked') {
    badge(line, 'unchecked', '?', 'not checked');
    add(line, 'span', shown.why);
    if (shown.claim !== '') {
      add(card, 'p', `It claims, unchecked: ${shown.claim}`);
    }
    add(card, 'p', 'Check it with “zkp verify FILE” on a machine with zkp-nb.', 'zkp-quiet');
  } else {
    const view = shown.view;
    badge(line, view.status, view.shape, view.status);
    add(line, 'span', view.sentence);
    add(card, 'p', `Checked just now by ${view.checked_by}.`, 'zkp-quiet');
  }
  return card;
}

/** The card of an output: the head, then what Python's card says. */
export function outputCard(parent: HTMLElement, shown: Shown): HTMLElement {
  const card = head(parent, shown);
  if (shown.kind === 'checked' && shown.view.ok) {
    const { facts = [], datasets = [], status } = shown.view;
    table(card, status === 'committed' ? 'Commitment' : 'Receipt', facts);
    if (status === 'committed') {
      for (const dataset of datasets) {
        table(card, 'Columns, as everybody may see them', columnRows(dataset), ['Column', 'Type']);
      }
    }
  }
  return card;
}

/** The rows that list a table's columns, the last one saying how many are left out. */
export function columnRows(dataset: IDataset): readonly (readonly string[])[] {
  return dataset.more > 0
    ? [...dataset.columns, ['…', `and ${dataset.more.toLocaleString('en')} more`]]
    : dataset.columns;
}

function badge(line: HTMLElement, status: string, shape: string, word: string): void {
  const made = add(line, 'span', undefined, `zkp-badge zkp-${status}`);
  add(made, 'span', shape).setAttribute('aria-hidden', 'true');
  made.append(` ${word}`);
}
