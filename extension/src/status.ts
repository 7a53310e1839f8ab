// The status item: how many frames of the notebook in front are proven.

import { Widget } from '@lumino/widgets';

import { add } from './dom';
import type { Graphs } from './graphs';
import type { Counts } from './kernelgraph';

const TOLD = ['proven', 'asserted', 'pending', 'failed'];

/** The counts in words: "zkp: 12 proven, 1 asserted, 2 pending". */
export function countWords(counts: Counts): string {
  const told = TOLD.filter(state => (counts[state] ?? 0) > 0);
  const words = told.map(state => `${counts[state]} ${state}`);
  return `zkp: ${words.join(', ') || 'nothing proven yet'}`;
}

/** A button in the status bar. */
export class StatusItem extends Widget {
  private readonly _button: HTMLButtonElement;

  constructor(
    private readonly _graphs: Graphs,
    open: () => void
  ) {
    super();
    this.addClass('zkp-status');
    this._button = add(this.node, 'button');
    this._button.title = 'Show where the frames came from';
    this._button.addEventListener('click', open);
    _graphs.changed.connect(this._show, this);
    this._show();
  }

  /** Whether there is anything to say. */
  get isActive(): boolean {
    return (this._graphs.current?.counts ?? null) !== null;
  }

  private _show(): void {
    const counts = this._graphs.current?.counts ?? null;
    this._button.textContent = counts === null ? '' : countWords(counts);
  }
}
