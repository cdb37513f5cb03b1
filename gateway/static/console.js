// What staff's pages do with a script: keys, the palette, who is here, a selection that outlives news.
// Keys go by the place on the keyboard (event.code), so Cyrillic and Latin layouts are the same;
// while somebody types none of them is taken. Without a script everything has its link or button.
"use strict";
(() => {
  if (document.documentElement.dataset.console) return;  // a part of a page may bring it once more
  document.documentElement.dataset.console = "on";
  const BEAT_MS = 15000;
  const GO_MS = 1500;
  const isTyping = (place) => Boolean(place && place.closest && place.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]"));
  const isOpen = () => document.querySelector("dialog[open]:not([aria-modal=false])");

  // Keys: an element names its own by aria-keyshortcuts; the lists and the ways between pages are here.
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let current = "";
  const linkOf = (row) => row.querySelector(".what a, h2 a, h3 a, a");
  const nameOfRow = (row) => (row ? row.dataset.row || linkOf(row).getAttribute("href") : "");
  const rowOf = (place) => (place && place.closest ? place.closest("[data-row]") : null);
  function step(by) {
    const all = rows();
    if (!all.length) return;
    const now = all.indexOf(rowOf(document.activeElement) || all.find((row) => nameOfRow(row) === current));
    const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + by))];
    current = nameOfRow(next);
    linkOf(next).focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function pick() {
    const row = rowOf(document.activeElement) || rows().find((one) => nameOfRow(one) === current);
    const box = row && row.querySelector("input.check");
    if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
  }
  function own(code) {
    const key = code.replace(/^(Key|Digit)/, "");
    return [...document.querySelectorAll("[aria-keyshortcuts]")].find((one) =>
      !one.disabled && one.offsetParent !== null && one.getAttribute("aria-keyshortcuts").split(" ").includes(key));
  }
  let goes = 0;
  function go(code) {
    const link = document.querySelector(`a[data-go="${code.replace("Key", "")}"]`);
    goes = 0;
    if (link) location.href = link.href;
    return Boolean(link);
  }
  function show(id) {
    const dialog = document.getElementById(id);
    if (!dialog || isOpen()) return false;
    dialog.showModal();
    return true;
  }
  function act(event) {
    if (goes && Date.now() - goes < GO_MS && go(event.code)) return true;
    if (event.code === "KeyG") { goes = Date.now(); return Boolean(document.querySelector("a[data-go]")); }
    if (event.key === "?" || event.key === "," && event.shiftKey || event.code === "Slash" && event.shiftKey) return show("keys");
    if (event.shiftKey) return false;
    if (event.code === "KeyJ" || event.code === "KeyK") { step(event.code === "KeyJ" ? 1 : -1); return rows().length > 0; }
    if (event.code === "KeyX" && rows().length) { pick(); return true; }
    const one = own(event.code);
    if (one) one.click();
    return Boolean(one);
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") {
      if (document.getElementById("palette")) { event.preventDefault(); show("palette"); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isOpen()) return;
    if (act(event)) event.preventDefault();
  });

  // The palette: what is typed is looked for on the server, and among the pages that are listed.
  const palette = document.getElementById("palette");
  if (palette) {
    const field = palette.querySelector("input[type=search]");
    const links = () => [...palette.querySelectorAll("a")].filter((one) => !one.closest("li").hidden);
    field.addEventListener("input", () => {
      const typed = field.value.trim().toLowerCase();
      palette.querySelectorAll("#places li").forEach((one) => { one.hidden = Boolean(typed) && !one.textContent.toLowerCase().includes(typed); });
    });
    palette.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const all = links();
      const next = all.indexOf(document.activeElement) + by;
      (next < 0 ? field : all[Math.min(next, all.length - 1)] || field).focus();
    });
    palette.addEventListener("close", () => { field.value = ""; field.dispatchEvent(new Event("input")); const found = document.getElementById("palette-found"); if (found) found.replaceChildren(); });
  }
  document.querySelectorAll("[data-show]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => show(button.dataset.show));
  });
  document.addEventListener("click", (event) => {
    const shut = event.target.closest && event.target.closest("#palette [data-shut], #keys [data-shut]");
    if (shut) { event.preventDefault(); shut.closest("dialog").close(); }
  });

  // Who is here: a page in sight says so, and says more often while its reader writes.
  const here = document.querySelector("[data-presence]");
  if (here) {
    let typedAt = -Infinity;
    let said = "";
    const told = (state) => new URLSearchParams({ csrf: here.dataset.csrf, state });
    const state = () => (Date.now() - typedAt < 2 * BEAT_MS ? "writing" : "viewing");
    function say() {
      if (document.hidden) return;
      said = state();
      fetch(here.dataset.presence, { method: "POST", body: told(said), credentials: "same-origin" }).catch(() => {});
    }
    const leave = () => { said = "gone"; navigator.sendBeacon(here.dataset.presence, told("gone")); };
    document.addEventListener("input", (event) => {
      if (!event.target.matches("textarea")) return;
      typedAt = Date.now();
      if (said !== "writing") say();
    });
    document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else say(); });
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", (event) => { if (event.persisted) say(); });
    setInterval(say, BEAT_MS);
    say();
  }

  // News: a list that is drawn anew keeps what was chosen, the place of the keys and the focus.
  let kept = null;
  const nameOf = (one) => (one.name && one.value ? `[name="${one.name}"][value="${CSS.escape(one.value)}"]` : one.id ? `#${CSS.escape(one.id)}` : one.getAttribute("href") ? `a[href="${CSS.escape(one.getAttribute("href"))}"]` : "");
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL || location.href).pathname === "/signin") { event.detail.shouldSwap = false; return; }
    const list = event.detail.target;
    if (list.id !== "list") return;
    const focused = document.activeElement.closest("#list, #lists") ? document.activeElement : null;
    kept = { boxes: [...list.querySelectorAll("input.check:checked")].map((one) => one.value), focus: focused ? nameOf(focused) : "", row: nameOfRow(rowOf(focused)) };
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    const list = document.getElementById("list");
    if (!kept || !list) return;
    const { boxes, focus, row } = kept;
    kept = null;
    list.querySelectorAll("input.check").forEach((one) => { one.checked = boxes.includes(one.value); });
    const same = focus && [...document.querySelectorAll(focus)].find((one) => one.closest("#list, #lists"));
    if (same) same.focus({ preventScroll: true });
    else if (row) { current = row; }
    count();
  });

  // What is chosen: the bar of actions shows itself once there is something to act on.
  function count() {
    const bar = document.querySelector("[data-picked]");
    if (!bar) return;
    const chosen = document.querySelectorAll("#list input.check:checked").length;
    bar.hidden = !chosen;
    bar.querySelector("[data-picked-count]").textContent = String(chosen);
  }
  document.addEventListener("change", (event) => { if (event.target.matches("input.check")) count(); });
  window.addEventListener("pageshow", count);
  count();
})();
