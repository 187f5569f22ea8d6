"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const percent = (share) => (Math.round(1000 * share + 1e-8) / 10).toFixed(1) + "\u00a0%";

  function money(amount) {
    const size = Math.abs(amount);
    const digits = size >= 100 ? Math.round(size).toLocaleString("en-US") : size.toFixed(2);
    return (amount < 0 ? "-" : "") + data.currency + digits;
  }

  // Where a customer belongs, as clusters.place has it: cap, standardise, nearest centre, the better one on a tie.
  function place(model, customer) {
    const known = ["Recency", "Frequency", "Monetary"].every((name) => Math.abs(customer[name]) <= 1e100);
    if (!known) return { cluster: -1, runnerUp: -1, confidence: NaN };
    const point = model.features.map((name, n) => (Math.min(customer[name], model.caps[n]) - model.means[n]) / model.scales[n]);
    const away = model.centroids.map((centre) => point.reduce((sum, at, n) => sum + (at - centre[n]) * (at - centre[n]), 0));
    const order = away.map((_, n) => n).sort((a, b) => away[a] - away[b] || a - b);
    const [first, second] = [away[order[0]], away[order[1]]];
    return { cluster: order[0], runnerUp: order[1], confidence: 1 - first / (second > 0 ? second : 1) };
  }

  // Fewest further orders, each like the customer's usual one, that lead to a better segment, as placing.orders_to_rise
  // has it; null where that many are not enough, or nothing was ordered yet.
  function wayUp(model, customer) {
    const now = place(model, customer).cluster;
    if (now < 0 || !(customer.Frequency > 0)) return null;
    const usual = customer.Monetary / customer.Frequency;
    for (let more = 1; more <= data.mostOrders; more += 1) {
      const after = { Recency: 0, Frequency: customer.Frequency + more, Monetary: customer.Monetary + more * usual };
      const there = place(model, after).cluster;
      if (there < now) return { orders: more, usual, cluster: there };
    }
    return null;
  }

  // The plan under another margin and other shares won, the most valuable first; equal ones stay in their order.
  function whatIf(plan, margin, shares) {
    const rows = plan.map((row, n) => {
      const successes = row.others * shares[n];
      const expected = successes * row.gain * (margin / data.margin);
      return { group: row.group, goal: row.goal, successes, margin: expected, most: row.customers ? expected / row.customers : 0 };
    });
    return rows.sort((a, b) => b.margin - a.margin);
  }

  function showPlace(form) {
    const told = form.parentNode.querySelector(".result");
    const customer = Object.fromEntries(all("input", form).map((field) => [field.name, field.value === "" ? NaN : Number(field.value)]));
    const found = place(data.model, customer);
    if (found.cluster < 0) { told.textContent = "Fill in all three."; return; }
    const names = data.model.segments;
    const sure = found.confidence.toFixed(2) + (found.confidence < data.boundary ? ", on the boundary: take it as a guess" : "");
    const up = wayUp(data.model, customer);
    let way = found.cluster === 0 ? " There is no better segment." : ` No number of orders up to ${data.mostOrders} leads to a better segment.`;
    if (found.cluster > 0 && !(customer.Frequency > 0)) way = " Enter a first order to see the way up.";
    if (up) way = ` The nearest way up: ${up.orders} more order${up.orders > 1 ? "s" : ""} of ${money(up.usual)} today lead${up.orders > 1 ? "" : "s"} to ${names[up.cluster]}.`;
    const strong = document.createElement("strong");
    strong.textContent = names[found.cluster];
    told.replaceChildren(strong, `. Runner-up: ${names[found.runnerUp]}. Confidence ${sure}.${way}`);
  }

  function cell(kind, text, numeric) {
    const made = document.createElement(kind);
    made.textContent = text;
    if (kind === "th") made.scope = "row";
    if (numeric) made.className = "n";
    return made;
  }

  function showWhatIf(form) {
    const fields = [form.elements.margin, ...all("[name=share]", form)];
    const wrong = fields.some((field) => field.value === "" || !field.checkValidity());
    const told = form.parentNode.querySelector(".result");
    if (wrong) { told.textContent = "Every field takes a number from 0 to 100."; return; }
    const [margin, ...shares] = fields.map((field) => (field.value === field.defaultValue ? field.exact : Number(field.value) / 100));
    const rows = whatIf(data.plan, margin, shares);
    told.textContent = rows[0].margin > 0
      ? `First: ${rows[0].goal.toLowerCase()} ${rows[0].group}, ${money(rows[0].margin)} of margin expected.`
      : "No margin is expected.";
    form.parentNode.querySelector("tbody").replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      line.append(cell("th", row.group), cell("td", Math.round(row.successes).toLocaleString("en-US"), true), ...[row.margin, row.most].map((amount) => cell("td", money(amount), true)));
      return line;
    }));
  }

  function openTool(id, show) {
    const tool = document.getElementById(id);
    const form = tool.querySelector("form");
    tool.hidden = false;
    for (const kind of ["input", "change"]) form.addEventListener(kind, () => show(form));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => show(form)));
    return form;
  }

  // Text of a cell as what it is sorted by: numbers as numbers.
  function sortKey(row, column) {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text.replace(/[^\d.-]/g, ""));
    return row.cells[column].classList.contains("n") ? (Number.isNaN(number) ? -Infinity : number) : text.toLowerCase();
  }

  function sortBy(table, column, direction) {
    const rows = all("tbody tr", table);
    const sign = direction === "ascending" ? 1 : -1;
    rows.sort((a, b) => {
      const [x, y] = [sortKey(a, column), sortKey(b, column)];
      return sign * (x > y ? 1 : x < y ? -1 : 0);
    });
    table.tBodies[0].append(...rows);
    all("thead th", table).forEach((head, n) => (n === column ? head.setAttribute("aria-sort", direction) : head.removeAttribute("aria-sort")));
  }

  function makeSortable(table) {
    const heads = all("thead th", table);
    const bar = document.createElement("div");
    bar.className = "bar";
    const filter = document.createElement("input");
    filter.type = "search";
    filter.addEventListener("input", () => all("tbody tr", table).forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(filter.value.toLowerCase()); }));
    const asGiven = all("tbody tr", table);
    const choice = document.createElement("select");
    choice.append(new Option("as given", ""), ...heads.map((head, n) => new Option(head.textContent, n)));
    choice.addEventListener("change", () => {
      if (choice.value === "") table.tBodies[0].append(...asGiven);
      else sortBy(table, Number(choice.value), heads[choice.value].classList.contains("n") ? "descending" : "ascending");
    });
    for (const [text, field, name] of [["Show rows with", filter, "filter"], ["Sort by", choice, "sortby"]]) {
      const label = document.createElement("label");
      label.className = name;
      label.append(text + " ", field);
      bar.append(label);
    }
    table.before(bar);
    heads.forEach((head, n) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortBy(table, n, head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending"));
    });
  }

  // A link into something folded opens it.
  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    if (target) target.scrollIntoView();
  }

  function markPlace() {
    const links = all("nav a");
    const heads = [...new Set(links.map((link) => decodeURIComponent(link.hash.slice(1))))].map((id) => document.getElementById(id));
    const mark = () => {
      const passed = heads.filter((head) => head.getBoundingClientRect().top < 160);
      const ended = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      const here = ((ended && scrollY > 0 ? heads : passed).at(-1) || heads[0]).id;
      for (const link of links) {
        if (decodeURIComponent(link.hash.slice(1)) === here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (!waiting) requestAnimationFrame(() => { waiting = false; mark(); });
      waiting = true;
    }, { passive: true });
    mark();
  }

  all(".noscript").forEach((note) => note.remove());
  all("table.sortable").forEach(makeSortable);
  openTool("place", showPlace);
  if (document.getElementById("what-if")) {
    const form = openTool("what-if", showWhatIf);
    form.elements.margin.exact = data.margin;
    all("[name=share]", form).forEach((field, n) => { field.exact = data.plan[n].share; });
    showWhatIf(form);
  }
  const menu = document.querySelector(".menu");
  menu.addEventListener("click", (event) => { if (event.target.closest("a")) menu.open = false; });
  addEventListener("hashchange", openTarget);
  openTarget();
  markPlace();
  window.segmentReport = { place, wayUp, whatIf, data };
})();
