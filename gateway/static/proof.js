// The work before the public form is sent: a number with which SHA-256 begins with enough zeros.
// Done in slices while people type. Where a browser has no WebCrypto the form goes without it.
"use strict";
(() => {
  const form = document.querySelector("form[data-challenge]");
  if (!form || !window.crypto || !crypto.subtle) return;
  const SLICE = 250;
  const challenge = form.dataset.challenge;
  const bits = Number(form.dataset.bits);
  const encoder = new TextEncoder();

  const isEnough = (digest) => {
    const bytes = new Uint8Array(digest);
    for (let bit = 0; bit < bits; bit += 1) {
      if (bytes[bit >> 3] & (0x80 >> (bit & 7))) return false;
    }
    return true;
  };
  const rest = () => new Promise((done) => { setTimeout(done, 0); });

  async function solve() {
    for (let number = 0; ; number += 1) {
      const answer = `${challenge}~${number}`;
      if (isEnough(await crypto.subtle.digest("SHA-256", encoder.encode(answer)))) {
        form.elements.proof.value = answer;
        return;
      }
      if (number % SLICE === SLICE - 1) await rest();
    }
  }
  const begin = () => { if (!form.proving) form.proving = solve(); };
  form.addEventListener("focusin", begin, { once: true });
  form.addEventListener("input", begin, { once: true });
  form.addEventListener("submit", begin, { capture: true });
})();
