// Returns where the links of a document lead and what they say of themselves, also those within shadow roots, in image maps and in drawings:
// each without its fragment, and once more with it if the fragment is a route of a script ("route") or names no element here ("handled" until it was pressed, see press.js),
// or leads into another page ("elsewhere");
// and the forms that send over plain HTTP, each with its method and without its query.
() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? within(each.shadowRoot) : [])]);
  const links = [], dead = __prodgate.dead = [], decode = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  // "top" leads to the top, and one with a directive, such as a text to look for, to where that is
  const names = (fragment) => /^top$|:~:/i.test(fragment) || [fragment, decode(fragment)].some((name) => (
    document.getElementById(name) || document.querySelector(`a[name="${CSS.escape(name)}"]`)
  ));
  // what is pressed rather than followed says so
  const acts = (each) => [...each.attributes].some(({ name }) => /^(?:role|on.+|@.+|aria-(?:controls|expanded|haspopup))$/.test(name));
  for (const each of within(document).filter((one) => one.matches("a[href], area[href], a[*|href]"))) {
    const stated = typeof each.href === "string" ? each.href : each.href.baseVal, { href } = URL.parse(stated, document.baseURI) ?? {};
    const text = (each.innerText || each.getAttribute("aria-label") || each.getAttribute("alt") || each.textContent || "").trim();
    if (!/^https?:/.test(href)) continue;
    const [url, ...after] = href.split("#"), fragment = after.join("#"), here = url === location.href.split("#")[0];
    const link = { url, text: text.replace(/\s+/g, " ").slice(0, 80), told: __prodgate.describe(each) };
    links.push(link);
    if (/^[!/]*$/.test(fragment) || (here && names(fragment))) continue;
    if (/^[!/]/.test(fragment) || (here && /[=/]/.test(fragment))) links.push({ ...link, url: href, fragment: "route" });
    else if (!here && !acts(each) && !/^top$|:~:/i.test(fragment)) links.push({ ...link, url: href, fragment: "elsewhere" });
    else if (here && !acts(each)) {
      links.push({ ...link, url: href, fragment: "handled" });
      dead.push([href, each]);
    }
  }
  __prodgate.opened = location.href;
  const upgraded = document.querySelector("meta[http-equiv=content-security-policy i][content*=upgrade-insecure-requests i]");
  const forms = within(document).filter((one) => !upgraded && one.matches("form[action], [formaction]")).flatMap((each) => {
    const { origin, pathname, protocol } = URL.parse(each.getAttribute("formaction") ?? each.getAttribute("action"), document.baseURI) ?? {};
    const method = (each.getAttribute("formmethod") ?? (each.form ?? each).getAttribute("method") ?? "get").toUpperCase();
    return protocol === "http:" && method !== "DIALOG" ? [`${method} ${origin}${pathname}`] : [];
  });
  return JSON.stringify({ links, forms }); // which is ten times as fast as letting the values be taken apart
}
