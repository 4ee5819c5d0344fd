// The editors' room only. Nothing here is needed: every page works without it.
"use strict";

// Leaving with unsaved work asks first.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let unsaved = form.dataset.unsaved === "yes";
  form.addEventListener("input", () => { unsaved = true; });
  form.addEventListener("submit", () => { unsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
}

// The preview follows what is typed.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const shown = document.getElementById("apercu"), said = document.getElementById("apercu-dit");
  let waiting, latest = 0;
  const look = async () => {
    const asked = ++latest, typed = new FormData(form);
    typed.set("jeton", form.dataset.previewToken);
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(typed) });
      if (answer.ok && !answer.redirected && asked === latest) {
        shown.innerHTML = await answer.text();
        said.textContent = "Aperçu mis à jour"; // a screen reader says this, not the whole preview
      }
    } catch {
      // The server does not answer: what was shown stays.
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    said.textContent = ""; // the same words are said again only after a change
    waiting = setTimeout(look, 500);
  });
}

// A letter's text follows the draft, or the mark, that has the focus.
const text = document.querySelector(".text");
document.addEventListener("focusin", ({ target }) => {
  const draft = target.closest(".draft");
  const mark = (draft ? document.getElementById(draft.id.replace("proposition", "phrase")) : target)?.closest("mark");
  if (!mark || !text?.contains(mark)) return;
  text.querySelector(".now")?.classList.remove("now");
  mark.classList.add("now");
  if (draft) text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;
});

// Keys for the draft that has the focus. They press its buttons, and can be switched off (WCAG 2.1.4): no key without its switch in sight.
const keys = document.querySelector(".keys");
if (keys) {
  const active = keys.querySelector("input");
  active.checked = memory.get("raccourcis") !== "non"; // memory is in app.js
  active.addEventListener("change", () => memory.set("raccourcis", active.checked ? "" : "non"));
  keys.hidden = false;

  const acts = {
    j: (drafts, at) => drafts[at + 1]?.querySelector("summary").focus(),
    k: (drafts, at) => drafts[at - 1]?.querySelector("summary").focus(),
    a: (drafts, at) => drafts[at]?.querySelector("[data-key=a]")?.click(),
    r: (drafts, at) => {
      const answer = drafts[at]?.querySelector("[name=reponse]");
      if (answer) {
        answer.closest("details").open = true;
        answer.focus();
      } else drafts[at]?.querySelector("[data-key=r]")?.click();
    },
  };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (!active.checked || !keys.checkVisibility() || !Object.hasOwn(acts, key) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target.closest("input, select, textarea") || (event.repeat && "ar".includes(key))) return;
    event.preventDefault(); // the letter is not typed into the field that gets the focus
    const drafts = [...document.querySelectorAll(".draft")].filter((draft) => draft.checkVisibility());
    acts[key](drafts, drafts.indexOf(target.closest(".draft")));
  });
}
