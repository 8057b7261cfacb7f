// Prepares a walk with the Tab key: knows what a person could use, and notes what the focus came to and how that showed.
() => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
  const usable = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable='true'], "
    + "[role=button], [role=link], [onclick]";
  const shown = (each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length
    && !each.matches(":disabled, [type=hidden], [aria-disabled=true]") && !each.closest("[inert]");
  // of radio buttons with one name the Tab key reaches one; what has a negative tabindex is left to a script
  const one = (each) => each.type !== "radio" || !each.name
    || each === ([...document.getElementsByName(each.name)].find((other) => other.checked)
      ?? document.getElementsByName(each.name)[0]);
  const offered = (each) => each.tabIndex >= 0 || (!each.hasAttribute("tabindex") && each.matches("[role], [onclick]"));
  const all = [...document.querySelectorAll(usable)].filter((each) => shown(each) && one(each) && offered(each));
  const near = (each) => [each, each.parentElement, each.nextElementSibling].filter(Boolean);
  const look = (each) => near(each).map((part) => {
    const style = getComputedStyle(part);
    const outline = style.outlineStyle === "none" || parseFloat(style.outlineWidth) === 0 ? "" : style.outline;
    return [outline, style.boxShadow, style.border, style.backgroundColor, style.color, style.textDecorationLine,
      style.opacity, style.transform].join("|");
  }).join("||");
  document.activeElement?.blur();
  const before = new Map(all.map((each) => [each, look(each)]));
  const walk = { reached: new Set(), unseen: new Set(), order: [], over: false };
  document.addEventListener("focusin", ({ target }) => {
    if (walk.reached.has(target)) { walk.over = true; return; }
    walk.reached.add(target);
    if (before.has(target) && look(target) === before.get(target)) walk.unseen.add(target);
  });
  const said = (each) => each.outerHTML.slice(0, 160);
  window.__prodgateWalk = () => ({
    offered: all.length, reached: walk.reached.size,
    over: walk.over || (walk.reached.size > 0 && document.activeElement === document.body),
    missed: all.filter((each) => !walk.reached.has(each)).map(said), unseen: [...walk.unseen].map(said),
  });
  return all.length;
}
