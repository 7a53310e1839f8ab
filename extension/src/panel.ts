// The side panel: the provenance graph of the notebook in front, live.

import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { showGraph } from '../../zkp_nb/notebook/static/graph.js';

import { add } from './dom';
import type { Graphs } from './graphs';
import type { KernelGraph } from './kernelgraph';

/** Shows the graph of whatever notebook is in front. */
export class GraphPanel extends Widget {
  private _looked: KernelGraph | null = null;
  private _drawn: { of: KernelGraph; shown: ReturnType<typeof showGraph> } | null = null;

  constructor(private readonly _graphs: Graphs) {
    super();
    this.addClass('zkp-side');
    this.node.tabIndex = -1;
    _graphs.changed.connect(this._show, this);
    this._show();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._show();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._show();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const stop = this.node.querySelector<SVGElement>('.zkp-node[tabindex="0"]');
    (stop ?? this.node).focus();
  }

  private _show(): void {
    const now = this.isVisible ? this._graphs.current : null;
    if (this._looked !== null && this._looked !== now) {
      this._looked.wanted = false;
    }
    this._looked = now;
    if (now !== null) {
      now.wanted = true;
    }
    const graph = now?.graph ?? null;
    if (now !== null && graph !== null && this._drawn?.of === now) {
      this._drawn.shown.update(graph);
      return;
    }
    this._drawn = null;
    this.node.replaceChildren();
    add(this.node, 'h2', 'Where the frames came from');
    if (now === null || graph === null) {
      add(this.node, 'p', whyEmpty(now), 'zkp-quiet');
      return;
    }
    add(this.node, 'p', this._graphs.title, 'zkp-quiet');
    const saveReceipt = (entry: number) => now.saveReceipt(entry);
    this._drawn = { of: now, shown: showGraph(add(this.node, 'div'), graph, { saveReceipt }) };
  }
}

function whyEmpty(graph: KernelGraph | null): string {
  if (graph === null) {
    return 'Open a notebook to see its graph.';
  }
  return graph.counts === null
    ? 'Run “%load_ext zkp_nb” in the notebook. The graph grows here as you commit and prove.'
    : 'The graph is on its way.';
}
