// Elements from text. Nothing that a receipt says is ever read as HTML.

import type { Row } from './check';

/** Appends an element; `text` enters as text. */
export function add<K extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  tag: K,
  text?: string,
  className?: string
): HTMLElementTagNameMap[K] {
  const made = parent.appendChild(document.createElement(tag));
  if (text !== undefined) {
    made.textContent = text;
  }
  if (className !== undefined) {
    made.className = className;
  }
  return made;
}

/** Appends a table whose first column names its rows. */
export function table(
  parent: HTMLElement,
  caption: string,
  rows: readonly Row[],
  heads: Row = []
): HTMLTableElement {
  const made = add(parent, 'table');
  add(made, 'caption', caption);
  if (heads.length > 0) {
    const row = add(add(made, 'thead'), 'tr');
    for (const head of heads) {
      add(row, 'th', head).scope = 'col';
    }
  }
  const body = add(made, 'tbody');
  for (const [first = '', ...others] of rows) {
    const row = add(body, 'tr');
    add(row, 'th', first).scope = 'row';
    for (const cell of others) {
      add(row, 'td', cell);
    }
  }
  return made;
}

/** Appends a button. */
export function button(parent: HTMLElement, label: string, act: () => void): void {
  const made = add(parent, 'button', label, 'zkp-button');
  // In an output, Enter is the notebook's own key else.
  made.dataset['lmSuppressShortcuts'] = 'true';
  made.addEventListener('click', act);
}

/** Lets the reader keep bytes as a file. */
export function save(bytes: BlobPart, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
