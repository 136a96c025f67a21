// How subtitles look: player.css knows the values.
import { keep, recall } from "./kept.js";

export function startLook(root, menus) {
  const dialog = root.querySelector(".look");
  for (const name of ["size", "ground"]) {
    const choices = [...dialog.querySelectorAll(`[name="fp-${name}"]`)];
    const show = (value) => { root.dataset[name] = value; };
    const kept = choices.find((choice) => choice.value === recall(name));
    if (kept) {
      kept.checked = true;
      show(kept.value);
    }
    for (const choice of choices) choice.addEventListener("change", () => {
      show(choice.value);
      keep(name, choice.value);
    });
  }
  root.querySelector('[data-do="look"]').addEventListener("click", () => {
    menus.close(true); // the dialog gives the focus back to the button
    dialog.showModal();
  });
}
