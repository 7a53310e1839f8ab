// What JupyterLab's and Notebook's plain renderers of outputs need; the rest of the extension is in `index.ts`.

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import { RECEIPT_TYPE, ReceiptOutput } from './output';

const extension: IRenderMime.IExtension = {
  id: 'zkp-nb:receipt',
  description: 'Shows zkp receipts in outputs, checked.',
  rendererFactory: {
    // It writes text only and runs nothing of the receipt's, so it may be used where nothing is trusted.
    safe: true,
    mimeTypes: [RECEIPT_TYPE],
    // Before HTML, whose rank is 50.
    defaultRank: 40,
    createRenderer: () => new ReceiptOutput()
  }
};

export default extension;
