// Prepares a walk with the Tab key through this frame and its open shadow roots: knows what a person could use, and notes
// what the focus came to and how that showed.
() => {
  const roots = [];
  const gather = (root) => {
    roots.push(root);
    for (const each of root.querySelectorAll("*")) if (each.shadowRoot) gather(each.shadowRoot);
  };
  gather(document);
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
  for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, still];
  const find = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);

  const outer = (each) => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host ?? null;
  const around = (each, wanted) => {
    for (let one = each; one; one = outer(one)) if (wanted(one)) return one;
    return null;
  };
  const usable = "a[href], area[href], button, input, select, textarea, summary, [tabindex], [role=button], [role=link], [onclick], "
    + "[contenteditable]:not([contenteditable=false])";
  const shown = (each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length
    && !each.matches(":disabled, [type=hidden], [aria-disabled=true]") && !around(each, (one) => one.matches("[inert]"));
  // of radio buttons with one name the Tab key reaches one; what has a negative tabindex is left to a script
  const one = (each) => {
    if (each.type !== "radio" || !each.name) return true;
    const group = [...each.getRootNode().querySelectorAll(`input[type=radio][name="${CSS.escape(each.name)}"]`)]
      .filter((other) => other.form === each.form);
    return each === (group.find((other) => other.checked) ?? group[0]);
  };
  const offered = (each) => (each.tabIndex >= 0 || (!each.hasAttribute("tabindex") && each.matches("[role], [onclick]")))
    && !each.shadowRoot?.delegatesFocus;
  const all = find(usable).filter((each) => shown(each) && one(each) && offered(each));
  const known = new Set(all), holds = new Map();
  for (const each of all) for (let box = outer(each); box; box = outer(box)) holds.set(box, (holds.get(box) ?? 0) + 1);

  // what is behind a dialog can't be used until that is closed
  const dialog = find("dialog:modal").at(-1) ?? find("[aria-modal=true]").filter((each) => shown(each)).at(-1) ?? null;
  const behind = new Set(dialog ? all.filter((each) => !around(each, (other) => other === dialog)) : []);

  // the colour of what is seen there, as [red, green, blue, alpha]; null where a picture is
  const FAINT = 0.1, ALIKE = 24;
  const colour = (text) => {
    const found = /^rgba?\(([^)]*)\)$/.exec(text)?.[1].split(/[\s,/]+/).map(Number);
    return found ? [...found.slice(0, 3), found[3] ?? 1] : null;
  };
  const grounds = new Map();
  const ground = (each) => {
    if (!each) return [255, 255, 255, 1];
    if (!grounds.has(each)) {
      const style = getComputedStyle(each), found = colour(style.backgroundColor);
      grounds.set(each, style.backgroundImage !== "none" || !found ? null : found[3] > 0.9 ? found : ground(outer(each)));
    }
    return grounds.get(each);
  };
  const drawn = (text, on) => {
    const found = colour(text);
    return !found || (found[3] >= FAINT && (!on || found.slice(0, 3).some((each, at) => Math.abs(each - on[at]) * found[3] > ALIKE)));
  };
  const line = (style, name, on) => {
    const [kind, width, tint] = ["Style", "Width", "Color"].map((part) => style[`${name}${part}`]);
    return kind === "none" || kind === "hidden" || !(parseFloat(width) > 0) || !drawn(tint, on) ? "" : `${kind} ${width} ${tint}`;
  };
  const shadows = (text) => text === "none" ? "" : text.split(/,(?![^(]*\))/).filter((each) => drawn(/rgba?\([^)]*\)/.exec(each)?.[0] ?? "", null)).join();
  const describe = (part, pseudo, on) => {
    const style = getComputedStyle(part, pseudo);
    if (pseudo && ["none", "normal", ""].includes(style.content)) return "";
    const tint = drawn(style.backgroundColor, null) ? style.backgroundColor : "";
    return [
      line(style, "outline", on), ...["Top", "Right", "Bottom", "Left"].map((side) => line(style, `border${side}`, null)),
      shadows(style.boxShadow), tint, style.backgroundImage, style.color, style.textDecoration, style.opacity, style.transform,
      style.filter, style.clip, style.clipPath, style.visibility, style.fontWeight, style.width, style.height, style.inset, style.margin,
      pseudo ? style.content : "",
    ].join("|");
  };
  // the focus shows on an element or a part of it, beside it, or on a box that holds nothing else that can be used
  const parts = (each) => {
    const seen = each.checkVisibility({ opacityProperty: true }) && each.offsetWidth !== 1;
    const boxes = [];
    for (let box = outer(each); box && boxes.length < 3 && box !== document.body; box = outer(box)) {
      if (holds.get(box) > 1) break;
      boxes.push(box);
    }
    const beside = [each.nextElementSibling, each.previousElementSibling, ...(each.labels ?? [])];
    const inner = [...each.querySelectorAll("*"), ...(each.shadowRoot?.querySelectorAll("*") ?? [])].slice(0, 6);
    return [...(seen ? [each, ...inner] : []), ...boxes, ...beside].filter((part) => part && (part === each || !known.has(part)));
  };
  const look = (each) => parts(each).map((part) => {
    const on = ground(outer(part) ?? part);
    return [null, "::before", "::after"].map((pseudo) => describe(part, pseudo, on)).join("||");
  }).join("|||");

  const inside = () => {
    let found = document.activeElement;
    while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
    return found;
  };
  inside()?.blur();
  const before = new Map(all.map((each) => [each, look(each)]));
  const unchanged = (each) => before.has(each) && look(each) === before.get(each);
  const walk = { reached: new Set(), unseen: new Set(), over: false };
  // a change of focus within a shadow root is told of nowhere else, one beyond it in each root on the way
  const heard = new WeakSet();
  const note = (event) => {
    const [target] = event.composedPath();
    if (heard.has(event)) return;
    heard.add(event);
    if (walk.reached.has(target)) { walk.over = true; return; }
    walk.reached.add(target);
    if (unchanged(target)) walk.unseen.add(target);
  };
  for (const root of roots) root.addEventListener("focusin", note, true);
  const said = (each) => each.outerHTML.slice(0, 160);
  window.__prodgateWalk = () => {
    const left = all.filter((each) => !walk.reached.has(each));
    // a dialog that lets the focus out is in front of nothing
    const open = dialog && [...behind].some((each) => walk.reached.has(each));
    const missed = left.filter((each) => open || !behind.has(each));
    return {
      offered: all.length, reached: walk.reached.size, over: walk.over, idle: document.activeElement === document.body,
      missed: missed.slice(0, 10).map(said), left: missed.length, behind: left.length - missed.length,
      dialog: dialog ? said(dialog) : "", focus: inside() ? said(inside()) : "",
    };
  };
  // some pages show the focus a moment later, by a script
  window.__prodgateUnseen = async (most) => {
    const found = [];
    for (const each of walk.unseen) {
      if (found.length === most) break;
      each.blur();
      each.focus({ focusVisible: true, preventScroll: true });
      for (let tries = 0; tries < 6 && unchanged(each); tries += 1) {
        await new Promise((done) => { (window.__prodgate?.wait ?? setTimeout)(done, 25); });
      }
      if (unchanged(each)) found.push(each);
    }
    inside()?.blur();
    return found.map(said);
  };
  return all.length;
}
