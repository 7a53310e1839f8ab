// Which graph is looked at: that of the notebook in front.

import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal, type ISignal } from '@lumino/signaling';

import { KernelGraph } from './kernelgraph';

/** The graphs of all open notebooks. */
export class Graphs {
  private readonly _all = new Map<ISessionContext, KernelGraph>();
  private readonly _changed = new Signal<this, void>(this);

  constructor(private readonly _notebooks: INotebookTracker) {
    _notebooks.forEach(panel => this._follow(panel));
    _notebooks.widgetAdded.connect((_, panel) => this._follow(panel));
    _notebooks.currentChanged.connect(() => this._changed.emit());
  }

  /** Emitted when another notebook comes to the front, or its graph changes. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The graph of the notebook in front; null where there is none. */
  get current(): KernelGraph | null {
    const panel = this._notebooks.currentWidget;
    return panel === null ? null : (this._all.get(panel.sessionContext) ?? null);
  }

  /** Name of the notebook in front. */
  get title(): string {
    return this._notebooks.currentWidget?.title.label ?? '';
  }

  private _follow(panel: NotebookPanel): void {
    const session = panel.sessionContext;
    if (this._all.has(session)) {
      return; // another view of the same notebook
    }
    const graph = new KernelGraph(session);
    this._all.set(session, graph);
    graph.changed.connect(() => {
      if (graph === this.current) {
        this._changed.emit();
      }
    });
    session.disposed.connect(() => {
      this._all.delete(session);
      graph.dispose();
      this._changed.emit();
    });
    this._changed.emit();
  }
}
