// @vitest-environment jsdom
import { expect, test } from 'vitest';

import { outputCard, type Shown } from '../src/card';
import type { IReceiptView } from '../src/check';

const view: IReceiptView = {
  ok: true,
  status: 'proven',
  shape: '✓',
  sentence: '<img src=x onerror=alert(1)> is what it says.',
  checked_by: 'a test',
  checks: [],
  trust: [],
  facts: [['Proof', '<b>640</b> bytes']]
};

function drawn(shown: Shown): HTMLElement {
  const parent = document.createElement('div');
  outputCard(parent, shown);
  return parent;
}

test('what a receipt says enters as text, never as HTML', () => {
  const card = drawn({ kind: 'checked', view });
  expect(card.querySelector('img, b')).toBeNull();
  expect(card.textContent).toContain('<img src=x onerror=alert(1)>');
  expect(card.textContent).toContain('<b>640</b> bytes');
});

test('nothing is called proven before it is checked', () => {
  expect(drawn({ kind: 'checking' }).querySelector('.zkp-proven')).toBeNull();
  const unchecked = drawn({ kind: 'unchecked', why: 'Nobody there.', claim: 'x is y [proven]' });
  expect(unchecked.querySelector('.zkp-proven')).toBeNull();
  expect(unchecked.textContent).toContain('It claims, unchecked: x is y');
});

test('of a refused receipt no fact is told', () => {
  const card = drawn({ kind: 'checked', view: { ...view, ok: false, status: 'refused', shape: '✗' } });
  expect(card.querySelector('.zkp-refused')).not.toBeNull();
  expect(card.textContent).not.toContain('640');
});
