// Shows a graph: the picture that the kernel drew, with selection, arrow keys and what a click tells.
//
//   const shown = showGraph(element, { svg, nodes }, { saveReceipt: (entry) => ... });
//   shown.update({ svg, nodes });   // from then on
//   shown.remove();
//
// The JSON is that of `graph_json` in graphview.py. The widget below and the side panel of the JupyterLab
// extension both use this. Text from the kernel enters the page as text only; the picture is parsed as XML,
// and was escaped where it was made.

export function showGraph(element, graph, { saveReceipt } = {}) {
  const box = add(element, "div", "zkp-graph-box");
  // The notebook has meanings of its own for the keys, and JupyterLab takes them before anybody else.
  element.dataset.lmSuppressShortcuts = "true";
  const panel = add(element, "div", "zkp-graph-panel");
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", "About the chosen frame");
  const news = add(element, "div", "zkp-graph-news");
  news.setAttribute("role", "status");
  let chosen = null;

  const nodes = () => [...box.querySelectorAll(".zkp-node")];

  function choose(id) {
    chosen = id;
    for (const node of nodes()) node.setAttribute("aria-pressed", String(node.dataset.id === chosen));
    tell();
  }

  function tell() {
    panel.replaceChildren();
    const node = graph.nodes.find((each) => each.id === chosen);
    if (!node) {
      add(panel, "p", "", graph.nodes.length ? "Choose a frame to see what is said about it." : "Nothing is committed yet.");
      return;
    }
    const head = add(panel, "p");
    add(head, "strong", "", node.name);
    add(head, "span", "", ` ${node.state}${node.rows === null ? "" : `, ${node.rows} rows`}`);
    add(panel, "p", "", node.sentence);
    for (const fact of node.facts) add(panel, "p", "", fact);
    if (node.columns.length) columnsOf(node, add(panel, "table"));
    if (node.entry !== null && saveReceipt) {
      const button = add(panel, "button", "", `Save receipt of entry ${node.entry}`);
      button.addEventListener("click", () => saveReceipt(node.entry));
    }
  }

  // One stop for the Tab key, however many frames there are; arrow keys go from frame to frame.
  function enter(node) {
    for (const each of nodes()) each.setAttribute("tabindex", each === node ? "0" : "-1");
  }

  function onKey(event, node) {
    const all = nodes();
    let next = null;
    if (event.key === "Enter" || event.key === " ") choose(node.dataset.id);
    else if (event.key === "Home") next = all[0];
    else if (event.key === "End") next = all[all.length - 1];
    else if (event.key.startsWith("Arrow")) next = nearest(all, node, event.key);
    else return;
    next?.focus();
    // The notebook has meanings of its own for these keys.
    event.preventDefault();
    event.stopPropagation();
  }

  function draw() {
    const focused = box.querySelector(".zkp-node:focus")?.dataset.id;
    const stop = box.querySelector('.zkp-node[tabindex="0"]')?.dataset.id;
    const picture = new DOMParser().parseFromString(graph.svg, "image/svg+xml").documentElement;
    box.replaceChildren(document.importNode(picture, true));
    const all = nodes();
    for (const node of all) {
      node.setAttribute("role", "button");
      node.setAttribute("aria-pressed", String(node.dataset.id === chosen));
      node.addEventListener("click", () => {
        node.focus();
        choose(node.dataset.id);
      });
      node.addEventListener("focus", () => enter(node));
      node.addEventListener("keydown", (event) => onKey(event, node));
    }
    enter(all.find((node) => node.dataset.id === stop) ?? all[0]);
    all.find((node) => node.dataset.id === focused)?.focus();
    tell();
  }

  function update(newer) {
    const before = new Map(graph.nodes.map((node) => [node.id, node.state]));
    const changed = newer.nodes.filter((node) => before.get(node.id) !== node.state);
    graph = newer;
    draw();
    // Screen readers hear what changed, not the whole picture again.
    if (changed.length > 3) news.textContent = `${changed.length} frames changed.`;
    else if (changed.length) news.textContent = changed.map((node) => `${node.name}: ${node.state}.`).join(" ");
  }

  draw();
  return { update, remove: () => element.replaceChildren() };
}

function add(parent, tag, className, text) {
  const made = parent.appendChild(document.createElement(tag));
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function columnsOf(node, table) {
  add(table, "caption", "", "Columns");
  for (const [name, type] of node.columns) {
    const row = add(table, "tr");
    add(row, "th", "", name).setAttribute("scope", "row");
    add(row, "td", "", type);
  }
}

function nearest(nodes, from, key) {
  const centre = (node) => {
    const box = node.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const [x, y] = centre(from);
  let best = null;
  let least = Infinity;
  for (const node of nodes) {
    const [px, py] = centre(node);
    const along = (px - x) * dx + (py - y) * dy;
    const across = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (along > 1 && along + 2 * across < least) {
      least = along + 2 * across;
      best = node;
    }
  }
  return best;
}

// The widget: the same, fed by the kernel.

function download(entry, data) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
  link.download = `entry-${entry}.zkp`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function render({ model, el }) {
  const saveReceipt = (entry) => model.send({ receipt: entry });
  const shown = showGraph(el, model.get("graph"), { saveReceipt });
  const draw = () => shown.update(model.get("graph"));
  const save = (message, buffers) => {
    if (message.receipt !== undefined && buffers.length) download(message.receipt, buffers[0]);
  };
  model.on("change:graph", draw);
  model.on("msg:custom", save);
  return () => {
    model.off("change:graph", draw);
    model.off("msg:custom", save);
  };
}

export default { render };
