// The side panel: the provenance graph of the notebook in front, live.

import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { showGraph } from '../../zkp_nb/notebook/static/graph.js';

import { add } from './dom';
import type { Graphs } from './graphs';
import type { KernelGraph } from './kernelgraph';

const LEAST_SCALE = 0.7;

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
    this._focus();
    // The command palette gives the focus back to where it was when it closes, which is after this.
    window.setTimeout(() => this._focus(), 150);
  }

  private _focus(): void {
    if (this.isVisible && !this.node.contains(document.activeElement)) {
      this.node.focus();
    }
    this._enter();
  }

  /** Hands the focus on to the picture. */
  private _enter(): void {
    if (document.activeElement === this.node) {
      this.node.querySelector<SVGElement>('.zkp-node[tabindex="0"]')?.focus();
    }
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
      this._fit();
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
    this._fit();
    this._enter();
  }

  /** Makes a wide picture smaller, as long as it can be read. */
  private _fit(): void {
    const picture = this.node.querySelector<SVGSVGElement>('svg.zkp-graph');
    if (picture !== null) {
      const natural = picture.width.baseVal.value;
      picture.style.width = `clamp(${LEAST_SCALE * natural}px, 100%, ${natural}px)`;
      picture.style.height = 'auto';
    }
  }
}

function whyEmpty(graph: KernelGraph | null): string {
  if (graph === null) {
    return 'Open a notebook to see its graph.';
  }
  if (graph.counts === null) {
    return 'Run “%load_ext zkp_nb” in the notebook. The graph grows here as you commit and prove.';
  }
  return graph.trouble || 'The graph is on its way.';
}
