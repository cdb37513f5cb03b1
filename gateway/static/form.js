// What a client's form does with a script: a draft that survives, files dropped and pasted, errors
// without losing the files. Without it the form is sent and drawn again like any other.
"use strict";
(() => {
  const LARGEST = 25 * 1024 * 1024;
  const MOST = 10;
  const SAVE_MS = 400;
  const KEPT_MS = 14 * 24 * 3600 * 1000;
  const PICTURES = ["image/png", "image/jpeg", "image/gif"];
  const NOT_KEPT = new Set(["csrf", "key", "proof", "website", "files"]);

  const sizeOf = (bytes) => {
    const unit = document.documentElement.lang === "en" ? ["KB", "MB"] : ["КБ", "МБ"];
    return bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))}\u00a0${unit[0]}` : `${(bytes / 1048576).toFixed(1)}\u00a0${unit[1]}`;
  };

  // A browser may forbid to keep anything; the form works all the same.
  const store = {
    get(name) { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } },
    put(name, value) { try { localStorage.setItem(name, JSON.stringify(value)); return true; } catch { return false; } },
    drop(name) { try { localStorage.removeItem(name); } catch { /* nothing was kept */ } },
  };

  // ---- files: the input itself holds them, so that the form is sent as it would be without us
  function holdFiles(drop) {
    const input = drop.querySelector("input[type=file]");
    const list = drop.querySelector(".chosen");
    drop.querySelectorAll("[data-scripted]").forEach((one) => { one.hidden = false; });

    function put(files) {
      const box = new DataTransfer();
      files.forEach((file) => box.items.add(file));
      input.files = box.files;
      show();
    }
    function add(files) { put([...input.files, ...files]); }
    function show() {
      list.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
      list.replaceChildren(...[...input.files].map(row));
      list.hidden = input.files.length === 0;
    }
    function row(file, place) {
      const item = document.createElement("li");
      item.className = "row";
      if (PICTURES.includes(file.type)) {
        const image = document.createElement("img");
        image.src = URL.createObjectURL(file);
        image.alt = "";
        item.append(image);
      }
      const name = document.createElement("bdi");
      name.textContent = file.name;
      const told = document.createElement("span");
      told.className = "soft";
      told.textContent = sizeOf(file.size) + note(file);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "button bare";
      remove.textContent = input.dataset.remove;
      remove.setAttribute("aria-label", `${input.dataset.remove}: ${file.name}`);
      remove.addEventListener("click", () => {
        put([...input.files].filter((__, other) => other !== place));
        input.focus();
      });
      item.append(name, told, remove);
      return item;
    }
    function note(file) {
      if (file.size > LARGEST) return ` · ${input.dataset.tooLarge}`;
      return file.type.startsWith("image/") && !PICTURES.includes(file.type) ? ` · ${input.dataset.other}` : "";
    }

    // Choosing again adds to what is there, as dropping and pasting do.
    let before = [];
    input.addEventListener("click", () => { before = [...input.files]; });
    input.addEventListener("change", () => { put([...before, ...input.files]); before = []; });
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      add([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData ? event.clipboardData.files : [])];
      if (!files.length) return;
      event.preventDefault();
      const number = input.files.length;
      add(files.map((file, place) => named(file, number + place + 1)));
    });
    function named(file, number) {
      const ending = (file.type.split("/")[1] || "png").replace("jpeg", "jpg");
      const name = /^image\.\w+$/.test(file.name) || !file.name ? `${input.dataset.pasted}-${number}.${ending}` : file.name;
      return new File([file], name, { type: file.type });
    }
    // A page that comes back from the browser's memory may still hold files.
    show();
  }

  // ---- draft: words alone, in this browser; never passwords, never files
  function keepDraft(form) {
    const name = `draft:${form.dataset.draft}`;
    const state = form.querySelector("[data-draft-state]");
    const fields = () => [...form.elements].filter((one) => one.name && !NOT_KEPT.has(one.name) && !["hidden", "password", "file", "submit"].includes(one.type));
    const kept = store.get(name);
    const isFresh = kept && Date.now() - kept.at < KEPT_MS && !document.querySelector(".error");
    if (isFresh) {
      for (const one of fields()) {
        const value = kept.fields[one.name];
        if (value === undefined) continue;
        if (one.type === "radio") one.checked = one.value === value;
        else if (one.type === "checkbox") one.checked = value === true;
        else if (!one.value) one.value = value;
      }
    }
    let timer = 0;
    const save = () => {
      const told = {};
      for (const one of fields()) {
        if (one.type === "radio") { if (one.checked) told[one.name] = one.value; }
        else told[one.name] = one.type === "checkbox" ? one.checked : one.value;
      }
      const at = new Date();
      if (store.put(name, { at: at.getTime(), fields: told }) && state) {
        state.textContent = `${form.dataset.kept} ${at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
      }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, SAVE_MS); });
    return () => { clearTimeout(timer); store.drop(name); };
  }

  // ---- sending: the files stay in their input when the form comes back with a flaw
  function sendByHand(form, forget) {
    let isSending = false;
    const state = form.querySelector("[data-draft-state]");
    const say = (words) => { if (state && form.dataset.sending) state.textContent = words; };
    // A page that comes back from the browser's memory left while it was sending: it may send again.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      isSending = false;
      form.removeAttribute("aria-busy");
      say("");
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isSending) return;
      const unfit = unfitFiles(form);
      if (unfit) { tell(form, unfit); place(form).focus(); return; }
      isSending = true;
      form.setAttribute("aria-busy", "true");
      say(form.dataset.sending);
      try {
        await form.proving;
        const body = new FormData(form);
        if (event.submitter && event.submitter.name) body.append(event.submitter.name, event.submitter.value);
        const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
        if (answer.redirected) { forget(); location.assign(answer.url); return; }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!showFlaws(form, page) && !showFault(form, page)) { form.submit(); return; }
      } catch {
        tell(form, form.dataset.offline);
      }
      isSending = false;
      form.removeAttribute("aria-busy");
      say("");
    });
  }
  // What the service would not take is told before it goes over the line.
  function unfitFiles(form) {
    const input = form.querySelector("input[type=file]");
    if (!input) return "";
    if (input.files.length > MOST) return input.dataset.tooMany;
    const large = [...input.files].filter((file) => file.size > LARGEST);
    return large.map((file) => input.dataset.refused.replace("{name}", file.name)).join(" ");
  }
  // A page that says why the form was not taken says it here: words and files are on this one, and
  // the same button sends them. After a new sign-in the form is sent with the token of that page.
  function showFault(form, page) {
    const said = page.querySelector(".banner[role=alert]");
    if (!said) return false;
    const token = page.querySelector(`form[action="${form.getAttribute("action")}"] [name=csrf]`);
    const ours = form.querySelector("[name=csrf]");
    if (token && ours) ours.value = token.value;
    const link = page.querySelector("a[data-signin]");
    if (link) said.lastElementChild.append(link.parentElement);
    place(form).replaceChildren(document.importNode(said, true));
    place(form).focus();
    return true;
  }
  function showFlaws(form, page) {
    const theirs = page.querySelector(`form[action="${form.getAttribute("action")}"]`);
    if (!theirs || !theirs.matches("[data-form]")) return false;
    form.querySelectorAll(".error").forEach((one) => one.remove());
    form.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
    for (const error of theirs.querySelectorAll(".error")) {
      const control = document.getElementById(error.id.replace(/-error$/, ""));
      const field = control ? control.closest(".field") : null;
      if (!field) continue;
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") || ""} ${error.id}`.trim());
      field.append(document.importNode(error, true));
    }
    const said = page.querySelector("[data-errors]") || theirs.querySelector(".banner");
    tell(form, said ? said.textContent.trim() : "");
    (form.querySelector("[aria-invalid]") || document.querySelector("[data-errors]") || form).focus();
    return true;
  }
  function place(form) {
    const known = document.querySelector("[data-errors]");
    if (known) return known;
    const made = document.createElement("div");
    made.dataset.errors = "";
    made.tabIndex = -1;
    form.prepend(made);
    return made;
  }
  function tell(form, words) {
    const box = document.createElement("div");
    box.className = "banner critical";
    box.setAttribute("role", "alert");
    const inside = document.createElement("div");
    inside.textContent = words || "";
    box.append(inside);
    place(form).replaceChildren(...(words ? [box] : []));
  }

  document.querySelectorAll("[data-drop]").forEach(holdFiles);
  document.querySelectorAll("form[data-form]").forEach((form) => {
    const forget = form.dataset.draft ? keepDraft(form) : () => {};
    sendByHand(form, forget);
  });
  // What was accepted without this script's sending needs no draft any more, either.
  const sent = document.querySelector("[data-sent]");
  if (sent) store.drop(`draft:${sent.dataset.sent}`);
})();
