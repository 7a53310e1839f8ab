// Shows the picture that the kernel laid out; adds selection, arrow keys and what a click tells.
// Text from the kernel enters the panel as text only; the picture was escaped where it was made.

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

function add(parent, tag, text) {
  const made = parent.appendChild(document.createElement(tag));
  if (text !== undefined) made.textContent = text;
  return made;
}

function render({ model, el }) {
  const box = add(el, "div");
  box.className = "zkp-graph-box";
  const panel = add(el, "div");
  panel.className = "zkp-graph-panel";
  panel.setAttribute("aria-live", "polite");
  let chosen = null;

  const nodes = () => [...box.querySelectorAll(".zkp-node")];

  function tell() {
    panel.replaceChildren();
    for (const node of nodes()) node.setAttribute("aria-pressed", String(node.dataset.id === chosen));
    const node = model.get("nodes").find((each) => each.id === chosen);
    if (!node) {
      add(panel, "p", "Choose a frame to see what is said about it.");
      return;
    }
    const head = add(panel, "p");
    add(head, "strong", node.name);
    add(head, "span", ` ${node.state}${node.rows === null ? "" : `, ${node.rows} rows`}`);
    add(panel, "p", node.sentence);
    for (const fact of node.facts) add(panel, "p", fact);
    const table = add(panel, "table");
    for (const [name, type] of node.columns) {
      const row = add(table, "tr");
      add(row, "td", name);
      add(row, "td", type);
    }
    if (node.entry !== null) {
      const button = add(panel, "button", `Save receipt of entry ${node.entry}`);
      button.addEventListener("click", () => model.send({ receipt: node.entry }));
    }
  }

  function draw() {
    const focused = document.activeElement?.closest?.(".zkp-node")?.dataset.id;
    box.innerHTML = model.get("svg");
    for (const node of nodes()) {
      const choose = () => {
        chosen = node.dataset.id;
        tell();
      };
      node.addEventListener("click", choose);
      node.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") choose();
        else if (event.key.startsWith("Arrow")) nearest(nodes(), node, event.key)?.focus();
        else return;
        // The notebook has meanings of its own for these keys.
        event.preventDefault();
        event.stopPropagation();
      });
      if (focused && node.dataset.id === focused) node.focus();
    }
    tell();
  }

  function save(message, buffers) {
    if (message.receipt === undefined || !buffers.length) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: "application/octet-stream" }));
    link.download = `entry-${message.receipt}.zkp`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  draw();
  model.on("change:svg", draw);
  model.on("msg:custom", save);
  return () => {
    model.off("change:svg", draw);
    model.off("msg:custom", save);
  };
}

export default { render };
