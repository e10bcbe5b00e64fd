// Everything on the pages works without this: it asks before what cannot be undone, refreshes the page, and remembers dark or light.
"use strict";

const page = () => document.getElementById("page");
const kept = {
  get: (name) => { try { return localStorage.getItem("sidekiq-" + name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem("sidekiq-" + name, value); } catch { /* it lasts as long as the page */ } },
};

const root = document.documentElement;
const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
if (kept.get("theme")) root.dataset.theme = kept.get("theme");

document.querySelector(".tools").hidden = false;
document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  kept.set("theme", root.dataset.theme);
});

// The outcome of an action is shown once, not again with each reload.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  address.searchParams.delete("failed");
  history.replaceState(null, "", address);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-confirm]");
  if (button && !confirm(button.dataset.confirm)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (name) page().querySelectorAll(`input[name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, select, textarea")) {
    event.preventDefault();
    document.querySelector("input[type=search]").focus();
  }
});

function enhance() {
  page().querySelectorAll("[data-all]").forEach((box) => { box.hidden = false; });
}

function counts() {
  return Object.fromEntries([...page().querySelectorAll("[data-count]")].map((count) => [count.dataset.count, Number(count.dataset.value)]));
}

// A page that somebody works on stays as it is: a tick, an open part, the focus of the keyboard, a selection.
function isInUse() {
  const focused = document.activeElement;
  return document.hidden
    || page().querySelector("input[type=checkbox]:checked, details[open]")
    || (focused !== page() && page().contains(focused))
    || getSelection()?.type === "Range";
}

let last = { at: performance.now(), counts: counts() };

async function refresh() {
  if (isInUse()) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.status === 403) return location.reload();
  const text = await answer.text();
  if (isInUse()) return;
  const found = new DOMParser().parseFromString(text, "text/html").getElementById("page");
  if (!found) throw new Error("The answer is no page.");
  page().replaceChildren(...found.childNodes);
  enhance();
  const now = { at: performance.now(), counts: counts() };
  for (const rate of page().querySelectorAll("[data-rate]")) {
    const name = rate.dataset.rate;
    if (!(name in last.counts) || !(name in now.counts)) continue;
    const perSecond = Math.max(0, now.counts[name] - last.counts[name]) / ((now.at - last.at) / 1000);
    rate.textContent = (perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)) + " a second";
  }
  last = now;
}

// A page that could not be refreshed says so.
function tellAge(isStale) {
  document.getElementById("stale").hidden = !isStale;
}

let timer;
const choice = document.getElementById("refresh");
function plan() {
  clearTimeout(timer);
  const seconds = Number(choice.value);
  if (seconds > 0) {
    timer = setTimeout(() => refresh().then(() => tellAge(false), () => tellAge(true)).finally(plan), seconds * 1000);
  }
}
choice.value = kept.get("refresh") ?? "5";
if (choice.selectedIndex < 0) choice.value = "0";
choice.addEventListener("change", () => { kept.set("refresh", choice.value); plan(); });
enhance();
plan();
