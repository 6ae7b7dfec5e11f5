"use strict";
const data = JSON.parse(document.getElementById("evidence").textContent);
const rows = [...document.querySelectorAll("tr.row")];
const form = document.getElementById("filters");
const search = document.getElementById("search");
const shown = document.getElementById("shown");
const FEW = 25;
const names = data.urns.map((urn) => urn.split("::").pop());
const found = data.rows.map(([applied, open]) => ({ applied: applied.map((each) => data.reads[each]), open: open.map((each) => data.findings[each]) }));
const texts = rows.map((row, index) => {
  const urns = found[index].applied.map((each) => names[each[0]]);
  return [row.textContent, row.dataset.more, row.nextElementSibling.textContent, ...new Set(urns)].join(" ").toLowerCase();
});

const opener = (row) => row.querySelector(".opener");
const isOpen = (row) => opener(row).getAttribute("aria-expanded") === "true";

function apply() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = [...form.querySelectorAll("select")].filter((each) => each.value);
  let count = 0;
  rows.forEach((row, index) => {
    const fits = wanted.every((each) => (row.dataset[each.name] || "").split("|").includes(each.value)) &&
      words.every((word) => texts[index].includes(word));
    row.hidden = !fits;
    row.nextElementSibling.hidden = !fits || !isOpen(row);
    count += fits;
  });
  shown.textContent = `${count} of ${rows.length} rows`;
  document.getElementById("nothing").hidden = count > 0;
  const state = new URLSearchParams(wanted.map((each) => [each.name, each.value]));
  if (search.value) state.set("q", search.value);
  address(state.toString());
}

function address(text) {
  try { history.replaceState(null, "", `#${text}`); } catch (error) { /* a page without an address, as in a preview */ }
}

function choose(name, value) {
  const select = form.elements[name];
  if (select && [...select.options].some((option) => option.value === value)) select.value = value;
}

function cell(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function broken(text) {
  const element = document.createElement("td");
  text.split(/(?<=_)/).forEach((part) => element.append(part, document.createElement("wbr")));
  return element;
}

function listing(title, head, lines) {
  const part = document.createDocumentFragment();
  part.append(cell("h3", title));
  const table = document.createElement("table");
  const top = table.createTHead().insertRow();
  head.forEach(([word, width]) => { const column = cell("th", word); column.style.width = `${width}%`; top.append(column); });
  const body = table.createTBody();
  const add = (line) => { const row = body.insertRow(); line.forEach((text) => row.append(text instanceof Node ? text : cell("td", text))); };
  lines.slice(0, FEW).forEach(add);
  part.append(table);
  if (lines.length > FEW) {
    const more = cell("button", `show the other ${lines.length - FEW}`);
    more.type = "button";
    more.className = "more";
    more.addEventListener("click", () => { lines.slice(FEW).forEach(add); more.remove(); });
    part.append(more);
  }
  return part;
}

const words = (value) => {
  if (value === null || typeof value !== "object") return value === true ? "yes" : value === false ? "no" : String(value);
  if (value.$ref) return `→ ${value.$ref.urn.split("::").pop()}.${value.$ref.property}`;
  if (value.$unknown) return `unknown: ${String(value.$unknown).replace(/_/g, " ")}`;
  return Array.isArray(value) ? value.map(words).join(", ") : JSON.stringify(value);
};

function resource(urn) {
  const named = cell("td", urn.split("::").pop());
  const token = urn.split("::")[2] || "";
  named.append(cell("small", token.split("$").pop()));
  named.title = urn;
  return named;
}

function evidence(index, into) {
  const { applied, open } = found[index];
  if (open.length) {
    into.append(listing(`Open: ${open.length}`, [["verdict", 8], ["rule", 18], ["subject", 18], ["why", 32], ["fix", 24]],
      open.map((each) => [each.exception ? `excepted by ${each.exception}` : each.outcome, broken(each.rule), each.subject, each.message, each.remedy])));
  }
  if (applied.length) {
    into.append(listing(`Evidence: ${applied.length} values read and judged PASS`, [["resource", 22], ["property", 22], ["value", 18], ["asked", 20], ["rule", 18]],
      [...applied].sort((one, other) => !one[3] - !other[3]).map(([urn, path, value, parameter, bound, how, rule]) => [
        resource(data.urns[urn]), path, words(value) + (how === "default" ? " (provider's default)" : ""),
        parameter ? broken(`${parameter}: ${words(bound)}`) : "", broken(data.rules[rule])])));
  }
  if (!open.length && !applied.length) into.append(cell("p", "No rule read a value for this requirement."));
}

function show(row, open) {
  opener(row).setAttribute("aria-expanded", String(open));
  const detail = row.nextElementSibling;
  const place = detail.querySelector(".evidence");
  if (open && !place.hasChildNodes()) evidence(Number(row.dataset.row), place);
  detail.hidden = !open;
}

function follow() {
  const hash = decodeURIComponent(location.hash.slice(1));
  const row = document.getElementById(hash);
  if (row && row.classList.contains("row")) {
    form.reset();
    rows.forEach((each) => { each.hidden = false; each.nextElementSibling.hidden = !isOpen(each); });
    shown.textContent = `${rows.length} of ${rows.length} rows`;
    show(row, true);
    opener(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "start" });
    return;
  }
  const state = new URLSearchParams(location.hash.slice(1));
  if (![...state.keys()].some((name) => name === "q" || form.elements[name])) return;
  form.reset();
  state.forEach((value, name) => (name === "q" ? (search.value = value) : choose(name, value)));
  apply();
}

function set(setter) {
  if (setter.dataset.search) search.value = setter.dataset.search;
  else choose(setter.dataset.set, setter.dataset.value);
  if (setter.dataset.also) choose(setter.dataset.also, setter.dataset.with);
  apply();
  document.getElementById("rows").scrollIntoView({ behavior: "smooth" });
}

document.addEventListener("click", (event) => {
  const setter = event.target.closest("[data-set], [data-search]");
  if (setter) return set(setter);
  const below = event.target.closest("[data-open]");
  if (below) { event.preventDefault(); below.closest("td").querySelector(".evidence").scrollIntoView({ behavior: "smooth", block: "nearest" }); return; }
  const row = event.target.closest("tr.row");
  if (row && !String(getSelection())) show(row, !isOpen(row));
});
document.addEventListener("keydown", (event) => {
  const setter = event.target.closest("g[data-set]");
  if (setter && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); set(setter); }
});
document.getElementById("all").addEventListener("click", () => {
  const visible = rows.filter((row) => !row.hidden);
  const open = !visible.every(isOpen);
  visible.forEach((row) => show(row, open));
});
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
form.querySelector("[type=reset]").addEventListener("click", () => setTimeout(apply));
addEventListener("beforeprint", () => document.querySelectorAll(".more").forEach((each) => each.click()));
addEventListener("hashchange", follow);
follow();
