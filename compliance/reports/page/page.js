"use strict";
const data = JSON.parse(document.getElementById("evidence").textContent);
const rows = [...document.querySelectorAll("tr.row")];
const form = document.getElementById("filters");
const search = document.getElementById("search");
const shown = document.getElementById("shown");
const texts = rows.map((row, index) => {
  const urns = data.rows[index].applied.map((each) => data.urns[each[0]].split("::").pop());
  return [row.textContent, row.dataset.more, row.nextElementSibling.textContent, ...new Set(urns)].join(" ").toLowerCase();
});

function apply() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = [...form.querySelectorAll("select")].filter((each) => each.value);
  let count = 0;
  rows.forEach((row, index) => {
    const fits = wanted.every((each) => (row.dataset[each.name] || "").split("|").includes(each.value)) &&
      words.every((word) => texts[index].includes(word));
    row.hidden = !fits;
    row.nextElementSibling.hidden = !fits || row.getAttribute("aria-expanded") !== "true";
    count += fits;
  });
  shown.textContent = `${count} of ${rows.length} rows`;
  document.getElementById("nothing").hidden = count > 0;
  const state = new URLSearchParams(wanted.map((each) => [each.name, each.value]));
  if (search.value) state.set("q", search.value);
  try { history.replaceState(null, "", `#${state}`); } catch (error) { /* a page without an address, as in a preview */ }
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

function listing(title, head, lines) {
  const part = document.createDocumentFragment();
  part.append(cell("h3", title));
  const table = document.createElement("table");
  const top = table.createTHead().insertRow();
  head.forEach((word) => top.append(cell("th", word)));
  const body = table.createTBody();
  lines.forEach((line) => { const row = body.insertRow(); line.forEach((text) => row.append(cell("td", text))); });
  part.append(table);
  return part;
}

const words = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));

function evidence(index, into) {
  const found = data.rows[index];
  if (found.open.length) {
    into.append(listing(`Open: ${found.open.length}`, ["verdict", "rule", "subject", "why", "fix"],
      found.open.map((each) => [each.exception ? `excepted by ${each.exception}` : each.outcome, each.rule, each.subject, each.message, each.remedy])));
  }
  if (found.applied.length) {
    into.append(listing(`Applied by: ${found.applied.length} values read and judged PASS`, ["resource", "property", "value", "asked", "rule"],
      found.applied.map(([urn, path, value, parameter, bound, how, rule]) => [
        data.urns[urn].split("::").pop(), path, words(value) + (how === "default" ? " (provider's default)" : ""),
        parameter ? `${parameter}: ${words(bound)}` : "", data.rules[rule]])));
  }
  if (!found.open.length && !found.applied.length) into.append(cell("p", "No rule read a value for this requirement."));
}

function toggle(row) {
  const open = row.getAttribute("aria-expanded") !== "true";
  row.setAttribute("aria-expanded", String(open));
  const detail = row.nextElementSibling;
  const place = detail.querySelector(".evidence");
  if (open && !place.hasChildNodes()) evidence(Number(row.dataset.row), place);
  detail.hidden = !open;
}

document.addEventListener("click", (event) => {
  const setter = event.target.closest("[data-set]");
  if (setter) {
    choose(setter.dataset.set, setter.dataset.value);
    if (setter.dataset.also) choose(setter.dataset.also, setter.dataset.with);
    apply();
    document.getElementById("rows").scrollIntoView({ behavior: "smooth" });
    return;
  }
  const row = event.target.closest("tr.row");
  if (row) toggle(row);
});
document.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.matches("tr.row")) { event.preventDefault(); toggle(event.target); }
});
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(apply));
const state = new URLSearchParams(location.hash.slice(1));
state.forEach((value, name) => (name === "q" ? (search.value = value) : choose(name, value)));
if ([...state].length) apply();
