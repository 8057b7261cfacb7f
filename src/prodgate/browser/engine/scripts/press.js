// Presses a link that leads to no element, or the page itself (-1) at the address at which it was opened, and returns
// whether it could. "__prodgate.effect()" then returns what came of it, and whether a timer may still do more: "acts" if
// readers can notice something, "handled" if a script took the press and nothing shows it, else "lost".
async ([at, fed]) => {
  const seen = window.__prodgate, [href, pressed] = at < 0 ? ["", document.body] : seen.dead[at];
  const goes = fed || Object.values(seen.goes()).flat().length;
  seen.end?.();
  if (!pressed.isConnected) return false;
  if (at < 0 && location.hash !== new URL(seen.opened).hash) location.hash = new URL(seen.opened).hash;
  const roots = (root) => [root, ...[...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => (shadowRoot ? roots(shadowRoot) : []))];
  const values = () => JSON.stringify(roots(document).flatMap((root) => [...root.querySelectorAll("input, select, textarea")].map((one) => [one.value, one.checked])));
  const records = [], before = values(), focus = document.activeElement, spoken = seen.spoken;
  const due = seen.due();
  let noticed = false;
  const notice = () => { noticed = true; };
  const lead = ({ destination: { url } }) => { noticed ||= url !== location.href && url !== href; };
  const observer = new MutationObserver((list) => records.push(...list));
  const options = { subtree: true, childList: true, attributeOldValue: true, characterDataOldValue: true };
  for (const root of roots(document)) observer.observe(root, options);
  const NOTICED = ["scroll", "toggle", "play", "pause", "fullscreenchange"];
  for (const name of NOTICED) document.addEventListener(name, notice, true);
  window.navigation?.addEventListener("navigate", lead);
  seen.end = () => {
    observer.disconnect();
    for (const name of NOTICED) document.removeEventListener(name, notice, true);
    window.navigation?.removeEventListener("navigate", lead);
  };
  // what was changed and changed back is as it was, and scripts show nothing by themselves
  const shows = (node) => !["SCRIPT", "LINK", "META", "#comment"].includes(node.nodeName);
  const differs = ({ type, target, attributeName, attributeNamespace, oldValue, addedNodes, removedNodes }) => {
    if (type === "attributes") return shows(target) && target.getAttributeNS(attributeNamespace, attributeName) !== oldValue;
    if (type === "characterData") return target.data !== oldValue;
    return [...addedNodes].some((one) => one.isConnected && shows(one)) || [...removedNodes].some((one) => !one.isConnected && shows(one));
  };
  const changes = (noise) => {
    records.push(...observer.takeRecords());
    const told = records.filter(differs), elsewhere = told.some(({ target }) => at < 0 || !(pressed.contains(target) || noise.has(target)));
    if (at < 0) told.forEach(({ target }) => seen.noise.add(target));
    return { some: told.length, noticed: noticed || elsewhere || seen.spoken !== spoken || document.activeElement !== focus || values() !== before };
  };
  const { x, y, width, height } = pressed.getBoundingClientRect();
  const how = { bubbles: true, cancelable: true, composed: true, view: window, detail: 1, clientX: x + width / 2, clientY: y + height / 2 };
  let taken = false;
  for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
    const event = new (/^p|click/.test(name) ? PointerEvent : MouseEvent)(name, { ...how, buttons: /down$/.test(name) ? 1 : 0 });
    taken = !pressed.dispatchEvent(event) || taken;
  }
  for (let turn = 0; turn < 50; turn += 1) await null; // nothing but what the press itself began runs meanwhile
  const soon = changes(new Set());
  // what comes later may come of something that goes on by itself
  seen.effect = () => {
    const later = changes(seen.noise), effect = taken || soon.some || later.noticed ? "handled" : "lost";
    return [soon.noticed || (later.noticed && !goes) ? "acts" : effect, seen.due() > due];
  };
  return true;
}
