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
