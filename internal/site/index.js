"use strict";
// Search and language filter. Without this script the page lists all films, and no controls that would do nothing.
const form = document.querySelector(".filter");
if (form) {
  const fold = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLocaleLowerCase();
  const films = [...document.querySelectorAll(".films li")].map((node) => ({ node, text: fold(node.textContent), langs: node.dataset.langs.split(" ") }));
  const nothing = document.querySelector(".nothing");
  const apply = () => {
    const words = fold(form.elements.q.value).split(/\s+/).filter(Boolean);
    const lang = form.elements.lang?.value ?? "";
    let shown = 0;
    for (const film of films) {
      const fits = words.every((word) => film.text.includes(word)) && (!lang || film.langs.includes(lang));
      film.node.hidden = !fits;
      if (fits) shown++;
    }
    nothing.textContent = shown ? "" : nothing.dataset.text;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
}
