// Menus of choices: a button opens each, one item is checked (WAI-ARIA menu button pattern).
export function startMenus(root) {
  const menus = new Map();
  let open = null;

  const close = (focusButton) => {
    if (!open) return;
    open.list.hidden = true;
    open.button.setAttribute("aria-expanded", "false");
    if (focusButton) open.button.focus();
    open = null;
  };
  const items = (list) => [...list.querySelectorAll("[role^=menuitem]")];
  const choices = (list) => items(list).filter((item) => item.dataset.value !== undefined);

  class Menu {
    constructor(list) {
      this.list = list;
      this.button = root.querySelector(`[data-menu="${list.dataset.for}"]`);
      this.button.addEventListener("click", () => (open === this ? close(true) : this.show()));
      list.addEventListener("click", (event) => this.picked(event.target.closest("[role=menuitemradio]")));
      list.addEventListener("keydown", (event) => this.key(event));
      for (const item of items(list)) item.tabIndex = -1;
    }

    show() {
      close(false);
      open = this;
      this.list.hidden = false;
      this.button.setAttribute("aria-expanded", "true");
      (this.list.querySelector("[aria-checked=true]") ?? items(this.list)[0]).focus();
    }

    picked(item) {
      if (!item) return;
      this.check(item.dataset.value);
      close(true);
      this.onpick?.(item.dataset.value);
    }

    check(value) {
      for (const item of choices(this.list)) item.setAttribute("aria-checked", String(item.dataset.value === value));
    }

    values() {
      return choices(this.list).map((item) => item.dataset.value);
    }

    add(value, text, before) {
      const item = document.createElement("button");
      Object.assign(item, { type: "button", tabIndex: -1, textContent: text });
      item.setAttribute("role", "menuitemradio");
      item.setAttribute("aria-checked", "false");
      item.dataset.value = value;
      return this.list.insertBefore(item, before);
    }

    key(event) {
      const all = items(this.list);
      const at = all.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
      if (to !== undefined) all[to % all.length].focus();
      else if (event.key === "Escape" || event.key === "Tab") close(event.key === "Escape");
      else return;
      event.stopPropagation();
      if (event.key !== "Tab") event.preventDefault();
    }
  }

  for (const list of root.querySelectorAll("[role=menu]")) menus.set(list.dataset.for, new Menu(list));
  document.addEventListener("pointerdown", (event) => {
    if (open && !open.list.contains(event.target) && !open.button.contains(event.target)) close(false);
  });
  return { get: (name) => menus.get(name), close, get open() { return open !== null; } };
}
