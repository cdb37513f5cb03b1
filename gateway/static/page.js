// What every page does with a script: news without reloading, one sending of a form, files by hand.
// Without it each page still works: forms are plain forms, links are plain links.
"use strict";
(() => {
  // News: only a page in sight listens, so that many open tabs share the browser's few connections.
  const stream = document.body.dataset.live;
  const ticket = document.body.dataset.liveTicket || "";
  const POLL_MS = 15000;
  let source = null;
  let polling = null;

  // Many changes at once are one look: the first at once, the others together soon after.
  const PACE_MS = 700;
  let lookedAt = -PACE_MS;
  let waiting = null;
  // A timer may end a hair early, so what was put off is not weighed again: it is looked at.
  function lookNow() {
    clearTimeout(waiting); waiting = null; lookedAt = performance.now();
    document.body.dispatchEvent(new CustomEvent("news"));
  }
  function look() {
    const left = lookedAt + PACE_MS - performance.now();
    if (left <= 0) lookNow();
    else if (waiting === null) waiting = setTimeout(lookNow, left);
  }

  const poll = () => { if (polling === null) polling = setInterval(look, POLL_MS); };
  const rest = () => { clearInterval(polling); polling = null; };

  function listen() {
    if (!stream || source || document.hidden) return;
    if (!("EventSource" in window)) { poll(); return; }
    source = new EventSource(stream);
    // What happened between the drawing of the page and the opening of its ear is news, too.
    source.addEventListener("open", () => { rest(); look(); });
    source.addEventListener("change", (event) => {
      const numbers = event.data.split(" ");
      if (!ticket || numbers.includes(ticket) || numbers.includes("*")) look();
    });
    source.addEventListener("error", poll);
  }
  function shut() { if (source) { source.close(); source = null; } rest(); }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { shut(); } else { listen(); look(); }
  });
  window.addEventListener("pagehide", shut);
  window.addEventListener("pageshow", (event) => {
    listen();
    isLeaving = false;
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; form.removeAttribute("aria-busy"); });
    look();
  });

  // News waits while a button is held down or a form is on its way: what is drawn anew under a
  // finger takes the press with it.
  let isHeld = false;
  let isLeaving = false;
  let missed = false;
  document.addEventListener("pointerdown", () => { isHeld = true; }, true);
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => setTimeout(() => { isHeld = false; if (missed) { missed = false; look(); } }, 50), true);
  }
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const cause = event.detail.requestConfig.triggeringEvent;
    if (cause?.type !== "news" || !(isHeld || isLeaving)) return;
    event.detail.shouldSwap = false;
    missed = true;
  });

  // A form is sent once, however often its button is pressed; coming back makes it free again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    isLeaving = true;
    form.setAttribute("aria-busy", "true");
    setTimeout(() => { isLeaving = false; delete form.dataset.sent; form.removeAttribute("aria-busy"); }, 20000);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest ? event.target.closest("form") : null;
    if (form) { event.preventDefault(); form.requestSubmit(form.querySelector("button.main") || undefined); }
  });
})();
