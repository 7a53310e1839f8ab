// A receipt in the output of a cell, also of a notebook that is not trusted: it is checked each time it is shown, so
// what is seen comes from this reader's own machine and not from whoever wrote the notebook.

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import canonicalize from 'canonicalize';

import { outputCard } from './card';
import { check } from './check';
import { button, save } from './dom';

/** MIME type of a receipt document. */
export const RECEIPT_TYPE = 'application/vnd.zkp.receipt+json';

/** Shows a receipt that a cell gave out. */
export class ReceiptOutput extends Widget implements IRenderMime.IRenderer {
  private _latest = 0;

  constructor() {
    super();
    this.addClass('zkp-output');
    this.node.setAttribute('role', 'status');
  }

  /** Checks the receipt of `model` and shows the verdict. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const turn = ++this._latest;
    outputCard(this.node, { kind: 'checking' });
    const text = canonicalize(model.data[RECEIPT_TYPE]) ?? '';
    try {
      const view = await check(text);
      if (turn === this._latest) {
        const card = outputCard(this.node, { kind: 'checked', view });
        if (view.ok) {
          button(card, 'Save receipt', () => save(`${text}\n`, 'receipt.zkp'));
        }
      }
    } catch (error) {
      if (turn === this._latest) {
        const why = error instanceof Error ? error.message : '';
        outputCard(this.node, { kind: 'unchecked', why, claim: claimOf(model) });
      }
    }
  }
}

function claimOf(model: IRenderMime.IMimeModel): string {
  const text = model.data['text/plain'];
  return Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : '';
}
