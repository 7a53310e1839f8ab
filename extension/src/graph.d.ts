// The drawing code that the widget in a notebook uses too: zkp_nb/notebook/static/graph.js.

declare module '*/static/graph.js' {
  /** `graph_json` of zkp_nb/notebook/graphview.py. */
  export interface IGraph {
    readonly svg: string;
    readonly nodes: readonly object[];
  }

  /** Draws a graph into an element. */
  export function showGraph(
    element: HTMLElement,
    graph: IGraph,
    actions?: { saveReceipt?: (entry: number) => void }
  ): { update(graph: IGraph): void; remove(): void };
}
