// What a viewer chose. It outlives the page in localStorage and goes nowhere else.
export function recall(name) {
  try { return localStorage.getItem(`filmpress.${name}`); } catch { return null; } // storage may be forbidden
}
export function keep(name, choice) {
  try { localStorage.setItem(`filmpress.${name}`, choice); } catch { /* then it lasts as long as the page */ }
}
