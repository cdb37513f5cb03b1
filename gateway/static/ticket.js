// The ticket's page with a script: drafts kept while typing, dialogs over the page, words put in.
// Without it drafts are not kept, dialogs are pages and words come with the page: all else works.
"use strict";
(() => {
  const SAVE_MS = 2000;
  const timers = new WeakMap();
  const words = (key) => document.documentElement.lang === "en"
    ? { saved: "Draft saved.", lost: "The draft is not saved yet: it stays on this page." }[key]
    : { saved: "Черновик сохранён.", lost: "Черновик пока не сохранён: он остаётся на странице." }[key];

  // Drafts: what is typed goes to the server a moment after the last key, and when the page is left.
  const fieldsOf = (form) => [...form.querySelectorAll("textarea, input:not([type=hidden]):not([type=radio]):not([type=search])")];
  const isTyped = (form) => fieldsOf(form).some((field) => field.value.trim());
  function draftOf(form) {
    const data = new FormData(form);
    data.set("place", form.dataset.draft);
    if (isTyped(form)) data.set("typed", "1");
    return data;
  }
  async function save(form) {
    if (form.dataset.sent || !form.isConnected) return;
    form.dataset.dirty = "";
    const state = form.querySelector("[data-draft-state]");
    let saved = false;
    try {
      saved = (await fetch("/drafts", { method: "POST", body: draftOf(form), credentials: "same-origin" })).status === 204;
    } catch { saved = false; }
    if (!saved) form.dataset.dirty = "1";
    if (state) state.textContent = words(saved ? "saved" : "lost");
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (!form) return;
    form.dataset.dirty = "1";
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(save, SAVE_MS, form));
  });
  window.addEventListener("pagehide", () => {
    document.querySelectorAll("form[data-draft]").forEach((form) => {
      if (form.dataset.dirty === "1" && !form.dataset.sent) navigator.sendBeacon("/drafts", draftOf(form));
    });
  });

  // Words put into a letter: at the cursor, what stands there stays.
  async function insert(link) {
    const answer = await fetch(link.dataset.insert, { credentials: "same-origin" });
    if (!answer.ok) { location.href = link.href; return; }
    const field = document.getElementById(link.dataset.into || "text");
    if (!field) { location.href = link.href; return; }
    const added = await answer.text();
    const gap = field.value.trim() && field.selectionStart === field.value.length ? "\n\n" : "";
    field.focus();
    field.setRangeText(gap + added, field.selectionStart, field.selectionEnd, "end");
    const kind = document.getElementById("kind");
    if (link.dataset.kind && kind) kind.value = link.dataset.kind;
    const menu = link.closest("details");
    if (menu) menu.open = false;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Dialogs: the page of the command, its dialog alone, over the ticket; Escape and the link shut it.
  async function open(link) {
    const answer = await fetch(link.href, { credentials: "same-origin" });
    const found = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("dialog");
    const place = document.getElementById("dialog");
    if (!found || !place) { location.href = link.href; return; }
    found.removeAttribute("open");
    place.replaceChildren(document.importNode(found, true));
    const dialog = place.firstElementChild;
    window.htmx.process(dialog);
    dialog.addEventListener("close", () => {
      const form = dialog.querySelector("form[data-draft]");
      if (form && form.dataset.dirty === "1") save(form);
      place.replaceChildren();
      const back = document.getElementById(link.id) || link;
      if (back.isConnected) back.focus();
    });
    dialog.showModal();
    const first = dialog.querySelector("input:not([type=hidden]):not([disabled]), textarea, select");
    if (first) first.focus();
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a");
    if (!link) return;
    const into = link.dataset.focus && document.getElementById(link.dataset.focus);
    if (link.dataset.insert) { event.preventDefault(); insert(link); }
    else if ("dialog" in link.dataset && document.getElementById("dialog")) { event.preventDefault(); open(link); }
    else if ("shut" in link.dataset && link.closest("dialog") && document.getElementById("dialog")) { event.preventDefault(); link.closest("dialog").close(); }
    else if (into) { event.preventDefault(); into.scrollIntoView({ block: "center" }); into.focus(); }
  });

  // A colleague called in a note: after an @ those whose login or name begins so, by keys or mouse.
  const CALLED = /(^|[^\p{L}\p{N}_@.])@([\p{L}\p{N}_.-]*)$/u;
  const peopleOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
  const offered = (list) => [...list.children].filter((one) => !one.hidden);
  function choose(field, list, chosen) {
    offered(list).forEach((one) => one.setAttribute("aria-selected", String(one === chosen)));
    if (!chosen) { field.removeAttribute("aria-activedescendant"); return; }
    field.setAttribute("aria-activedescendant", chosen.id);
    list.scrollTop = chosen.offsetTop - list.clientHeight / 2;
  }
  function shutPeople(field, list) {
    list.hidden = true;
    choose(field, list, null);
  }
  function offerPeople(field) {
    const list = peopleOf(field);
    const called = CALLED.exec(field.value.slice(0, field.selectionStart));
    if (!list || !called) { if (list) shutPeople(field, list); return; }
    const asked = called[2].toLowerCase();
    [...list.children].forEach((one) => {
      const names = [one.dataset.login, ...one.querySelector("bdi").textContent.split(/\s+/)];
      one.hidden = !names.some((name) => name.toLowerCase().startsWith(asked));
    });
    const found = offered(list);
    list.hidden = !found.length;
    choose(field, list, found[0] || null);
  }
  function call(field, list, chosen) {
    const before = field.value.slice(0, field.selectionStart);
    const from = before.length - CALLED.exec(before)[2].length;
    field.setRangeText(`${chosen.dataset.login} `, from, field.selectionStart, "end");
    shutPeople(field, list);
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const isCalling = (target) => target.matches && target.matches("textarea[data-people]");
  document.addEventListener("input", (event) => { if (isCalling(event.target)) offerPeople(event.target); });
  document.addEventListener("focusout", (event) => { if (isCalling(event.target)) shutPeople(event.target, peopleOf(event.target)); });
  document.addEventListener("keydown", (event) => {
    if (!isCalling(event.target)) return;
    const field = event.target, list = peopleOf(field);
    if (list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = offered(list), at = found.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(field, list, found[(at + step + found.length) % found.length]);
    else if (event.key === "Enter" || event.key === "Tab") call(field, list, found[Math.max(at, 0)]);
    else if (event.key === "Escape") shutPeople(field, list);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("mousedown", (event) => {
    const chosen = event.target.closest && event.target.closest(".people [data-login]");
    if (!chosen) return;
    event.preventDefault();
    const list = chosen.closest(".people");
    call(document.querySelector(`textarea[aria-controls="${list.id}"]`), list, chosen);
  });

  // A picture that cannot be shown leaves its file alone, without a broken frame.
  document.addEventListener("error", (event) => {
    if (event.target.matches && event.target.matches(".pictures img")) event.target.closest("a").remove();
  }, true);

  // A refresh brings new parts of the page: what the reader had unfolded stays unfolded.
  let unfolded = new Map();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const came = new URL(event.detail.xhr.responseURL || location.href).pathname;
    if (came === "/signin") {  // the session is over: what is on the page, typed or read, stays
      event.detail.shouldSwap = false;
      const told = document.getElementById("session-over");
      if (told) told.hidden = false;
      return;
    }
    unfolded = new Map([...document.querySelectorAll("details[id]")].map((one) => [one.id, { one, isOpen: one.open }]));
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    unfolded.forEach((before, id) => {
      const one = document.getElementById(id);
      if (one && one !== before.one) one.open = before.isOpen;
    });
    unfolded.clear();
  });
})();
