// Nothing here is needed: every page works without it.
"use strict";

// What was chosen is remembered in this browser only; without storage, addresses carry it all the same.
const memory = {
  get(name) { try { return localStorage.getItem(name) || ""; } catch { return ""; } },
  set(name, value) {
    try { value ? localStorage.setItem(name, value) : localStorage.removeItem(name); } catch { /* no storage */ }
  },
};
const here = new URLSearchParams(location.search);

// Académie and level, chosen once: the home page without a filter opens with them.
function choiceIn(values) {
  const choice = new URLSearchParams();
  for (const name of ["academie", "departement", "niveau"]) for (const value of values.getAll(name)) if (value) choice.append(name, value);
  return choice.toString();
}
function remember(choice) {
  memory.set("choix", choice);
  memory.set("noms", ""); // which the page of the choice says
}
if (location.hash === "#retenir") {
  remember(choiceIn(here));
  history.replaceState(null, "", location.pathname + location.search);
} else if (location.pathname === "/" && !location.search && memory.get("choix")) {
  location.replace("/?" + memory.get("choix"));
}
for (const form of document.querySelectorAll("form[data-remember]")) {
  form.addEventListener("submit", () => remember(choiceIn(new FormData(form))));
}
for (const link of document.querySelectorAll("[data-forget]")) link.addEventListener("click", () => remember(""));

// A page whose address says no place and no class (help, a page that does not exist, an address that somebody sent):
// the links around it bring what was chosen, and the chip of the header offers it.
const chip = document.querySelector(".choice a"), choice = memory.get("choix"), chosen = chip?.querySelector(".chosen");
function withChoice(address) {
  const to = new URL(address, location.href);
  if (!choiceIn(to.searchParams)) for (const [name, value] of new URLSearchParams(choice)) to.searchParams.append(name, value);
  return to.href;
}
if (chip && choice && choiceIn(here) === choice) memory.set("noms", chosen.firstChild.data);
else if (chip && choice && memory.get("noms") && !choiceIn(here)) {
  for (const link of document.querySelectorAll("header.site a, footer.site a")) link.href = withChoice(link.href);
  chip.href = withChoice(document.querySelector("[data-remember], .event") ? location.href : "/");
  chip.dataset.kept = "";
  const verb = chosen.querySelector(".at-desk");
  verb.textContent = "Reprendre\u00a0: ";
  chosen.replaceChildren(verb, memory.get("noms"));
}

// « Ma sélection »: its page keeps what it shows, and links to it bring what was picked before.
const picked = new Set(memory.get("selection").split(",").filter(Boolean));
if (location.pathname === "/ma-selection/" && here.has("evenements")) {
  picked.clear();
  for (const ids of here.getAll("evenements")) for (const id of ids.split(",")) if (id) picked.add(id);
  memory.set("selection", [...picked].join(","));
}
if (location.pathname === "/ma-selection/" && !here.has("evenements") && picked.size) {
  here.set("evenements", [...picked].join(","));
  location.replace(withChoice("?" + here));
}
for (const link of document.querySelectorAll("[data-unpick]")) {
  link.addEventListener("click", () => {
    for (const id of link.dataset.unpick.split(",")) picked.delete(id);
    memory.set("selection", [...picked].join(","));
  });
}
for (const link of document.querySelectorAll("[data-pick], [data-selection]")) {
  const address = new URL(link.href), own = (address.searchParams.get("evenements") || "").split(",").filter(Boolean);
  const all = new Set([...picked, ...own]);
  if (all.size) address.searchParams.set("evenements", [...all].join(","));
  link.href = address;
  if (link.dataset.pick && picked.has(link.dataset.pick)) {
    link.dataset.picked = "";
    [link.querySelector(".at-desk").textContent, link.querySelector(".at-phone").textContent] = ["Choisi : voir ma sélection", "Choisi"];
  }
  else if ("selection" in link.dataset && picked.size) {
    link.insertAdjacentHTML("beforeend", `<span class="count"> (${picked.size})</span>`);
    link.closest("[data-empty]")?.removeAttribute("data-empty");
  }
}

// A menu closes when one goes elsewhere, or presses Escape.
const menus = document.querySelectorAll("details.menu");
for (const menu of menus) {
  menu.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false; });
  menu.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
}
document.addEventListener("click", ({ target }) => { for (const menu of menus) if (!menu.contains(target)) menu.open = false; });

// « Rechercher » unfolds the filters of this page, where it has some.
for (const link of document.querySelectorAll("[data-open]")) {
  const folded = document.getElementById(link.dataset.open);
  if (folded) link.addEventListener("click", (event) => {
    event.preventDefault();
    folded.open = true;
    document.getElementById(link.hash.slice(1)).focus();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const rich = document.getElementById(button.dataset.copyHtml);
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      if (rich && window.ClipboardItem) {
        const parts = { "text/plain": field.value, "text/html": rich.innerHTML };
        for (const type in parts) parts[type] = new Blob([parts[type]], { type });
        await navigator.clipboard.write([new ClipboardItem(parts)]);
      } else await navigator.clipboard.writeText(field.value);
      said.textContent = button.dataset.copied ?? "Adresse copiée";
    } catch {
      // No clipboard without https: the text is selected, so the keyboard can copy it.
      said.textContent = button.dataset.selected ?? "Adresse sélectionnée : copiez-la (Ctrl + C, ou un appui long)";
    }
  });
}

// A preview is as high as the frame that its code makes.
for (const frame of document.querySelectorAll("iframe[data-height]")) frame.style.height = frame.dataset.height + "px";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A phone has its own way to share; elsewhere the link is a mail to write.
if (navigator.share) {
  for (const link of document.querySelectorAll("[data-share]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      navigator.share({ title: document.title, url: link.dataset.share }).catch(() => { /* changed their mind */ });
    });
  }
}

// Google's subscribe link does nothing on Android.
if (/Android/.test(navigator.userAgent)) {
  for (const link of document.querySelectorAll(".not-android")) link.hidden = true;
  for (const note of document.querySelectorAll(".android-only")) note.hidden = false;
}
