// Nothing here is needed: every page works without it.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = button.dataset.copied ?? "Adresse copiée";
    } catch {
      // No clipboard without https: the text is selected, so the keyboard can copy it.
      said.textContent = button.dataset.selected ?? "Adresse sélectionnée : copiez-la avec Ctrl + C";
    }
  });
}

// Google's subscribe link does nothing on Android.
if (/Android/.test(navigator.userAgent)) {
  for (const link of document.querySelectorAll(".not-android")) link.hidden = true;
  for (const note of document.querySelectorAll(".android-only")) note.hidden = false;
}
