// A `.zkp` file as a page. Its bytes go to the server as they are on disk, so one changed byte is seen.

import { ABCWidgetFactory, DocumentWidget, type DocumentRegistry } from '@jupyterlab/docregistry';
import { Widget } from '@lumino/widgets';

import { columnRows, head } from './card';
import { check, type IReceiptView } from './check';
import { add, button, save, table } from './dom';

/** The page of a receipt file. */
export class ReceiptPage extends Widget {
  private _latest = 0;

  constructor(private readonly _context: DocumentRegistry.Context) {
    super();
    this.addClass('zkp-page');
    this.node.tabIndex = 0;
    this.node.setAttribute('aria-live', 'polite');
    head(this.node, { kind: 'checking' });
    _context.model.contentChanged.connect(() => void this._check());
    void _context.ready.then(() => this._check());
  }

  private async _check(): Promise<void> {
    if (this.isDisposed || !this._context.isReady) {
      return;
    }
    const turn = ++this._latest;
    head(this.node, { kind: 'checking' });
    const bytes = Uint8Array.from(atob(this._context.model.toString()), each => each.charCodeAt(0));
    let card: HTMLElement;
    try {
      const view = await check(bytes);
      if (turn !== this._latest || this.isDisposed) {
        return;
      }
      card = head(this.node, { kind: 'checked', view });
      this._tell(card, view);
    } catch (error) {
      if (turn !== this._latest || this.isDisposed) {
        return;
      }
      const why = error instanceof Error ? error.message : '';
      card = head(this.node, { kind: 'unchecked', why, claim: '' });
    }
    const buttons = add(card, 'p', undefined, 'zkp-buttons');
    button(buttons, 'Read and check again', () => {
      void this._context.revert().then(() => this._check());
    });
    const name = this._context.path.split('/').pop() ?? 'receipt.zkp';
    button(buttons, 'Save a copy', () => save(bytes, name));
  }

  private _tell(card: HTMLElement, view: IReceiptView): void {
    if (view.ok) {
      const { results = [], datasets = [], facts = [] } = view;
      if (results.length > 0) {
        table(card, 'Results, proven', results, ['Statement', 'Values']);
      }
      for (const dataset of datasets) {
        table(card, `Table ${dataset.name}, ${dataset.rows} rows`, columnRows(dataset), ['Column', 'Type']);
        add(card, 'p', `Dataset id ${dataset.id}`, 'zkp-quiet');
      }
      table(card, 'Receipt and log', facts);
      add(card, 'h3', 'How far to trust it');
      const list = add(card, 'ul');
      for (const sentence of view.trust) {
        add(list, 'li', sentence);
      }
    }
    table(card, 'Checks', view.checks, ['Check', 'Result', 'What was seen']);
  }
}

/** Makes pages of `.zkp` files. */
export class ReceiptPageFactory extends ABCWidgetFactory<DocumentWidget<ReceiptPage>> {
  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<ReceiptPage> {
    const content = new ReceiptPage(context);
    return new DocumentWidget({ content, context });
  }
}
