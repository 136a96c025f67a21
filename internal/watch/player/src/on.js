// on listens to several events, with spaces between their names.
export function on(target, names, act) {
  for (const name of names.split(" ")) target.addEventListener(name, act);
}
