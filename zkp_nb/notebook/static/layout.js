// Runs dagre in the kernel: sizes and edges in, places out, all as JSON text. QuickJS has no structuredClone,
// which dagre calls on plain numbers and arrays alone.

globalThis.structuredClone ??= (value) => (value === undefined ? value : JSON.parse(JSON.stringify(value)));

function layout(text) {
  const { nodes, edges, options } = JSON.parse(text);
  const graph = new dagre.graphlib.Graph();
  graph.setGraph(options);
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [name, width, height] of nodes) graph.setNode(name, { width, height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const { width, height } = graph.graph();
  return JSON.stringify({
    nodes: nodes.map(([name]) => [graph.node(name).x, graph.node(name).y]),
    edges: edges.map(([from, to]) => graph.edge(from, to).points.map(({ x, y }) => [x, y])),
    width,
    height,
  });
}
