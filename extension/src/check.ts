// Asks the Jupyter server of this page what a receipt is worth. It checks offline, with the package's own verifier.

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** A label and a value, or the cells of a longer row. */
export type Row = readonly string[];

/** A table that a receipt names, as everybody may see it. */
export interface IDataset {
  readonly name: string;
  readonly rows: string;
  readonly id: string;
  readonly columns: readonly Row[];
  readonly more: number;
}

/** What the server says; see `receipt_view` in `zkp_nb/notebook/receiptview.py`. */
export interface IReceiptView {
  readonly ok: boolean;
  readonly status: 'proven' | 'asserted' | 'committed' | 'refused';
  readonly shape: string;
  readonly sentence: string;
  readonly checked_by: string;
  readonly checks: readonly Row[];
  readonly trust: readonly string[];
  readonly facts?: readonly Row[];
  readonly results?: readonly Row[];
  readonly datasets?: readonly IDataset[];
}

/**
 * The server's verdict on the bytes of a receipt.
 *
 * Rejects, with a sentence, where the server cannot check: it says nothing about the receipt then.
 */
export async function check(receipt: BodyInit): Promise<IReceiptView> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'zkp', 'verify');
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      url,
      { method: 'POST', body: receipt, headers: { 'Content-Type': 'application/octet-stream' } },
      settings
    );
  } catch {
    throw new Error('The Jupyter server cannot be reached.');
  }
  if (response.status === 404) {
    throw new Error('The Jupyter server of this page does not have zkp-nb installed.');
  }
  if (!response.ok) {
    throw new Error(`The Jupyter server refused to check it (status ${response.status}).`);
  }
  return (await response.json()) as IReceiptView;
}
