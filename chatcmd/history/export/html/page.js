"use strict";
(() => {
  const root = document.documentElement;
  const say = document.body.dataset;
  const by = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Light or dark: as the system is, until the reader chooses.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = (value) => {
    try {
      if (value) localStorage.setItem("chatcmd-shade", value);
      return localStorage.getItem("chatcmd-shade");
    } catch {
      return null; // a page that may keep nothing
    }
  };
  const first = kept();
  if (first === "light" || first === "dark") root.dataset.shade = first;
  by("shade").addEventListener("click", () => {
    const now = root.dataset.shade || (dark.matches ? "dark" : "light");
    root.dataset.shade = now === "dark" ? "light" : "dark";
    kept(root.dataset.shade);
  });
  by("tools").hidden = false;

  // Times, as the reader's own clock tells them.
  const two = (number) => String(number).padStart(2, "0");
  for (const time of all("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    time.title = time.textContent;
    time.textContent = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }

  // Copying.
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  };
  const offer = (place, text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.ariaLabel = button.dataset.shown = say.copy;
    button.addEventListener("click", async () => {
      await copied(text());
      button.dataset.shown = say.copied;
      setTimeout(() => (button.dataset.shown = say.copy), 1500);
    });
    place.append(button);
  };
  for (const code of all("pre.code")) offer(code, () => code.querySelector("code").textContent);
  for (const message of all(".message")) {
    offer(message.querySelector("header"), () => message.querySelector(":scope > .said").innerText);
  }

  // The contents: open where there is room, and the turn that is read is marked.
  const contents = by("contents");
  const entries = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
  const turns = all(".turn");
  if (contents) {
    contents.open = matchMedia("(min-width: 70rem)").matches;
    const seen = new Set();
    const watch = new IntersectionObserver((changes) => {
      for (const change of changes) seen[change.isIntersecting ? "add" : "delete"](change.target);
      for (const link of all("nav a.near")) link.classList.remove("near");
      const near = turns.find((turn) => seen.has(turn));
      const link = near && entries.get(near.id);
      if (!link) return;
      link.classList.add("near");
      const list = contents.parentElement;
      if (list.scrollHeight > list.clientHeight) list.scrollTop = link.offsetTop - list.clientHeight / 2;
    }, { rootMargin: "-80px 0px -30% 0px" });
    for (const turn of turns) watch.observe(turn);
  }

  // Search: a turn stays when all words are in it; quotes hold words together.
  const MOST = 5000;
  const query = by("query");
  const found = [];
  let at = -1;
  const texts = new Map();
  const textOf = (turn) => {
    if (!texts.has(turn)) {
      const nodes = [];
      let text = "";
      for (const said of all(".said, summary, figcaption", turn)) {
        const walk = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
          nodes.push([text.length, walk.currentNode]);
          text += walk.currentNode.data;
        }
        text += "\n";
      }
      texts.set(turn, { nodes, text });
    }
    return texts.get(turn);
  };
  const nodeAt = (nodes, place) => {
    let low = 0;
    for (let high = nodes.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (nodes[middle][0] <= place) low = middle;
      else high = middle;
    }
    return nodes[low];
  };
  const rangeOf = ({ nodes }, begin, end) => {
    const range = new Range();
    const [start, node] = nodeAt(nodes, begin);
    const [last, lastNode] = nodeAt(nodes, end - 1);
    range.setStart(node, begin - start);
    range.setEnd(lastNode, Math.min(end - last, lastNode.length));
    return range;
  };
  const paint = (name, ranges) => {
    if (!CSS.highlights) return;
    const highlight = new Highlight();
    for (const range of ranges) highlight.add(range);
    CSS.highlights.set(name, highlight);
  };
  const show = () => {
    for (const turn of all(".here")) turn.classList.remove("here");
    paint("here", found[at] ? [found[at].range] : []);
    const tell = (sentence) => sentence.replace("{at}", at + 1).replace("{n}", found.length);
    by("count").textContent = found.length ? tell(say.found) : query.value.trim() ? say.none : "";
    if (!found[at]) return;
    const { range, turn } = found[at];
    turn.classList.add("here");
    const place = range.startContainer.parentElement;
    for (let up = place; up !== turn; up = up.parentElement) if (up.localName === "details") up.open = true;
    place.scrollIntoView({ block: "center" });
  };
  const search = () => {
    const words = [...query.value.matchAll(/["“”]([^"“”]+)["“”]|([^\s"“”]+)/g)].map((match) => match[1] || match[2]);
    const sources = words.map((word) => word.trim()).filter(Boolean).sort((a, b) => b.length - a.length)
      .map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\s+/g, "\\s+"));
    const each = sources.map((source) => new RegExp(source, "iu"));
    const any = new RegExp(sources.join("|"), "giu");
    found.length = 0;
    for (const turn of turns) {
      const said = each.length ? textOf(turn) : null;
      const stays = each.every((word) => word.test(said.text));
      turn.hidden = !stays;
      const entry = entries.get(turn.id);
      if (entry) entry.parentElement.hidden = !stays;
      if (!stays || !said) continue;
      for (const match of said.text.matchAll(any)) {
        if (found.length >= MOST) break;
        found.push({ turn, range: rangeOf(said, match.index, match.index + match[0].length) });
      }
    }
    for (const session of all(".session")) {
      session.hidden = each.length > 0 && !session.querySelector(".turn:not([hidden])");
      const entry = entries.get(session.id);
      if (entry) entry.parentElement.hidden = session.hidden;
    }
    paint("found", found.map(({ range }) => range));
    at = found.length ? 0 : -1;
    show();
  };
  const step = (by) => {
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    show();
  };
  if (query) {
    let waiting;
    const now = () => {
      clearTimeout(waiting);
      waiting = undefined;
      search();
    };
    query.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(now, 120);
    });
    query.addEventListener("keydown", (event) => {
      if (event.isComposing) return; // Enter chooses a Chinese character
      if (event.key === "Enter") waiting === undefined ? step(event.shiftKey ? -1 : 1) : now();
      else if (event.key === "Escape") {
        query.value = "";
        now();
      }
    });
    by("back").addEventListener("click", () => step(-1));
    by("on").addEventListener("click", () => step(1));
    addEventListener("keydown", (event) => {
      const typing = /^(input|textarea|select)$/.test(document.activeElement?.localName);
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      query.select();
    });
    if (query.value) search();
  }

  // On paper everything is open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("main details:not([open])");
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();
